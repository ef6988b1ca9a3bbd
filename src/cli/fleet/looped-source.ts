import { MAX_UNSENT_BYTES } from '../media-source.ts';
import type { MediaOutput, MediaSource } from '../media-source.ts';
import type { EncodedMedia, EncodedTurn } from './encoded-media.ts';
import type { TimerWheel, Turned } from './timer-wheel.ts';

/** Encoded media sent in real time and over and over, each connection from the first frame on. */
export class LoopedSource implements MediaSource {
  /** What the newest connection was given: frames in all, and the timestamp of the last; -1 before the first. */
  frames = 0;
  untilMs = -1;
  readonly #media: EncodedMedia;
  readonly #wheel: TimerWheel;

  constructor(media: EncodedMedia, wheel: TimerWheel) {
    this.#media = media;
    this.#wheel = wheel;
  }

  play(output: MediaOutput): () => void {
    const { metadata, configs } = this.#media.file;
    if (metadata !== null) output.rtmp.writeMetadata(metadata);
    output.rtmp.writeTags(configs, 0, configs.length, 0);
    this.frames = 0;
    this.untilMs = -1;
    const playing = new Playing(this, this.#media, output);
    this.#wheel.add(playing);
    return () => playing.stop();
  }
}

/** One connection's way through the bursts. */
class Playing implements Turned {
  dueMs: number;
  readonly #source: LoopedSource;
  readonly #media: EncodedMedia;
  readonly #output: MediaOutput;
  readonly #startedAt = performance.now();
  #turn: EncodedTurn;
  #next = 0;
  #over = false;

  constructor(source: LoopedSource, media: EncodedMedia, output: MediaOutput) {
    this.#source = source;
    this.#media = media;
    this.#output = output;
    this.#turn = media.enter(0, output.rtmp.streamId);
    this.dueMs = this.#startedAt + media.bursts[0].timestampMs;
  }

  turn(nowMs: number): boolean {
    while (!this.#over) {
      const { timestampMs, from, to } = this.#media.bursts[this.#next];
      this.dueMs = this.#startedAt + this.#turn.shiftMs + timestampMs;
      if (this.dueMs > nowMs) return true;
      if (this.#output.unsentBytes() > MAX_UNSENT_BYTES) {
        // The server is too slow: what has not gone out goes out when it takes more.
        this.dueMs = nowMs;
        return true;
      }
      this.#output.rtmp.writeChunks(this.#turn.bursts[this.#next]);
      this.#source.frames += to - from;
      const untilMs = this.#turn.shiftMs + timestampMs;
      this.#media.sentMs += untilMs - Math.max(0, this.#source.untilMs);
      this.#source.untilMs = untilMs;
      this.#next += 1;
      if (this.#next === this.#media.bursts.length) this.#nextTurn();
    }
    return false;
  }

  stop(): void {
    if (this.#over) return;
    this.#over = true;
    this.#media.leave(this.#turn, this.#output.rtmp.streamId);
  }

  #nextTurn(): void {
    const { streamId } = this.#output.rtmp;
    this.#next = 0;
    this.#media.leave(this.#turn, streamId);
    this.#turn = this.#media.enter(this.#turn.number + 1, streamId);
  }
}
