import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fragmentHeaderBytes, maxFragmentHeaderBytes, writeFragmentHeader } from './fragment.ts';
import type { FragmentDescription, TrackFragment } from './fragment.ts';
import { createSampleColumns } from './sample-columns.ts';

type Row = [size: number, duration: number, compositionOffset: number, flag: number];

function track(trackId: number, baseMediaDecodeTime: number, rows: Row[]): TrackFragment {
  const samples = createSampleColumns(rows.length);
  samples.count = rows.length;
  let dataBytes = 0;
  rows.forEach(([size, duration, offset, flag], i) => {
    samples.sizes[i] = size;
    samples.durations[i] = duration;
    samples.compositionOffsets[i] = offset;
    samples.flags[i] = flag;
    dataBytes += size;
  });
  return { trackId, baseMediaDecodeTime, samples, dataBytes };
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

const plain = { sequenceNumber: 7, segmentStart: false, programDateTimeMs: 0 };

/** Bytes are spelled box by box, as ISO/IEC 14496-12 lays them out. */
const table: { name: string; value: FragmentDescription; bytes: string[] }[] = [
  {
    name: 'a keyframe, then frames of one duration; 44.1 kHz audio',
    value: {
      ...plain,
      segmentStart: true,
      programDateTimeMs: 1_700_000_000_500,
      video: track(1, 0x1_0000_0005, [
        [1000, 3000, 6000, 1],
        [300, 3000, -3000, 0],
        [200, 3000, 0, 0],
      ]),
      audio: track(2, 44_100, [
        [371, 1024, 99, 0],
        [372, 1024, 98, 0],
      ]),
    },
    bytes: [
      '00000018 73747970 6d736468 00000000 6d736468 69736f36',
      '00000020 70726674 01000008 00000001 e8fe6f80 80000000 00000001 00001775',
      '000000cc 6d6f6f66',
      '00000010 6d666864 00000000 00000007',
      '00000064 74726166',
      '00000018 74666864 00020028 00000001 00000bb8 01010000',
      '00000014 74666474 01000000 00000001 00000005',
      '00000030 7472756e 01000a05 00000003 000000d4 02000000',
      '000003e8 00001770 0000012c fffff448 000000c8 00000000',
      '00000050 74726166',
      '00000018 74666864 00020028 00000002 00000400 02000000',
      '00000014 74666474 01000000 00000000 0000ac44',
      '0000001c 7472756e 01000201 00000002 000006b0 00000173 00000174',
      '000008cb 6d646174',
    ],
  },
  {
    name: 'video alone, two keyframes and changing durations: nothing is common',
    value: {
      ...plain,
      video: track(1, 9000, [
        [10, 3000, 0, 1],
        [11, 3001, 0, 0],
        [12, 3000, 0, 1],
      ]),
      audio: track(2, 0, []),
    },
    bytes: [
      '0000007c 6d6f6f66',
      '00000010 6d666864 00000000 00000007',
      '00000064 74726166',
      '00000010 74666864 00020000 00000001',
      '00000014 74666474 01000000 00000000 00002328',
      '00000038 7472756e 01000701 00000003 00000084',
      '00000bb8 0000000a 02000000 00000bb9 0000000b 01010000 00000bb8 0000000c 02000000',
      '00000029 6d646174',
    ],
  },
  {
    name: 'one frame that is no keyframe: everything is common',
    value: { ...plain, video: track(1, 0, [[5, 3600, 0, 0]]), audio: null },
    bytes: [
      '00000064 6d6f6f66',
      '00000010 6d666864 00000000 00000007',
      '0000004c 74726166',
      '0000001c 74666864 00020038 00000001 00000e10 00000005 01010000',
      '00000014 74666474 01000000 00000000 00000000',
      '00000014 7472756e 01000001 00000001 0000006c',
      '0000000d 6d646174',
    ],
  },
  {
    name: 'audio alone at the start of a segment refers the clock to the audio track',
    value: {
      ...plain,
      segmentStart: true,
      programDateTimeMs: 1_700_000_000_000,
      video: null,
      audio: track(2, 2048, [[4, 1024, 0, 0]]),
    },
    bytes: [
      '00000018 73747970 6d736468 00000000 6d736468 69736f36',
      '00000020 70726674 01000008 00000002 e8fe6f80 00000000 00000000 00000800',
      '00000064 6d6f6f66',
      '00000010 6d666864 00000000 00000007',
      '0000004c 74726166',
      '0000001c 74666864 00020038 00000002 00000400 00000004 02000000',
      '00000014 74666474 01000000 00000000 00000800',
      '00000014 7472756e 01000001 00000001 0000006c',
      '0000000c 6d646174',
    ],
  },
];

for (const { name, value, bytes } of table) {
  test(`fragment header: ${name}`, () => {
    const size = fragmentHeaderBytes(value.video?.samples ?? null, value.audio?.samples ?? null, value.segmentStart);
    const target = new Uint8Array(3 + size + 2).fill(0xee);
    const end = writeFragmentHeader(target, 3, value);
    assert.equal(end, 3 + size);
    assert.equal(hex(target.subarray(3, end)), bytes.join('').replaceAll(' ', ''));
    assert.deepEqual([...target.subarray(0, 3), ...target.subarray(end)], [0xee, 0xee, 0xee, 0xee, 0xee]);
    assert.ok(size <= maxFragmentHeaderBytes(value.video?.samples.count ?? 0, value.audio?.samples.count ?? 0));
  });
}

test('the largest header fits the room that was left for it', () => {
  const rows: Row[] = Array.from({ length: 60 }, (_, i) => [i, 3000 + (i % 2), i - 30, i % 3 === 0 ? 1 : 0]);
  const video = track(1, 0, rows).samples;
  const audio = track(2, 0, rows).samples;
  assert.ok(fragmentHeaderBytes(video, audio, true) <= maxFragmentHeaderBytes(60, 60));
});
