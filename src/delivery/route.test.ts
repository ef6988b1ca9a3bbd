import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseByteRange } from './byte-range.ts';
import { parseDirectives, parseRoute, UrlParser } from './route.ts';

const ID = '01990000-0000-7000-8000-00000000002a';
const place = { sessionId: ID, volume: 7, start: 12 };

for (const [path, route] of [
  [`/static/streaming-playlists/hls/${ID}/master.m3u8`, { kind: 'multivariant', videoUuid: ID }],
  [`/static/streaming-playlists/hls/private/${ID}/0.m3u8`, { kind: 'media_playlist', videoUuid: ID }],
  [`/media/${ID}/000007/12-90.m4s`, { kind: 'range', ...place, end: 90 }],
  [`/media/${ID}/000007/0-900.mp4`, { kind: 'range', ...place, start: 0, end: 900 }],
  [`/media/${ID}/000007/12.m4s`, { kind: 'part', ...place }],
  [`/media/${ID}/000007/12-12.m4s`, null],
  [`/media/${ID}/000007/-12.m4s`, null],
  [`/media/${ID}/000007/12.m4s/`, null],
  [`/media/${ID}/7/12.m4s`, null],
  [`/media/../000007/12.m4s`, null],
  [`/static/streaming-playlists/hls/${ID}/1.m3u8`, null],
  ['/', null],
] as const) {
  test(`route ${path}`, () => assert.deepEqual(parseRoute(path), route));
}

for (const [query, directives] of [
  ['', { sequence: null, part: null, skip: false }],
  ['_HLS_msn=4', { sequence: 4, part: null, skip: false }],
  ['_HLS_part=0&_HLS_msn=4&_HLS_skip=v2&other=x', { sequence: 4, part: 0, skip: true }],
  ['_HLS_skip=YES', { sequence: null, part: null, skip: true }],
  ['_HLS_skip=NO', null],
  ['_HLS_part=1', null],
  ['_HLS_msn=', null],
  ['_HLS_msn=1.5', null],
  ['_HLS_msn=9999999999999999', null],
] as const) {
  test(`directives ${query}`, () => assert.deepEqual(parseDirectives(query), directives));
}

for (const [header, range] of [
  [undefined, null],
  ['bytes=0-', { start: 0, end: 100 }],
  ['bytes=0-0', { start: 0, end: 1 }],
  ['bytes=10-19', { start: 10, end: 20 }],
  ['bytes=90-200', { start: 90, end: 100 }],
  ['bytes=-10', { start: 90, end: 100 }],
  ['bytes=-200', { start: 0, end: 100 }],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=100-', 'unsatisfiable'],
  ['bytes=9-3', null],
  ['bytes=-', null],
  ['bytes=0-1,3-4', null],
  ['seconds=0-1', null],
] as const) {
  test(`range ${header}`, () => assert.deepEqual(parseByteRange(header, 100), range));
}

test('a URL is parsed once, and is the same then', () => {
  const parser = new UrlParser();
  const path = '/static/streaming-playlists/hls/0198a4e2-3f5b-7c1d-8e9f-0123456789ab/0.m3u8';
  const first = parser.parse(`${path}?_HLS_msn=3&_HLS_part=1`);
  assert.deepEqual(first.directives, { sequence: 3, part: 1, skip: false });
  assert.equal(parser.parse(`${path}?_HLS_msn=3&_HLS_part=1`), first);
  assert.deepEqual(parser.parse(`${path}?_HLS_part=1`).directives, null);
  for (let i = 0; i < 10_000; i += 1) assert.equal(parser.parse(`${path}?_HLS_msn=${i}`).directives?.sequence, i);
  assert.equal(parser.parse('/media/nothing').route, null);
});
