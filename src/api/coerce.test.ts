import { test } from 'node:test';
import assert from 'node:assert/strict';
import { z } from 'zod';
import { coerce } from './coerce.ts';

const schema = z.object({
  count: z.int().optional(),
  on: z.boolean().default(false),
  mode: z.literal([1, 2]).nullish(),
  tags: z.array(z.string()).optional(),
  text: z.string().nullish(),
  either: z.string().min(3).or(z.literal('')).nullable().optional(),
  inner: z.object({ window: z.int().nullable() }).optional(),
});

const TABLE: { name: string; given: unknown; coerced: unknown }[] = [
  { name: 'a number', given: { count: '12' }, coerced: { count: 12 } },
  { name: 'a number below zero', given: { count: '-1' }, coerced: { count: -1 } },
  { name: 'no number', given: { count: '1e9' }, coerced: { count: '1e9' } },
  { name: 'an empty number', given: { count: '' }, coerced: { count: undefined } },
  { name: 'booleans', given: { on: 'true' }, coerced: { on: true } },
  { name: 'booleans in digits', given: { on: '0' }, coerced: { on: false } },
  { name: 'no boolean', given: { on: 'yes' }, coerced: { on: 'yes' } },
  { name: 'a literal number', given: { mode: '2' }, coerced: { mode: 2 } },
  { name: 'null', given: { mode: 'null' }, coerced: { mode: null } },
  { name: 'text stays text', given: { text: 'null' }, coerced: { text: 'null' } },
  { name: 'empty text stays empty text', given: { either: '', text: '' }, coerced: { either: '', text: '' } },
  { name: 'text of digits stays text', given: { text: '12' }, coerced: { text: '12' } },
  { name: 'one for a list', given: { tags: 'a' }, coerced: { tags: ['a'] } },
  { name: 'inside', given: { inner: { window: '5' } }, coerced: { inner: { window: 5 } } },
  { name: 'what the schema does not know', given: { other: '5' }, coerced: { other: '5' } },
  { name: 'right types already', given: { count: 1, on: true, tags: ['a'] }, coerced: { count: 1, on: true, tags: ['a'] } },
  { name: 'no object', given: 'x', coerced: 'x' },
];

for (const { name, given, coerced } of TABLE) {
  test(`coerce: ${name}`, () => assert.deepEqual(coerce(schema, given), coerced));
}
