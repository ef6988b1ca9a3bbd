import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiHarness } from '../support/api.ts';

const SESSION = '01900000-0000-7000-8000-00000000000a';
const STARTED = new Date('2026-01-01T10:00:00Z');
const ENDED = new Date('2026-01-01T10:00:03Z');

interface Row {
  name: string;
  uuid: string;
}

/** A live on air and one that waits, and a replay, all public. */
async function withVideos(api: ApiHarness, as: string) {
  const onAir = await api.addLive(as, { name: 'Harbour 100%', tags: ['Sea'] });
  await api.addSession(onAir.uuid, { id: SESSION, startedAt: STARTED, endedAt: ENDED });
  await api.addSession(onAir.uuid, {
    id: '01900000-0000-7000-8000-00000000000b',
    startedAt: new Date('2026-01-01T11:00:00Z'),
    endedAt: null,
  });
  const waiting = await api.addLive(as, { name: 'Meadow', schedules: [{ startAt: '2099-01-01T00:00:00Z' }] });
  return { onAir, waiting, replay: { uuid: SESSION } };
}

test('lists: lives on air, replays, and what waits on request', async (t) => {
  const api = await ApiHarness.open(t);
  const as = await api.signIn();
  const { onAir, waiting, replay } = await withVideos(api, as);
  const uuids = async (query: string, token?: string): Promise<string[]> => {
    const list = await api.json<{ total: number; data: Row[] }>({ url: `/videos${query}`, ...(token ? { as: token } : {}) });
    assert.equal(list.total, list.data.length);
    return list.data.map((row) => row.uuid);
  };
  assert.deepEqual(await uuids(''), [replay.uuid, onAir.uuid]); // the replay was published now, the live began in January
  assert.deepEqual(await uuids('?isLive=true'), [onAir.uuid]);
  assert.deepEqual(await uuids('?isLive=false'), [replay.uuid]);
  assert.deepEqual(await uuids('?isLive=true&includeScheduledLive=true&sort=name'), [onAir.uuid, waiting.uuid]);
  assert.equal((await uuids('?isLive=true&includeWaitingLive=true')).length, 3);
  assert.equal((await uuids('?include=1', as)).length, 4);
  assert.deepEqual(await uuids(`?replayOf=${onAir.shortUUID}`), [replay.uuid]);
  assert.deepEqual(await uuids(`?replayOf=${waiting.uuid}`), []);
  assert.deepEqual(await uuids('?search=100%25&isLive=true'), [onAir.uuid]);
  assert.deepEqual(await uuids('?search=100_'), []);
  assert.deepEqual(await uuids('?search=HARBOUR&isLive=true'), [onAir.uuid]);
  assert.deepEqual(await uuids('?tagsOneOf=sea&tagsOneOf=none&isLive=true'), [onAir.uuid]);
  assert.deepEqual(await uuids('?categoryOneOf=3'), []);
  assert.deepEqual(await uuids('?nsfw=true'), []);
  assert.equal((await uuids('?nsfw=both')).length, 2);
  assert.deepEqual(await uuids('?channelId=1&isLive=true'), [onAir.uuid]);
  assert.deepEqual(await uuids('?channelId=2'), []);
});

test('lists: order and pages', async (t) => {
  const api = await ApiHarness.open(t);
  const as = await api.signIn();
  for (const name of ['bbb', 'AAA', 'ccc']) {
    const live = await api.addLive(as, { name });
    await api.database.query('update videos set state = 1 where id = $1', [live.id]);
  }
  const names = async (query: string): Promise<string[]> =>
    (await api.json<{ data: Row[] }>({ url: `/videos?${query}` })).data.map((row) => row.name);
  assert.deepEqual(await names('sort=name'), ['AAA', 'bbb', 'ccc']);
  assert.deepEqual(await names('sort=-name'), ['ccc', 'bbb', 'AAA']);
  assert.deepEqual(await names('sort=createdAt'), ['bbb', 'AAA', 'ccc']);
  assert.deepEqual(await names(''), ['ccc', 'AAA', 'bbb']);
  assert.deepEqual(await names('sort=name&start=1&count=1'), ['bbb']);
  // counted, told by the last page, beyond it
  for (const page of ['count=0', 'count=2', 'count=3', 'start=2&count=1', 'start=2&count=5', 'start=3&count=5', 'start=9'])
    assert.equal((await api.json({ url: `/videos?${page}` })).total, 3, page);
  for (const sort of [
    'publishedAt',
    '-publishedAt',
    '-createdAt',
    'duration',
    '-views',
    '-trending',
    '-hot',
    '-best',
    'originallyPublishedAt',
    'updatedAt',
  ]) {
    assert.equal((await names(`sort=${sort}`)).length, 3, sort);
  }
  for (const query of [
    'sort=password',
    'start=-1',
    'count=101',
    'count=many',
    'isLive=maybe',
    'replayOf=7',
    'channelId=99999999999',
    'include=x',
  ]) {
    const problem = await api.json({ url: `/videos?${query}` }, 400);
    assert.deepEqual(Object.keys(problem['invalid-params']), [query.split('=')[0]], query);
    assert.equal(problem['invalid-params'][query.split('=')[0]].location, 'query');
  }
});

test('the JSON of a replay', async (t) => {
  const api = await ApiHarness.open(t);
  const as = await api.signIn();
  const { onAir } = await withVideos(api, as);
  const { id, createdAt, updatedAt, publishedAt, shortUUID, name, ...video } = await api.json({ url: `/videos/${SESSION}` });
  assert.ok(Number.isInteger(id) && createdAt && updatedAt && publishedAt && name);
  const channel = { id: 1, name: 'root_channel', displayName: 'Main root channel', host: 'live.example:9000', avatars: [] };
  assert.deepEqual(video, {
    uuid: SESSION,
    url: `http://live.example:9000/videos/watch/${SESSION}`,
    truncatedDescription: null,
    description: null,
    support: null,
    category: { id: null, label: 'Unknown' },
    licence: { id: null, label: 'Unknown' },
    language: { id: null, label: 'Unknown' },
    privacy: { id: 1, label: 'Public' },
    state: { id: 1, label: 'Published' },
    isLive: false,
    isLocal: true,
    nsfw: false,
    nsfwFlags: 0,
    nsfwSummary: null,
    duration: 3,
    aspectRatio: 1.7778,
    views: 0,
    likes: 0,
    dislikes: 0,
    comments: 0,
    tags: ['Sea'],
    embedPath: `/videos/embed/${shortUUID}`,
    thumbnailPath: null,
    previewPath: null,
    thumbnails: [],
    originallyPublishedAt: STARTED.toISOString(),
    account: {
      id: 1,
      name: 'root',
      displayName: 'root',
      url: 'http://live.example:9000/accounts/root',
      host: 'live.example:9000',
      avatars: [],
    },
    channel: { ...channel, url: 'http://live.example:9000/video-channels/root_channel', description: null, support: null },
    commentsEnabled: true,
    commentsPolicy: { id: 1, label: 'Enabled' },
    downloadEnabled: true,
    waitTranscoding: false,
    blacklisted: false,
    trackerUrls: [],
    files: [],
    replayOf: { id: onAir.id, uuid: onAir.uuid, shortUUID: onAir.shortUUID, name: 'Harbour 100%' },
    streamingPlaylists: [
      {
        id,
        type: 1,
        playlistUrl: `http://live.example:9000/static/streaming-playlists/hls/${SESSION}/master.m3u8`,
        segmentsSha256Url: null,
        trackerUrls: [],
        redundancies: [],
        files: [],
      },
    ],
  });
});

test('a public replay does not tell of the private live behind it', async (t) => {
  const api = await ApiHarness.open(t);
  const as = await api.signIn();
  const live = await api.addLive(as, { name: 'Secret place', privacy: 3 });
  await api.addSession(live.uuid, { id: SESSION, startedAt: STARTED, endedAt: ENDED });
  assert.equal((await api.json({ url: `/videos/${SESSION}` })).replayOf, undefined);
  assert.equal((await api.json({ url: `/videos/${SESSION}`, as })).replayOf.uuid, live.uuid);
});

test('a live that is not permanent becomes its replay under the same address', async (t) => {
  const api = await ApiHarness.open(t);
  const as = await api.signIn();
  const live = await api.addLive(as, { permanentLive: false, saveReplay: true });
  await api.addSession(live.uuid, { id: SESSION, startedAt: STARTED, endedAt: ENDED, permanent: false });
  const video = await api.json({ url: `/videos/${live.uuid}` });
  assert.deepEqual([video.isLive, video.state.id, video.replayOf], [false, 1, undefined]);
  assert.equal((await api.json({ url: `/videos/${live.uuid}/live-session` })).uuid, SESSION);
  api.door.take();
  await api.json({ method: 'PUT', url: `/videos/${live.uuid}`, as, body: { privacy: 3 } }, 204);
  assert.deepEqual(api.door.take(), [{ call: 'putReplay', videoUuid: live.uuid, sessionId: SESSION, privacy: 3, ownerId: 1 }]);
  await api.json({ method: 'DELETE', url: `/videos/${live.uuid}`, as }, 204);
  assert.deepEqual(api.door.take(), [{ call: 'removeReplay', videoUuid: live.uuid, sessionId: SESSION }]);
});

test('a video is changed: a live and a replay are told to the room lives', async (t) => {
  const api = await ApiHarness.open(t);
  const as = await api.signIn();
  const { onAir } = await withVideos(api, as);
  api.door.take();
  const put = (id: string, body: object, status = 204) => api.json({ method: 'PUT', url: `/videos/${id}`, as, body }, status);
  await put(onAir.shortUUID, {
    name: 'Quay',
    privacy: 4,
    description: 'Boats',
    tags: [],
    commentsEnabled: false,
    category: 3,
    nsfw: true,
  });
  const [told] = api.door.take();
  assert.deepEqual([told.call, told['name'], told['privacy'], told['videoUuid']], ['put', 'Quay', 4, onAir.uuid]);
  const video = await api.json({ url: `/videos/${onAir.id}`, as });
  assert.deepEqual([video.name, video.description, video.tags, video.nsfw, video.category.id], ['Quay', 'Boats', [], true, 3]);
  assert.deepEqual([video.commentsEnabled, video.commentsPolicy.id], [false, 2]);
  assert.equal(video.downloadEnabled, true); // as it was
  await put(onAir.uuid, { description: null, category: null });
  const cleared = await api.json({ url: `/videos/${onAir.id}`, as });
  assert.deepEqual([cleared.name, cleared.description, cleared.category.id], ['Quay', null, null]);

  api.door.take();
  await put(SESSION, { privacy: 2 });
  assert.deepEqual(api.door.take(), [{ call: 'putReplay', videoUuid: SESSION, sessionId: SESSION, privacy: 2, ownerId: 1 }]);

  for (const [body, param] of [
    [{ name: 'x' }, 'name'],
    [{ privacy: 5 }, 'privacy'],
    [{ channelId: 77 }, 'channelId'],
    [{ commentsPolicy: 4 }, 'commentsPolicy'],
    [{ originallyPublishedAt: 'never' }, 'originallyPublishedAt'],
  ] as const) {
    assert.deepEqual(Object.keys((await put(SESSION, body, 400))['invalid-params']), [param]);
  }
  await put('999999', {}, 404);
  await put('no-id', {}, 400);
});

test('a deleted live leaves its replays; a deleted replay leaves its live', async (t) => {
  const api = await ApiHarness.open(t);
  const as = await api.signIn();
  const { onAir } = await withVideos(api, as);
  const remove = (id: string, status = 204) => api.json({ method: 'DELETE', url: `/videos/${id}`, as }, status);
  api.door.take();
  await remove(onAir.uuid);
  assert.deepEqual(api.door.take(), [{ call: 'remove', videoUuid: onAir.uuid }]);
  await api.json({ url: `/videos/${onAir.uuid}`, as }, 404);
  await remove(onAir.uuid, 404);
  assert.equal((await api.json({ url: `/videos/${SESSION}`, as })).replayOf, undefined);
  await remove(SESSION);
  assert.deepEqual(api.door.take(), [{ call: 'removeReplay', videoUuid: SESSION, sessionId: SESSION }]);
  await api.json({ url: `/videos/${SESSION}`, as }, 404);
});

test('a channel and its videos', async (t) => {
  const api = await ApiHarness.open(t);
  const as = await api.signIn();
  const { onAir } = await withVideos(api, as);
  const channel = await api.json({ url: '/video-channels/root_channel' });
  assert.deepEqual([channel.id, channel.displayName, channel.ownerAccount.name], [1, 'Main root channel', 'root']);
  const list = (name: string, query = '', token?: string) =>
    api.json({ url: `/video-channels/${name}/videos${query}`, ...(token ? { as: token } : {}) });
  assert.equal((await list('root_channel')).total, 2);
  assert.equal((await list('root_channel@live.example:9000', '?isLive=true')).data[0].uuid, onAir.uuid);
  assert.equal((await list('root_channel', '?include=1', as)).total, 4);
  await api.json({ url: '/video-channels/root_channel@elsewhere.example/videos' }, 404);
  await api.json({ url: '/video-channels/none' }, 404);
});

test('my user, my videos, my disk', async (t) => {
  const api = await ApiHarness.open(t);
  const root = await api.signIn();
  const ann = await api.addUser('ann');
  const live = await api.addLive(ann.token, { channelId: ann.channelId, privacy: 3 });
  await api.addSession(live.uuid, { id: SESSION, startedAt: STARTED, endedAt: ENDED, replayPrivacy: 3 });
  const me = await api.json({ url: '/users/me', as: ann.token });
  assert.deepEqual([me.username, me.role, me.account.name], ['ann', { id: 2, label: 'User' }, 'ann']);
  assert.deepEqual(
    me.videoChannels.map((channel: { id: number; name: string }) => [channel.id, channel.name]),
    [[ann.channelId, 'ann_channel']],
  );
  assert.equal(me.passwordHash, undefined);
  const mine = await api.json({ url: '/users/me/videos?sort=-createdAt', as: ann.token });
  assert.deepEqual([mine.total, mine.data.map((row: Row) => row.uuid)], [2, [SESSION, live.uuid]]);
  assert.equal((await api.json({ url: '/users/me/videos?isLive=true', as: ann.token })).total, 1);
  assert.equal((await api.json({ url: '/users/me/videos', as: root })).total, 1);
  assert.deepEqual(await api.json({ url: '/users/me/video-quota-used', as: ann.token }), {
    videoQuotaUsed: 1000,
    videoQuotaUsedDaily: 0,
  });
});
