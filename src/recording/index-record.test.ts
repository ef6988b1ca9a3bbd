import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeRecord, encodeRecord, RECORD_BYTES } from './index-record.ts';
import type { IndexRecord } from './index-record.ts';

const RECORDS: IndexRecord[] = [
  { kind: 'run', volume: 1, initBytes: 1203, discontinuity: false, newInit: true, mediaSequence: 0, discontinuitySequence: 0 },
  {
    kind: 'run',
    volume: 4_000_000_000,
    initBytes: 65_536,
    discontinuity: true,
    newInit: false,
    mediaSequence: 2 ** 50,
    discontinuitySequence: 4_000_000_000,
  },
  {
    kind: 'segment',
    volume: 1,
    start: 1203,
    end: 2 ** 50,
    duration: 4_000_000_000,
    programDateTimeMs: 1_700_000_000_123,
    videoFrames: 250,
    independent: true,
  },
  { kind: 'segment', volume: 999_999, start: 0, end: 1, duration: 1, programDateTimeMs: 0.5, videoFrames: 0, independent: false },
  { kind: 'end' },
];

test('records come back as they were, one behind the other', () => {
  const bytes = Buffer.concat(RECORDS.map(encodeRecord));
  assert.equal(bytes.length, RECORDS.length * RECORD_BYTES);
  assert.deepEqual(
    RECORDS.map((_, i) => decodeRecord(bytes, i * RECORD_BYTES)),
    RECORDS,
  );
});

test('a record that is cut, or has one wrong bit, is none', () => {
  for (const record of RECORDS) {
    const bytes = encodeRecord(record);
    for (let length = 0; length < RECORD_BYTES; length += 1) assert.equal(decodeRecord(bytes.subarray(0, length), 0), null);
    for (let bit = 0; bit < RECORD_BYTES * 8; bit += 1) {
      const wrong = Buffer.from(bytes);
      wrong[bit >> 3] ^= 1 << (bit & 7);
      assert.equal(decodeRecord(wrong, 0), null, `bit ${bit} of ${record.kind}`);
    }
  }
  assert.equal(decodeRecord(Buffer.alloc(RECORD_BYTES), 0), null, 'zeros, as a disk that lost its power leaves them');
});
