import type { LiveRecord } from '../database/directory.ts';
import type { Logger } from '../log.ts';
import type { Live } from './live.ts';
import { RestartQueue } from './restart-queue.ts';
import type { RestartQueueOptions } from './restart-queue.ts';

/** Which lives: those that are named, those of an owner, or with null all there are. */
export type RestartChoice = { readonly videoUuids: readonly string[] } | { readonly ownerId: number } | null;

/** Why a live that was named is left alone: it has no session, or one that nothing could follow. */
export type LeftAloneReason = 'not_on_air' | 'not_permanent';

/** A live whose session is to end at a time, ms of the epoch. */
export interface LiveRestart {
  readonly live: Pick<LiveRecord, 'videoId' | 'videoUuid' | 'name' | 'ownerId'>;
  readonly at: number;
}

type Options = Pick<RestartQueueOptions, 'now' | 'monotonic' | 'random'> & {
  readonly lives: ReadonlyMap<string, Live>;
  readonly log: Logger;
};

/** Ends the running sessions of lives, spread over a time, so that their encoders come back one by one into new ones. */
export class Restarts {
  readonly #lives: ReadonlyMap<string, Live>;
  readonly #log: Logger;
  readonly #queue: RestartQueue;

  constructor({ lives, log, ...clocks }: Options) {
    this.#lives = lives;
    this.#log = log;
    this.#queue = new RestartQueue({
      ...clocks,
      // A session that began after it was asked for is what was asked for.
      restart: ({ videoUuid, sessionId }) => {
        const live = this.#lives.get(videoUuid);
        if (live?.session?.sessionId === sessionId) live.restart();
      },
      failed: (restart, error) =>
        this.#log.error(
          { live: restart?.videoUuid ?? null, err: error },
          restart === null ? 'restarts failed' : 'live could not be restarted',
        ),
    });
  }

  get pending(): number {
    return this.#queue.pending;
  }

  /** Gives the session of each of these lives a time within `overMs`, and tells which of the named ones are left alone. */
  plan(choice: RestartChoice, overMs: number): { readonly videoUuid: string; readonly reason: LeftAloneReason }[] {
    const restarts: { videoUuid: string; sessionId: string }[] = [];
    const leftAlone: { videoUuid: string; reason: LeftAloneReason }[] = [];
    for (const videoUuid of this.#choose(choice)) {
      const session = this.#lives.get(videoUuid)?.session ?? null;
      if (session === null) leftAlone.push({ videoUuid, reason: 'not_on_air' });
      else if (!session.permanent) leftAlone.push({ videoUuid, reason: 'not_permanent' });
      else restarts.push({ videoUuid, sessionId: session.sessionId });
    }
    this.#queue.add(restarts, overMs);
    this.#log.info({ lives: restarts.length, overMs }, 'restarts planned');
    return choice !== null && 'videoUuids' in choice ? leftAlone : [];
  }

  /** What is planned, the next one first. */
  list(): LiveRestart[] {
    return this.#queue.list().flatMap(({ videoUuid, at }) => {
      const live = this.#lives.get(videoUuid);
      return live === undefined ? [] : [{ live: live.record, at }];
    });
  }

  /** Forgets the restart of a live; false when it had none. */
  cancel(videoUuid: string): boolean {
    return this.#queue.cancel(videoUuid);
  }

  close(): void {
    this.#queue.close();
  }

  #choose(choice: RestartChoice): string[] {
    if (choice !== null && 'videoUuids' in choice) return [...new Set(choice.videoUuids)];
    // They come to be known in the order in which the disk answers.
    const records = Array.from(this.#lives.values(), ({ record }) => record).sort((a, b) => a.videoId - b.videoId);
    return records.filter(({ ownerId }) => choice === null || ownerId === choice.ownerId).map(({ videoUuid }) => videoUuid);
  }
}
