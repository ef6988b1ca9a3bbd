import { ProtocolError } from '../errors.ts';

const ES_DESCRIPTOR = 3;
const DECODER_CONFIG = 4;
const DECODER_SPECIFIC_INFO = 5;
const SL_CONFIG = 6;
const AUDIO_ISO_14496_3 = 0x40;
const AUDIO_STREAM = (5 << 2) | 1;

/** Body of `esds` behind its version and flags: an ES_Descriptor that wraps an AudioSpecificConfig (ISO/IEC 14496-1 section 7.2.6, 14496-14 section 3.1.2). */
export function encodeElementaryStreamDescriptor(audioSpecificConfig: Uint8Array): Uint8Array {
  const info = descriptor(DECODER_SPECIFIC_INFO, [...audioSpecificConfig]);
  // Buffer size and bit rates are 0: not known.
  const decoder = descriptor(DECODER_CONFIG, [AUDIO_ISO_14496_3, AUDIO_STREAM, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ...info]);
  const synchronisation = descriptor(SL_CONFIG, [2]);
  return Uint8Array.from(descriptor(ES_DESCRIPTOR, [0, 0, 0, ...decoder, ...synchronisation]));
}

/** The AudioSpecificConfig that such a body wraps. */
export function decodeElementaryStreamDescriptor(bytes: Uint8Array): Uint8Array {
  const stream = open(bytes, ES_DESCRIPTOR);
  let skip = 3;
  if (stream[2] & 0x80) skip += 2;
  if (stream[2] & 0x40) skip += 1 + (stream[skip] ?? 0);
  if (stream[2] & 0x20) skip += 2;
  const decoder = open(stream.subarray(skip), DECODER_CONFIG);
  return open(decoder.subarray(13), DECODER_SPECIFIC_INFO);
}

function descriptor(tag: number, body: number[]): number[] {
  const length = [body.length & 0x7f];
  for (let rest = body.length >>> 7; rest > 0; rest >>>= 7) length.unshift(0x80 | (rest & 0x7f));
  return [tag, ...length, ...body];
}

function open(bytes: Uint8Array, tag: number): Uint8Array {
  let length = 0;
  for (let at = 1; bytes[0] === tag && at < Math.min(bytes.length, 5); at += 1) {
    length = (length << 7) | (bytes[at] & 0x7f);
    if (bytes[at] & 0x80) continue;
    if (at + 1 + length > bytes.length) break;
    return bytes.subarray(at + 1, at + 1 + length);
  }
  throw new ProtocolError('bad_es_descriptor', `esds: no descriptor with tag ${tag}`);
}
