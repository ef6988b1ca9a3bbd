import { ByteWriter } from '../bytes/byte-writer.ts';
import { ProtocolError } from '../errors.ts';
import { decodeAmf0, encodeAmf0, isAmf0Object } from './amf0.ts';
import type { Amf0Object, Amf0Value } from './amf0.ts';

/** A command message (RTMP 1.0, section 7.1.1). */
export interface Command {
  readonly name: string;
  /** 0 where no answer is awaited. */
  readonly transactionId: number;
  /** The command object, null when there is none, then the arguments. */
  readonly values: readonly Amf0Value[];
}

/** Decodes a command message's payload. Throws ProtocolError. */
export function decodeCommand(payload: Uint8Array): Command {
  const [name, transactionId, ...values] = decodeAmf0(payload);
  if (typeof name !== 'string') throw new ProtocolError('bad_command', 'a command without a name');
  return { name, transactionId: typeof transactionId === 'number' ? transactionId : 0, values };
}

/** Encodes a command message's payload. */
export function encodeCommand(name: string, transactionId: number, ...values: readonly Amf0Value[]): Uint8Array {
  const writer = new ByteWriter();
  encodeAmf0(writer, name);
  encodeAmf0(writer, transactionId);
  for (const value of values) encodeAmf0(writer, value);
  return writer.take();
}

/** The information object of a `_result`, `_error` or `onStatus` (RTMP 1.0, section 7.2.2). */
export function status(level: 'status' | 'error', code: string, description: string): Amf0Object {
  return { level, code, description };
}

/** The member of an object when it is text, else null. */
export function textMember(value: Amf0Value, name: string): string | null {
  const member = isAmf0Object(value) ? value[name] : null;
  return typeof member === 'string' ? member : null;
}
