import type { RefusalCode } from '../errors.ts';
import type { SessionFact } from '../ledger/session-fact.ts';
import { heldOff, isHeldDown, NO_RIVALRY, takenOver } from './hold-down.ts';
import type { Rivalry } from './hold-down.ts';

/** A session as the machine knows it: a fact less what the recording holds, which whoever carries out the effects fills in. */
export type SessionStory = Omit<SessionFact, 'recordedBytes' | 'recordedMs' | 'width' | 'height'>;

export type SessionState =
  | { readonly phase: 'idle' }
  | { readonly phase: 'on_air'; readonly story: SessionStory; readonly connectionId: string; readonly rivalry: Rivalry }
  | { readonly phase: 'interrupted'; readonly story: SessionStory }
  /** A live that is not permanent has been broadcast. */
  | { readonly phase: 'over' }
  /** The live is deleted or the server closes: nobody may publish any more, and this is why. */
  | { readonly phase: 'closed'; readonly code: RefusalCode };

/** What a session takes from its live when it begins. */
export type SessionSettings = Pick<
  SessionStory,
  'videoUuid' | 'permanent' | 'saveReplay' | 'replayPrivacy' | 'reconnectWindowMs'
>;

export type SessionEvent =
  | {
      readonly kind: 'publish';
      readonly at: number;
      readonly connectionId: string;
      /** The id of the session, should one begin. */
      readonly sessionId: string;
      readonly settings: SessionSettings;
      readonly takeover: 'take_over' | 'refuse';
      /** How long the connection that holds the live has sent no media. */
      readonly holderIdleMs: number;
    }
  | {
      readonly kind: 'disconnected';
      readonly at: number;
      readonly connectionId: string;
      readonly clean: boolean;
      readonly reason: string;
    }
  /** The session's first part is there: the live is on air. */
  | { readonly kind: 'first_part' }
  /** Nothing is recorded from here on, until `recording_resumed`. */
  | { readonly kind: 'recording_failed'; readonly detail: string }
  /** The session is recorded again; nothing was in this time. */
  | { readonly kind: 'recording_resumed'; readonly beganAt: number; readonly endedAt: number }
  | { readonly kind: 'window_elapsed'; readonly at: number }
  /** The live's settings as they are now, told after each change and after each end of a session. */
  | { readonly kind: 'settings'; readonly permanent: boolean }
  /** The session is to end, and its encoder to come back into a new one. */
  | { readonly kind: 'restart'; readonly at: number }
  /** The live was deleted. */
  | { readonly kind: 'removed'; readonly at: number }
  /** The server closes: the session waits for its publisher over the restart. */
  | { readonly kind: 'closing'; readonly at: number }
  /** At start: the session was open when the process died, and media was recorded until `endedAt`. */
  | { readonly kind: 'recovered'; readonly at: number; readonly story: SessionStory; readonly recordedUntil: number };

export type SessionEffect =
  /** Make the recording of a new session, and take the connection's media into it. */
  | { readonly kind: 'begin'; readonly story: SessionStory }
  /** Take the connection's media into the session's recording, behind a discontinuity. */
  | { readonly kind: 'resume'; readonly story: SessionStory }
  | { readonly kind: 'refuse'; readonly code: RefusalCode }
  /** Publishers fight for the live, and from here on its holder stays: somebody should know. */
  | { readonly kind: 'warn_of_fight' }
  /** The connection's media goes nowhere from here; with a code, it is told why and closed. */
  | { readonly kind: 'detach'; readonly connectionId: string; readonly code: RefusalCode | null }
  | { readonly kind: 'start_window'; readonly ms: number }
  | { readonly kind: 'stop_window' }
  | { readonly kind: 'write_fact'; readonly story: SessionStory }
  /** Close the recording for good; its replay, if it has one, follows from the fact. */
  | { readonly kind: 'end'; readonly story: SessionStory }
  /** Close the recording's files and leave it open for the next process. */
  | { readonly kind: 'suspend'; readonly story: SessionStory };

export interface Transition {
  readonly state: SessionState;
  readonly effects: readonly SessionEffect[];
}

/** A session with so many gaps does not wait for its publisher again: each fact tells of all of them. */
export const MOST_GAPS = 500;

/** LiveVideoSession.error of the REST contract: none of those that it has a name for. */
export const UNKNOWN_ERROR = 8;

/** A publisher that has sent no media for so long never keeps another one out. */
export const IDLE_HOLDER_MS = 5000;

/** The life of a live's sessions: pure, so that every path can be tested. Effects are carried out in order. */
export function advance(state: SessionState, event: SessionEvent): Transition {
  switch (event.kind) {
    case 'publish':
      return publish(state, event);
    case 'disconnected':
      return disconnected(state, event);
    case 'first_part': {
      if (state.phase !== 'on_air') return stay(state);
      const story = next(state.story, {});
      return { state: { ...state, story }, effects: [{ kind: 'write_fact', story }] };
    }
    case 'recording_failed': {
      if (state.phase !== 'on_air' && state.phase !== 'interrupted') return stay(state);
      const story = next(state.story, { error: UNKNOWN_ERROR, errorDetail: event.detail });
      return { state: { ...state, story }, effects: [{ kind: 'write_fact', story }] };
    }
    case 'recording_resumed': {
      if (state.phase !== 'on_air' && state.phase !== 'interrupted') return stay(state);
      const { beganAt, endedAt } = event;
      // What was interrupted meanwhile was not recorded either way: all of it is one gap.
      const before = state.story.gaps.filter((gap) => gap.endedAt < beganAt);
      const first = state.story.gaps[before.length]?.beganAt ?? beganAt;
      const story = next(state.story, { gaps: [...before, { beganAt: Math.min(first, beganAt), endedAt }] });
      return { state: { ...state, story }, effects: [{ kind: 'write_fact', story }] };
    }
    case 'settings':
      return state.phase === 'over' && event.permanent ? stay({ phase: 'idle' }) : stay(state);
    case 'window_elapsed':
      return state.phase === 'interrupted'
        ? end(state.story, state.story.interruptedAt ?? event.at, 'window_elapsed', [])
        : stay(state);
    case 'restart':
      return restart(state, event.at);
    case 'removed':
      return removed(state, event.at);
    case 'closing':
      return closing(state, event.at);
    case 'recovered':
      return recovered(state, event);
  }
}

function publish(state: SessionState, event: SessionEvent & { kind: 'publish' }): Transition {
  const { at, connectionId } = event;
  switch (state.phase) {
    case 'over':
      return { state, effects: [{ kind: 'refuse', code: 'live_ended' }] };
    case 'closed':
      return { state, effects: [{ kind: 'refuse', code: state.code }] };
    case 'idle': {
      const story: SessionStory = {
        ...event.settings,
        sessionId: event.sessionId,
        revision: 1,
        state: 'open',
        startedAt: at,
        endedAt: null,
        endReason: null,
        error: null,
        errorDetail: null,
        interruptedAt: null,
        gaps: [],
      };
      return {
        state: { phase: 'on_air', story, connectionId, rivalry: NO_RIVALRY },
        effects: [
          { kind: 'begin', story },
          { kind: 'write_fact', story },
        ],
      };
    }
    case 'interrupted': {
      const beganAt = state.story.interruptedAt ?? at;
      const story = next(state.story, {
        state: 'open',
        interruptedAt: null,
        gaps: [...state.story.gaps, { beganAt, endedAt: Math.max(at, beganAt) }],
      });
      return {
        state: { phase: 'on_air', story, connectionId, rivalry: NO_RIVALRY },
        effects: [{ kind: 'stop_window' }, { kind: 'resume', story }, { kind: 'write_fact', story }],
      };
    }
    case 'on_air': {
      const { rivalry } = state;
      const idle = event.holderIdleMs >= IDLE_HOLDER_MS;
      if (!idle && event.takeover === 'refuse') return { state, effects: [{ kind: 'refuse', code: 'already_publishing' }] };
      if (!idle && isHeldDown(rivalry, at)) {
        const warning: SessionEffect[] = rivalry.refusedAt === null ? [{ kind: 'warn_of_fight' }] : [];
        return {
          state: { ...state, rivalry: heldOff(rivalry, at) },
          effects: [...warning, { kind: 'refuse', code: 'takeover_held_down' }],
        };
      }
      const story = next(state.story, { gaps: [...state.story.gaps, { beganAt: at, endedAt: at }] });
      return {
        state: { phase: 'on_air', story, connectionId, rivalry: idle ? rivalry : takenOver(rivalry, at) },
        effects: [
          { kind: 'detach', connectionId: state.connectionId, code: 'taken_over' },
          { kind: 'resume', story },
          { kind: 'write_fact', story },
        ],
      };
    }
  }
}

function disconnected(state: SessionState, event: SessionEvent & { kind: 'disconnected' }): Transition {
  if (state.phase !== 'on_air' || state.connectionId !== event.connectionId) return stay(state);
  const detach: SessionEffect = { kind: 'detach', connectionId: event.connectionId, code: null };
  const { story } = state;
  if (event.clean) return end(story, event.at, event.reason, [detach]);
  if (story.reconnectWindowMs === 0) return end(story, event.at, event.reason, [detach]);
  if (story.gaps.length >= MOST_GAPS) return end(story, event.at, 'too_many_gaps', [detach]);
  const interrupted = next(story, { state: 'interrupted', interruptedAt: event.at });
  return {
    state: { phase: 'interrupted', story: interrupted },
    effects: [detach, { kind: 'start_window', ms: story.reconnectWindowMs }, { kind: 'write_fact', story: interrupted }],
  };
}

function restart(state: SessionState, at: number): Transition {
  // Nothing could follow in a live that is not permanent.
  if ((state.phase !== 'on_air' && state.phase !== 'interrupted') || !state.story.permanent) return stay(state);
  const { story } = state;
  if (state.phase === 'interrupted') return end(story, story.interruptedAt ?? at, 'restarted', [{ kind: 'stop_window' }]);
  return end(story, at, 'restarted', [{ kind: 'detach', connectionId: state.connectionId, code: 'restart_asked' }]);
}

function removed(state: SessionState, at: number): Transition {
  const closed: SessionState = { phase: 'closed', code: 'live_deleted' };
  if (state.phase === 'on_air') {
    const detach: SessionEffect = { kind: 'detach', connectionId: state.connectionId, code: 'live_deleted' };
    return { state: closed, effects: end(state.story, at, 'live_deleted', [detach]).effects };
  }
  if (state.phase !== 'interrupted') return stay(closed);
  const { story } = state;
  return { state: closed, effects: end(story, story.interruptedAt ?? at, 'live_deleted', [{ kind: 'stop_window' }]).effects };
}

function closing(state: SessionState, at: number): Transition {
  const closed: SessionState = { phase: 'closed', code: 'server_closing' };
  if (state.phase === 'interrupted') {
    return { state: closed, effects: [{ kind: 'stop_window' }, { kind: 'suspend', story: state.story }] };
  }
  if (state.phase !== 'on_air') return stay(closed);
  const detach: SessionEffect = { kind: 'detach', connectionId: state.connectionId, code: 'server_closing' };
  // Nobody would wait for its publisher: its replay need not wait for the next start.
  if (state.story.reconnectWindowMs === 0)
    return { state: closed, effects: end(state.story, at, 'server_stopped', [detach]).effects };
  const story = next(state.story, { state: 'interrupted', interruptedAt: at });
  return {
    state: closed,
    effects: [detach, { kind: 'suspend', story }, { kind: 'write_fact', story }],
  };
}

function recovered(state: SessionState, event: SessionEvent & { kind: 'recovered' }): Transition {
  const interruptedAt = event.story.interruptedAt ?? Math.max(event.recordedUntil, event.story.startedAt);
  const story = event.story.state === 'interrupted' ? event.story : next(event.story, { state: 'interrupted', interruptedAt });
  if (state.phase !== 'idle')
    return { state, effects: [{ kind: 'write_fact', story: ended(story, interruptedAt, 'superseded') }] };
  if (story.reconnectWindowMs === 0) return end(story, interruptedAt, 'server_stopped', []);
  return {
    state: { phase: 'interrupted', story },
    effects: [
      { kind: 'start_window', ms: story.reconnectWindowMs },
      { kind: 'write_fact', story },
    ],
  };
}

function end(story: SessionStory, at: number, reason: string, before: readonly SessionEffect[]): Transition {
  const over = ended(story, at, reason);
  return {
    state: { phase: story.permanent ? 'idle' : 'over' },
    effects: [...before, { kind: 'end', story: over }, { kind: 'write_fact', story: over }],
  };
}

function ended(story: SessionStory, at: number, reason: string): SessionStory {
  return next(story, { state: 'ended', endedAt: Math.max(at, story.startedAt), endReason: reason, interruptedAt: null });
}

function next(story: SessionStory, change: Partial<SessionStory>): SessionStory {
  return { ...story, ...change, revision: story.revision + 1 };
}

function stay(state: SessionState): Transition {
  return { state, effects: [] };
}
