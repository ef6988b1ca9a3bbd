import { ByteReader } from '../bytes/byte-reader.ts';
import type { ByteWriter } from '../bytes/byte-writer.ts';
import { ProtocolError } from '../errors.ts';

/** An AMF0 value. ECMA arrays and typed objects are read as objects; XML documents and long strings as strings. */
export type Amf0Value = number | boolean | string | null | undefined | Date | Amf0Value[] | Amf0Object;
export interface Amf0Object {
  [name: string]: Amf0Value;
}

/** AMF0 type markers (amf0-file-format-specification, section 2.1). */
const MARKER = {
  number: 0,
  boolean: 1,
  string: 2,
  object: 3,
  null: 5,
  undefined: 6,
  reference: 7,
  ecmaArray: 8,
  objectEnd: 9,
  strictArray: 10,
  date: 11,
  longString: 12,
  unsupported: 13,
  xml: 15,
  typedObject: 16,
  amf3: 17,
} as const;
const MAX_DEPTH = 16;
const MAX_VALUES = 4096;
const LONGEST_SHORT_STRING = 0xffff;
/** A UTF-16 unit is three bytes of UTF-8 at the most. */
const SURELY_SHORT = LONGEST_SHORT_STRING / 3;

/** Decodes all values of a message; stops in front of a value in AMF3. Throws ProtocolError `bad_amf` or `truncated`. */
export function decodeAmf0(bytes: Uint8Array): Amf0Value[] {
  const decoder = new Decoder(new ByteReader(bytes));
  const values: Amf0Value[] = [];
  while (decoder.reader.left > 0 && decoder.reader.peek() !== MARKER.amf3) values.push(decoder.value(0));
  return values;
}

/** Appends a value; `undefined` members of objects are left out. */
export function encodeAmf0(writer: ByteWriter, value: Amf0Value): void {
  if (typeof value === 'number') writer.u8(MARKER.number).f64(value);
  else if (typeof value === 'boolean') writer.u8(MARKER.boolean).u8(value ? 1 : 0);
  else if (typeof value === 'string') encodeString(writer, value);
  else if (value === null) writer.u8(MARKER.null);
  else if (value === undefined) writer.u8(MARKER.undefined);
  else if (value instanceof Date) writer.u8(MARKER.date).f64(value.getTime()).u16(0);
  else if (Array.isArray(value)) {
    writer.u8(MARKER.strictArray).u32(value.length);
    for (const element of value) encodeAmf0(writer, element);
  } else {
    writer.u8(MARKER.object);
    for (const [name, member] of Object.entries(value)) {
      if (member === undefined) continue;
      writer.utf8WithLength(name);
      encodeAmf0(writer, member);
    }
    writer.u16(0).u8(MARKER.objectEnd);
  }
}

/** Whether a value is an object, and not an array or a date. */
export function isAmf0Object(value: Amf0Value): value is Amf0Object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function encodeString(writer: ByteWriter, text: string): void {
  if (text.length <= SURELY_SHORT) return void writer.u8(MARKER.string).utf8WithLength(text);
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > LONGEST_SHORT_STRING) writer.u8(MARKER.longString).u32(bytes.length).bytes(bytes);
  else writer.u8(MARKER.string).u16(bytes.length).bytes(bytes);
}

class Decoder {
  readonly reader: ByteReader;
  #values = 0;

  constructor(reader: ByteReader) {
    this.reader = reader;
  }

  value(depth: number): Amf0Value {
    const reader = this.reader;
    this.#values += 1;
    if (depth > MAX_DEPTH) throw new ProtocolError('bad_amf', `AMF values nested deeper than ${MAX_DEPTH}`);
    if (this.#values > MAX_VALUES) throw new ProtocolError('bad_amf', `more than ${MAX_VALUES} AMF values in a message`);
    const marker = reader.u8();
    switch (marker) {
      case MARKER.number:
        return reader.f64();
      case MARKER.boolean:
        return reader.u8() !== 0;
      case MARKER.string:
        return reader.utf8(reader.u16());
      case MARKER.longString:
      case MARKER.xml:
        return reader.utf8(reader.u32());
      case MARKER.object:
        return this.#members(depth);
      case MARKER.typedObject:
        reader.skip(reader.u16());
        return this.#members(depth);
      case MARKER.ecmaArray:
        // The count is a hint only, and often wrong.
        reader.skip(4);
        return this.#members(depth);
      case MARKER.strictArray:
        return this.#elements(depth);
      case MARKER.date: {
        const date = new Date(reader.f64());
        reader.skip(2);
        return date;
      }
      case MARKER.null:
        return null;
      case MARKER.undefined:
      case MARKER.unsupported:
        return undefined;
      case MARKER.reference:
        reader.skip(2);
        return undefined;
      default:
        throw new ProtocolError('bad_amf', `AMF0 marker ${marker}`);
    }
  }

  #members(depth: number): Amf0Object {
    // No prototype: names come from the peer.
    const object = Object.create(null) as Amf0Object;
    // Some encoders leave out the end of the last object of a message.
    while (this.reader.left > 0) {
      const name = this.reader.utf8(this.reader.u16());
      if (name === '' && this.reader.left > 0 && this.reader.peek() === MARKER.objectEnd) {
        this.reader.skip(1);
        break;
      }
      object[name] = this.value(depth + 1);
    }
    return object;
  }

  #elements(depth: number): Amf0Value[] {
    const count = this.reader.u32();
    if (count > this.reader.left)
      throw new ProtocolError('truncated', `AMF array of ${count} values in ${this.reader.left} bytes`);
    const elements: Amf0Value[] = [];
    for (let i = 0; i < count; i += 1) elements.push(this.value(depth + 1));
    return elements;
  }
}
