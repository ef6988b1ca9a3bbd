import { refusalCode } from './refusal.ts';
import type { SuperviseEvent } from './supervise.ts';

/** Tells how a publisher fares, for a person or as JSON lines. */
export class PushReport {
  readonly #target: string;
  readonly #json: boolean;
  readonly #write: (text: string) => void;

  /** `target` is shown: it must not hold the whole key. */
  constructor(target: string, json: boolean, write: (text: string) => void) {
    this.#target = target;
    this.#json = json;
    this.#write = write;
  }

  event(event: SuperviseEvent): void {
    switch (event.kind) {
      case 'connecting':
        return this.#tell('connecting', `connecting to ${this.#target}`, { target: this.#target });
      case 'published':
        return this.#tell('publishing', 'publishing');
      case 'refused': {
        const code = refusalCode(event) ?? event.code;
        return this.#tell('refused', `refused: ${code}: ${event.description}`, { code, description: event.description });
      }
      case 'disconnected':
        return this.#tell('disconnected', `disconnected: ${event.reason}`, { reason: event.reason });
      case 'retrying': {
        const delayMs = Math.round(event.delayMs);
        return this.#tell('retrying', `trying again in ${(delayMs / 1000).toFixed(1)} s`, { delayMs });
      }
    }
  }

  dropping(isDropping: boolean): void {
    if (isDropping) this.#tell('dropping', 'the network is too slow: dropping frames up to a keyframe');
    else this.#tell('sending', 'the network takes all again');
  }

  done(exitCode: number, droppedFrames: number): void {
    const dropped = droppedFrames > 0 ? `, ${droppedFrames} frames dropped` : '';
    this.#tell('done', `done (exit code ${exitCode})${dropped}`, { exitCode, droppedFrames });
  }

  #tell(state: string, text: string, more: object = {}): void {
    const at = new Date().toISOString();
    this.#write(this.#json ? `${JSON.stringify({ at, state, ...more })}\n` : `${at.slice(11, 19)} ${text}\n`);
  }
}
