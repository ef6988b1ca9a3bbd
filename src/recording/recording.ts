import { truncate } from 'node:fs';
import { join } from 'node:path';
import type { PartBytes } from '../packager/part-builder.ts';
import { AppendFile, AppendQueue } from './append-queue.ts';
import type { QueuedTask } from './append-queue.ts';
import type { Disk } from './disk.ts';
import type { OrderedAppend } from './file-order.ts';
import { encodeRecord } from './index-record.ts';
import type { RunRecord, SegmentRecord } from './index-record.ts';
import { INDEX_FILE, META_FILE, volumeFile } from './layout.ts';
import type { RecordingMeta } from './layout.ts';
import { writeIndex } from './recovery.ts';
import type { StoredRecording } from './stored-recording.ts';

/** Index records are gathered: the volumes tell the same, so a crash costs a look at the last of them, and no media. */
const RECORDS_GATHERED = 16;

export interface RecordingOptions {
  /** The recording's own directory. */
  readonly directory: string;
  readonly meta: RecordingMeta;
  /** The session is taken up again: its directory and meta are there, and this is what it holds. Null: it begins. */
  readonly stored: StoredRecording | null;
  /** The last number that was given to a volume; 0 before the first. */
  readonly lastVolume: number;
  /** Once at most: nothing is recorded from here on. */
  readonly onError: (error: Error) => void;
  readonly disk: Disk;
  /** Bytes were handed to the kernel. */
  readonly onWritten: (bytes: number) => void;
}

/**
 * The media of one session on disk: volumes, each an MP4 file of its own (init segment, then parts as they come), and an index of the segments.
 * Append-only, and each call returns at once: the bytes are on their way to the kernel, in order. A part is safe from a kill of the process
 * when its own write is done.
 */
export class Recording {
  readonly meta: RecordingMeta;
  readonly #directory: string;
  readonly #disk: Disk;
  readonly #queue: AppendQueue;
  readonly #index: AppendFile;
  #volume: AppendFile | null = null;
  /** Volumes that are not written to any more, and may be open still. */
  readonly #over = new Set<AppendFile>();
  #volumeNumber: number;
  #length = 0;
  #records: Buffer[] = [];
  readonly #onWritten: (bytes: number) => void;

  constructor(options: RecordingOptions) {
    const { directory, meta } = options;
    this.meta = meta;
    this.#directory = directory;
    this.#volumeNumber = options.lastVolume;
    this.#onWritten = options.onWritten;
    this.#disk = options.disk;
    this.#queue = new AppendQueue(options.onError, options.disk);
    this.#index = new AppendFile(join(directory, INDEX_FILE));
    const first = preparation(options);
    if (first !== null) this.#queue.run(first);
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
  startVolume(init: Uint8Array, run: Omit<RunRecord, 'kind' | 'volume' | 'initBytes'>): number {
    const old = this.#volume;
    this.#volumeNumber += 1;
    this.#volume = new AppendFile(join(this.#directory, volumeFile(this.#volumeNumber)), true);
    this.#length = init.length;
    this.#records.push(encodeRecord({ kind: 'run', volume: this.#volumeNumber, initBytes: init.length, ...run }));
    // The run's record is there before its volume: what the volume's name does not tell is then never lost.
    const appends = [
      { file: this.#index, bytes: this.#takeRecords() },
      { file: this.#volume, bytes: init },
    ];
    if (old !== null) this.#over.add(old);
    this.#order(appends, old === null ? [] : [old]);
    return this.#volumeNumber;
  }

  /** Appends a part; gives the offset it begins at in the volume. `written` is called when it can be read from there, which may be never. */
  appendPart(part: PartBytes, written: (() => void) | null = null): number {
    if (this.#volume === null) throw new Error('part before the first volume');
    const start = this.#length;
    const bytes = part.end - part.start;
    this.#length += bytes;
    this.#queue.append(this.#volume, part.block.bytes.subarray(part.start, part.end), part.block, () => {
      this.#onWritten(bytes);
      written?.();
    });
    return start;
  }

  endSegment(segment: Omit<SegmentRecord, 'kind' | 'volume'>): void {
    this.#records.push(encodeRecord({ kind: 'segment', volume: this.#volumeNumber, ...segment }));
    if (this.#records.length >= RECORDS_GATHERED) this.#queue.append(this.#index, this.#takeRecords(), null);
  }

  /** Gives back the space of a volume that nobody will ask for again; its init segment stays, as later volumes may use it. */
  dropVolume(volume: number, initBytes: number): void {
    truncate(join(this.#directory, volumeFile(volume)), initBytes, () => undefined);
  }

  /** The session has ended: the index gets its end, and the files are closed. Never rejects: see `error`. */
  async close(): Promise<void> {
    this.#records.push(encodeRecord({ kind: 'end' }));
    await this.release();
  }

  /** Closes the files when all that came is written, and leaves the recording open: it can be taken up again. */
  async release(): Promise<void> {
    const files = this.#volume === null ? [this.#index] : [this.#volume, this.#index];
    const bytes = this.#takeRecords();
    if (bytes.length > 0) this.#queue.append(this.#index, bytes, null);
    // Volumes that are over are open still where an error came before their turn.
    for (const file of [...this.#over, ...files]) await this.#queue.close(file);
  }

  #takeRecords(): Uint8Array {
    const records = Buffer.concat(this.#records);
    this.#records = [];
    return records;
  }

  /** Appends to files and closes others, all in one go. */
  #order(appends: readonly { readonly file: AppendFile; readonly bytes: Uint8Array }[], over: readonly AppendFile[]): void {
    this.#queue.run((done) => {
      const append = appends.map(({ file, bytes }): OrderedAppend => {
        const { path, flags, descriptor } = file;
        return { path, flags, descriptor, bytes };
      });
      // One that is opened for its last bytes is closed behind them.
      const close = over.map(({ descriptor }) => descriptor).filter((descriptor) => descriptor >= 0);
      for (const file of over) {
        file.descriptor = -1;
        this.#over.delete(file);
      }
      this.#disk.order({ append, close }, (error, descriptors) => {
        descriptors.forEach((descriptor, i) => {
          if (!close.includes(descriptor)) appends[i].file.descriptor = descriptor;
        });
        done(error);
      });
    });
  }
}

/** What must be there before the first bytes are. An index that lacks something is made whole: what is appended to it would hide the lack. */
function preparation({ directory, meta, stored, disk }: RecordingOptions): QueuedTask | null {
  if (stored === null) {
    const make = { directory, path: join(directory, META_FILE), text: JSON.stringify(meta) };
    return (done) => disk.order({ make }, done);
  }
  if (stored.unindexed !== true) return null;
  return (done) => void writeIndex(stored).then(() => done(null), done);
}
