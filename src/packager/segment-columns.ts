/** One segment, as its columns hold it. Byte offsets are in its volume; duration in ticks of MEDIA_TIMESCALE. */
export interface SegmentRow {
  readonly start: number;
  readonly end: number;
  readonly duration: number;
  readonly programDateTimeMs: number;
  readonly videoFrames: number;
  readonly independent: boolean;
  /** Which run (volume of a recording) it lies in: the caller's number for it. */
  readonly run: number;
}

/** Columns as they can be sent to another thread. */
export interface ColumnsSnapshot {
  readonly first: number;
  readonly next: number;
  readonly start: Float64Array;
  readonly end: Float64Array;
  readonly programDateTimeMs: Float64Array;
  readonly duration: Uint32Array;
  readonly frames: Uint32Array;
  readonly run: Uint32Array;
  readonly independent: Uint8Array;
}

const FIRST_CAPACITY = 64;

/** Segments in order, a typed array per field: an hour of them takes 150 kB. Rows are counted from 0 for the first ever added, also after trims. */
export class SegmentColumns {
  #capacity = FIRST_CAPACITY;
  #start = new Float64Array(FIRST_CAPACITY);
  #end = new Float64Array(FIRST_CAPACITY);
  #programDateTimeMs = new Float64Array(FIRST_CAPACITY);
  #duration = new Uint32Array(FIRST_CAPACITY);
  #frames = new Uint32Array(FIRST_CAPACITY);
  #run = new Uint32Array(FIRST_CAPACITY);
  #independent = new Uint8Array(FIRST_CAPACITY);
  /** Index in the arrays of the first row kept. */
  #head = 0;
  /** Number of the first row kept, and of the row after the last. */
  first = 0;
  next = 0;

  /** The rows that are kept, copied. */
  snapshot(): ColumnsSnapshot {
    const from = this.#head;
    const to = from + this.length;
    return {
      first: this.first,
      next: this.next,
      start: this.#start.slice(from, to),
      end: this.#end.slice(from, to),
      programDateTimeMs: this.#programDateTimeMs.slice(from, to),
      duration: this.#duration.slice(from, to),
      frames: this.#frames.slice(from, to),
      run: this.#run.slice(from, to),
      independent: this.#independent.slice(from, to),
    };
  }

  /** Becomes what the snapshot was taken of. */
  restore(rows: ColumnsSnapshot): void {
    this.first = this.next = rows.first;
    this.#head = 0;
    for (let i = 0; i < rows.next - rows.first; i += 1) {
      this.add({
        start: rows.start[i],
        end: rows.end[i],
        programDateTimeMs: rows.programDateTimeMs[i],
        duration: rows.duration[i],
        videoFrames: rows.frames[i],
        run: rows.run[i],
        independent: rows.independent[i] === 1,
      });
    }
  }

  get length(): number {
    return this.next - this.first;
  }

  add(row: SegmentRow): void {
    if (this.#head + this.length === this.#capacity) this.#compact();
    const i = this.#head + this.length;
    this.#start[i] = row.start;
    this.#end[i] = row.end;
    this.#programDateTimeMs[i] = row.programDateTimeMs;
    this.#duration[i] = row.duration;
    this.#frames[i] = row.videoFrames;
    this.#run[i] = row.run;
    this.#independent[i] = row.independent ? 1 : 0;
    this.next += 1;
  }

  /** Drops the rows before this number. */
  trim(first: number): void {
    const drop = Math.min(Math.max(first - this.first, 0), this.length);
    this.first += drop;
    this.#head += drop;
  }

  start(row: number): number {
    return this.#start[this.#at(row)];
  }
  end(row: number): number {
    return this.#end[this.#at(row)];
  }
  duration(row: number): number {
    return this.#duration[this.#at(row)];
  }
  programDateTimeMs(row: number): number {
    return this.#programDateTimeMs[this.#at(row)];
  }
  videoFrames(row: number): number {
    return this.#frames[this.#at(row)];
  }
  run(row: number): number {
    return this.#run[this.#at(row)];
  }
  independent(row: number): boolean {
    return this.#independent[this.#at(row)] === 1;
  }

  #at(row: number): number {
    if (row < this.first || row >= this.next) throw new RangeError(`segment row ${row} outside ${this.first} to ${this.next}`);
    return this.#head + row - this.first;
  }

  /** Room for one more at least: what was trimmed is used again before more is taken. */
  #compact(): void {
    if (this.length > this.#capacity / 2) this.#capacity *= 2;
    const from = this.#head;
    const to = this.#head + this.length;
    this.#start = moved(this.#start, new Float64Array(this.#capacity), from, to);
    this.#end = moved(this.#end, new Float64Array(this.#capacity), from, to);
    this.#programDateTimeMs = moved(this.#programDateTimeMs, new Float64Array(this.#capacity), from, to);
    this.#duration = moved(this.#duration, new Uint32Array(this.#capacity), from, to);
    this.#frames = moved(this.#frames, new Uint32Array(this.#capacity), from, to);
    this.#run = moved(this.#run, new Uint32Array(this.#capacity), from, to);
    this.#independent = moved(this.#independent, new Uint8Array(this.#capacity), from, to);
    this.#head = 0;
  }
}

function moved<T extends Float64Array | Uint32Array | Uint8Array>(old: T, room: T, from: number, to: number): T {
  room.set(old.subarray(from, to));
  return room;
}
