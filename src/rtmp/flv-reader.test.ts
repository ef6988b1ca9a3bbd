import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ProtocolError } from '../errors.ts';
import { parseFlvFile } from './flv-file.ts';
import { FlvReader } from './flv-reader.ts';
import type { FlvEvent } from './flv-reader.ts';

const bytes = new Uint8Array(
  readFileSync(join(import.meta.dirname, '../../test/fixtures/h264-high-b-frames-25fps-aac-44100-mono.flv')),
);

for (const piece of [bytes.length, 1, 13, 1000, 4096]) {
  test(`an FLV stream in pieces of ${piece} bytes holds what the file holds`, () => {
    const file = parseFlvFile(bytes);
    const reader = new FlvReader();
    const events: FlvEvent[] = [];
    for (let at = 0; at < bytes.length; at += piece) events.push(...reader.push(bytes.subarray(at, at + piece)));
    const of = (kind: string) => events.filter((event) => event.kind === kind).map(({ tag }) => tag);
    assert.deepEqual(
      of('metadata').map(({ body }) => Buffer.from(body)),
      [Buffer.from(file.metadata ?? [])],
    );
    assert.equal(of('config').length, file.configs.length);
    const start = Math.min(...of('config').map(({ timestampMs }) => timestampMs), of('frame')[0].timestampMs);
    assert.deepEqual(
      of('frame').map(({ type, timestampMs, body }) => [type, timestampMs - start, Buffer.from(body)]),
      file.frames.map(({ type, timestampMs, body }) => [type, timestampMs, Buffer.from(body)]),
    );
  });
}

test('what is no FLV stream is refused at once', () => {
  const refused = (error: unknown): boolean => error instanceof ProtocolError && error.reason === 'bad_flv';
  assert.throws(() => new FlvReader().push(new TextEncoder().encode('<!doctype html>')), refused);
  const endless = bytes.slice(0, 200);
  endless.set([0xff, 0xff, 0xff], 14);
  assert.throws(() => new FlvReader().push(endless), refused);
});
