import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fleet } from '../fleet.ts';
import type { FleetClosed } from '../fleet.ts';
import { DrillPublisher } from './drill-publisher.ts';
import { World } from './world.ts';

const closed = (event: Partial<FleetClosed>): FleetClosed => ({
  kind: 'closed',
  id: 0,
  askedAtMs: 0,
  acceptedAtMs: 1,
  endingAtMs: 2,
  endedAtMs: 3,
  end: 'lost',
  reason: 'ECONNRESET',
  frames: 10,
  untilMs: 100,
  ...event,
});

/** A publisher of a server that was down from 1000 ms after `from` on, for a second. */
function publisher(t: { mock: { method: typeof test.mock.method } }) {
  const world = new World();
  const at = (ms: number): void => {
    t.mock.method(Fleet, 'now', () => ms);
  };
  at(1000);
  world.serverDown = true;
  at(2000);
  world.serverDown = false;
  const found = new DrillPublisher(world);
  const counts = () => [found.attempts, found.accepted, found.failed, found.dropped, found.refusals.length, found.takes.length];
  return { world, found, counts };
}

test('a connection that breaks is a drop, unless it was ended or its server was taken down', (t) => {
  const { world, found, counts } = publisher(t);
  found.event({ kind: 'accepted', id: 0, askedAtMs: 0, acceptedAtMs: 1 });
  assert.ok(found.onAir);
  found.event(closed({ endingAtMs: 1500, endedAtMs: 1500 }));
  assert.deepEqual([found.onAir, counts(), world.faults], [false, [1, 1, 0, 0, 0, 1], []]);
  found.event(closed({ end: 'clean', endingAtMs: 3000, endedAtMs: 3001 }));
  assert.deepEqual(counts(), [2, 1, 0, 0, 0, 2]);
  found.event(closed({ endingAtMs: 2001, endedAtMs: 2001 }));
  assert.deepEqual(counts(), [3, 1, 0, 1, 0, 3]);
  assert.deepEqual(world.faults, [{ kind: 'a publisher was dropped', count: 1, first: 'ECONNRESET' }]);
});

test('a try that comes to nothing is a failure, also when we gave up waiting, but not while there is no server', (t) => {
  const { world, found, counts } = publisher(t);
  found.event(closed({ askedAtMs: 1500, acceptedAtMs: null, endedAtMs: 1501 }));
  found.event(closed({ askedAtMs: 900, acceptedAtMs: null, endedAtMs: 1501 }));
  // The second began while the server was there.
  assert.deepEqual([counts(), world.faults], [[1, 0, 0, 0, 0, 0], []]);
  found.event(closed({ askedAtMs: 2500, acceptedAtMs: null, endedAtMs: 2600, end: 'clean' }));
  assert.deepEqual(counts(), [2, 0, 1, 0, 0, 0]);
});

test('a refusal is counted as such, by its code, and answers who waits', async (t) => {
  const { found, counts } = publisher(t);
  found.expectAnswer();
  found.event({ kind: 'refused', id: 0, atMs: 1, code: 'NetStream.Publish.BadName', description: 'This live has been deleted.' });
  await found.answered();
  found.event(closed({ askedAtMs: 3000, acceptedAtMs: null, reason: 'refused' }));
  assert.deepEqual([counts(), found.refusals], [[1, 0, 0, 0, 1, 0], ['live_deleted']]);
});
