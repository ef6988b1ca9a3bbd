import { decodeAmf0, isAmf0Object } from './amf0.ts';
import { textMember } from './command.ts';

/** What we read of onMetaData. */
export interface StreamMetadata {
  /** The encoder's own name, or null. */
  readonly encoder: string | null;
  readonly video: boolean;
  readonly audio: boolean;
}

/** Reads a data message, with or without `@setDataFrame` in front; null when it is not onMetaData. Throws ProtocolError. */
export function readMetadata(payload: Uint8Array): StreamMetadata | null {
  const values = decodeAmf0(payload);
  if (values[0] === '@setDataFrame') values.shift();
  const [name, members] = values;
  if (name !== 'onMetaData' || !isAmf0Object(members)) return null;
  return {
    encoder: textMember(members, 'encoder'),
    video: members['videocodecid'] !== undefined || members['width'] !== undefined,
    audio: members['audiocodecid'] !== undefined || members['audiosamplerate'] !== undefined,
  };
}
