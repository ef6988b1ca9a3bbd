const ALPHABET = '123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ';
const LENGTH = 22;
const LARGEST = (1n << 128n) - 1n;

/** The short form of a UUID, as PeerTube writes it: base 58 in Flickr's alphabet, 22 characters. */
export function encodeShortUuid(uuid: string): string {
  let rest = BigInt(`0x${uuid.replaceAll('-', '')}`);
  let short = '';
  while (rest > 0n) {
    short = ALPHABET[Number(rest % 58n)] + short;
    rest /= 58n;
  }
  return short.padStart(LENGTH, ALPHABET[0]);
}

/** The UUID of a short form, or null when the text is none. */
export function decodeShortUuid(short: string): string | null {
  if (short.length !== LENGTH) return null;
  let value = 0n;
  for (const character of short) {
    const digit = ALPHABET.indexOf(character);
    if (digit < 0) return null;
    value = value * 58n + BigInt(digit);
  }
  if (value > LARGEST) return null;
  const hex = value.toString(16).padStart(32, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
