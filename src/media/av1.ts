import type { BitReader } from '../bytes/bit-reader.ts';
import { ProtocolError } from '../errors.ts';
import { decodeAv1SequenceHeader } from './av1-sequence-header.ts';
import { openConfigRecord, readRecordBytes } from './nal-unit.ts';
import type { VideoConfig } from './track.ts';

const MARKER_AND_VERSION = 0x81;
const SEQUENCE_HEADER = 1;

/**
 * The track that an AV1CodecConfigurationRecord describes (AV1 in ISOBMFF, section 2.3). The record is copied; it must hold a sequence header, which
 * tells the size. Throws ProtocolError.
 */
export function decodeAv1Config(record: Uint8Array): VideoConfig {
  const reader = openConfigRecord(record);
  const marker = reader.readBits(8);
  if (marker !== MARKER_AND_VERSION) throw new ProtocolError('bad_av1_config', `AV1 configuration begins with ${marker}`);
  const profile = reader.readBits(3);
  const level = reader.readBits(5);
  const tier = reader.readBit() ? 'H' : 'M';
  const highBitDepth = reader.readBit() === 1;
  const twelveBit = reader.readBit() === 1;
  reader.skip(5 + 8); // chroma format, presentation delay
  const depth = highBitDepth ? (twelveBit ? 12 : 10) : 8;
  const codecString = `av01.${profile}.${twoDigits(level)}${tier}.${twoDigits(depth)}`;
  const header = findSequenceHeader(record, reader);
  return {
    kind: 'video',
    codec: 'av1',
    codecString,
    pixelAspect: { h: 1, v: 1 },
    ...decodeAv1SequenceHeader(header),
    record: record.slice(),
  };
}

/** The payload of the first sequence header among the OBUs left (AV1 specification, section 5.3). */
function findSequenceHeader(record: Uint8Array, reader: BitReader): Uint8Array {
  while (reader.bitsLeft > 0) {
    reader.skip(1);
    const type = reader.readBits(4);
    const extended = reader.readBit() === 1;
    const sized = reader.readBit() === 1;
    reader.skip(extended ? 1 + 8 : 1);
    const payload = readRecordBytes(record, reader, sized ? readLeb128(reader) : reader.bitsLeft / 8);
    if (type === SEQUENCE_HEADER) return payload;
  }
  throw new ProtocolError('no_parameter_sets', 'AV1 configuration without a sequence header');
}

function readLeb128(reader: BitReader): number {
  let value = 0;
  for (let i = 0; i < 8; i += 1) {
    const byte = reader.readBits(8);
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) break;
  }
  return value;
}

function twoDigits(value: number): string {
  return value.toString().padStart(2, '0');
}
