import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Broadcast, liveRecord } from '../support/broadcast.ts';
import { until } from '../support/until.ts';

const [ONE, TWO, THREE, FOUR] = [1, 2, 3, 4].map((n) => liveRecord(n).videoUuid);

test('a restart: the session ends with its reason, its publisher is told, and what comes next is a new session', async (t) => {
  const broadcast = await Broadcast.open(t);
  const publisher = await broadcast.publish();
  publisher.send(2);
  const { sessionId } = publisher;
  broadcast.lives.restarts.plan(null, 0);
  const ended = await broadcast.fact(sessionId, 'ended');
  assert.equal(ended.endReason, 'restarted');
  assert.equal(ended.endedAt, broadcast.nowMs);
  assert.equal(ended.recordedMs > 1500 && ended.error === null, true, 'all of it is recorded');
  assert.deepEqual(publisher.closedWith, ['restart_asked']);
  assert.equal(broadcast.lives.count().onAir, 0);

  publisher.end('disconnected');
  const again = await broadcast.publish();
  again.send(1);
  assert.notEqual(again.sessionId, sessionId);
  assert.equal((await broadcast.fact(again.sessionId, 'open')).gaps.length, 0, 'of which the old connection takes nothing');
  assert.deepEqual(Object.fromEntries(broadcast.lives.tally.sessionsEnded), { restarted: 1 });
});

test('who waits for its publisher ends where it broke; who is idle, or could not begin anew, is left alone', async (t) => {
  const lives = [liveRecord(1), liveRecord(2), liveRecord(3, { permanent: false }), liveRecord(4)];
  const broadcast = await Broadcast.open(t, { lives });
  const [waiting, once, onAir] = [await broadcast.publish(ONE), await broadcast.publish(THREE), await broadcast.publish(FOUR)];
  for (const publisher of [waiting, once, onAir]) publisher.send(1);
  waiting.end('disconnected');
  const { interruptedAt } = await broadcast.fact(waiting.sessionId, 'interrupted');
  broadcast.nowMs += 5000;

  const { restarts } = broadcast.lives;
  assert.deepEqual(restarts.plan({ videoUuids: [ONE, TWO, THREE, TWO] }, 0), [
    { videoUuid: TWO, reason: 'not_on_air' },
    { videoUuid: THREE, reason: 'not_permanent' },
  ]);
  const ended = await broadcast.fact(waiting.sessionId, 'ended');
  assert.deepEqual([ended.endReason, ended.endedAt], ['restarted', interruptedAt]);
  assert.deepEqual([once.closedWith, onAir.closedWith], [[], []], 'nobody else is told');
  assert.deepEqual(restarts.plan(null, 0), [], 'of those that nobody named nothing is said');
  await broadcast.fact(onAir.sessionId, 'ended');
  assert.deepEqual(once.closedWith, []);
});

test('what is planned is told, forgotten with its live, and not done to a session that began after', async (t) => {
  const lives = [liveRecord(1), liveRecord(2), liveRecord(3), liveRecord(4)];
  const broadcast = await Broadcast.open(t, { lives });
  const publishers = [];
  for (const uuid of [ONE, TWO, THREE, FOUR]) publishers.push(await broadcast.publish(uuid));
  for (const publisher of publishers) publisher.send(1);
  const { restarts } = broadcast.lives;
  t.mock.method(Math, 'random', () => 0.9); // the first not before all has been looked at
  restarts.plan(null, 2000);
  const planned = restarts.list();
  assert.deepEqual(
    planned.map(({ live }) => live.videoUuid),
    [ONE, TWO, THREE, FOUR],
    'in the order of the lives',
  );
  for (const [i, { at }] of planned.entries()) {
    const ms = at - broadcast.nowMs;
    assert.ok(ms >= i * 500 - 200 && ms <= (i + 1) * 500, `${i}: ${ms}`);
  }
  publishers[1].end('unpublished');
  const newer = await broadcast.publish(TWO);
  newer.send(1);
  await broadcast.lives.remove(THREE);
  assert.equal(restarts.pending, 3);
  assert.equal(restarts.cancel(FOUR), true);
  await until('all times have passed', () => restarts.pending === 0);
  assert.deepEqual(publishers[0].closedWith, ['restart_asked']);
  assert.deepEqual(newer.closedWith, []);
  assert.deepEqual(publishers[2].closedWith, ['live_deleted']);
  assert.deepEqual(publishers[3].closedWith, []);
});

test('lives of one owner; and a closed room restarts nothing', async (t) => {
  const broadcast = await Broadcast.open(t, { lives: [liveRecord(1), liveRecord(2, { ownerId: 8 })] });
  const [mine, theirs] = [await broadcast.publish(ONE), await broadcast.publish(TWO)];
  for (const publisher of [mine, theirs]) publisher.send(1);
  const { restarts } = broadcast.lives;
  restarts.plan({ ownerId: 8 }, 60_000);
  assert.deepEqual(
    restarts.list().map(({ live }) => live.videoUuid),
    [TWO],
  );
  await broadcast.lives.close();
  assert.equal(restarts.pending, 0);
  restarts.plan(null, 0);
  assert.equal(restarts.pending, 0);
});
