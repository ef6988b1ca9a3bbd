import { ProtocolError } from '../errors.ts';
import { decodeAvcSequenceParameters } from './avc-sequence-parameters.ts';
import { openConfigRecord, readRecordBytes } from './nal-unit.ts';
import type { VideoConfig } from './track.ts';

const SEQUENCE_PARAMETER_SET = 7;

/**
 * The track that an AVCDecoderConfigurationRecord describes (ISO/IEC 14496-15 section 5.3.3.1). The record is copied. Several sequence parameter
 * sets are allowed, the first tells the size. Throws ProtocolError; NAL unit lengths must have 4 bytes, which every encoder we know of writes.
 */
export function decodeAvcConfig(record: Uint8Array): VideoConfig {
  const reader = openConfigRecord(record);
  const version = reader.readBits(8);
  if (version !== 1) throw new ProtocolError('bad_avc_config', `AVC configuration version ${version}`);
  reader.skip(24 + 6); // profile, compatibility, level: the sequence parameter set tells them too
  const lengthSize = reader.readBits(2) + 1;
  if (lengthSize !== 4) throw new ProtocolError('unsupported_nal_length', `NAL unit lengths of ${lengthSize} bytes`);
  reader.skip(3);
  const setCount = reader.readBits(5);
  if (setCount === 0) throw new ProtocolError('no_parameter_sets', 'AVC configuration without a sequence parameter set');
  const set = readRecordBytes(record, reader, reader.readBits(16));
  for (let i = 1; i < setCount; i += 1) reader.skip(reader.readBits(16) * 8);
  const pictureSetCount = reader.readBits(8);
  if (pictureSetCount === 0) throw new ProtocolError('no_parameter_sets', 'AVC configuration without a picture parameter set');
  for (let i = 0; i < pictureSetCount; i += 1) reader.skip(reader.readBits(16) * 8);

  if (set.length < 4 || (set[0] & 0x1f) !== SEQUENCE_PARAMETER_SET)
    throw new ProtocolError('bad_avc_config', 'not a sequence parameter set');
  const profile = Array.from(set.subarray(1, 4), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return {
    kind: 'video',
    codec: 'avc',
    codecString: `avc1.${profile}`,
    ...decodeAvcSequenceParameters(set),
    record: record.slice(),
  };
}
