/** HMAC-SHA256 of `data` under `key`, 32 bytes. */
export type HmacSha256 = (key: Uint8Array, data: Uint8Array) => Uint8Array;

const DIGEST_BYTES = 32;
/** Where the four bytes stand whose sum tells the digest's place, in the two layouts in use. */
const LAYOUTS = [772, 8];
const DIGEST_SPREAD = 728;

const ascii = new TextEncoder();
// Both names are followed by the same 32 bytes where the whole key is meant.
const KEY_TAIL = Uint8Array.from(
  [0xf0, 0xee, 0xc2, 0x4a, 0x80, 0x68, 0xbe, 0xe8, 0x2e, 0x00, 0xd0, 0xd1, 0x02, 0x9e, 0x7e, 0x57].concat([
    0x6e, 0xec, 0x5d, 0x2d, 0x29, 0x80, 0x6f, 0xab, 0x93, 0xb8, 0xe6, 0x36, 0xcf, 0xeb, 0x31, 0xae,
  ]),
);
const CLIENT_KEY = ascii.encode('Genuine Adobe Flash Player 001');
const SERVER_KEY = ascii.encode('Genuine Adobe Flash Media Server 001');
const SERVER_KEY_WHOLE = Uint8Array.from([...SERVER_KEY, ...KEY_TAIL]);
/** The version S1 tells; any but zero makes clients look for the digest. */
const SERVER_VERSION = [4, 5, 0, 1];

/**
 * The handshake with digests, which Flash Player began to ask for and which no specification tells: signs S1 in place (in the client's layout)
 * and returns S2, made of `filler`. Null when C1 bears no valid digest: then the simple handshake is meant.
 */
export function signServerAnswer(hmac: HmacSha256, c1: Uint8Array, s1: Uint8Array, filler: Uint8Array): Uint8Array | null {
  for (const layout of LAYOUTS) {
    const place = digestPlace(c1, layout);
    const clientDigest = c1.subarray(place, place + DIGEST_BYTES);
    if (!sameBytes(clientDigest, digest(hmac, CLIENT_KEY, c1, place))) continue;
    s1.set(SERVER_VERSION, 4);
    const serverPlace = digestPlace(s1, layout);
    s1.set(digest(hmac, SERVER_KEY, s1, serverPlace), serverPlace);
    const s2 = filler.slice();
    const body = s2.subarray(0, s2.length - DIGEST_BYTES);
    s2.set(hmac(hmac(SERVER_KEY_WHOLE, clientDigest), body), body.length);
    return s2;
  }
  return null;
}

function digestPlace(block: Uint8Array, layout: number): number {
  const sum = block[layout] + block[layout + 1] + block[layout + 2] + block[layout + 3];
  return (sum % DIGEST_SPREAD) + layout + 4;
}

function digest(hmac: HmacSha256, key: Uint8Array, block: Uint8Array, place: number): Uint8Array {
  const rest = new Uint8Array(block.length - DIGEST_BYTES);
  rest.set(block.subarray(0, place));
  rest.set(block.subarray(place + DIGEST_BYTES), place);
  return hmac(key, rest);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
