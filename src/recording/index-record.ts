import { crc32 } from 'node:zlib';

/** Bytes of a record. */
export const RECORD_BYTES = 48;

const KIND = { run: 1, segment: 2, end: 3 } as const;
const INDEPENDENT = 1;
const DISCONTINUITY = 2;
const NEW_INIT = 4;

/**
 * A volume was begun: its bytes 0 to `initBytes` are the init segment. `newInit`: it differs from the one of the run before. The other two tell where
 * the live's playlist stood: behind what could not be recorded they are more than what lies before in the recording; 0 when nobody knows.
 */
export interface RunRecord {
  readonly kind: 'run';
  readonly volume: number;
  readonly initBytes: number;
  readonly discontinuity: boolean;
  readonly newInit: boolean;
  /** Media sequence number of its first segment. */
  readonly mediaSequence: number;
  /** Discontinuities before it, its own not counted. */
  readonly discontinuitySequence: number;
}

/** A whole segment lies at `start` to `end` of its volume. Duration in ticks of MEDIA_TIMESCALE. */
export interface SegmentRecord {
  readonly kind: 'segment';
  readonly volume: number;
  readonly start: number;
  readonly end: number;
  readonly duration: number;
  readonly programDateTimeMs: number;
  readonly videoFrames: number;
  readonly independent: boolean;
}

/** The recording is whole: nothing lies behind the last segment. */
export interface EndRecord {
  readonly kind: 'end';
}

export type IndexRecord = RunRecord | SegmentRecord | EndRecord;

/**
 * Little endian: u8 kind, u8 flags, u16 0, u32 volume, f64 start, f64 end, f64 date, u32 duration, u32 frames, u32 0, u32 CRC-32 of what is before. A run
 * has its init segment's length for an end, its media sequence number for a date and its discontinuity sequence number for a duration.
 */
export function encodeRecord(record: IndexRecord): Buffer {
  const bytes = Buffer.alloc(RECORD_BYTES);
  bytes[0] = KIND[record.kind];
  if (record.kind === 'run') {
    bytes[1] = (record.discontinuity ? DISCONTINUITY : 0) | (record.newInit ? NEW_INIT : 0);
    bytes.writeUInt32LE(record.volume, 4);
    bytes.writeDoubleLE(record.initBytes, 16);
    bytes.writeDoubleLE(record.mediaSequence, 24);
    bytes.writeUInt32LE(record.discontinuitySequence, 32);
  } else if (record.kind === 'segment') {
    bytes[1] = record.independent ? INDEPENDENT : 0;
    bytes.writeUInt32LE(record.volume, 4);
    bytes.writeDoubleLE(record.start, 8);
    bytes.writeDoubleLE(record.end, 16);
    bytes.writeDoubleLE(record.programDateTimeMs, 24);
    bytes.writeUInt32LE(record.duration, 32);
    bytes.writeUInt32LE(record.videoFrames, 36);
  }
  bytes.writeUInt32LE(crc32(bytes.subarray(0, RECORD_BYTES - 4)), RECORD_BYTES - 4);
  return bytes;
}

/** The record at an offset, or null when there is none that is whole and right. */
export function decodeRecord(bytes: Buffer, offset: number): IndexRecord | null {
  if (offset + RECORD_BYTES > bytes.length) return null;
  const record = bytes.subarray(offset, offset + RECORD_BYTES);
  if (record.readUInt32LE(RECORD_BYTES - 4) !== crc32(record.subarray(0, RECORD_BYTES - 4))) return null;
  const flags = record[1];
  const volume = record.readUInt32LE(4);
  switch (record[0]) {
    case KIND.run:
      return {
        kind: 'run',
        volume,
        initBytes: record.readDoubleLE(16),
        discontinuity: (flags & DISCONTINUITY) !== 0,
        newInit: (flags & NEW_INIT) !== 0,
        mediaSequence: record.readDoubleLE(24),
        discontinuitySequence: record.readUInt32LE(32),
      };
    case KIND.segment:
      return {
        kind: 'segment',
        volume,
        start: record.readDoubleLE(8),
        end: record.readDoubleLE(16),
        programDateTimeMs: record.readDoubleLE(24),
        duration: record.readUInt32LE(32),
        videoFrames: record.readUInt32LE(36),
        independent: (flags & INDEPENDENT) !== 0,
      };
    case KIND.end:
      return { kind: 'end' };
    default:
      return null;
  }
}
