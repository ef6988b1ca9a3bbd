import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fleet } from '../../src/cli/fleet.ts';
import type { FleetClosed, FleetEvent } from '../../src/cli/fleet.ts';
import { Server } from '../support/server.ts';
import { ServerApi } from '../support/server-api.ts';
import { until } from '../support/until.ts';

test('a fleet begins in one instant, ends cleanly or abruptly, and tells what was sent', { timeout: 60_000 }, async (t) => {
  const server = await Server.start(t);
  const api = await ServerApi.signIn(server);
  const lives = [await api.addLive('Clean'), await api.addLive('Abrupt')];
  const events: FleetEvent[] = [];
  const of = <K extends FleetEvent['kind']>(kind: K) =>
    events.filter((event): event is Extract<FleetEvent, { kind: K }> => event.kind === kind);
  const fleet = await Fleet.start({ onEvent: (event) => events.push(event) });
  t.after(() => fleet.close());

  const atMs = Fleet.now() + 300;
  fleet.begin([...lives.map(({ rtmpUrl }, id) => ({ id, url: rtmpUrl })), { id: 2, url: server.rtmpUrl('no-such-key') }], {
    atMs,
  });
  // Stopped before its instant: it never begins.
  fleet.begin([{ id: 3, url: lives[0].rtmpUrl }], { atMs: Fleet.now() + 200 });
  await fleet.stop([3], 'clean');
  await until('all are answered', () => of('accepted').length === 2 && of('refused').length === 1);
  for (const { askedAtMs, acceptedAtMs } of of('accepted')) {
    assert.ok(askedAtMs >= atMs - 1 && acceptedAtMs >= askedAtMs, `asked ${askedAtMs - atMs} ms after the instant`);
  }
  assert.match(of('refused')[0].description, /key/);
  await sleep(2000);
  const { onAir, cpuMs, wallMs, streamMs } = await fleet.count();
  assert.equal(onAir, 2);
  assert.ok(streamMs > 2 * 1500 && streamMs < 2 * wallMs && cpuMs > 0, `${streamMs} ms in ${wallMs} ms`);

  await fleet.stop([0], 'clean');
  await fleet.stop([1], 'abrupt');
  const closed = (id: number): FleetClosed => {
    const [found] = of('closed').filter((event) => event.id === id);
    return found;
  };
  assert.deepEqual(
    [0, 1, 2].map((id) => closed(id).end),
    ['clean', 'abrupt', 'lost'],
  );
  assert.deepEqual([closed(2).acceptedAtMs, closed(2).frames, closed(2).untilMs], [null, 0, -1]);
  const { untilMs } = closed(0);
  const session = await until('the session has ended', async () => (await api.sessions(lives[0])).find((each) => each.endDate));
  assert.ok(Math.abs(session.recordedMs - untilMs) < 60, `${session.recordedMs} ms recorded, ${untilMs} ms sent`);
  assert.equal(of('closed').length, 3);
});

test('a fleet whose process ends is lost, and says so', async (t) => {
  const fleet = await Fleet.start({ onEvent: () => {} });
  t.after(() => fleet.close());
  const lost = assert.rejects(fleet.lost, /ended: SIGKILL/);
  process.kill(fleet.pid, 'SIGKILL');
  await lost;
  await assert.rejects(fleet.stop([1], 'clean'), /ended: SIGKILL/);
});
