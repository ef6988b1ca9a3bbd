import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { once } from 'node:events';

const HANDSHAKE_BYTES = 1536;

/** A peer that writes what it wants. Nothing of the product is in it. Destroyed with the test. */
export class RawRtmp {
  /** Resolves when the connection is closed, by whomever. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  #received = 0;

  static async connect(t: TestContext, port: number): Promise<RawRtmp> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    t.after(() => socket.destroy());
    await once(socket, 'connect');
    return new RawRtmp(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => {}); // being thrown out is what it is for
    socket.on('data', (bytes: Buffer) => (this.#received += bytes.length));
  }

  write(bytes: Uint8Array): void {
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  /** Writes over and over, as fast as it is read, until the connection is closed. */
  async flood(bytes: Uint8Array): Promise<number> {
    let total = 0;
    while (this.#socket.writable) {
      total += bytes.length;
      if (!this.#socket.write(bytes)) await Promise.race([once(this.#socket, 'drain'), this.closed]).catch(() => {});
    }
    return total;
  }

  /** The simple handshake (RTMP 1.0, section 5.2). */
  async shakeHands(): Promise<void> {
    const hello = Buffer.alloc(1 + HANDSHAKE_BYTES, 0x5a);
    hello[0] = 3;
    hello.fill(0, 1, 9);
    this.write(hello);
    while (this.#received < 1 + 2 * HANDSHAKE_BYTES) await once(this.#socket, 'data');
    this.write(Buffer.alloc(HANDSHAKE_BYTES));
  }

  /** Closes it from this side. */
  leave(): void {
    this.#socket.end();
  }
}

/** The header of a message (type 0 chunk, section 5.3.1) that claims to have so many bytes. */
export function messageHeader(chunkStream: number, type: number, length: number): Buffer {
  const basic =
    chunkStream < 64
      ? [chunkStream]
      : chunkStream < 320
        ? [0, chunkStream - 64]
        : [1, (chunkStream - 64) & 255, (chunkStream - 64) >> 8];
  const header = Buffer.alloc(basic.length + 11);
  header.set(basic);
  header.writeUIntBE(length, basic.length + 3, 3);
  header[basic.length + 6] = type;
  header.writeUInt32LE(1, basic.length + 7);
  return header;
}
