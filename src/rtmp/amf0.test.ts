import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hex } from '../../test/support/cuts.ts';
import { fuzz } from '../../test/support/fuzz.ts';
import { ByteWriter } from '../bytes/byte-writer.ts';
import { decodeAmf0, encodeAmf0 } from './amf0.ts';
import type { Amf0Value } from './amf0.ts';

interface Row {
  name: string;
  bytes: string;
  value: Amf0Value;
  /** The way back gives other bytes. */
  decodeOnly?: boolean;
}

const table: Row[] = [
  { name: 'number', bytes: '00 3ff8000000000000', value: 1.5 },
  { name: 'true', bytes: '01 01', value: true },
  { name: 'false', bytes: '01 00', value: false },
  { name: 'string', bytes: '02 0003 6cc3a9', value: 'lé' },
  { name: 'empty string', bytes: '02 0000', value: '' },
  { name: 'long string', bytes: '0c 00010000' + '61'.repeat(65_536), value: 'a'.repeat(65_536) },
  { name: 'null', bytes: '05', value: null },
  { name: 'undefined', bytes: '06', value: undefined },
  { name: 'date', bytes: '0b 4277000000000000 0000', value: new Date(0x17000000000) },
  { name: 'strict array', bytes: '0a 00000002 05 0101', value: [null, true] },
  { name: 'object', bytes: '03 0001 61 0101 0001 62 03 000009 000009', value: { a: true, b: {} } },
  {
    name: 'object with a name of danger',
    bytes: '03 0009 5f5f70726f746f5f5f 0101 000009',
    value: JSON.parse('{"__proto__":true}') as Amf0Value,
  },
  { name: 'ECMA array with a wrong count', bytes: '08 000000ff 0001 61 05 000009', value: { a: null }, decodeOnly: true },
  { name: 'ECMA array without its end', bytes: '08 00000001 0001 61 05', value: { a: null }, decodeOnly: true },
  { name: 'typed object', bytes: '10 0001 54 0001 61 05 000009', value: { a: null }, decodeOnly: true },
  { name: 'XML', bytes: '0f 00000004 3c612f3e', value: '<a/>', decodeOnly: true },
  { name: 'unsupported', bytes: '0d', value: undefined, decodeOnly: true },
  { name: 'reference', bytes: '07 0001', value: undefined, decodeOnly: true },
];

for (const { name, bytes, value, decodeOnly } of table) {
  test(`AMF0 ${name}`, () => {
    const decoded = decodeAmf0(hex(bytes));
    assert.equal(decoded.length, 1);
    assert.deepEqual(plain(decoded[0]), plain(value));
    if (decodeOnly) return;
    const writer = new ByteWriter();
    encodeAmf0(writer, value);
    assert.deepEqual(writer.take(), hex(bytes));
  });
}

test('values follow one another, up to one in AMF3', () => {
  assert.deepEqual(decodeAmf0(hex('02 0001 61 00 0000000000000000 05 11 0a0b01')), ['a', 0, null]);
  assert.deepEqual(decodeAmf0(new Uint8Array(0)), []);
});

for (const [name, bytes, reason] of [
  ['an unknown marker', '04', 'bad_amf'],
  ['a movie clip', '0e', 'bad_amf'],
  ['objects in objects without end', '03 0001 61 '.repeat(64), 'bad_amf'],
  ['a string longer than the message', '02 00ff 61', 'truncated'],
  ['an array longer than the message', '0a ffffffff 05', 'truncated'],
  ['a great many values', '05'.repeat(5000), 'bad_amf'],
] as const) {
  test(`AMF0 refuses ${name}`, () => {
    assert.throws(() => decodeAmf0(hex(bytes)), { name: 'ProtocolError', reason });
  });
}

test('AMF0 of any bytes is a value or a ProtocolError', () => {
  for (const { bytes } of table) if (bytes.length < 1000) fuzz(hex(bytes), decodeAmf0, 200);
});

/** Objects without prototype compare like others. */
function plain(value: Amf0Value): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== 'object' || value instanceof Date) return value;
  return new Map(Object.entries(value).map(([name, member]) => [name, plain(member)]));
}
