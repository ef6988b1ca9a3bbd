import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { LiveRestart, LiveRestartPlan, List } from '../../src/api/contract.ts';
import { ApiHarness } from '../support/api.ts';
import { Broadcast, liveRecord } from '../support/broadcast.ts';

const url = '/videos/live/restarts';
const [ONE, TWO, THREE] = [1, 2, 3].map((n) => liveRecord(n).videoUuid);
const uuids = ({ data }: List<LiveRestart>): string[] => data.map(({ video }) => video.uuid);

/** The API over the real room, with three lives on air: the first two are of the user bob, the third is of root. */
async function open(t: TestContext) {
  const broadcast = await Broadcast.open(t, { lives: [liveRecord(1), liveRecord(2), liveRecord(3)] });
  const api = await ApiHarness.open(t, {}, broadcast.lives);
  const root = await api.signIn();
  const bob = await api.addUser('bob');
  for (const n of [1, 2]) broadcast.lives.put(liveRecord(n, { ownerId: bob.userId }));
  broadcast.lives.put(liveRecord(3, { ownerId: 1 }));
  const publishers = [];
  for (const uuid of [ONE, TWO, THREE]) publishers.push(await broadcast.publish(uuid));
  for (const publisher of publishers) publisher.send(1);
  return { api, broadcast, publishers, root, bob: bob.token };
}

test('restarts: without ids all lives of who asks, and for an administrator all there are', async (t) => {
  const { api, broadcast, root, bob } = await open(t);
  const his = await api.json<LiveRestartPlan>({ method: 'POST', url, as: bob, body: { overS: 600 } }, 202);
  assert.deepEqual(uuids(his), [ONE, TWO]);
  assert.deepEqual([his.total, his.leftAlone], [2, []]);
  assert.partialDeepStrictEqual(his.data[0].video, { id: 1, name: 'Live 1' });
  const [first, second] = his.data.map(({ date }) => Date.parse(date) - broadcast.nowMs);
  assert.ok(first >= -1000 && first <= 300_000 && second >= 299_000 && second <= 600_000, `${first}, ${second}`);

  const all = await api.json<LiveRestartPlan>({ method: 'POST', url, as: root, body: { overS: 86_400 } }, 202);
  assert.deepEqual(uuids(all).sort(), [ONE, TWO, THREE].sort());
  assert.deepEqual(uuids(await api.json({ url, as: bob })), [ONE, TWO], 'what is planned of others is not his to see');
  assert.equal((await api.json<List<LiveRestart>>({ url, as: root })).total, 3);
});

test('restarts: forgotten are those of who asks', async (t) => {
  const { api, root, bob, publishers } = await open(t);
  const all = await api.json<LiveRestartPlan>({ method: 'POST', url, as: root, body: { overS: 600 } }, 202);
  assert.deepEqual(uuids(all), [ONE, TWO, THREE]);
  await api.json({ method: 'DELETE', url, as: bob }, 204);
  assert.deepEqual(uuids(await api.json({ url, as: root })), [THREE]);
  await api.json({ method: 'DELETE', url, as: root }, 204);
  assert.deepEqual(await api.json({ url, as: root }), { total: 0, data: [] });
  for (const { closedWith } of publishers) assert.deepEqual(closedWith, []);
});

test('restarts: lives that are named, in whatever way, and done at once with 0', async (t) => {
  const { api, broadcast, publishers, root, bob } = await open(t);
  broadcast.lives.put(liveRecord(4, { ownerId: 1 }));
  const body = { ids: [1, TWO.toUpperCase(), liveRecord(4).videoUuid, '1'], overS: 0 };
  const plan = await api.json<LiveRestartPlan>({ method: 'POST', url, as: root, body }, 202);
  assert.deepEqual(plan.leftAlone, [{ uuid: liveRecord(4).videoUuid, reason: 'not_on_air' }]);
  await broadcast.fact(publishers[0].sessionId, 'ended');
  await broadcast.fact(publishers[1].sessionId, 'ended');
  assert.deepEqual(publishers[2].closedWith, []);
  const form = 'overS=600&ids[0]=3';
  assert.deepEqual(uuids(await api.json({ method: 'POST', url, as: root, form }, 202)), [THREE]);
  assert.deepEqual(uuids(await api.json({ url, as: bob })), []);
});

test('restarts: nobody, lives of others, lives that are none, and bad times are refused, and nothing is planned', async (t) => {
  const { api, root, bob } = await open(t);
  const post = (as: string | undefined, body: object) =>
    ({ method: 'POST', url, body, ...(as === undefined ? {} : { as }) }) as const;
  for (const method of ['GET', 'POST', 'DELETE'] as const) await api.json({ method, url }, 401);
  await api.json(post(bob, { ids: [ONE, THREE], overS: 60 }), 403);
  await api.json(post(root, { ids: [ONE, liveRecord(9).videoUuid], overS: 60 }), 404);
  for (const body of [{}, { overS: -1 }, { overS: 86_401 }, { overS: 'soon' }, { overS: 1, ids: [] }, { overS: 1, ids: ['x'] }]) {
    const { 'invalid-params': invalid } = await api.json(post(root, body), 400);
    assert.ok(Object.keys(invalid).length > 0, JSON.stringify(body));
  }
  assert.deepEqual(await api.json({ url, as: root }), { total: 0, data: [] });
});

test('restarts stand in the OpenAPI document', async (t) => {
  const api = await ApiHarness.open(t);
  const { paths } = await api.json({ url: '/openapi.json' });
  assert.deepEqual(Object.keys(paths[`/api/v1${url}`]).sort(), ['delete', 'get', 'post']);
});
