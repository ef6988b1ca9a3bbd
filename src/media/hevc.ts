import { ProtocolError } from '../errors.ts';
import { decodeHevcSequenceParameters } from './hevc-sequence-parameters.ts';
import { openConfigRecord, readRecordBytes } from './nal-unit.ts';
import type { VideoConfig } from './track.ts';

const SEQUENCE_PARAMETER_SET = 33;

/**
 * The track that an HEVCDecoderConfigurationRecord describes (ISO/IEC 14496-15 section 8.3.3.1). The record is copied; the first sequence parameter set in
 * it tells the size. Throws ProtocolError; NAL unit lengths must have 4 bytes.
 */
export function decodeHevcConfig(record: Uint8Array): VideoConfig {
  const reader = openConfigRecord(record);
  const version = reader.readBits(8);
  if (version !== 1) throw new ProtocolError('bad_hevc_config', `HEVC configuration version ${version}`);
  const profileTierLevel = readRecordBytes(record, reader, 12);
  reader.skip(16 + 8 + 8 + 8 + 8 + 16); // segmentation, parallelism, chroma format, bit depths, average frame rate
  reader.skip(6); // constant frame rate, temporal layers
  const lengthSize = reader.readBits(2) + 1;
  if (lengthSize !== 4) throw new ProtocolError('unsupported_nal_length', `NAL unit lengths of ${lengthSize} bytes`);
  let set: Uint8Array | null = null;
  for (let arrays = reader.readBits(8); arrays > 0; arrays -= 1) {
    const type = reader.readBits(8) & 0x3f;
    for (let units = reader.readBits(16); units > 0; units -= 1) {
      const unit = readRecordBytes(record, reader, reader.readBits(16));
      if (type === SEQUENCE_PARAMETER_SET) set ??= unit;
    }
  }
  if (set === null) throw new ProtocolError('no_parameter_sets', 'HEVC configuration without a sequence parameter set');
  return {
    kind: 'video',
    codec: 'hevc',
    codecString: formatHevcCodec(profileTierLevel),
    ...decodeHevcSequenceParameters(set),
    record: record.slice(),
  };
}

/** `hvc1.…` for the 12 bytes from profile space to level (ISO/IEC 14496-15 section E.3). */
function formatHevcCodec(bytes: Uint8Array): string {
  const space = ['', 'A', 'B', 'C'][bytes[0] >>> 6];
  const tier = bytes[0] & 0x20 ? 'H' : 'L';
  let compatibility = 0; // in reverse bit order
  for (let bit = 0; bit < 32; bit += 1) if (bytes[1 + (bit >>> 3)] & (0x80 >>> (bit & 7))) compatibility += 2 ** bit;
  const constraints = Array.from(bytes.subarray(5, 11), (byte) => byte.toString(16).toUpperCase());
  while (constraints.at(-1) === '0') constraints.pop();
  const parts = [`${space}${bytes[0] & 0x1f}`, compatibility.toString(16).toUpperCase(), `${tier}${bytes[11]}`, ...constraints];
  return `hvc1.${parts.join('.')}`;
}
