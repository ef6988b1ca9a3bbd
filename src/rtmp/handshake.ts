import { ByteWriter } from '../bytes/byte-writer.ts';
import { ProtocolError } from '../errors.ts';
import { signServerAnswer } from './handshake-digest.ts';
import type { HmacSha256 } from './handshake-digest.ts';

/** Size of C1, C2, S1 and S2 (RTMP 1.0, section 5.2). */
export const HANDSHAKE_BYTES = 1536;
const VERSION = 3;

/** What the handshake needs and a pure room does not have. */
export interface HandshakeSecrets {
  readonly hmacSha256: HmacSha256;
  readonly randomBytes: (size: number) => Uint8Array;
}

/** The server's half of the handshake, simple or with digests as the client began it. */
export class ServerHandshake {
  readonly #secrets: HandshakeSecrets;
  readonly #hello = new Uint8Array(1 + HANDSHAKE_BYTES);
  #received = 0;
  #answer: Uint8Array<ArrayBuffer> | null = null;

  constructor(secrets: HandshakeSecrets) {
    this.#secrets = secrets;
  }

  /** C2 has come whole. */
  get done(): boolean {
    return this.#received === 1 + 2 * HANDSHAKE_BYTES;
  }

  /** S0, S1 and S2 to be sent in one write, once, when C1 has come. */
  takeAnswer(): Uint8Array<ArrayBuffer> | null {
    const answer = this.#answer;
    this.#answer = null;
    return answer;
  }

  /** Takes what belongs to the handshake from `offset` on; returns where the rest begins. Throws ProtocolError. */
  push(bytes: Uint8Array, offset: number, end: number): number {
    let at = offset;
    if (this.#received < this.#hello.length) {
      const count = Math.min(this.#hello.length - this.#received, end - at);
      if (this.#received === 0 && count > 0 && bytes[at] !== VERSION) {
        throw new ProtocolError('bad_handshake', `RTMP version ${bytes[at]} instead of ${VERSION}`);
      }
      this.#hello.set(bytes.subarray(at, at + count), this.#received);
      this.#received += count;
      at += count;
      if (this.#received < this.#hello.length) return at;
      this.#answer = this.#makeAnswer(this.#hello.subarray(1));
    }
    // C2 should repeat S1, but some encoders send something else: it is only counted.
    const count = Math.min(1 + 2 * HANDSHAKE_BYTES - this.#received, end - at);
    this.#received += count;
    return at + count;
  }

  #makeAnswer(c1: Uint8Array): Uint8Array<ArrayBuffer> {
    const random = this.#secrets.randomBytes(2 * HANDSHAKE_BYTES);
    const s1 = random.slice(0, HANDSHAKE_BYTES);
    s1.fill(0, 0, 8);
    let s2 = c1;
    const clientVersion = c1[4] | c1[5] | c1[6] | c1[7];
    if (clientVersion !== 0) s2 = signServerAnswer(this.#secrets.hmacSha256, c1, s1, random.slice(HANDSHAKE_BYTES)) ?? c1;
    return new ByteWriter(1 + 2 * HANDSHAKE_BYTES).u8(VERSION).bytes(s1).bytes(s2).take();
  }
}

/** The client's half of the simple handshake. */
export class ClientHandshake {
  readonly #answer = new Uint8Array(1 + 2 * HANDSHAKE_BYTES);
  #received = 0;

  /** C0 and C1. */
  static hello(): Uint8Array<ArrayBuffer> {
    const hello = new Uint8Array(1 + HANDSHAKE_BYTES);
    hello[0] = VERSION;
    // Any bytes will do: C1 only has to be told apart from another connection's.
    for (let i = 9; i < hello.length; i += 1) hello[i] = (i * 167) & 0xff;
    return hello;
  }

  get done(): boolean {
    return this.#received === this.#answer.length;
  }

  /** Once done: C2, which repeats S1. */
  get echo(): Uint8Array<ArrayBuffer> {
    return this.#answer.slice(1, 1 + HANDSHAKE_BYTES);
  }

  /** Takes what belongs to the handshake from `offset` on; returns where the rest begins. Throws ProtocolError. */
  push(bytes: Uint8Array, offset: number, end: number): number {
    const count = Math.min(this.#answer.length - this.#received, end - offset);
    if (this.#received === 0 && count > 0 && bytes[offset] !== VERSION) {
      throw new ProtocolError('bad_handshake', `RTMP version ${bytes[offset]} instead of ${VERSION}`);
    }
    this.#answer.set(bytes.subarray(offset, offset + count), this.#received);
    this.#received += count;
    return offset + count;
  }
}
