import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOLD_DOWN_MS, NO_RIVALRY } from './hold-down.ts';
import { advance, IDLE_HOLDER_MS, MOST_GAPS } from './session-machine.ts';
import type { SessionEffect, SessionEvent, SessionState, SessionStory } from './session-machine.ts';

const SETTINGS = { videoUuid: 'live', permanent: true, saveReplay: true, replayPrivacy: 1, reconnectWindowMs: 15_000 };

function story(change: Partial<SessionStory> = {}): SessionStory {
  return {
    ...SETTINGS,
    sessionId: 'A',
    revision: 3,
    state: 'open',
    startedAt: 1000,
    endedAt: null,
    endReason: null,
    error: null,
    errorDetail: null,
    interruptedAt: null,
    gaps: [],
    ...change,
  };
}

const away = { state: 'interrupted', interruptedAt: 4000 } as const;
const onAir = (change: Partial<SessionStory> = {}): SessionState => ({
  phase: 'on_air',
  story: story(change),
  connectionId: 'one',
  rivalry: NO_RIVALRY,
});
const interrupted = (change: Partial<SessionStory> = {}): SessionState => ({
  phase: 'interrupted',
  story: story({ ...away, ...change }),
});
const publish = (change: Partial<SessionEvent & { kind: 'publish' }> = {}): SessionEvent => ({
  kind: 'publish',
  at: 5000,
  connectionId: 'two',
  sessionId: 'B',
  settings: SETTINGS,
  takeover: 'take_over',
  holderIdleMs: 0,
  ...change,
});
const gone = (clean: boolean, connectionId = 'one'): SessionEvent => ({
  kind: 'disconnected',
  at: 5000,
  connectionId,
  clean,
  reason: clean ? 'unpublished' : 'timed_out',
});
const recovered = (change: Partial<SessionStory> = {}, recordedUntil = 4500): SessionEvent => ({
  kind: 'recovered',
  at: 9000,
  story: story(change),
  recordedUntil,
});

const STATES = {
  idle: { phase: 'idle' },
  'on air': onAir(),
  'on air, window 0': onAir({ reconnectWindowMs: 0 }),
  'on air, once': onAir({ permanent: false }),
  interrupted: interrupted(),
  'interrupted, once': interrupted({ permanent: false }),
  over: { phase: 'over' },
  deleted: { phase: 'closed', code: 'live_deleted' },
  closing: { phase: 'closed', code: 'server_closing' },
} satisfies Record<string, SessionState>;

const EVENTS = {
  publish: publish(),
  'publish, refuse': publish({ takeover: 'refuse', holderIdleMs: IDLE_HOLDER_MS - 1 }),
  'publish, refuse, idle holder': publish({ takeover: 'refuse', holderIdleMs: IDLE_HOLDER_MS }),
  'clean end': gone(true),
  'abrupt end': gone(false),
  'end of another': gone(true, 'two'),
  'first part': { kind: 'first_part' },
  'recording failed': { kind: 'recording_failed', detail: 'no space' },
  'recording resumed': { kind: 'recording_resumed', beganAt: 3000, endedAt: 5000 },
  'made permanent': { kind: 'settings', permanent: true },
  'made not permanent': { kind: 'settings', permanent: false },
  'window elapsed': { kind: 'window_elapsed', at: 5000 },
  restart: { kind: 'restart', at: 5000 },
  removed: { kind: 'removed', at: 5000 },
  closing: { kind: 'closing', at: 5000 },
  recovered: recovered(),
} satisfies Record<string, SessionEvent>;

/** The state it leads to, and its effects in order; `=` is no change and no effect. */
const TABLE: Record<keyof typeof STATES, Record<keyof typeof EVENTS, string>> = {
  idle: {
    publish: 'on air | begin B1, fact B1 open',
    'publish, refuse': 'on air | begin B1, fact B1 open',
    'publish, refuse, idle holder': 'on air | begin B1, fact B1 open',
    'clean end': '=',
    'abrupt end': '=',
    'end of another': '=',
    'first part': '=',
    'recording failed': '=',
    'recording resumed': '=',
    'made permanent': '=',
    'made not permanent': '=',
    'window elapsed': '=',
    restart: '=',
    removed: 'closed live_deleted |',
    closing: 'closed server_closing |',
    recovered: 'interrupted | window 15000, fact A4 interrupted',
  },
  'on air': {
    publish: 'on air | detach one taken_over, resume A4, fact A4 open',
    'publish, refuse': 'on air | refuse already_publishing',
    'publish, refuse, idle holder': 'on air | detach one taken_over, resume A4, fact A4 open',
    'clean end': 'idle | detach one, end A4, fact A4 ended unpublished 5000',
    'abrupt end': 'interrupted | detach one, window 15000, fact A4 interrupted',
    'end of another': '=',
    'first part': 'on air | fact A4 open',
    'recording failed': 'on air | fact A4 open error 8 no space',
    'recording resumed': 'on air | fact A4 open gap 3000-5000',
    'made permanent': '=',
    'made not permanent': '=',
    'window elapsed': '=',
    restart: 'idle | detach one restart_asked, end A4, fact A4 ended restarted 5000',
    removed: 'closed live_deleted | detach one live_deleted, end A4, fact A4 ended live_deleted 5000',
    closing: 'closed server_closing | detach one server_closing, suspend A4, fact A4 interrupted',
    recovered: 'on air | fact A5 ended superseded 4500',
  },
  'on air, window 0': {
    publish: 'on air | detach one taken_over, resume A4, fact A4 open',
    'publish, refuse': 'on air | refuse already_publishing',
    'publish, refuse, idle holder': 'on air | detach one taken_over, resume A4, fact A4 open',
    'clean end': 'idle | detach one, end A4, fact A4 ended unpublished 5000',
    'abrupt end': 'idle | detach one, end A4, fact A4 ended timed_out 5000',
    'end of another': '=',
    'first part': 'on air | fact A4 open',
    'recording failed': 'on air | fact A4 open error 8 no space',
    'recording resumed': 'on air | fact A4 open gap 3000-5000',
    'made permanent': '=',
    'made not permanent': '=',
    'window elapsed': '=',
    restart: 'idle | detach one restart_asked, end A4, fact A4 ended restarted 5000',
    removed: 'closed live_deleted | detach one live_deleted, end A4, fact A4 ended live_deleted 5000',
    closing: 'closed server_closing | detach one server_closing, end A4, fact A4 ended server_stopped 5000',
    recovered: 'on air | fact A5 ended superseded 4500',
  },
  'on air, once': {
    publish: 'on air | detach one taken_over, resume A4, fact A4 open',
    'publish, refuse': 'on air | refuse already_publishing',
    'publish, refuse, idle holder': 'on air | detach one taken_over, resume A4, fact A4 open',
    'clean end': 'over | detach one, end A4, fact A4 ended unpublished 5000',
    'abrupt end': 'interrupted | detach one, window 15000, fact A4 interrupted',
    'end of another': '=',
    'first part': 'on air | fact A4 open',
    'recording failed': 'on air | fact A4 open error 8 no space',
    'recording resumed': 'on air | fact A4 open gap 3000-5000',
    'made permanent': '=',
    'made not permanent': '=',
    'window elapsed': '=',
    restart: '=',
    removed: 'closed live_deleted | detach one live_deleted, end A4, fact A4 ended live_deleted 5000',
    closing: 'closed server_closing | detach one server_closing, suspend A4, fact A4 interrupted',
    recovered: 'on air | fact A5 ended superseded 4500',
  },
  interrupted: {
    publish: 'on air | stop window, resume A4, fact A4 open gap 4000-5000',
    'publish, refuse': 'on air | stop window, resume A4, fact A4 open gap 4000-5000',
    'publish, refuse, idle holder': 'on air | stop window, resume A4, fact A4 open gap 4000-5000',
    'clean end': '=',
    'abrupt end': '=',
    'end of another': '=',
    'first part': '=',
    'recording failed': 'interrupted | fact A4 interrupted error 8 no space',
    'recording resumed': 'interrupted | fact A4 interrupted gap 3000-5000',
    'made permanent': '=',
    'made not permanent': '=',
    'window elapsed': 'idle | end A4, fact A4 ended window_elapsed 4000',
    restart: 'idle | stop window, end A4, fact A4 ended restarted 4000',
    removed: 'closed live_deleted | stop window, end A4, fact A4 ended live_deleted 4000',
    closing: 'closed server_closing | stop window, suspend A3',
    recovered: 'interrupted | fact A5 ended superseded 4500',
  },
  'interrupted, once': {
    publish: 'on air | stop window, resume A4, fact A4 open gap 4000-5000',
    'publish, refuse': 'on air | stop window, resume A4, fact A4 open gap 4000-5000',
    'publish, refuse, idle holder': 'on air | stop window, resume A4, fact A4 open gap 4000-5000',
    'clean end': '=',
    'abrupt end': '=',
    'end of another': '=',
    'first part': '=',
    'recording failed': 'interrupted | fact A4 interrupted error 8 no space',
    'recording resumed': 'interrupted | fact A4 interrupted gap 3000-5000',
    'made permanent': '=',
    'made not permanent': '=',
    'window elapsed': 'over | end A4, fact A4 ended window_elapsed 4000',
    restart: '=',
    removed: 'closed live_deleted | stop window, end A4, fact A4 ended live_deleted 4000',
    closing: 'closed server_closing | stop window, suspend A3',
    recovered: 'interrupted | fact A5 ended superseded 4500',
  },
  over: {
    publish: 'over | refuse live_ended',
    'publish, refuse': 'over | refuse live_ended',
    'publish, refuse, idle holder': 'over | refuse live_ended',
    'clean end': '=',
    'abrupt end': '=',
    'end of another': '=',
    'first part': '=',
    'recording failed': '=',
    'recording resumed': '=',
    'made permanent': 'idle |',
    'made not permanent': '=',
    'window elapsed': '=',
    restart: '=',
    removed: 'closed live_deleted |',
    closing: 'closed server_closing |',
    recovered: 'over | fact A5 ended superseded 4500',
  },
  deleted: {
    publish: 'closed live_deleted | refuse live_deleted',
    'publish, refuse': 'closed live_deleted | refuse live_deleted',
    'publish, refuse, idle holder': 'closed live_deleted | refuse live_deleted',
    'clean end': '=',
    'abrupt end': '=',
    'end of another': '=',
    'first part': '=',
    'recording failed': '=',
    'recording resumed': '=',
    'made permanent': '=',
    'made not permanent': '=',
    'window elapsed': '=',
    restart: '=',
    removed: 'closed live_deleted |',
    closing: 'closed server_closing |',
    recovered: 'closed live_deleted | fact A5 ended superseded 4500',
  },
  closing: {
    publish: 'closed server_closing | refuse server_closing',
    'publish, refuse': 'closed server_closing | refuse server_closing',
    'publish, refuse, idle holder': 'closed server_closing | refuse server_closing',
    'clean end': '=',
    'abrupt end': '=',
    'end of another': '=',
    'first part': '=',
    'recording failed': '=',
    'recording resumed': '=',
    'made permanent': '=',
    'made not permanent': '=',
    'window elapsed': '=',
    restart: '=',
    removed: 'closed live_deleted |',
    closing: 'closed server_closing |',
    recovered: 'closed server_closing | fact A5 ended superseded 4500',
  },
};

for (const [stateName, state] of Object.entries<SessionState>(STATES)) {
  for (const [eventName, event] of Object.entries<SessionEvent>(EVENTS)) {
    test(`${stateName}: ${eventName}`, () => {
      const before = structuredClone(state);
      const transition = advance(state, event);
      const expected = TABLE[stateName as keyof typeof STATES][eventName as keyof typeof EVENTS];
      if (expected === '=') assert.deepEqual(transition, { state, effects: [] });
      else
        assert.equal(
          `${tellState(transition.state)} |${transition.effects.map((effect) => ` ${tellEffect(effect)}`).join(',')}`,
          expected,
        );
      assert.deepEqual(state, before, 'the state that was given is left as it was');
    });
  }
}

test('a session copies the settings of its beginning, and no later ones', () => {
  const once = { ...SETTINGS, permanent: false, saveReplay: false, replayPrivacy: null, reconnectWindowMs: 7 };
  const begun = advance({ phase: 'idle' }, publish({ settings: once }));
  const taken = advance(begun.state, publish({ connectionId: 'three', settings: SETTINGS }));
  for (const { state } of [begun, taken]) assert.partialDeepStrictEqual(state, { story: once });
});

test('a session that begins has nothing of another', () => {
  const { state } = advance({ phase: 'idle' }, publish());
  assert.deepEqual(state, {
    phase: 'on_air',
    connectionId: 'two',
    rivalry: NO_RIVALRY,
    story: story({ sessionId: 'B', revision: 1, startedAt: 5000 }),
  });
});

test('what was not recorded covers the gaps that were in it, and no others', () => {
  const gaps = [500, 2800, 3500].map((beganAt) => ({ beganAt, endedAt: beganAt + 400 }));
  const { state } = advance(onAir({ gaps }), { kind: 'recording_resumed', beganAt: 2900, endedAt: 5000 });
  assert.partialDeepStrictEqual(state, { story: { gaps: [gaps[0], { beganAt: 2800, endedAt: 5000 }] } });
});

test('a session with many gaps ends where the next would be', () => {
  const gaps = Array.from({ length: MOST_GAPS }, (_, i) => ({ beganAt: i, endedAt: i }));
  assert.equal(advance(onAir({ gaps: gaps.slice(1) }), gone(false)).state.phase, 'interrupted');
  const { state, effects } = advance(onAir({ gaps }), gone(false));
  assert.equal(state.phase, 'idle');
  assert.deepEqual(effects.map(tellEffect), ['detach one', 'end A4', 'fact A4 ended too_many_gaps 5000']);
});

test('every fact of a session is a revision of its own, one after the other', () => {
  let state: SessionState = { phase: 'idle' };
  const revisions: number[] = [];
  const events = [
    publish(),
    { kind: 'first_part' } as const,
    publish({ connectionId: 'three' }),
    gone(false, 'three'),
    { kind: 'recording_failed', detail: '' } as const,
    publish({ connectionId: 'four' }),
    gone(true, 'four'),
  ];
  for (const event of events) {
    const next = advance(state, event);
    state = next.state;
    for (const effect of next.effects) if (effect.kind === 'write_fact') revisions.push(effect.story.revision);
  }
  assert.deepEqual(revisions, [1, 2, 3, 4, 5, 6, 7]);
});

test('recovered: it is interrupted since what was recorded; and since when it was, if it was', () => {
  const since = (event: SessionEvent): unknown =>
    (advance({ phase: 'idle' }, event).state as { story: SessionStory }).story.interruptedAt;
  assert.equal(since(recovered({}, 4500)), 4500);
  assert.equal(since(recovered({}, 0)), 1000, 'never before it began');
  assert.equal(since(recovered({ ...away })), 4000);
});

test('recovered with no window to wait: ended at what was recorded', () => {
  const { state, effects } = advance({ phase: 'idle' }, recovered({ reconnectWindowMs: 0 }));
  assert.equal(state.phase, 'idle');
  assert.deepEqual(effects.map(tellEffect), ['end A5', 'fact A5 ended server_stopped 4500']);
});

test('a clock that goes back ends nothing before it began', () => {
  const ended = advance(onAir({ startedAt: 9000 }), gone(true)).effects.find((effect) => effect.kind === 'write_fact');
  assert.equal(ended?.story.endedAt, 9000);
  const resumed = advance(interrupted({ interruptedAt: 8000 }), publish());
  assert.partialDeepStrictEqual(resumed.state, { story: { gaps: [{ beganAt: 8000, endedAt: 8000 }] } });
});

/** Publishers of one live that come at these times, each with what it is told. */
function fight(tries: readonly (Partial<SessionEvent & { kind: 'publish' }> & { at: number })[]): string[] {
  let state = onAir();
  return tries.map((change) => {
    const { state: after, effects } = advance(state, publish({ connectionId: `at ${change.at}`, ...change }));
    state = after;
    const refused = effects.filter((effect) => effect.kind === 'refuse' || effect.kind === 'warn_of_fight').map(tellEffect);
    return refused.length === 0 ? 'in' : refused.join(', ');
  });
}
const HELD = 'refuse takeover_held_down';

test('a fight for one key: three takeovers, then the holder stays, with one warning', () => {
  assert.deepEqual(fight([1, 2, 3, 4, 5].map((s) => ({ at: s * 1000 }))), ['in', 'in', 'in', `warn, ${HELD}`, HELD]);
});

test('takeovers now and then are no fight', () => {
  assert.deepEqual(fight([0, 10, 20, 30, 40].map((s) => ({ at: s * 1000 }))), ['in', 'in', 'in', 'in', 'in']);
});

test('a publisher that keeps trying is held down for as long as it does; one that lets go may come back', () => {
  const last = 5000 + HOLD_DOWN_MS - 1;
  const tries = [1000, 2000, 3000, 5000, last, last + HOLD_DOWN_MS - 1, last + 2 * HOLD_DOWN_MS];
  assert.deepEqual(fight(tries.map((at) => ({ at }))), ['in', 'in', 'in', `warn, ${HELD}`, HELD, HELD, 'in']);
});

test('an idle holder loses, held down or not, and counts for no fight', () => {
  const idle = { holderIdleMs: IDLE_HOLDER_MS };
  assert.deepEqual(fight([1, 2, 3].map((s) => ({ at: s * 1000 })).concat([{ at: 4000, ...idle }, { at: 4500 }])), [
    'in',
    'in',
    'in',
    'in',
    `warn, ${HELD}`,
  ]);
  assert.deepEqual(fight([1, 2, 3, 4, 5].map((s) => ({ at: s * 1000, ...idle }))), ['in', 'in', 'in', 'in', 'in']);
});

test('a clock that goes back holds nobody down', () => {
  assert.deepEqual(fight([60_000, 61_000, 62_000, 1000].map((at) => ({ at }))), ['in', 'in', 'in', 'in']);
});

test('a live that was left is taken by whoever comes, held down or not', () => {
  let state: SessionState = onAir();
  for (const at of [1000, 2000, 3000]) state = advance(state, publish({ at, connectionId: `at ${at}` })).state;
  state = advance(state, gone(false, 'at 3000')).state;
  assert.equal(advance(state, publish({ at: 5500 })).state.phase, 'on_air');
});

function tellState(state: SessionState): string {
  if (state.phase === 'closed') return `closed ${state.code}`;
  return state.phase === 'on_air' ? 'on air' : state.phase;
}

function tellEffect(effect: SessionEffect): string {
  switch (effect.kind) {
    case 'refuse':
      return `refuse ${effect.code}`;
    case 'detach':
      return `detach ${effect.connectionId}${effect.code === null ? '' : ` ${effect.code}`}`;
    case 'start_window':
      return `window ${effect.ms}`;
    case 'warn_of_fight':
      return 'warn';
    case 'stop_window':
      return 'stop window';
    case 'write_fact':
      return tellFact(effect.story);
    default:
      return `${effect.kind} ${effect.story.sessionId}${effect.story.revision}`;
  }
}

function tellFact(fact: SessionStory): string {
  const gaps = fact.gaps
    .filter(({ beganAt, endedAt }) => endedAt > beganAt)
    .map(({ beganAt, endedAt }) => ` gap ${beganAt}-${endedAt}`);
  const error = fact.error === null ? '' : ` error ${fact.error} ${fact.errorDetail}`;
  const end = fact.state === 'ended' ? ` ${fact.endReason} ${fact.endedAt}` : '';
  return `fact ${fact.sessionId}${fact.revision} ${fact.state}${end}${gaps.join('')}${error}`;
}
