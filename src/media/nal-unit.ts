import { BitReader } from '../bytes/bit-reader.ts';
import { ProtocolError } from '../errors.ts';

/** The most bytes a decoder configuration record may have: real ones have less than one kilobyte. */
export const MAX_CONFIG_RECORD_BYTES = 65_536;

/** Most pixels a side: what level 6.2 of H.264 and HEVC and level 6.3 of AV1 allow. */
export const MAX_PICTURE_SIDE = 16_888;

/** A reader over a decoder configuration record; throws ProtocolError `config_record_too_long`. */
export function openConfigRecord(record: Uint8Array): BitReader {
  if (record.length > MAX_CONFIG_RECORD_BYTES)
    throw new ProtocolError('config_record_too_long', `configuration record of ${record.length} bytes`);
  return new BitReader(record);
}

/** The next `length` bytes of a record that `reader` walks and stands in at a byte border. */
export function readRecordBytes(record: Uint8Array, reader: BitReader, length: number): Uint8Array {
  const at = record.length - reader.bitsLeft / 8;
  reader.skip(length * 8);
  return record.subarray(at, at + length);
}

/** A reader over the raw byte sequence payload of a NAL unit, behind its header (ITU-T H.264 section 7.3.1): 00 00 03 becomes 00 00. */
export function openNalUnit(unit: Uint8Array, headerBytes: number): BitReader {
  const payload = new Uint8Array(Math.max(0, unit.length - headerBytes));
  let length = 0;
  let zeros = 0;
  for (let i = headerBytes; i < unit.length; i += 1) {
    const byte = unit[i];
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    payload[length] = byte;
    length += 1;
  }
  return new BitReader(payload.subarray(0, length));
}

/** Throws ProtocolError `bad_picture_size` unless both sides are 1 to MAX_PICTURE_SIDE. */
export function checkPictureSize(width: number, height: number): void {
  const good = width >= 1 && height >= 1 && width <= MAX_PICTURE_SIDE && height <= MAX_PICTURE_SIDE;
  if (!good) throw new ProtocolError('bad_picture_size', `picture of ${width}x${height}`);
}
