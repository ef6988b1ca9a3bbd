import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLIENT_CHUNK_BYTES } from '../../rtmp/client-connection.ts';
import { encodeTags } from '../../rtmp/encode-tags.ts';
import { EncodedMedia } from './encoded-media.ts';
import { syntheticMedia } from './synthetic-media.ts';

const allocate = (size: number) => new Uint8Array(size);

test('the bursts of a turn are all frames of the file, once and in order, with the timestamps of the turn', () => {
  const { file } = syntheticMedia(null);
  const media = new EncodedMedia(file);
  for (const number of [0, 3]) {
    const turn = media.enter(number, 7);
    const whole = encodeTags(file.frames, 0, file.frames.length, number * file.durationMs, 7, CLIENT_CHUNK_BYTES, allocate);
    assert.deepEqual(Buffer.concat(turn.bursts), Buffer.from(whole));
  }
  // A write for each frame of video, with the audio before it.
  assert.equal(media.bursts.length, 240);
  assert.deepEqual(media.bursts[0], { timestampMs: 21, from: 0, to: 2 });
});

test('a turn is encoded once for all that are in it, and forgotten with the last', () => {
  const media = new EncodedMedia(syntheticMedia(null).file);
  const first = media.enter(0, 1);
  assert.equal(media.enter(0, 1), first);
  assert.notEqual(media.enter(0, 2), first);
  media.leave(first, 1);
  assert.equal(media.enter(0, 1), first);
  media.leave(first, 1);
  media.leave(first, 1);
  assert.notEqual(media.enter(0, 1), first);
});
