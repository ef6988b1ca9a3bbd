import { BitReader } from '../bytes/bit-reader.ts';
import { ProtocolError } from '../errors.ts';
import type { AudioConfig } from './track.ts';

const SAMPLE_RATES = [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350];
const EXPLICIT_RATE = 15;
const MAX_SAMPLE_RATE = 192_000;
/** Channels by channelConfiguration (ISO/IEC 14496-3 table 1.19); 0: told by a program config element, null: reserved. */
const CHANNEL_COUNTS = [0, 1, 2, 3, 4, 5, 6, 8, null, null, null, 7, 8, null, 8, null];
const MAIN = 1;
const LOW_COMPLEXITY = 2;
const LONG_TERM_PREDICTION = 4;
const SBR = 5;
const PS = 29;
const ESCAPE = 31;
const SBR_SYNC = 0x2b7;
const PS_SYNC = 0x548;
/** The most bytes an AudioSpecificConfig may have: real ones have 2 to 7, some tens with a program config element. */
const MAX_CONFIG_BYTES = 1024;

/**
 * The track that an AudioSpecificConfig describes (ISO/IEC 14496-3 section 1.6.2.1). The bytes are copied. Throws ProtocolError.
 *
 * HE-AAC: where SBR is signalled (in front or behind, compatibly), `sampleRate` is the output rate and a frame counts twice the core's samples at
 * it; where it is not, both are the core's. Either way samplesPerFrame / sampleRate is how long a frame lasts, which is what a track's clock needs.
 */
export function decodeAacConfig(record: Uint8Array): AudioConfig {
  if (record.length > MAX_CONFIG_BYTES)
    throw new ProtocolError('config_record_too_long', `AudioSpecificConfig of ${record.length} bytes`);
  const reader = new BitReader(record);
  let objectType = readObjectType(reader);
  const coreRate = readSampleRate(reader);
  const channelConfiguration = reader.readBits(4);
  let extension = 0;
  let outputRate = coreRate;
  if (objectType === SBR || objectType === PS) {
    extension = objectType;
    outputRate = readSampleRate(reader);
    objectType = readObjectType(reader);
  }
  if (objectType !== LOW_COMPLEXITY && objectType !== MAIN && objectType !== LONG_TERM_PREDICTION) {
    throw new ProtocolError('unsupported_aac_profile', `AAC object type ${objectType}`);
  }
  const coreSamples = reader.readBit() ? 960 : 1024;
  if (reader.readBit()) reader.skip(14); // coreCoderDelay
  reader.skip(1); // extensionFlag: 0 for these object types
  let channelCount = CHANNEL_COUNTS[channelConfiguration];
  if (channelCount === null) throw new ProtocolError('bad_aac_config', `channel configuration ${channelConfiguration}`);
  if (channelCount === 0) channelCount = readProgramChannels(reader);

  if (
    extension === 0 &&
    reader.bitsLeft >= 16 &&
    reader.readBits(11) === SBR_SYNC &&
    readObjectType(reader) === SBR &&
    reader.readBit()
  ) {
    extension = SBR;
    outputRate = readSampleRate(reader);
    if (reader.bitsLeft >= 12 && reader.readBits(11) === PS_SYNC && reader.readBit()) extension = PS;
  }
  if (outputRate !== coreRate && outputRate !== 2 * coreRate) {
    throw new ProtocolError('bad_aac_config', `SBR makes ${outputRate} Hz of ${coreRate} Hz`);
  }
  return {
    kind: 'audio',
    codec: 'aac',
    codecString: `mp4a.40.${extension === 0 ? objectType : extension}`,
    sampleRate: outputRate,
    channelCount: extension === PS && channelCount === 1 ? 2 : channelCount,
    samplesPerFrame: (coreSamples * outputRate) / coreRate,
    record: record.slice(),
  };
}

function readObjectType(reader: BitReader): number {
  const type = reader.readBits(5);
  return type === ESCAPE ? 32 + reader.readBits(6) : type;
}

function readSampleRate(reader: BitReader): number {
  const index = reader.readBits(4);
  const rate = index === EXPLICIT_RATE ? reader.readBits(24) : SAMPLE_RATES[index];
  if (rate === undefined || rate === 0 || rate > MAX_SAMPLE_RATE)
    throw new ProtocolError('bad_aac_config', `sample rate ${rate ?? `index ${index}`}`);
  return rate;
}

/** Channels that a program config element counts (ISO/IEC 14496-3 table 4.2); leaves the reader behind it. */
function readProgramChannels(reader: BitReader): number {
  reader.skip(4 + 2 + 4); // element_instance_tag, object_type, sampling_frequency_index
  const mainElements = reader.readBits(4) + reader.readBits(4) + reader.readBits(4); // front, side, back
  const lowFrequencyElements = reader.readBits(2);
  const otherElements = reader.readBits(3) * 4;
  const couplingElements = reader.readBits(4) * 5;
  if (reader.readBit()) reader.skip(4); // mono mixdown
  if (reader.readBit()) reader.skip(4); // stereo mixdown
  if (reader.readBit()) reader.skip(3); // matrix mixdown
  let channels = lowFrequencyElements;
  for (let i = 0; i < mainElements; i += 1) {
    channels += 1 + reader.readBit();
    reader.skip(4);
  }
  reader.skip(lowFrequencyElements * 4 + otherElements + couplingElements);
  reader.skip(reader.bitsLeft % 8);
  reader.skip(reader.readBits(8) * 8); // comment
  if (channels === 0) throw new ProtocolError('bad_aac_config', 'no channels');
  return channels;
}
