import { test } from 'node:test';
import assert from 'node:assert/strict';
import { parseFormFields } from './form-fields.ts';

const TABLE: { name: string; form: string; value: unknown }[] = [
  { name: 'plain fields', form: 'a=1&b=two+words', value: { a: '1', b: 'two words' } },
  { name: 'a nested field', form: 'replaySettings[privacy]=2', value: { replaySettings: { privacy: '2' } } },
  { name: 'a list by empty brackets', form: 'tags[]=a&tags[]=b', value: { tags: ['a', 'b'] } },
  { name: 'a list by numbers, out of order', form: 'tags[1]=b&tags[0]=a', value: { tags: ['a', 'b'] } },
  { name: 'a list by repetition', form: 'tags=a&tags=b&tags=c', value: { tags: ['a', 'b', 'c'] } },
  { name: 'a list of objects', form: 'schedules[0][startAt]=x', value: { schedules: [{ startAt: 'x' }] } },
  { name: 'too deep: kept as it is', form: 'a[b][c][d][e]=1', value: { 'a[b][c][d][e]': '1' } },
  { name: 'brackets that do not match', form: 'a[b=1', value: { 'a[b': '1' } },
];

for (const { name, form, value } of TABLE) {
  test(`form fields: ${name}`, () => {
    assert.deepEqual(parseFormFields(new URLSearchParams(form)), value);
  });
}

test('form fields: a prototype is not reached', () => {
  parseFormFields(new URLSearchParams('__proto__[polluted]=1&constructor[prototype][polluted]=1'));
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
});
