import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz } from '../../test/support/fuzz.ts';
import { decodeAacConfig } from './aac.ts';
import { decodeOpusConfig, decodeOpusHead } from './opus.ts';

/** Binary text (spaces are for people) as bytes, filled up with zeros. */
function bits(text: string): Uint8Array {
  const digits = text.replaceAll(' ', '');
  return Uint8Array.from(digits.padEnd(Math.ceil(digits.length / 8) * 8, '0').match(/.{8}/g) ?? [], (byte) => parseInt(byte, 2));
}

const SBR_SYNC = '01010110111';
const PS_SYNC = '10101001000';

/** ISO/IEC 14496-3 section 1.6.2.1, field by field. */
const table = [
  { name: 'LC, 48 kHz, stereo', bytes: bits('00010 0011 0010 0 0 0'), value: ['mp4a.40.2', 48_000, 2, 1024] },
  { name: 'LC, 44.1 kHz, mono', bytes: bits('00010 0100 0001 0 0 0'), value: ['mp4a.40.2', 44_100, 1, 1024] },
  {
    name: 'LC as ffmpeg writes it: SBR told absent',
    bytes: bits(`00010 0011 0010 000 ${SBR_SYNC} 00101 0`),
    value: ['mp4a.40.2', 48_000, 2, 1024],
  },
  { name: 'LC, frames of 960', bytes: bits('00010 0011 0010 1 0 0'), value: ['mp4a.40.2', 48_000, 2, 960] },
  {
    name: 'LC, depends on a core coder',
    bytes: bits('00010 0011 0010 0 1 00000000000001 0'),
    value: ['mp4a.40.2', 48_000, 2, 1024],
  },
  {
    name: 'LC, rate spelled out',
    bytes: bits(`00010 1111 ${(50_000).toString(2).padStart(24, '0')} 0010 000`),
    value: ['mp4a.40.2', 50_000, 2, 1024],
  },
  { name: 'LC, 7.1', bytes: bits('00010 0011 0111 000'), value: ['mp4a.40.2', 48_000, 8, 1024] },
  { name: 'Main', bytes: bits('00001 0011 0010 000'), value: ['mp4a.40.1', 48_000, 2, 1024] },
  { name: 'HE-AAC, told in front', bytes: bits('00101 0110 0010 0011 00010 000'), value: ['mp4a.40.5', 48_000, 2, 2048] },
  {
    name: 'HE-AAC, told behind',
    bytes: bits(`00010 0110 0010 000 ${SBR_SYNC} 00101 1 0011`),
    value: ['mp4a.40.5', 48_000, 2, 2048],
  },
  { name: 'HE-AAC, not told', bytes: bits('00010 0110 0010 000'), value: ['mp4a.40.2', 24_000, 2, 1024] },
  {
    name: 'HE-AAC, output at the core rate',
    bytes: bits('00101 0011 0010 0011 00010 000'),
    value: ['mp4a.40.5', 48_000, 2, 1024],
  },
  { name: 'HE-AAC v2, told in front', bytes: bits('11101 0110 0001 0011 00010 000'), value: ['mp4a.40.29', 48_000, 2, 2048] },
  {
    name: 'HE-AAC v2, told behind',
    bytes: bits(`00010 0111 0001 000 ${SBR_SYNC} 00101 1 0100 ${PS_SYNC} 1`),
    value: ['mp4a.40.29', 44_100, 2, 2048],
  },
  {
    name: 'channels told by a program config element: front pair, side single, low frequency',
    bytes: bits(
      `00010 0011 0000 000 0000 01 0011 0001 0001 0000 01 000 0000 0 0 0 1 0000 0 0001 0000 ${'0'.repeat(5)} 00000001 01111000`,
    ),
    value: ['mp4a.40.2', 48_000, 4, 1024],
  },
  {
    name: 'a program config element with a comment, HE-AAC told behind it',
    // 16 bits before the element and 39 in it: one more up to the byte's end.
    bytes: bits(
      `00010 0110 0000 000  0000 01 0110 0001 0000 0000 00 000 0000 0 0 0 1 0000  0 00000010 01000001 01000010 ${SBR_SYNC} 00101 1 0011`,
    ),
    value: ['mp4a.40.5', 48_000, 2, 2048],
  },
] as const;

for (const { name, bytes, value } of table) {
  test(`AudioSpecificConfig: ${name}`, () => {
    const [codecString, sampleRate, channelCount, samplesPerFrame] = value;
    const expected = { kind: 'audio', codec: 'aac', codecString, sampleRate, channelCount, samplesPerFrame, record: bytes };
    assert.deepEqual(decodeAacConfig(bytes), expected);
  });
  test(`bad input never surprises: ${name}`, () => fuzz(bytes, decodeAacConfig));
}

const refused = [
  { name: 'nothing', bytes: bits(''), reason: 'truncated' },
  { name: 'no end', bytes: bits('00010 011'), reason: 'truncated' },
  { name: 'reserved rate', bytes: bits('00010 1101 0010 000'), reason: 'bad_aac_config' },
  { name: 'rate 0', bytes: bits(`00010 1111 ${'0'.repeat(24)} 0010 000`), reason: 'bad_aac_config' },
  { name: 'reserved channels', bytes: bits('00010 0011 1111 000'), reason: 'bad_aac_config' },
  { name: 'SBR at three times the rate', bytes: bits('00101 1000 0010 0011 00010 000'), reason: 'bad_aac_config' },
  { name: 'xHE-AAC, an escaped type', bytes: bits('11111 001010 0011 0010 000'), reason: 'unsupported_aac_profile' },
  { name: 'a megabyte', bytes: new Uint8Array(1_000_000), reason: 'config_record_too_long' },
];

for (const { name, bytes, reason } of refused) {
  test(`AudioSpecificConfig refused: ${name}`, () =>
    assert.throws(() => decodeAacConfig(bytes), { name: 'ProtocolError', reason }));
}

const head = Uint8Array.from(Buffer.from('4f70757348656164' + '01' + '02' + '3801' + '80bb0000' + '0000' + '00', 'hex'));

test('OpusHead becomes the body of dOps', () => {
  const config = decodeOpusHead(head);
  assert.equal(Buffer.from(config.record).toString('hex'), '00' + '02' + '0138' + '0000bb80' + '0000' + '00');
  assert.deepEqual(
    [config.codecString, config.sampleRate, config.channelCount, config.samplesPerFrame],
    ['opus', 48_000, 2, 960],
  );
  assert.deepEqual(decodeOpusConfig(config.record), config);
  fuzz(head, decodeOpusHead);
  fuzz(config.record, decodeOpusConfig);
});

test('OpusHead of 5.1 keeps its channel mapping', () => {
  const surround = Uint8Array.from([...head.subarray(0, 9), 6, ...head.subarray(10, 18), 1, 4, 2, 0, 4, 1, 2, 3, 5]);
  assert.deepEqual([...decodeOpusHead(surround).record.subarray(10)], [1, 4, 2, 0, 4, 1, 2, 3, 5]);
});
