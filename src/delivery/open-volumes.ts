import { close, fstat, open, read } from 'node:fs';

/** Volumes kept open for the next request. */
const MOST_OPEN = 256;
/** One that nobody has read for so long is closed: a recording that was deleted gives its room back then. */
const IDLE_MS = 10_000;

interface Volume {
  readonly path: string;
  /** Resolves with the descriptor; null when there is no such file. */
  readonly descriptor: Promise<number | null>;
  readers: number;
  usedAt: number;
  /** Out of the table: the last reader closes it. */
  left: boolean;
}

/** Reads of recordings' volumes. A volume stays open for a while: to open it costs more than to read a segment of it. */
export class OpenVolumes {
  readonly #volumes = new Map<string, Volume>();
  readonly #failed: (error: unknown) => void;
  #timer: NodeJS.Timeout | null = null;

  /** `failed` hears of bugs in what nobody waits for. */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  /** Calls `use` with the volume's descriptor, which is open until it resolves; null when there is no such file. */
  async with<T>(path: string, use: (descriptor: number | null) => Promise<T>): Promise<T> {
    const volume = this.#volumes.get(path) ?? this.#open(path);
    volume.readers += 1;
    try {
      const descriptor = await volume.descriptor;
      if (descriptor === null) this.#leave(volume);
      return await use(descriptor);
    } finally {
      volume.readers -= 1;
      volume.usedAt = performance.now();
      if (volume.left && volume.readers === 0) void this.#close(volume);
    }
  }

  /** Closes what nobody reads. */
  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    for (const volume of [...this.#volumes.values()]) this.#leave(volume);
  }

  #open(path: string): Volume {
    const descriptor = new Promise<number | null>((resolve, reject) => {
      open(path, 'r', (error, opened) => {
        if (error === null) resolve(opened);
        else if (error.code === 'ENOENT') resolve(null);
        else reject(error);
      });
    });
    const volume: Volume = { path, descriptor, readers: 0, usedAt: performance.now(), left: false };
    descriptor.catch(() => this.#leave(volume)); // told to whoever waits for it; the next one tries again
    for (const oldest of this.#volumes.values()) {
      if (this.#volumes.size < MOST_OPEN) break;
      this.#leave(oldest);
    }
    this.#volumes.set(path, volume);
    this.#timer ??= setInterval(() => this.#look(), IDLE_MS).unref();
    return volume;
  }

  #look(): void {
    try {
      this.#closeIdle();
    } catch (error) {
      this.#failed(error);
    }
  }

  #closeIdle(): void {
    const before = performance.now() - IDLE_MS;
    for (const volume of [...this.#volumes.values()]) if (volume.readers === 0 && volume.usedAt < before) this.#leave(volume);
    if (this.#volumes.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  #leave(volume: Volume): void {
    if (this.#volumes.get(volume.path) === volume) this.#volumes.delete(volume.path);
    if (volume.left) return;
    volume.left = true;
    if (volume.readers === 0) void this.#close(volume);
  }

  async #close({ descriptor }: Volume): Promise<void> {
    const opened = await descriptor.catch(() => null);
    if (opened !== null) close(opened, () => undefined);
  }
}

/** Length of an open file. */
export function lengthOf(descriptor: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fstat(descriptor, (error, stats) => (error === null ? resolve(stats.size) : reject(error)));
  });
}

/** Bytes of an open file; fewer than asked for where it ends. */
export function readBytes(descriptor: number, start: number, end: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(end - start);
  return new Promise((resolve, reject) => {
    read(descriptor, bytes, 0, bytes.length, start, (error, count) => {
      if (error === null) resolve(count === bytes.length ? bytes : bytes.subarray(0, count));
      else reject(error);
    });
  });
}
