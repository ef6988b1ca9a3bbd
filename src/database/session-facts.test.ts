import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatFacts, reduceFacts } from './session-facts.ts';
import type { SessionFact } from '../ledger/session-fact.ts';

function fact(
  sessionId: string,
  revision: number,
  live: string,
  startedAt: number,
  state: SessionFact['state'] = 'open',
): SessionFact {
  const ended = state === 'ended';
  return {
    sessionId,
    revision,
    videoUuid: live,
    state,
    startedAt,
    endedAt: ended ? startedAt + 5 : null,
    endReason: ended ? 'unpublished' : null,
    error: null,
    errorDetail: null,
    interruptedAt: null,
    gaps: [],
    permanent: true,
    saveReplay: false,
    replayPrivacy: null,
    reconnectWindowMs: 0,
    recordedBytes: 0,
    recordedMs: 0,
    width: null,
    height: null,
  };
}

test('of each session the newest fact stays, in one order, whatever order they came in', () => {
  const facts = [fact('b', 2, 'x', 1, 'ended'), fact('a', 1, 'y', 1), fact('b', 1, 'x', 1), fact('a', 2, 'y', 1)];
  for (const given of [facts, facts.toReversed()]) assert.deepEqual(reduceFacts(given), [facts[3], facts[0]]);
});

test('of the open sessions of a live only the newest stays open', () => {
  const older = fact('a', 1, 'x', 10, 'interrupted');
  const newer = fact('b', 1, 'x', 20);
  const twin = fact('c', 1, 'x', 20);
  const elsewhere = fact('d', 1, 'y', 1);
  const end = { state: 'ended', endedAt: 20, endReason: 'superseded', error: 8, interruptedAt: null };
  assert.deepEqual(reduceFacts([twin, newer, older, elsewhere]), [{ ...older, ...end }, { ...newer, ...end }, twin, elsewhere]);
});

test('text that jsonb refuses is made harmless', () => {
  const [given] = JSON.parse(formatFacts([{ ...fact('a', 1, 'x', 1), errorDetail: 'a\0b\ud800' }])) as SessionFact[];
  assert.equal(given.errorDetail, 'ab\ufffd');
});
