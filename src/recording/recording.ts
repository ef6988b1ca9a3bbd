import { mkdirSync, truncate, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PartBytes } from '../packager/part-builder.ts';
import { AppendFile, AppendQueue } from './append-queue.ts';
import { encodeRecord } from './index-record.ts';
import type { SegmentRecord } from './index-record.ts';
import { INDEX_FILE, META_FILE, volumeFile } from './layout.ts';
import type { RecordingMeta } from './layout.ts';

/** Index records are gathered: the volumes tell the same, so a crash costs a look at the last of them, and no media. */
const RECORDS_GATHERED = 16;

export interface RecordingOptions {
  /** The recording's own directory. */
  readonly directory: string;
  readonly meta: RecordingMeta;
  /** Volumes there are already: the session is taken up again. */
  readonly lastVolume: number;
  /** Once at most: nothing is recorded from here on. */
  readonly onError: (error: Error) => void;
}

/**
 * The media of one session on disk: volumes, each an MP4 file of its own (init segment, then parts as they come), and an index of the segments.
 * Append-only, and each call returns at once: the bytes are on their way to the kernel, in order. A part is safe from a kill of the process
 * when its own write is done.
 */
export class Recording {
  readonly meta: RecordingMeta;
  readonly #directory: string;
  readonly #queue: AppendQueue;
  readonly #index: AppendFile;
  #volume: AppendFile | null = null;
  #volumeNumber: number;
  #length = 0;
  #records: Buffer[] = [];
  /** Bytes of media handed to the kernel so far. */
  writtenBytes = 0;

  constructor(options: RecordingOptions) {
    this.meta = options.meta;
    this.#directory = options.directory;
    this.#volumeNumber = options.lastVolume;
    this.#queue = new AppendQueue(options.onError);
    this.#index = new AppendFile(join(options.directory, INDEX_FILE));
    if (options.lastVolume > 0) return;
    mkdirSync(options.directory, { recursive: true });
    writeFileSync(join(options.directory, META_FILE), JSON.stringify(options.meta));
  }

  get error(): Error | null {
    return this.#queue.error;
  }

  get volumeNumber(): number {
    return this.#volumeNumber;
  }

  /** Length of the open volume: where the next part begins. */
  get volumeBytes(): number {
    return this.#length;
  }

  /** Begins a volume with its init segment; gives its number. */
  startVolume(init: Uint8Array, discontinuity: boolean, newInit: boolean): number {
    const old = this.#volume;
    if (old !== null) void this.#queue.close(old);
    this.#volumeNumber += 1;
    this.#volume = new AppendFile(join(this.#directory, volumeFile(this.#volumeNumber)), true);
    this.#length = init.length;
    this.#records.push(encodeRecord({ kind: 'run', volume: this.#volumeNumber, initBytes: init.length, discontinuity, newInit }));
    // The run's record is there before its volume: what the volume's name does not tell is then never lost.
    this.#writeRecords();
    this.#queue.append(this.#volume, init, null);
    return this.#volumeNumber;
  }

  /** Appends a part; gives the offset it begins at in the volume. `written` is called when it can be read from there, which may be never. */
  appendPart(part: PartBytes, written: (() => void) | null = null): number {
    if (this.#volume === null) throw new Error('part before the first volume');
    const start = this.#length;
    const bytes = part.end - part.start;
    this.#length += bytes;
    this.#queue.append(this.#volume, part.block.bytes.subarray(part.start, part.end), part.block, () => {
      this.writtenBytes += bytes;
      written?.();
    });
    return start;
  }

  endSegment(segment: Omit<SegmentRecord, 'kind' | 'volume'>): void {
    this.#records.push(encodeRecord({ kind: 'segment', volume: this.#volumeNumber, ...segment }));
    if (this.#records.length >= RECORDS_GATHERED) this.#writeRecords();
  }

  /** Gives back the space of a volume that nobody will ask for again; its init segment stays, as later volumes may use it. */
  dropVolume(volume: number, initBytes: number): void {
    truncate(join(this.#directory, volumeFile(volume)), initBytes, () => undefined);
  }

  /** All that came is on its way, and the index knows of all segments; the recording can be taken up again. */
  async flush(): Promise<void> {
    this.#writeRecords();
    await this.#queue.drained();
  }

  /** The session has ended: the index gets its end, and the files are closed. Never rejects: see `error`. */
  async close(): Promise<void> {
    this.#records.push(encodeRecord({ kind: 'end' }));
    await this.release();
  }

  /** Closes the files and leaves the recording open for a later process. */
  async release(): Promise<void> {
    await this.flush();
    if (this.#volume !== null) await this.#queue.close(this.#volume);
    await this.#queue.close(this.#index);
  }

  #writeRecords(): void {
    if (this.#records.length === 0) return;
    const records = Buffer.concat(this.#records);
    this.#records = [];
    this.#queue.append(this.#index, records, null);
  }
}
