import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProtocolError } from '../errors.ts';
import { readFragmentSamples } from './fragment-samples.ts';
import { fragmentHeaderBytes, writeFragmentHeader } from './fragment.ts';
import type { FragmentDescription } from './fragment.ts';
import { createSampleColumns } from './sample-columns.ts';

function fragment(sizes: readonly number[], audioSizes: readonly number[], segmentStart: boolean): FragmentDescription {
  const track = (trackId: number, of: readonly number[], video: boolean) => {
    const samples = createSampleColumns(of.length);
    samples.count = of.length;
    of.forEach((size, i) => {
      samples.sizes[i] = size;
      samples.durations[i] = 3000 + (video ? i : 0);
      samples.flags[i] = video && i > 0 ? 0 : 1;
    });
    return { trackId, baseMediaDecodeTime: 0, samples, dataBytes: of.reduce((sum, size) => sum + size, 0) };
  };
  return {
    sequenceNumber: 1,
    segmentStart,
    programDateTimeMs: 0,
    video: sizes.length > 0 ? track(1, sizes, true) : null,
    audio: audioSizes.length > 0 ? track(2, audioSizes, false) : null,
  };
}

const cases = [
  { name: 'video and audio, at the start of a segment', video: [100, 20, 30], audio: [7, 8], segmentStart: true },
  { name: 'samples of one size', video: [50, 50], audio: [9, 9, 9], segmentStart: false },
  { name: 'audio alone', video: [], audio: [4, 5], segmentStart: false },
];

for (const { name, video, audio, segmentStart } of cases) {
  test(`where the samples stand: ${name}`, () => {
    const described = fragment(video, audio, segmentStart);
    const header = fragmentHeaderBytes(described.video?.samples ?? null, described.audio?.samples ?? null, segmentStart);
    const payload = [...video, ...audio].reduce((sum, size) => sum + size, 0);
    const before = 11;
    const bytes = new Uint8Array(before + header + payload);
    writeFragmentHeader(bytes, before, described);
    const tracks = readFragmentSamples(bytes, before);
    let at = before + header;
    for (const [trackId, sizes] of [
      [1, video],
      [2, audio],
    ] as const) {
      const expected = sizes.map((size) => ({ start: at, end: (at += size) }));
      assert.deepEqual(tracks.get(trackId) ?? [], expected);
    }
    assert.throws(() => readFragmentSamples(bytes.subarray(0, -1), before), ProtocolError);
  });
}
