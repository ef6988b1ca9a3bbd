import type { Rights } from '../delivery/delivery.ts';
import type { LiveEdge } from '../lives/live-edge.ts';
import type { Lives } from '../lives/lives.ts';
import type { Logger } from '../log.ts';
import { NOT_THERE } from '../http/application.ts';
import type { Application } from '../http/application.ts';
import type { EdgeSnapshot, QuestionKind, Questions, SessionAnswer, VideoAnswer } from './messages.ts';

/** What the threads of delivery are answered from. */
export interface FrontWorld {
  readonly lives: Lives;
  readonly log: Logger;
  readonly mayWatch: (authorization: string | undefined, rights: Rights) => Promise<boolean>;
  /** Answers what is not delivery's. Null until the application is there. */
  readonly application: () => Application | null;
}

/**
 * By kind of question: resolves, when it can be told, with what tells it. That is called and told to the thread in one step: a change in between would
 * be told before what it has changed, and the thread would keep the old for ever.
 */
export type Answers = {
  readonly [Kind in QuestionKind]: (asks: Questions[Kind]['asks']) => Promise<() => Questions[Kind]['answer']>;
};

/** Has the thread follow an edge: its number, and what it is like now; null when it follows it already. */
export type Follow = (videoUuid: string, edge: LiveEdge) => { readonly edge: number; readonly snapshot: EdgeSnapshot | null };

/** What a thread of delivery is answered. */
export function answersFrom({ lives, mayWatch, application }: FrontWorld, follow: Follow): Answers {
  return {
    video: async (videoUuid) => {
      await lives.loading({ videoUuid });
      return (): VideoAnswer => {
        const playback = lives.playback(videoUuid);
        if (playback === null) return null;
        const { kind, privacy, ownerId } = playback;
        if (kind === 'replay') return { kind, privacy, ownerId, sessionId: playback.sessionId };
        return { kind, privacy, ownerId, ...follow(videoUuid, playback.edge) };
      };
    },
    session: async (sessionId) => {
      await lives.loading({ sessionId });
      return (): SessionAnswer => {
        const owners = lives.ownersOfMedia(sessionId);
        if (owners === null) return null;
        const rights = owners.rights.map(({ videoUuid, privacy, ownerId }) => ({ videoUuid, privacy, ownerId }));
        return { rights, liveUuid: owners.liveUuid };
      };
    },
    closed_recording: async (sessionId) => {
      await lives.shelf.closed(sessionId);
      return () => null;
    },
    recovered_recording: async (sessionId) => {
      await lives.readRecording(sessionId);
      return () => null;
    },
    may_watch: async ({ authorization, rights }) => {
      const may = await mayWatch(authorization, rights);
      return () => may;
    },
    application: async (request) => {
      const answer = (await application()?.answer(request)) ?? NOT_THERE;
      return () => answer;
    },
  };
}
