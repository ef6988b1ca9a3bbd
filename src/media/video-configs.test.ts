import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz } from '../../test/support/fuzz.ts';
import { decodeAv1Config } from './av1.ts';
import { decodeAvcConfig } from './avc.ts';
import { decodeHevcConfig } from './hevc.ts';
import type { VideoConfig } from './track.ts';

interface Row {
  name: string;
  bytes: string;
  value: Omit<VideoConfig, 'kind' | 'record'>;
}

const square = { h: 1, v: 1 };
const bt709 = { primaries: 1, transfer: 1, matrix: 1, fullRange: false };

/** Records written by x264, x265, SVT-AV1 and libaom (the informative SEI of x265 cut off). */
const table: Row[] = [
  {
    name: 'High, interlaced: field map units, 1088 cropped to 1080',
    bytes: '01640028ffe1001e67640028acd94078044fde02d4040405000003000100000300321f162d9601000668fba3cb22c0fdf8f800',
    value: {
      codec: 'avc',
      codecString: 'avc1.640028',
      width: 1920,
      height: 1080,
      pixelAspect: square,
      frameRate: 25,
      colour: bt709,
    },
  },
  {
    name: 'High 4:4:4 Predictive with scaling lists, NTSC rate',
    bytes: '01f4000dffe1001967f4000d919b282a33c7c5e022000007d20001d4c01e28532c01000868ebe3c44c000440fff8f800',
    value: { codec: 'avc', codecString: 'avc1.f4000d', width: 322, height: 182, pixelAspect: square, frameRate: 29.97 },
  },
  {
    name: 'High 4:2:2, 10 bits, full range',
    bytes: '017a0015ffe1001c677a0015b6cd941519e2237016c8000003000800000303c078b16cb001000668ebe3cb22c0fefafa00',
    value: {
      codec: 'avc',
      codecString: 'avc1.7a0015',
      width: 322,
      height: 180,
      pixelAspect: square,
      frameRate: 60,
      colour: { primaries: 2, transfer: 2, matrix: 2, fullRange: true },
    },
  },
  {
    name: 'High, no chroma at all',
    bytes: '0164000cffe100196764000cf36505067e37016c800000030080000018078a14cb01000668ebe3cb22c0fcf8f800',
    value: {
      codec: 'avc',
      codecString: 'avc1.64000c',
      width: 320,
      height: 180,
      pixelAspect: square,
      frameRate: 24,
      colour: { primaries: 2, transfer: 2, matrix: 2, fullRange: true },
    },
  },
  {
    name: 'Constrained Baseline with HRD parameters',
    bytes: '0142c00cffe100216742c00cd902c4ec04400000030040000007980800493c00124fa4b28078a1524001000568cb83cb20',
    value: { codec: 'avc', codecString: 'avc1.42c00c', width: 176, height: 144, pixelAspect: square, frameRate: 15 },
  },
  {
    name: 'Baseline, wide pixels, colour described',
    bytes: '0142c00bffe1001b6742c00bd902cde224c09a83030320000003002000000781e2854901000568cb8112c8',
    value: {
      codec: 'avc',
      codecString: 'avc1.42c00b',
      width: 162,
      height: 90,
      pixelAspect: { h: 12, v: 11 },
      frameRate: 30,
      colour: { primaries: 6, transfer: 6, matrix: 6, fullRange: false },
    },
  },
  {
    name: 'HEVC Main, HDR colours',
    bytes:
      '0101600000009000000000005df000fcfdf8f800000f03a00001001840010c01ffff01600000030090000003000003005d959809a10001002e4201010160' +
      '0000030090000003000003005da00280802d165959a4932bc05a848804820000030002000003003c10a2000100074401c172b46240',
    value: {
      codec: 'hevc',
      codecString: 'hvc1.1.6.L93.90',
      width: 1280,
      height: 720,
      pixelAspect: square,
      frameRate: 30,
      colour: { primaries: 9, transfer: 16, matrix: 9, fullRange: false },
    },
  },
  {
    name: 'HEVC Main 10, high tier, scaling lists, cropped, wide pixels',
    bytes:
      '01222000000090000000000099f000fcfdfafa00000f03a00001001840010c01ffff222000000300900000030000030099959809a10001002a4201012220' +
      '00000300900000030000030099a00a480b9c94d96566924e5787340400000fa40001770020a2000100074401c172b46240',
    value: {
      codec: 'hevc',
      codecString: 'hvc1.2.4.H153.90',
      width: 322,
      height: 182,
      pixelAspect: { h: 4, v: 3 },
      frameRate: 23.976,
      colour: { primaries: 2, transfer: 2, matrix: 2, fullRange: false },
    },
  },
  {
    name: 'AV1 of 8 bits (SVT-AV1)',
    bytes: '81010c000a0b0000000cc4ff6700be0010',
    value: { codec: 'av1', codecString: 'av01.0.01M.08', width: 640, height: 360, pixelAspect: square, frameRate: null },
  },
  {
    name: 'AV1 of 10 bits, colour described (libaom)',
    bytes: '81004c000a0e000000043d06d4daf95010101040',
    value: {
      codec: 'av1',
      codecString: 'av01.0.00M.10',
      width: 322,
      height: 182,
      pixelAspect: square,
      frameRate: null,
      colour: bt709,
    },
  },
];

const decoders = { avc: decodeAvcConfig, hevc: decodeHevcConfig, av1: decodeAv1Config };

for (const { name, bytes, value } of table) {
  const record = Uint8Array.from(Buffer.from(bytes, 'hex'));
  test(`video configuration: ${name}`, () => {
    const config = decoders[value.codec](record);
    assert.deepEqual(config, { kind: 'video', ...value, record });
    assert.notEqual(config.record.buffer, record.buffer, 'the record is a copy: what it came in may be a shared buffer');
  });
  test(`bad input never surprises: ${name}`, () => fuzz(record, decoders[value.codec]));
}

const refused = [
  { reason: 'truncated', codec: 'avc', bytes: '' },
  { reason: 'bad_avc_config', codec: 'avc', bytes: '00000001674200' },
  { reason: 'unsupported_nal_length', codec: 'avc', bytes: '0142c00bfde10004' },
  { reason: 'no_parameter_sets', codec: 'avc', bytes: '0142c00bffe000' },
  { reason: 'no_parameter_sets', codec: 'avc', bytes: '0142c00bffe100046742c00b00' },
  { reason: 'bad_avc_config', codec: 'avc', bytes: '0142c00bffe100046842c00b01000168' },
  { reason: 'bad_picture_size', codec: 'avc', bytes: '0142c00bffe1000a6742c00bf80007ffff0001000168' },
  { reason: 'bad_hevc_config', codec: 'hevc', bytes: '02' },
  { reason: 'no_parameter_sets', codec: 'hevc', bytes: '0101600000009000000000005df000fcfdf8f800000f00' },
  { reason: 'bad_av1_config', codec: 'av1', bytes: '01010c00' },
  { reason: 'no_parameter_sets', codec: 'av1', bytes: '81010c00' },
] as const;

for (const { reason, codec, bytes } of refused) {
  test(`video configuration refused: ${codec}, ${reason}, ${bytes.slice(0, 14)}`, () => {
    assert.throws(() => decoders[codec](Uint8Array.from(Buffer.from(bytes, 'hex'))), { name: 'ProtocolError', reason });
  });
}

test('scaling lists written out are passed over, one of 64 whole, one that ends itself at once', () => {
  const set =
    '01100111 01100100 00000000 00011110' + // SPS, profile 100, level 30
    '1 010 1 1 0 1' + // id, 4:2:0, 8 bits, scaling matrix
    `000000 1 ${'1'.repeat(64)} 1 000010001` + // none of 16; 64 deltas of 0; a delta of -8, which makes the next scale 0
    '1 1 1 1 0 000010100 0001011 1 1 0 0 1'; // 20 macroblock columns, 11 rows, frames only
  const digits = set.replaceAll(' ', '');
  const bytes = (digits.padEnd(Math.ceil(digits.length / 8) * 8, '0').match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2));
  const config = decodeAvcConfig(Uint8Array.from([1, 0x64, 0, 0x1e, 0xff, 0xe1, 0, bytes.length, ...bytes, 1, 0, 1, 0x68]));
  assert.deepEqual([config.width, config.height], [320, 176]);
});

test('a configuration record of a megabyte is refused unread', () => {
  assert.throws(() => decodeAvcConfig(new Uint8Array(1_000_000)), { reason: 'config_record_too_long' });
});

test('a usability part that is cut short leaves the stream playable', () => {
  const { bytes, value } = table[0];
  const whole = Buffer.from(bytes, 'hex');
  // The set has 30 bytes; its last 12 are usability information.
  const set = whole.subarray(8, 8 + 18);
  const record = Buffer.concat([whole.subarray(0, 6), Buffer.from([0, set.length]), set, whole.subarray(8 + 30)]);
  const config = decodeAvcConfig(record);
  assert.deepEqual([config.width, config.height, config.frameRate], [value.width, value.height, null]);
});
