import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiHarness } from '../support/api.ts';

type Who = 'visitor' | 'other' | 'owner' | 'moderator' | 'root';
const WHO: readonly Who[] = ['visitor', 'other', 'owner', 'moderator', 'root'];

/** Status for visitor, other user, owner, moderator, root. */
type Row = readonly [number, number, number, number, number];
const SEE: Readonly<Record<number, Row>> = {
  1: [200, 200, 200, 200, 200],
  2: [200, 200, 200, 200, 200],
  3: [401, 403, 200, 200, 200],
  4: [401, 200, 200, 200, 200],
};
const UNLISTED_BY_NUMBER: Row = [401, 403, 200, 200, 200];
const MANAGE: Row = [401, 403, 204, 204, 204];
const LIST_SESSIONS: Row = [401, 403, 200, 200, 200];

async function withEveryone(api: ApiHarness) {
  const owner = await api.addUser('owner');
  const tokens: Record<Who, string | null> = {
    visitor: null,
    other: (await api.addUser('other')).token,
    owner: owner.token,
    moderator: (await api.addUser('moderator', 1)).token,
    root: await api.signIn(),
  };
  const statuses = async (
    call: { method?: 'GET' | 'PUT' | 'DELETE' | 'POST'; url: string; body?: object },
    expected: Row,
    about: string,
  ) => {
    const got: number[] = [];
    for (const who of WHO) {
      const as = tokens[who];
      const answer = await api.call({ ...call, ...(as === null ? {} : { as }) });
      if (answer.statusCode >= 400) assert.match(String(answer.headers['content-type']), /^application\/problem\+json/);
      got.push(answer.statusCode);
    }
    assert.deepEqual(got, expected, about);
  };
  return { owner, tokens, statuses };
}

test('who may see a live, its replay and its session, by privacy', async (t) => {
  const api = await ApiHarness.open(t);
  const { owner, statuses } = await withEveryone(api);
  for (const privacy of [1, 2, 3, 4]) {
    const live = await api.addLive(owner.token, { channelId: owner.channelId, privacy, saveReplay: true });
    const id = `01900000-0000-7000-8000-00000000000${privacy}`;
    await api.addSession(live.uuid, { id, startedAt: new Date(0), endedAt: new Date(1000), replayPrivacy: privacy });
    for (const url of [`/videos/${live.uuid}`, `/videos/live/${live.shortUUID}`, `/videos/${id}`, `/videos/${id}/live-session`]) {
      await statuses({ url }, SEE[privacy], `${url} of privacy ${privacy}`);
    }
    const byNumber = privacy === 2 ? UNLISTED_BY_NUMBER : SEE[privacy];
    await statuses({ url: `/videos/${live.id}` }, byNumber, `by number, privacy ${privacy}`);
    await statuses({ url: `/videos/live/${live.id}` }, byNumber, `live by number, privacy ${privacy}`);
  }
});

test('the stream key is for the owner and for moderators', async (t) => {
  const api = await ApiHarness.open(t);
  const { owner, tokens } = await withEveryone(api);
  const live = await api.addLive(owner.token, { channelId: owner.channelId });
  const told = String(api.door.take()[0]['streamKey']);
  for (const who of WHO) {
    const as = tokens[who];
    const answer = await api.call({ url: `/videos/live/${live.id}`, ...(as === null ? {} : { as }) });
    const mayKnow = who !== 'visitor' && who !== 'other';
    assert.equal(answer.body.includes(told), mayKnow, who);
    assert.equal('rtmpUrl' in answer.json(), mayKnow, who);
  }
  for (const url of ['/videos?include=1', '/users/me/videos', `/videos/${live.id}`]) {
    assert.ok(!(await api.call({ url, as: tokens.root! })).body.includes(told), url);
  }
});

test('who may change, who may delete, who may list sessions', async (t) => {
  const api = await ApiHarness.open(t);
  const { owner, tokens, statuses } = await withEveryone(api);
  const live = await api.addLive(owner.token, { channelId: owner.channelId });
  await statuses({ method: 'PUT', url: `/videos/live/${live.id}`, body: { dvrWindow: 1 } }, MANAGE, 'settings');
  await statuses({ method: 'PUT', url: `/videos/${live.id}`, body: { name: 'New name' } }, MANAGE, 'video');
  await statuses({ url: `/videos/live/${live.id}/sessions` }, LIST_SESSIONS, 'sessions');
  for (const who of WHO) {
    const { id } = await api.addLive(owner.token, { channelId: owner.channelId });
    const as = tokens[who];
    const answer = await api.call({ method: 'DELETE', url: `/videos/${id}`, ...(as === null ? {} : { as }) });
    assert.equal(answer.statusCode, MANAGE[WHO.indexOf(who)], who);
  }
});

test('who may make a live in a channel, and move a video there', async (t) => {
  const api = await ApiHarness.open(t);
  const { owner, tokens, statuses } = await withEveryone(api);
  const body = { channelId: owner.channelId, name: 'A live' };
  await statuses({ method: 'POST', url: '/videos/live', body }, [401, 403, 200, 200, 200], 'create');
  const live = await api.addLive(owner.token, { channelId: owner.channelId });
  await api.json({ method: 'PUT', url: `/videos/${live.id}`, as: owner.token, body: { channelId: 1 } }, 403);
  await api.json({ method: 'PUT', url: `/videos/${live.id}`, as: tokens.root!, body: { channelId: 1 } }, 403);
});

test('who sees what in lists', async (t) => {
  const api = await ApiHarness.open(t);
  const { owner, tokens, statuses } = await withEveryone(api);
  for (const privacy of [1, 2, 3, 4]) {
    const live = await api.addLive(owner.token, { channelId: owner.channelId, privacy });
    await api.database.query('update videos set state = 1 where id = $1', [live.id]);
  }
  const privacies = async (who: Who, url: string): Promise<number[]> => {
    const as = tokens[who];
    const { data } = await api.json({ url, ...(as === null ? {} : { as }) });
    return (data as { privacy: { id: number } }[]).map((row) => row.privacy.id).sort((a, b) => a - b);
  };
  for (const who of WHO) {
    const listed = who === 'visitor' ? [1] : [1, 4];
    assert.deepEqual(await privacies(who, '/videos'), listed, who);
    assert.deepEqual(await privacies(who, '/video-channels/owner_channel/videos'), listed, who);
  }
  const all = 'privacyOneOf=1&privacyOneOf=2&privacyOneOf=3&privacyOneOf=4';
  assert.deepEqual(await privacies('root', `/videos?${all}`), [1, 2, 3, 4]);
  assert.deepEqual(await privacies('owner', '/users/me/videos'), [1, 2, 3, 4]);
  assert.deepEqual(await privacies('owner', '/users/me/videos?privacyOneOf=3'), [3]);
  await statuses({ url: `/videos?${all}` }, [401, 403, 403, 200, 200], 'all privacies');
  await statuses({ url: '/videos?include=1' }, [401, 403, 403, 200, 200], 'all states');
  await statuses({ url: `/video-channels/owner_channel/videos?${all}` }, [401, 403, 200, 200, 200], 'all privacies of a channel');
});

test('a token that is no good is refused even where none is needed', async (t) => {
  const api = await ApiHarness.open(t);
  for (const url of ['/videos', '/videos/1', '/videos/live/1', '/video-channels/root_channel/videos', '/users/me']) {
    assert.equal((await api.json({ url, as: 'nonsense' }, 401)).code, 'invalid_token', url);
  }
});
