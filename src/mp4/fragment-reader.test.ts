import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz } from '../../test/support/fuzz.ts';
import { readBoxHeader } from './box-reader.ts';
import { fragmentHeaderBytes, writeFragmentHeader } from './fragment.ts';
import type { FragmentDescription } from './fragment.ts';
import { parseFragment, parseFragmentHeader } from './fragment-reader.ts';
import { createSampleColumns } from './sample-columns.ts';
import type { SampleColumns } from './sample-columns.ts';

function columns(...rows: [size: number, duration: number, compositionOffset: number, flag: number][]): SampleColumns {
  const samples = createSampleColumns(rows.length);
  for (const [size, duration, offset, flag] of rows) {
    samples.sizes[samples.count] = size;
    samples.durations[samples.count] = duration;
    samples.compositionOffsets[samples.count] = offset;
    samples.flags[samples.count] = flag;
    samples.count += 1;
  }
  return samples;
}

const whole: FragmentDescription = {
  sequenceNumber: 12,
  segmentStart: true,
  programDateTimeMs: 1_795_467_890_123,
  video: {
    trackId: 1,
    baseMediaDecodeTime: 2 ** 40,
    samples: columns([70, 3000, -300, 1], [40, 3001, 0, 0], [50, 3000, 9, 0]),
    dataBytes: 160,
  },
  audio: { trackId: 2, baseMediaDecodeTime: 5, samples: columns([11, 1024, 0, 0], [12, 1024, 0, 0]), dataBytes: 23 },
};

function encode(fragment: FragmentDescription): Uint8Array {
  const bytes = new Uint8Array(
    fragmentHeaderBytes(fragment.video?.samples ?? null, fragment.audio?.samples ?? null, fragment.segmentStart),
  );
  writeFragmentHeader(bytes, 0, fragment);
  return bytes;
}

const header = encode(whole);

test('a fragment header is read back as it was written', () => {
  assert.deepEqual(parseFragmentHeader(header, 0), {
    sequenceNumber: 12,
    segmentStart: true,
    programDateTimeMs: 1_795_467_890_123,
    headerBytes: header.length,
    payloadBytes: 183,
    tracks: [
      {
        trackId: 1,
        baseMediaDecodeTime: 2 ** 40,
        sampleCount: 3,
        duration: 9001,
        dataBytes: 160,
        startsWithSync: true,
        firstCompositionOffset: -300,
      },
      {
        trackId: 2,
        baseMediaDecodeTime: 5,
        sampleCount: 2,
        duration: 2048,
        dataBytes: 23,
        startsWithSync: true,
        firstCompositionOffset: 0,
      },
    ],
  });
});

test('a fragment inside a segment begins with moof', () => {
  const inner = encode({ ...whole, segmentStart: false, video: { ...whole.video!, samples: columns([160, 3000, 0, 0]) } });
  const summary = parseFragmentHeader(inner, 0);
  assert.deepEqual([summary?.segmentStart, summary?.programDateTimeMs, summary?.tracks[0].startsWithSync], [false, null, false]);
  assert.deepEqual(parseFragment(inner, 0).tracks, summary?.tracks);
});

test('a header that is torn anywhere is told from one that is wrong', () => {
  for (let length = 0; length < header.length; length += 1)
    assert.equal(parseFragmentHeader(header.subarray(0, length), 0), null, `at ${length}`);
  assert.throws(() => parseFragment(header.subarray(0, 100), 56), { reason: 'truncated_box' });
});

test('the clock is read right in every millisecond and behind the NTP era of 2036', () => {
  for (const ms of [0, 1, 333, 999, 1_795_467_890_777, 2_085_978_495_999, 2_085_978_496_001, 2_524_608_000_500]) {
    assert.equal(parseFragmentHeader(encode({ ...whole, programDateTimeMs: ms }), 0)?.programDateTimeMs, ms);
  }
});

test('what is no fragment is refused with its reason', () => {
  const wrong = (change: (bytes: Uint8Array) => void): Uint8Array => {
    const bytes = header.slice();
    change(bytes);
    return bytes;
  };
  const moof = 56;
  const cases = [
    { reason: 'bad_box_size', bytes: new Uint8Array(64) },
    { reason: 'bad_box_type', bytes: wrong((bytes) => bytes.set([0, 1, 2, 3], 4)) },
    { reason: 'unexpected_box', bytes: wrong((bytes) => bytes.set(Buffer.from('free'), 4)) },
    { reason: 'box_too_long', bytes: wrong((bytes) => bytes.set([1], moof)) },
    { reason: 'missing_box', bytes: wrong((bytes) => bytes.set(Buffer.from('free'), moof + 12)) },
    { reason: 'truncated_box', bytes: wrong((bytes) => bytes.set([0xff], moof + 11)) },
    { reason: 'payload_mismatch', bytes: wrong((bytes) => (bytes[bytes.length - 5] += 1)) },
  ];
  for (const { reason, bytes } of cases)
    assert.throws(() => parseFragmentHeader(bytes, 0), { name: 'ProtocolError', reason }, reason);
});

test('bad input never surprises: fragment header', () => {
  fuzz(header, (bytes) => parseFragmentHeader(bytes, 0), 3000);
  fuzz(header.slice(56), (bytes) => parseFragment(bytes, 0), 1000);
});

test('box headers: 64-bit sizes, sizes that cannot be', () => {
  const wide = Uint8Array.from(Buffer.from('00000001' + '6d646174' + '0000000100000010', 'hex'));
  assert.deepEqual(readBoxHeader(wide, 0), { type: 'mdat', size: 0x1_0000_0010, headerSize: 16 });
  assert.equal(readBoxHeader(wide, 0, 15), null);
  assert.equal(readBoxHeader(wide, 9), null);
  for (const size of ['00000000', '00000007']) {
    assert.throws(() => readBoxHeader(Uint8Array.from(Buffer.from(`${size}6d646174`, 'hex')), 0), { reason: 'bad_box_size' });
  }
  assert.throws(() => readBoxHeader(Uint8Array.from(Buffer.from('000000016d646174' + 'ff'.repeat(8), 'hex')), 0), {
    reason: 'number_too_large',
  });
});
