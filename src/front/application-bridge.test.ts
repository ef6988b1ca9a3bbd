import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { HttpListener } from '../http/http-listener.ts';
import type { ApplicationAnswer, ApplicationRequest } from '../http/application.ts';
import { LogDiary } from '../../test/support/log-diary.ts';
import { http } from '../../test/support/http.ts';
import { ApplicationBridge } from './application-bridge.ts';
import { RequestBodies } from './request-bodies.ts';

interface Rig {
  readonly url: string;
  readonly port: number;
  readonly diary: LogDiary;
  readonly bodies: RequestBodies;
}

/** A listener whose requests are brought to `answer`; bodies of at most 1000 bytes, and 1500 in all. */
async function open(t: TestContext, answer: (request: ApplicationRequest) => Promise<ApplicationAnswer>): Promise<Rig> {
  const diary = new LogDiary();
  const bodies = new RequestBodies(1000, 1500);
  const bridge = new ApplicationBridge(answer, diary.log, bodies);
  const listener = new HttpListener({ host: '127.0.0.1', port: 0, first: () => false, log: diary.log });
  listener.serve((request, response) => void bridge.bring(request, response));
  await listener.start();
  t.after(() => listener.close());
  return { url: `http://127.0.0.1:${listener.port}/`, port: listener.port, diary, bodies };
}

const OK = { status: 200, headers: ['content-length', '2', 'set-cookie', 'a=1', 'set-cookie', 'b=2'], body: Buffer.from('ok') };

test('a request comes with all it has, and its answer goes back with all it has', async (t) => {
  const came: ApplicationRequest[] = [];
  const rig = await open(t, (request) => (came.push(request), Promise.resolve(OK)));
  const answer = await http(`${rig.url}b?c`, { method: 'POST', headers: { 'x-forwarded-for': '127.0.0.1' }, body: 'hello' });
  assert.deepEqual([answer.status, answer.text, answer.headers['set-cookie']], [200, 'ok', ['a=1', 'b=2']]);
  const [{ method, url, remoteAddress, headers, body }] = came;
  assert.deepEqual([method, url, remoteAddress], ['POST', '/b?c', '127.0.0.1']);
  assert.equal(headers['x-forwarded-for'], '127.0.0.1');
  assert.equal(Buffer.from(body).toString(), 'hello');
  const head = await http(rig.url, { method: 'HEAD' });
  assert.deepEqual([head.status, head.text, head.headers['content-length']], [200, '', '2']);
  assert.equal(rig.bodies.bytes, 0);
});

test('a client that wants its connection closed has it closed, of HTTP/1.0 too', async (t) => {
  const rig = await open(t, () => Promise.resolve(OK));
  for (const head of ['GET / HTTP/1.0\r\n\r\n', 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n']) {
    const socket = connect(rig.port, '127.0.0.1');
    socket.write(head);
    await once(socket.resume(), 'close');
  }
});

test('bodies are bounded, each of them and all together', async (t) => {
  const waiting: (() => void)[] = [];
  const rig = await open(t, () => new Promise((resolve) => waiting.push(() => resolve(OK))));
  assert.equal((await http(rig.url, { method: 'POST', body: 'a'.repeat(1001) })).status, 413);
  const chunked = { 'transfer-encoding': 'chunked' };
  assert.equal((await http(rig.url, { method: 'POST', headers: chunked, body: 'a'.repeat(1001) })).status, 413);
  const first = http(rig.url, { method: 'POST', body: 'a'.repeat(900) });
  while (waiting.length === 0) await new Promise(setImmediate);
  assert.equal((await http(rig.url, { method: 'POST', body: 'a'.repeat(900) })).status, 503);
  waiting[0]();
  assert.equal((await first).status, 200);
  assert.equal(rig.bodies.bytes, 0);
});

test('a client that goes away within its body is no fault; an application that fails is one', async (t) => {
  const rig = await open(t, () => Promise.reject(new Error('a bug')));
  const socket = connect(rig.port, '127.0.0.1').on('error', () => {});
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\nhello');
  while (rig.bodies.bytes === 0) await new Promise(setImmediate);
  socket.resetAndDestroy();
  while (rig.bodies.bytes > 0) await new Promise(setImmediate);
  await new Promise(setImmediate);
  assert.deepEqual(rig.diary.lines, []);
  assert.equal((await http(rig.url)).status, 500);
  assert.equal(rig.diary.lines.length, 1);
});
