import type { RecordingMeta } from '../recording/layout.ts';
import type { Live } from './live.ts';

/** An ended session whose segments may still stand in its live's playlist. */
export interface EndedSession {
  readonly live: Live;
  readonly meta: RecordingMeta;
  /** Media sequence number of its last segment. */
  readonly lastSequence: number;
  readonly endedAt: number;
}

/** What a sweep found: sessions that no playlist names any more, and those of them whose recording nobody may ask for again. */
export interface Swept {
  readonly left: readonly EndedSession[];
  readonly deletable: readonly EndedSession[];
}

/**
 * The ended sessions that live playlists still name. One that asked for a replay leaves when its segments have left the window; one that did
 * not also when it has been in it for the window's whole time, for then its recording is deleted, and never before.
 */
export class EndedSessions {
  #sessions: EndedSession[] = [];

  get count(): number {
    return this.#sessions.length;
  }

  add(session: EndedSession): void {
    this.#sessions.push(session);
  }

  /** Looks which sessions have left; cuts the playlists of those whose time has passed. `hasReplay` tells of replays that are published. */
  sweep(now: number, hasReplay: (sessionId: string) => boolean): Swept {
    const left: EndedSession[] = [];
    const stay: EndedSession[] = [];
    for (const session of this.#sessions) {
      const { live, meta, lastSequence, endedAt } = session;
      const isKept = meta.saveReplay || hasReplay(meta.sessionId);
      if (!isKept && now >= endedAt + live.windowMs) live.edge.cut(lastSequence + 1);
      (lastSequence < live.edge.timeline.segments.first ? left : stay).push(session);
    }
    this.#sessions = stay;
    return { left, deletable: left.filter(({ meta }) => !meta.saveReplay && !hasReplay(meta.sessionId)) };
  }

  /** Forgets the sessions for which this is true, and gives them. */
  take(which: (session: EndedSession) => boolean): EndedSession[] {
    const taken = this.#sessions.filter(which);
    if (taken.length > 0) this.#sessions = this.#sessions.filter((session) => !which(session));
    return taken;
  }
}
