/** One sample of a fragment as its bytes tell it; times in ticks of its track. */
export interface Sample {
  readonly dts: number;
  readonly duration: number;
  readonly compositionOffset: number;
  readonly sync: boolean;
  readonly data: Buffer;
}

/** What a fragment holds, by track id. */
export interface FragmentSamples {
  readonly segmentStart: boolean;
  readonly sequenceNumber: number;
  readonly tracks: Map<number, Sample[]>;
}

/** Reads all samples of one fragment (`[styp prft] moof mdat`): small, trusting, and written apart from the code it judges. ISO/IEC 14496-12 section 8.8. */
export function readFragmentSamples(bytes: Uint8Array): FragmentSamples {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const tracks = new Map<number, Sample[]>();
  let sequenceNumber = -1;
  let segmentStart = false;
  let moofAt = 0;
  const types: string[] = [];
  forBoxes(buffer, 0, buffer.length, (type, from, to) => {
    types.push(type);
    segmentStart ||= type === 'styp';
    if (type !== 'moof') return;
    moofAt = from - 8;
    forBoxes(buffer, from, to, (inner, innerFrom, innerTo) => {
      if (inner === 'mfhd') sequenceNumber = buffer.readUInt32BE(innerFrom + 4);
      if (inner === 'traf') readTrack(buffer, innerFrom, innerTo, moofAt, tracks);
    });
  });
  const wanted = segmentStart ? 'styp prft moof mdat' : 'moof mdat';
  if (types.join(' ') !== wanted) throw new Error(`boxes ${types.join(' ')}`);
  return { segmentStart, sequenceNumber, tracks };
}

function readTrack(buffer: Buffer, from: number, to: number, moofAt: number, tracks: Map<number, Sample[]>): void {
  const defaults = { id: 0, duration: 0, size: 0, flags: 0 };
  let dts = 0;
  const samples: Sample[] = [];
  forBoxes(buffer, from, to, (type, at) => {
    const flags = buffer.readUInt32BE(at) & 0xff_ffff;
    if (type === 'tfhd') {
      defaults.id = buffer.readUInt32BE(at + 4);
      let next = at + 8;
      const field = (bit: number): number => {
        if (!(flags & bit)) return 0;
        next += 4;
        return buffer.readUInt32BE(next - 4);
      };
      defaults.duration = field(0x08);
      defaults.size = field(0x10);
      defaults.flags = field(0x20);
    } else if (type === 'tfdt') {
      dts = Number(buffer.readBigUInt64BE(at + 4));
    } else if (type === 'trun') {
      const count = buffer.readUInt32BE(at + 4);
      let data = moofAt + buffer.readInt32BE(at + 8);
      let next = at + 12;
      const word = (present: number, otherwise: number): number => {
        if (!present) return otherwise;
        next += 4;
        return buffer.readUInt32BE(next - 4);
      };
      const first = word(flags & 0x04, defaults.flags);
      for (let i = 0; i < count; i += 1) {
        const duration = word(flags & 0x100, defaults.duration);
        const size = word(flags & 0x200, defaults.size);
        const own = word(flags & 0x400, i === 0 ? first : defaults.flags);
        const compositionOffset = word(flags & 0x800, 0) | 0;
        samples.push({
          dts,
          duration,
          compositionOffset,
          sync: !(own & 0x1_0000),
          data: Buffer.from(buffer.subarray(data, data + size)),
        });
        dts += duration;
        data += size;
      }
    }
  });
  tracks.set(defaults.id, samples);
}

function forBoxes(buffer: Buffer, from: number, to: number, visit: (type: string, from: number, to: number) => void): void {
  let at = from;
  for (; at < to; at += buffer.readUInt32BE(at)) {
    const size = buffer.readUInt32BE(at);
    if (size < 8 || at + size > to) throw new Error(`box of ${size} bytes at ${at}`);
    visit(buffer.toString('latin1', at + 4, at + 8), at + 8, at + size);
  }
}
