import { z } from 'zod';

const START_LIMIT = 1_000_000;

/** `start` and `count` of a list; the contract's default page has 15 rows. */
export function pageFields(defaultCount = 15) {
  return {
    start: z.int().min(0).max(START_LIMIT).default(0).describe('Rows to pass over'),
    count: z.int().min(0).max(100).default(defaultCount).describe('Rows at most'),
  };
}

/** `sort`: one of the keys, with `-` before it for descending order. */
export function sortField<const Key extends string>(keys: readonly [Key, ...Key[]], byDefault: Key | `-${Key}`) {
  const values: (Key | `-${Key}`)[] = keys.flatMap((key) => [key, `-${key}` as const]);
  return z
    .literal(values)
    .default(byDefault as never)
    .describe('Order; `-` before a key: descending');
}

/** A `sort` value taken apart. */
export function parseSort<Key extends string>(sort: Key | `-${Key}`): { key: Key; descending: boolean } {
  const descending = sort.startsWith('-');
  return { key: (descending ? sort.slice(1) : sort) as Key, descending };
}

/** A page of a list, and how many rows there are in all. */
export function listOf<Row extends z.ZodType>(row: Row) {
  return z.object({ total: z.int(), data: z.array(row) });
}
