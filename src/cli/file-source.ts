import type { FlvFile } from '../rtmp/flv-file.ts';
import { MESSAGE_TYPE } from '../rtmp/message-type.ts';
import { frameClock } from './frame-clock.ts';
import { MAX_UNSENT_BYTES } from './media-source.ts';
import type { MediaOutput, MediaSource } from './media-source.ts';

export interface FileSourceOptions {
  /** True: each connection begins with the first frame, and behind the last comes the first again. False: once through, going on where a connection broke. */
  readonly loop: boolean;
  /** Told, after each write, how many frames this connection has been given in all. */
  readonly onSent?: (frames: number) => void;
}

/** A file in memory, sent in real time. */
export class FileSource implements MediaSource {
  readonly #file: FlvFile;
  readonly #options: FileSourceOptions;
  #next = 0;

  constructor(file: FlvFile, options: FileSourceOptions) {
    this.#file = file;
    this.#options = options;
  }

  play(output: MediaOutput): () => void {
    const { metadata, configs, frames } = this.#file;
    const { loop } = this.#options;
    if (metadata !== null) output.rtmp.writeMetadata(metadata);
    output.rtmp.writeTags(configs, 0, configs.length, 0);
    const first = loop ? 0 : nextEntry(this.#file, this.#next);
    if (first === frames.length) {
      output.ended();
      return () => {};
    }
    return frameClock.join(this.#pace(output, first));
  }

  /** Sends, at each tick, the frames whose time has come. */
  #pace({ rtmp, unsentBytes, ended }: MediaOutput, first: number): (now: number) => void {
    const { frames, durationMs } = this.#file;
    const { loop, onSent } = this.#options;
    const startedAt = performance.now();
    let next = first;
    let shiftMs = -frames[first].timestampMs;
    let sent = 0;
    let over = false;
    return (now) => {
      const due = now - startedAt;
      while (!over && unsentBytes() < MAX_UNSENT_BYTES) {
        let to = next;
        while (to < frames.length && frames[to].timestampMs + shiftMs <= due) to += 1;
        if (to > next) {
          rtmp.writeTags(frames, next, to, shiftMs);
          sent += to - next;
          onSent?.(sent);
        }
        this.#next = next = to;
        if (next < frames.length) return;
        if (loop) {
          next = 0;
          shiftMs += durationMs;
        } else if (durationMs + shiftMs <= due) {
          over = true;
          ended();
        } else return;
      }
    };
  }
}

/** Where a connection can begin, from `from` on: at a keyframe, or anywhere if there is no video. */
function nextEntry({ frames }: FlvFile, from: number): number {
  if (from === 0 || !frames.some(({ type }) => type === MESSAGE_TYPE.video)) return from;
  const found = frames.findIndex(({ type, body }, i) => i >= from && type === MESSAGE_TYPE.video && ((body[0] >> 4) & 7) === 1);
  return found < 0 ? frames.length : found;
}
