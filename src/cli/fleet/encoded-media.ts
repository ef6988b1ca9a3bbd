import { CLIENT_CHUNK_BYTES } from '../../rtmp/client-connection.ts';
import { encodeTags } from '../../rtmp/encode-tags.ts';
import type { FlvFile, FlvTag } from '../../rtmp/flv-file.ts';
import { MESSAGE_TYPE } from '../../rtmp/message-type.ts';

/** Frames that go out in one write: a frame of video behind the audio that comes before it. */
export interface Burst {
  /** Of the last frame, in the file. */
  readonly timestampMs: number;
  readonly from: number;
  readonly to: number;
}

/** One turn of the file as chunks with the timestamps of that turn, burst by burst; for all publishers that are in it. */
export interface EncodedTurn {
  readonly number: number;
  readonly shiftMs: number;
  readonly bursts: readonly Uint8Array<ArrayBuffer>[];
  holders: number;
}

/** A file that is encoded once for each turn of the loop, and not once for each publisher: they all send the same bytes. */
export class EncodedMedia {
  readonly file: FlvFile;
  readonly bursts: readonly Burst[];
  /** What went out of it, all publishers together. */
  sentMs = 0;
  readonly #turns = new Map<string, EncodedTurn>();

  constructor(file: FlvFile) {
    this.file = file;
    this.bursts = burstsOf(file.frames);
  }

  /** A turn (0, 1, ...) for a message stream; to be left again. */
  enter(number: number, streamId: number): EncodedTurn {
    const key = `${streamId} ${number}`;
    let turn = this.#turns.get(key);
    if (turn === undefined) this.#turns.set(key, (turn = this.#encode(number, streamId)));
    turn.holders += 1;
    return turn;
  }

  /** Who is in no turn that anyone else is in takes it along. */
  leave(turn: EncodedTurn, streamId: number): void {
    turn.holders -= 1;
    if (turn.holders === 0) this.#turns.delete(`${streamId} ${turn.number}`);
  }

  #encode(number: number, streamId: number): EncodedTurn {
    const { frames, durationMs } = this.file;
    const shiftMs = number * durationMs;
    const allocate = (size: number): Uint8Array<ArrayBuffer> => Buffer.allocUnsafe(size);
    const bursts = this.bursts.map(({ from, to }) =>
      encodeTags(frames, from, to, shiftMs, streamId, CLIENT_CHUNK_BYTES, allocate),
    );
    return { number, shiftMs, bursts, holders: 0 };
  }
}

function burstsOf(frames: readonly FlvTag[]): Burst[] {
  const hasVideo = frames.some(({ type }) => type === MESSAGE_TYPE.video);
  const bursts: Burst[] = [];
  let from = 0;
  frames.forEach(({ type, timestampMs }, i) => {
    if (hasVideo && type !== MESSAGE_TYPE.video && i < frames.length - 1) return;
    bursts.push({ timestampMs, from, to: i + 1 });
    from = i + 1;
  });
  return bursts;
}
