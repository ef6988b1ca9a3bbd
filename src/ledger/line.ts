import { crc32 } from 'node:zlib';

/** One line of the ledger's file without its end: CRC-32 of the JSON in eight hexadecimal digits, a space, the JSON. */
export function encodeLine(value: unknown): string {
  const json = JSON.stringify(value);
  return `${checksum(json)} ${json}`;
}

/** The value of a line, or null when the line is not as it was written. */
export function decodeLine(line: string): unknown {
  if (line[8] !== ' ') return null;
  const json = line.slice(9);
  if (line.slice(0, 8) !== checksum(json)) return null;
  return JSON.parse(json) as unknown;
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}
