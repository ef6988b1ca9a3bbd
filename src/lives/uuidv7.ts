import { randomFillSync } from 'node:crypto';

/** Random bytes are taken from the kernel for so many at a time: a call costs more than its bytes. */
const POOLED = 64;
const pool = Buffer.alloc(16 * POOLED);
let used = pool.length;

/** A UUID version 7 (RFC 9562 section 5.7): 48 bits of `ms` since the epoch, then 74 random bits. Sorts by time. */
export function uuidv7(ms: number): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const at = used;
  used += 16;
  pool.writeUIntBE(ms, at, 6);
  pool[at + 6] = 0x70 | (pool[at + 6] & 0x0f);
  pool[at + 8] = 0x80 | (pool[at + 8] & 0x3f);
  const hex = pool.toString('hex', at, at + 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** When a UUID version 7 was made, in ms since the epoch. */
export function timeOfUuidv7(uuid: string): number {
  return Number.parseInt(uuid.slice(0, 8) + uuid.slice(9, 13), 16);
}
