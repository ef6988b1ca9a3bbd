/** What a fragment tells about its samples of one track, in decode order, one column per field: allocated once, filled again and again. */
export interface SampleColumns {
  /** How many entries of the columns are in use. */
  count: number;
  /** Bytes. */
  readonly sizes: Uint32Array;
  /** Ticks of the track's timescale. */
  readonly durations: Uint32Array;
  /** pts - dts, in ticks of the track's timescale; may be negative. Not read for audio. */
  readonly compositionOffsets: Int32Array;
  /** 1: sync sample; 0: not. Not read for audio, whose samples are all sync samples. */
  readonly flags: Uint8Array;
}

/** Empty columns with room for `capacity` samples. */
export function createSampleColumns(capacity: number): SampleColumns {
  return {
    count: 0,
    sizes: new Uint32Array(capacity),
    durations: new Uint32Array(capacity),
    compositionOffsets: new Int32Array(capacity),
    flags: new Uint8Array(capacity),
  };
}
