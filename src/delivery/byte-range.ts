/** Offsets of a body: from `start` up to, not with, `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The range that a Range header asks for of a body of `length` bytes (RFC 9110 section 14.2): null for the whole (no header, several ranges, another
 * unit, or no sense), `unsatisfiable` when it begins behind the end.
 */
export function parseByteRange(header: string | undefined, length: number): ByteRange | 'unsatisfiable' | null {
  const match = /^bytes=([0-9]{0,15})-([0-9]{0,15})$/.exec(header ?? '');
  if (match === null) return null;
  const [, from, to] = match;
  if (from === '' && to === '') return null;
  if (from === '') {
    const suffix = Number(to);
    return suffix === 0 ? 'unsatisfiable' : { start: Math.max(length - suffix, 0), end: length };
  }
  const start = Number(from);
  const end = to === '' ? length : Math.min(Number(to) + 1, length);
  if (start >= length) return 'unsatisfiable';
  return end <= start ? null : { start, end };
}
