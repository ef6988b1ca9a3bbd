import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HEAD_LIMIT, RequestHeadReader } from './request-head.ts';

const HOST = 'Host: a\r\n';

interface Case {
  readonly name: string;
  readonly text: string;
  readonly value: unknown;
}

const CASES: readonly Case[] = [
  {
    name: 'a plain request',
    text: `GET /media/x?y=1 HTTP/1.1\r\n${HOST}Accept: */*\r\n\r\n`,
    value: { method: 'GET', url: '/media/x?y=1', fields: {} },
  },
  {
    name: 'HEAD, and the fields that count, whatever their case and space',
    text: `HEAD / HTTP/1.1\r\nHOST:a\r\nRange:  bytes=0-1 \t\r\nIF-None-Match: "a", "b"\r\nConnection: Keep-Alive\r\n\r\n`,
    value: { method: 'HEAD', url: '/', fields: { range: 'bytes=0-1', 'if-none-match': '"a", "b"' } },
  },
  { name: 'the end is missing', text: `GET / HTTP/1.1\r\n${HOST}`, value: 'incomplete' },
  { name: 'nothing yet', text: '', value: 'incomplete' },
  ...[
    ['another method', `POST / HTTP/1.1\r\n${HOST}\r\n`],
    ['an older version', `GET / HTTP/1.0\r\n${HOST}\r\n`],
    ['an absolute form', `GET http://a/ HTTP/1.1\r\n${HOST}\r\n`],
    ['a space in the path', `GET /a b HTTP/1.1\r\n${HOST}\r\n`],
    ['a bare line feed for a line end', `GET / HTTP/1.1\n${HOST}\r\n\r\n`],
    ['no host', 'GET / HTTP/1.1\r\nAccept: a\r\n\r\n'],
    ['two hosts', `GET / HTTP/1.1\r\n${HOST}${HOST}\r\n`],
    ['a body', `GET / HTTP/1.1\r\n${HOST}Content-Length: 3\r\n\r\nabc`],
    ['a body in chunks', `GET / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`],
    ['an upgrade', `GET / HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`],
    ['a close', `GET / HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`],
    ['an expectation', `GET / HTTP/1.1\r\n${HOST}Expect: 100-continue\r\n\r\n`],
    ['a folded line', `GET / HTTP/1.1\r\n${HOST}Range: bytes=0-1\r\n 2\r\n\r\n`],
    ['a space before the colon', `GET / HTTP/1.1\r\n${HOST}Content-Length : 3\r\n\r\n`],
    ['the same field twice', `GET / HTTP/1.1\r\n${HOST}Range: bytes=0-1\r\nRange: bytes=2-3\r\n\r\n`],
    ['a zero byte in a value', `GET / HTTP/1.1\r\n${HOST}Accept: \0\r\n\r\n`],
    ['an empty line first', `\r\nGET / HTTP/1.1\r\n${HOST}\r\n`],
    ['too long a head', `GET / HTTP/1.1\r\n${HOST}A: ${'a'.repeat(HEAD_LIMIT)}\r\n\r\n`],
    ['too long a head without an end', `GET /${'a'.repeat(HEAD_LIMIT)}`],
  ].map(([name, text]) => ({ name, text, value: 'unusual' })),
];

for (const { name, text, value } of CASES) {
  test(`request head: ${name}`, () => {
    const head = new RequestHeadReader().read(text, 0);
    if (typeof head === 'string') return assert.equal(head, value);
    const { end, ...read } = head;
    assert.deepEqual(read, value);
    assert.equal(end, text.indexOf('\r\n\r\n') + 4);
  });
}

test('request heads one behind the other, some with the fields of the one before', () => {
  const reader = new RequestHeadReader();
  const heads = ['GET /1 HTTP/1.1\r\n', 'GET /2 HTTP/1.1\r\n'].map((line) => `${line}${HOST}Range: bytes=1-\r\n\r\n`);
  const text = `${heads.join('')}GET /3 HTTP/1.1\r\n${HOST}\r\n`;
  const read: unknown[] = [];
  for (let at = 0; at < text.length;) {
    const head = reader.read(text, at);
    assert.ok(typeof head !== 'string');
    read.push([head.url, head.fields]);
    at = head.end;
  }
  assert.deepEqual(read, [
    ['/1', { range: 'bytes=1-' }],
    ['/2', { range: 'bytes=1-' }],
    ['/3', {}],
  ]);
});
