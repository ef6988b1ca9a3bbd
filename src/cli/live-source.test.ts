import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FlvTag } from '../rtmp/flv-file.ts';
import { LiveSource } from './live-source.ts';
import { MAX_UNSENT_BYTES } from './media-source.ts';

const AUDIO = 8;
const VIDEO = 9;
const KEYFRAME = 0x17;
const INTER = 0x27;

const tag = (type: number, first: number, timestampMs: number): FlvTag => ({
  type,
  timestampMs,
  body: new Uint8Array([first, 1, 0, 0, 0, 0]),
});
const video = (timestampMs: number, keyframe = false) => ({
  kind: 'frame' as const,
  tag: tag(VIDEO, keyframe ? KEYFRAME : INTER, timestampMs),
});
const audio = (timestampMs: number) => ({ kind: 'frame' as const, tag: tag(AUDIO, 0xaf, timestampMs) });

/** A connection that keeps what it is given. */
function connection() {
  const sent: number[] = [];
  const state = { sent, unsent: 0, ended: 0, metadata: 0 };
  const output = {
    rtmp: {
      writeMetadata: () => void (state.metadata += 1),
      writeTags: (tags: readonly FlvTag[], from: number, to: number) =>
        void sent.push(...tags.slice(from, to).map((each) => each.timestampMs)),
      writeChunks: () => {},
      streamId: 1,
    },
    unsentBytes: () => state.unsent,
    ended: () => void (state.ended += 1),
  };
  return { state, output };
}

function sourceWithVideo(): { source: LiveSource; told: boolean[] } {
  const told: boolean[] = [];
  const source = new LiveSource((dropping) => told.push(dropping));
  source.push({ kind: 'metadata', tag: tag(18, 2, 0) });
  source.push({ kind: 'config', tag: tag(VIDEO, KEYFRAME, 0) });
  source.push({ kind: 'config', tag: tag(AUDIO, 0xaf, 0) });
  return { source, told };
}

test('a connection gets metadata and configurations, then everything from the next keyframe on', () => {
  const { source } = sourceWithVideo();
  source.push(video(1, true));
  const { state, output } = connection();
  source.play(output);
  for (const event of [video(2), audio(3), video(4, true), audio(5), video(6)]) source.push(event);
  assert.equal(state.metadata, 1);
  assert.deepEqual(state.sent, [0, 0, 4, 5, 6]);
  assert.equal(source.dropped, 3);
});

test('what comes while the network is too slow is dropped, up to a keyframe behind it', () => {
  const { source, told } = sourceWithVideo();
  const { state, output } = connection();
  source.play(output);
  source.push(video(1, true));
  state.unsent = MAX_UNSENT_BYTES + 1;
  source.push(video(2));
  state.unsent = MAX_UNSENT_BYTES / 2;
  source.push(video(3, true));
  state.unsent = 0;
  source.push(video(4));
  source.push(audio(5));
  source.push(video(6, true));
  source.push(audio(7));
  assert.deepEqual(state.sent, [0, 0, 1, 6, 7]);
  assert.deepEqual(told, [true, false]);
  assert.equal(source.dropped, 4);
});

test('without video, sending begins with any frame; the end is told to the connection that is there', () => {
  const source = new LiveSource(() => {});
  source.push({ kind: 'config', tag: tag(AUDIO, 0xaf, 0) });
  const first = connection();
  const leave = source.play(first.output);
  source.push(audio(1));
  leave();
  assert.equal(source.playing, false);
  source.push(audio(2));
  const second = connection();
  source.play(second.output);
  source.push(audio(3));
  source.end();
  assert.deepEqual(
    [first.state.sent, second.state.sent],
    [
      [0, 1],
      [0, 3],
    ],
  );
  assert.deepEqual([first.state.ended, second.state.ended], [0, 1]);
});
