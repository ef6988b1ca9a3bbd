/** What is kept: the segments that players a few seconds behind the edge all ask for. */
const KEPT_BYTES = 64 * 1024 * 1024;

interface Entry {
  readonly reading: Promise<Buffer | null>;
  /** Set when it is read. */
  bytes: Buffer | null;
}

/** The segments that were read last, each read once however many ask for it at a time. What a name stands for never changes. */
export class SegmentCache {
  readonly #entries = new Map<string, Entry>();
  readonly #limit: number;
  #bytes = 0;

  constructor(limitBytes = KEPT_BYTES) {
    this.#limit = limitBytes;
  }

  /** Bytes that it keeps. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What is there under this name, or null. */
  peek(name: string): Buffer | null {
    const entry = this.#entries.get(name);
    if (entry === undefined) return null;
    // Taken out and put back: the map's order is that of the last use.
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    return entry.bytes;
  }

  /** What is there, or is read now. What can not be had (null), or fails, is tried again the next time. */
  async get(name: string, read: () => Promise<Buffer | null>): Promise<Buffer | null> {
    const known = this.#entries.get(name);
    if (known !== undefined) return known.reading;
    const entry: Entry = { reading: read(), bytes: null };
    this.#entries.set(name, entry);
    try {
      entry.bytes = await entry.reading;
    } finally {
      if (entry.bytes === null) this.#entries.delete(name);
      else this.#noteRead(entry.bytes.length);
    }
    return entry.bytes;
  }

  #noteRead(bytes: number): void {
    this.#bytes += bytes;
    for (const [name, { bytes: oldest }] of this.#entries) {
      if (this.#bytes <= this.#limit) return;
      if (oldest === null) continue; // is being read
      this.#entries.delete(name);
      this.#bytes -= oldest.length;
    }
  }
}
