import { copyBytes } from '../bytes/copy-bytes.ts';

/** Staged bytes at most: more than this before a part closes is a broken stream, and the frame is dropped. */
export const AUDIO_STAGING_LIMIT_BYTES = 1024 * 1024;
const FIRST_BYTES = 2 * 1024;

/**
 * Audio frames on their way to the part that is being built: the part's video lies in its block already, and the audio that arrived
 * meanwhile goes behind it when the part closes. Frames keep their place here while they are written, also over a drain.
 */
export class AudioStaging {
  bytes = new Uint8Array(FIRST_BYTES);
  #head = 0;
  #tail = 0;
  /** Where the open frame begins, or -1. */
  #open = -1;
  #openBytes = 0;

  /** Bytes of whole frames that wait. */
  get stagedBytes(): number {
    return this.#tail - this.#head;
  }

  /** Room for a frame: its offset in `bytes`, or -1 when the limit is met. An open frame before it is forgotten. */
  begin(size: number): number {
    this.#open = -1;
    if (this.#head === this.#tail) this.#head = this.#tail = 0;
    if (this.#tail + size > this.bytes.length) this.#makeRoom(size);
    if (this.#tail + size > this.bytes.length) return -1;
    this.#open = this.#tail;
    this.#openBytes = size;
    return this.#open;
  }

  /** The open frame is whole; false when there is none. */
  end(): boolean {
    if (this.#open < 0) return false;
    this.#tail = this.#open + this.#openBytes;
    this.#open = -1;
    return true;
  }

  /** Moves all whole frames to `target` at `offset`. */
  drain(target: Uint8Array, offset: number): void {
    copyBytes(this.bytes, this.#head, this.#tail - this.#head, target, offset);
    this.#head = this.#tail;
  }

  /** Forgets all frames. */
  clear(): void {
    this.#head = this.#tail = 0;
    this.#open = -1;
  }

  #makeRoom(size: number): void {
    const staged = this.stagedBytes;
    if (staged + size > AUDIO_STAGING_LIMIT_BYTES) return;
    let length = this.bytes.length;
    while (length < staged + size) length *= 2;
    const room = length === this.bytes.length ? this.bytes : new Uint8Array(length);
    room.set(this.bytes.subarray(this.#head, this.#tail));
    this.bytes = room;
    this.#head = 0;
    this.#tail = staged;
  }
}
