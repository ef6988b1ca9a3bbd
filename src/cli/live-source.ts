import type { FlvTag } from '../rtmp/flv-file.ts';
import type { FlvEvent } from '../rtmp/flv-reader.ts';
import { MESSAGE_TYPE } from '../rtmp/message-type.ts';
import { MAX_UNSENT_BYTES } from './media-source.ts';
import type { MediaOutput, MediaSource } from './media-source.ts';

/** Sending goes on when so little is left unsent. */
const RESUME_BYTES = MAX_UNSENT_BYTES / 8;

/**
 * A stream that comes as it is made, such as standard input: what the network cannot take, and what comes while there is no connection, is dropped.
 * Sending begins, and begins again, with a keyframe.
 */
export class LiveSource implements MediaSource {
  /** Frames that were not sent. */
  dropped = 0;
  readonly #onDropping: (dropping: boolean) => void;
  #metadata: Uint8Array | null = null;
  readonly #configs = new Map<number, FlvTag>();
  #output: MediaOutput | null = null;
  #dropping = false;
  #waitForKeyframe = true;

  /** `onDropping` is told when the network is too slow, and when it is not any more. */
  constructor(onDropping: (dropping: boolean) => void) {
    this.#onDropping = onDropping;
  }

  /** Takes what came in. */
  push({ kind, tag }: FlvEvent): void {
    if (kind === 'metadata') {
      this.#metadata = tag.body;
      this.#output?.rtmp.writeMetadata(tag.body);
    } else if (kind === 'config') {
      this.#configs.set(tag.type, tag);
      this.#output?.rtmp.writeTags([tag], 0, 1, 0);
    } else this.#frame(tag);
  }

  /** A connection takes what comes. */
  get playing(): boolean {
    return this.#output !== null;
  }

  /** No more will come. */
  end(): void {
    this.#output?.ended();
  }

  play(output: MediaOutput): () => void {
    this.#output = output;
    this.#waitForKeyframe = true;
    this.#drop(false);
    if (this.#metadata !== null) output.rtmp.writeMetadata(this.#metadata);
    const configs = [...this.#configs.values()];
    output.rtmp.writeTags(configs, 0, configs.length, 0);
    return () => {
      if (this.#output === output) this.#output = null;
    };
  }

  #frame(tag: FlvTag): void {
    const output = this.#output;
    const isVideo = tag.type === MESSAGE_TYPE.video;
    const isEntry = isVideo ? ((tag.body[0] >> 4) & 7) === 1 : !this.#configs.has(MESSAGE_TYPE.video);
    if (output !== null) {
      const unsent = output.unsentBytes();
      if (this.#dropping ? unsent > RESUME_BYTES : unsent > MAX_UNSENT_BYTES) {
        this.#drop(true);
        this.#waitForKeyframe = true;
      } else if (!this.#waitForKeyframe || isEntry) {
        this.#waitForKeyframe = false;
        this.#drop(false);
        output.rtmp.writeTags([tag], 0, 1, 0);
        return;
      }
    }
    this.dropped += 1;
  }

  #drop(dropping: boolean): void {
    if (dropping !== this.#dropping) this.#onDropping(dropping);
    this.#dropping = dropping;
  }
}
