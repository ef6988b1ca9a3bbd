import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz } from '../../test/support/fuzz.ts';
import { decodeAacConfig } from '../media/aac.ts';
import { decodeAv1Config } from '../media/av1.ts';
import { decodeAvcConfig } from '../media/avc.ts';
import { decodeHevcConfig } from '../media/hevc.ts';
import { decodeOpusConfig } from '../media/opus.ts';
import { decodeElementaryStreamDescriptor, encodeElementaryStreamDescriptor } from './elementary-stream-descriptor.ts';
import { measureInitSegment, parseInitSegment } from './init-segment-reader.ts';
import { encodeInitSegment } from './init-segment.ts';

function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
}

const avc = decodeAvcConfig(hex('0142c00bffe1001b6742c00bd902cde224c09a83030320000003002000000781e2854901000568cb8112c8'));
const hevc = decodeHevcConfig(
  hex(
    '0101600000009000000000005df000fcfdf8f800000f03a00001001840010c01ffff01600000030090000003000003005d959809a10001002e4201010160' +
      '0000030090000003000003005da00280802d165959a4932bc05a848804820000030002000003003c10a2000100074401c172b46240',
  ),
);
const av1 = decodeAv1Config(hex('81010c000a0b0000000cc4ff6700be0010'));
const aac = decodeAacConfig(hex('119056e500'));
const opus = decodeOpusConfig(hex('00 02 0138 0000bb80 0000 00'));

for (const { name, video, audio } of [
  { name: 'H.264 and AAC', video: avc, audio: aac },
  { name: 'HEVC and Opus', video: hevc, audio: opus },
  { name: 'AV1 alone', video: av1, audio: null },
  { name: 'AAC alone', video: null, audio: aac },
]) {
  test(`init segment: ${name}`, () => {
    const bytes = encodeInitSegment({ video, audio });
    const expected = [
      ...(video === null ? [] : [{ trackId: 1, timescale: 90_000, config: video }]),
      ...(audio === null ? [] : [{ trackId: 2, timescale: 48_000, config: audio }]),
    ];
    assert.deepEqual(parseInitSegment(bytes), expected);
    assert.equal(measureInitSegment(bytes), bytes.length);
    assert.equal(measureInitSegment(Uint8Array.from([...bytes, 1, 2, 3])), bytes.length, 'what comes behind does not count');
    assert.equal(measureInitSegment(bytes.subarray(0, -1)), null);
  });
  test(`bad input never surprises: init segment of ${name}`, () => {
    fuzz(encodeInitSegment({ video, audio }), parseInitSegment, 300);
    fuzz(encodeInitSegment({ video, audio }), measureInitSegment, 100);
  });
}

test('init segment: the visual sample entry tells coded size, pixel aspect and colour; the track header what to show', () => {
  const text = Buffer.from(encodeInitSegment({ video: avc, audio: null })).toString('hex');
  assert.ok(text.includes('61766331' + '000000000000' + '0001'), 'avc1');
  assert.ok(
    text.includes('00a2005a' + '00480000' + '00480000' + '00000000' + '0001' + '00'.repeat(32) + '0018ffff'),
    'coded size 162x90',
  );
  assert.ok(text.includes('00000010' + '70617370' + '0000000c' + '0000000b'), 'pasp 12:11');
  assert.ok(text.includes('00000013' + '636f6c72' + '6e636c78' + '0006' + '0006' + '0006' + '00'), 'colr nclx');
  assert.ok(text.includes('40000000' + '00b10000' + '005a0000'), 'shown at 177x90');
});

const descriptors = [
  {
    name: 'an ordinary configuration',
    value: hex('1190'),
    bytes: hex('03 19 0000 00  04 11 40 15 000000 00000000 00000000  05 02 1190  06 01 02'),
  },
  {
    name: 'a configuration that needs two bytes of length',
    value: new Uint8Array(130).fill(7),
    bytes: hex(`03 81 1b 0000 00  04 81 12 40 15 000000 00000000 00000000  05 81 02 ${'07'.repeat(130)}  06 01 02`),
  },
];

for (const { name, value, bytes } of descriptors) {
  test(`esds: ${name}`, () => {
    assert.deepEqual(encodeElementaryStreamDescriptor(value), bytes);
    assert.deepEqual(decodeElementaryStreamDescriptor(bytes), value);
    fuzz(bytes, decodeElementaryStreamDescriptor);
  });
}
