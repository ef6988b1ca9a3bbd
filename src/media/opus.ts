import { ProtocolError } from '../errors.ts';
import type { AudioConfig } from './track.ts';

const MAGIC = [...'OpusHead'].map((character) => character.charCodeAt(0));
/** Opus is always decoded at this rate, whatever the input's was (RFC 7845 section 4). */
const OPUS_SAMPLE_RATE = 48_000;
/** A frame of 20 ms, which every live encoder sends unless told otherwise; each packet's TOC byte has the last word. */
const USUAL_SAMPLES_PER_FRAME = 960;

/** The track that an OpusHead describes (RFC 7845 section 5.1), as Enhanced RTMP sends it; its record becomes the body of `dOps`. Throws ProtocolError. */
export function decodeOpusHead(head: Uint8Array): AudioConfig {
  if (head.length < 19 || MAGIC.some((byte, i) => head[i] !== byte))
    throw new ProtocolError('bad_opus_config', 'not an OpusHead');
  if (head[8] >> 4 !== 0) throw new ProtocolError('bad_opus_config', `OpusHead version ${head[8]}`);
  // The same fields in the same order, but little-endian there, big-endian here, and version 0 (Opus in ISOBMFF section 4.3.2).
  const body = head.slice(8);
  body[0] = 0;
  body.subarray(2, 4).reverse();
  body.subarray(4, 8).reverse();
  body.subarray(8, 10).reverse();
  return decodeOpusConfig(body);
}

/** The track that the body of a `dOps` box describes. The bytes are copied. Throws ProtocolError. */
export function decodeOpusConfig(record: Uint8Array): AudioConfig {
  const family = record[10];
  const channelCount = record[1];
  const length = family === 0 ? 11 : 13 + channelCount;
  if (record.length < length || record[0] !== 0)
    throw new ProtocolError('bad_opus_config', `dOps of ${record.length} bytes, version ${record[0]}`);
  if (channelCount === 0 || (family === 0 && channelCount > 2))
    throw new ProtocolError('bad_opus_config', `${channelCount} channels`);
  return {
    kind: 'audio',
    codec: 'opus',
    codecString: 'opus',
    sampleRate: OPUS_SAMPLE_RATE,
    channelCount,
    samplesPerFrame: USUAL_SAMPLES_PER_FRAME,
    record: record.slice(0, length),
  };
}
