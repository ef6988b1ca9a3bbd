import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_API_LIMITS } from '../../src/api/context.ts';
import { ApiHarness } from '../support/api.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

test('a live is created, told to the room lives, and read by number, UUID and short UUID', async (t) => {
  const api = await ApiHarness.open(t);
  const token = await api.signIn();
  const startAt = '2027-01-02T03:04:05.000Z';
  const live = await api.addLive(token, {
    name: '  Camera 1  ',
    privacy: 2,
    saveReplay: true,
    replaySettings: { privacy: 3 },
    latencyMode: 3,
    dvrWindow: 600,
    schedules: [{ startAt }],
    reconnectWindow: 2.5,
    takeover: 'refuse',
    tags: ['sea', 'Harbour'],
    description: 'Over the sea',
    category: 5,
    language: 'en',
  });
  const [told, ...rest] = api.door.take();
  assert.deepEqual(rest, []);
  const streamKey = String(told['streamKey']);
  assert.match(streamKey, UUID);
  assert.deepEqual(told, {
    call: 'put',
    videoId: live.id,
    videoUuid: live.uuid,
    channelId: 1,
    ownerId: 1,
    ownerBlocked: false,
    name: 'Camera 1',
    privacy: 2,
    streamKey,
    permanent: true,
    ended: false,
    saveReplay: true,
    replayPrivacy: 3,
    reconnectWindowMs: 2500,
    takeover: 'refuse',
    latencyMode: 3,
    dvrWindowS: 600,
  });
  for (const id of [live.id, live.uuid, live.uuid.toUpperCase(), live.shortUUID]) {
    assert.deepEqual(await api.json({ url: `/videos/live/${id}`, as: token }), {
      rtmpUrl: 'rtmp://live.example:1935/live',
      rtmpsUrl: null,
      streamKey,
      permanentLive: true,
      saveReplay: true,
      replaySettings: { privacy: 3 },
      latencyMode: 3,
      dvrWindow: 600,
      schedules: [{ startAt }],
      reconnectWindow: 2.5,
      takeover: 'refuse',
    });
  }
  const video = await api.json({ url: `/videos/${live.uuid}`, as: token });
  assert.equal(video.name, 'Camera 1');
  assert.deepEqual(video.tags, ['sea', 'Harbour']);
  assert.deepEqual(video.state, { id: 4, label: 'Waiting for livestream' });
  assert.deepEqual(video.privacy, { id: 2, label: 'Unlisted' });
  assert.deepEqual(video.liveSchedules, [{ startAt }]);
  assert.equal(video.isLive, true);
});

test('the defaults of a live', async (t) => {
  const api = await ApiHarness.open(t);
  const token = await api.signIn();
  const { video } = await api.json({ method: 'POST', url: '/videos/live', as: token, body: { channelId: 1, name: 'Plain' } });
  const { streamKey: _, ...live } = await api.json({ url: `/videos/live/${video.id}`, as: token });
  assert.deepEqual(live, {
    rtmpUrl: 'rtmp://live.example:1935/live',
    rtmpsUrl: null,
    permanentLive: false,
    saveReplay: false,
    latencyMode: 1,
    dvrWindow: 3600,
    schedules: [],
    reconnectWindow: null,
    takeover: 'take_over',
  });
  const withReplay = await api.addLive(token, { saveReplay: true, privacy: 4 });
  assert.deepEqual((await api.json({ url: `/videos/live/${withReplay.id}`, as: token })).replaySettings, { privacy: 4 });
});

test('a live is created from forms too, as existing clients send them', async (t) => {
  const api = await ApiHarness.open(t);
  const as = await api.signIn();
  const form = new FormData();
  const fields = {
    channelId: '1',
    name: 'By form',
    privacy: '1',
    permanentLive: 'true',
    saveReplay: 'true',
    'replaySettings[privacy]': '2',
  };
  for (const [name, value] of Object.entries({ ...fields, dvrWindow: '60', reconnectWindow: 'null', nsfw: 'false' }))
    form.append(name, value);
  form.append('tags[0]', 'one');
  form.append('tags[1]', 'two');
  form.append('schedules[0][startAt]', '2027-01-02T03:04:05.000Z');
  const encoded = new Response(form);
  const headers = { 'content-type': encoded.headers.get('content-type')! };
  const { video } = await api.json({
    method: 'POST',
    url: '/videos/live',
    as,
    headers,
    body: Buffer.from(await encoded.arrayBuffer()),
  });
  const live = await api.json({ url: `/videos/live/${video.id}`, as });
  assert.deepEqual([live.permanentLive, live.saveReplay, live.replaySettings, live.dvrWindow], [true, true, { privacy: 2 }, 60]);
  assert.equal(live.schedules.length, 1);
  assert.deepEqual((await api.json({ url: `/videos/${video.id}`, as })).tags, ['one', 'two']);

  const urlencoded = new URLSearchParams({ ...fields, name: 'By the other form' }).toString();
  const other = await api.json({ method: 'POST', url: '/videos/live', as, form: urlencoded });
  assert.deepEqual((await api.json({ url: `/videos/live/${other.video.id}`, as })).replaySettings, { privacy: 2 });
});

const BAD: { name: string; fields: object; param: string; says: RegExp }[] = [
  { name: 'no name', fields: { name: undefined }, param: 'name', says: /got nothing/ },
  { name: 'a short name', fields: { name: 'ab' }, param: 'name', says: />=3.*got "ab"/ },
  { name: 'a long name', fields: { name: 'x'.repeat(121) }, param: 'name', says: /<=120.*121 characters/ },
  { name: 'no channel', fields: { channelId: undefined }, param: 'channelId', says: /got nothing/ },
  { name: 'an unknown channel', fields: { channelId: 545454 }, param: 'channelId', says: /No channel/ },
  { name: 'a channel that is no number', fields: { channelId: 'mine' }, param: 'channelId', says: /got "mine"/ },
  { name: 'an unknown privacy', fields: { privacy: 9 }, param: 'privacy', says: /1 public.*got 9/ },
  { name: 'privacy 5', fields: { privacy: 5 }, param: 'privacy', says: /password protected\) is not supported/ },
  { name: 'privacy 5 as text', fields: { privacy: '5' }, param: 'privacy', says: /password protected\) is not supported/ },
  {
    name: 'replays of privacy 5',
    fields: { saveReplay: true, replaySettings: { privacy: 5 } },
    param: 'replaySettings.privacy',
    says: /not supported/,
  },
  { name: 'an unknown latency mode', fields: { latencyMode: 42 }, param: 'latencyMode', says: /got 42/ },
  { name: 'too long a DVR window', fields: { dvrWindow: 3601 }, param: 'dvrWindow', says: /<=3600.*got 3601/ },
  { name: 'a DVR window below zero', fields: { dvrWindow: -1 }, param: 'dvrWindow', says: /got -1/ },
  { name: 'too many tags', fields: { tags: ['aa', 'bb', 'cc', 'dd', 'ee', 'ff'] }, param: 'tags', says: /<=5/ },
  { name: 'a tag of one letter', fields: { tags: ['a'] }, param: 'tags.0', says: />=2/ },
  { name: 'a short description', fields: { description: 'x' }, param: 'description', says: /description/ },
  { name: 'a moment that is none', fields: { schedules: [{ startAt: 'soon' }] }, param: 'schedules.0.startAt', says: /ISO 8601/ },
  { name: 'an unknown takeover', fields: { takeover: 'fight' }, param: 'takeover', says: /take_over/ },
  { name: 'too long a reconnect window', fields: { reconnectWindow: 86_401 }, param: 'reconnectWindow', says: /<=86400/ },
  {
    name: 'a scheduled update',
    fields: { scheduleUpdate: { updateAt: '2027-01-01', privacy: 1 } },
    param: 'scheduleUpdate',
    says: /not supported/,
  },
];

test('what a live cannot be: 400 that names the field, the limit and the value', async (t) => {
  const api = await ApiHarness.open(t);
  const as = await api.signIn();
  for (const { name, fields, param, says } of BAD) {
    const body = { channelId: 1, name: 'A live', ...fields };
    const problem = await api.json({ method: 'POST', url: '/videos/live', as, body }, 400);
    assert.deepEqual(Object.keys(problem['invalid-params']), [param], name);
    assert.match(problem.detail, says, name);
  }
  assert.deepEqual(api.door.take(), []);
  assert.equal((await api.json({ url: '/users/me/videos', as })).total, 1);
});

test('a picture is refused, and so is text that PostgreSQL cannot keep', async (t) => {
  const api = await ApiHarness.open(t);
  const as = await api.signIn();
  const form = new FormData();
  form.append('channelId', '1');
  form.append('name', 'A live');
  form.append('thumbnailfile', new Blob([new Uint8Array(100_000)], { type: 'image/png' }), 'thumb.png');
  const encoded = new Response(form);
  const headers = { 'content-type': encoded.headers.get('content-type')! };
  const body = Buffer.from(await encoded.arrayBuffer());
  const problem = await api.json({ method: 'POST', url: '/videos/live', as, headers, body }, 400);
  assert.deepEqual(Object.keys(problem['invalid-params']), ['thumbnailfile']);
  await api.json({ method: 'POST', url: '/videos/live', as, body: { channelId: 1, name: 'A\0live' } }, 400);
});

test('limits of lives, held also when many are made at once', async (t) => {
  const limits = { ...DEFAULT_API_LIMITS, logins: -1, livesOfInstance: 6, livesOfUser: 4 };
  const api = await ApiHarness.open(t, { limits }); // with the first live of root
  const as = await api.signIn();
  const body = { channelId: 1, name: 'One of many' };
  const answers = await Promise.all(Array.from({ length: 8 }, () => api.call({ method: 'POST', url: '/videos/live', as, body })));
  assert.equal(answers.filter((answer) => answer.statusCode === 200).length, 3);
  const refused = answers.filter((answer) => answer.statusCode === 403).map((answer) => answer.json());
  assert.equal(refused.length, 5);
  assert.deepEqual([...new Set(refused.map((problem) => problem.code))], ['max_user_lives_limit_reached']);
  const ann = await api.addUser('ann');
  const more = { channelId: ann.channelId };
  await api.addLive(ann.token, more);
  await api.addLive(ann.token, more);
  const last = await api.json({ method: 'POST', url: '/videos/live', as: ann.token, body: { ...body, ...more } }, 403);
  assert.equal(last.code, 'max_instance_lives_limit_reached');
  assert.equal(api.door.take().length, 5);
});

test('without RTMP there are no lives', async (t) => {
  const api = await ApiHarness.open(t, { rtmpPublicUrl: null });
  const as = await api.signIn();
  const body = { channelId: 1, name: 'A live' };
  assert.equal((await api.json({ method: 'POST', url: '/videos/live', as, body }, 403)).code, 'live_not_enabled');
});

test('the settings of a live are changed one by one, and told', async (t) => {
  const api = await ApiHarness.open(t);
  const as = await api.signIn();
  const live = await api.addLive(as, { saveReplay: true, replaySettings: { privacy: 3 } });
  const { streamKey } = await api.json({ url: `/videos/live/${live.id}`, as });
  api.door.take();
  const put = (body: object, status = 204) => api.json({ method: 'PUT', url: `/videos/live/${live.uuid}`, as, body }, status);
  const steps: { body: object; then: object }[] = [
    { body: {}, then: { saveReplay: true, replaySettings: { privacy: 3 } } },
    { body: { dvrWindow: 30 }, then: { dvrWindow: 30, replaySettings: { privacy: 3 } } },
    { body: { saveReplay: true }, then: { replaySettings: { privacy: 3 } } }, // without replaySettings, on a live that saves replays already
    { body: { replaySettings: { privacy: 2 } }, then: { replaySettings: { privacy: 2 } } },
    { body: { saveReplay: false }, then: { saveReplay: false, replaySettings: undefined } },
    { body: { saveReplay: true, replaySettings: { privacy: 1 } }, then: { saveReplay: true, replaySettings: { privacy: 1 } } },
    { body: { permanentLive: false, latencyMode: 2 }, then: { permanentLive: false, latencyMode: 2 } },
    {
      body: { schedules: [{ startAt: '2027-01-01T00:00:00Z' }] },
      then: { schedules: [{ startAt: '2027-01-01T00:00:00.000Z' }] },
    },
    { body: { schedules: null }, then: { schedules: [] } },
    { body: { reconnectWindow: 0, takeover: 'refuse' }, then: { reconnectWindow: 0, takeover: 'refuse' } },
    { body: { reconnectWindow: null }, then: { reconnectWindow: null, takeover: 'refuse' } },
  ];
  for (const { body, then } of steps) {
    await put(body);
    const now = await api.json({ url: `/videos/live/${live.id}`, as });
    for (const [field, value] of Object.entries(then))
      assert.deepEqual(now[field], value, `${field} after ${JSON.stringify(body)}`);
    assert.equal(now.streamKey, streamKey);
    const told = api.door.take();
    assert.equal(told.length, 1);
    assert.deepEqual([told[0].call, told[0]['streamKey'], told[0]['dvrWindowS']], ['put', streamKey, now.dvrWindow]);
  }
  const { rows } = await api.database.query<{ count: number }>('select count(*) as count from replay_settings');
  assert.equal(rows[0].count, 2); // of the two lives: none is left behind
});

test('what cannot be changed of a live', async (t) => {
  const api = await ApiHarness.open(t);
  const as = await api.signIn();
  const live = await api.addLive(as);
  const put = (body: object, status: number) => api.json({ method: 'PUT', url: `/videos/live/${live.id}`, as, body }, status);
  const bad: [object, string][] = [
    [{ saveReplay: true }, 'replaySettings.privacy'],
    [{ saveReplay: false, replaySettings: { privacy: 1 } }, 'replaySettings'],
    [{ replaySettings: { privacy: 1 } }, 'replaySettings'],
    [{ saveReplay: true, replaySettings: { privacy: 999 } }, 'replaySettings.privacy'],
    [{ latencyMode: 42 }, 'latencyMode'],
    [{ dvrWindow: 3601 }, 'dvrWindow'],
  ];
  for (const [body, param] of bad)
    assert.deepEqual(Object.keys((await put(body, 400))['invalid-params']), [param], JSON.stringify(body));

  // On air: all but what a session has begun with and lives on.
  await api.database.query('update videos set state = 1 where id = $1', [live.id]);
  await put({ saveReplay: true, replaySettings: { privacy: 1 }, dvrWindow: 10, permanentLive: true }, 204);
  assert.deepEqual(Object.keys((await put({ permanentLive: false }, 400))['invalid-params']), ['permanentLive']);
  await api.database.query('update videos set state = 5 where id = $1', [live.id]);
  assert.match((await put({ dvrWindow: 10 }, 400)).detail, /not permanent/);
  await api.json({ method: 'PUT', url: '/videos/live/999999', as, body: {} }, 404);
});

test('the sessions of a live, in pages with a true total, and the session of a replay', async (t) => {
  const api = await ApiHarness.open(t);
  const as = await api.signIn();
  const live = await api.addLive(as, { saveReplay: true });
  const ids: string[] = [];
  for (let hour = 0; hour < 5; hour += 1) {
    const id = `01900000-0000-7000-8000-00000000000${hour}`;
    const startedAt = new Date(Date.UTC(2026, 0, 1, hour));
    const endedAt = hour === 4 ? null : new Date(Date.UTC(2026, 0, 1, hour, 30));
    const gaps = hour === 0 ? [{ beganAt: Date.UTC(2026, 0, 1, 0, 10), endedAt: Date.UTC(2026, 0, 1, 0, 10, 5) }] : [];
    await api.addSession(live.uuid, { id, startedAt, endedAt, gaps, replayPrivacy: 2 });
    ids.push(id);
  }
  const list = (query: string) => api.json({ url: `/videos/live/${live.uuid}/sessions${query}`, as });
  const all = await list('');
  assert.equal(all.total, 5);
  assert.deepEqual(
    all.data.map((session: { uuid: string }) => session.uuid),
    ids,
  );
  const { id: number, ...first } = all.data[0];
  assert.ok(Number.isInteger(number));
  assert.deepEqual(first, {
    startDate: '2026-01-01T00:00:00.000Z',
    endDate: '2026-01-01T00:30:00.000Z',
    error: null,
    saveReplay: true,
    endingProcessed: true,
    replaySettings: { privacy: 2 },
    replayVideo: { id: first.replayVideo.id, uuid: ids[0], shortUUID: first.replayVideo.shortUUID },
    uuid: ids[0],
    endReason: 'unpublished',
    errorDetail: null,
    recordedBytes: 1000,
    recordedMs: 2500,
    gaps: [{ beganAt: '2026-01-01T00:10:00.000Z', endedAt: '2026-01-01T00:10:05.000Z' }],
  });
  assert.deepEqual([all.data[4].endDate, all.data[4].replayVideo, all.data[4].endingProcessed], [null, undefined, false]);
  const page = await list('?sort=-startDate&start=1&count=2');
  assert.equal(page.total, 5);
  assert.deepEqual(
    page.data.map((session: { uuid: string }) => session.uuid),
    [ids[3], ids[2]],
  );
  assert.deepEqual(await list('?start=9'), { total: 5, data: [] });
  await api.json({ url: `/videos/live/${live.uuid}/sessions?sort=name`, as }, 400);
  await api.json({ url: `/videos/live/${live.uuid}/sessions?count=101`, as }, 400);

  const ofReplay = await api.json({ url: `/videos/${ids[3]}/live-session` });
  assert.equal(ofReplay.uuid, ids[3]);
  assert.equal(ofReplay.replayVideo.id, (await api.json({ url: `/videos/${ids[3]}` })).id);
  await api.json({ url: `/videos/${live.uuid}/live-session` }, 404);
  await api.json({ url: `/videos/live/${ids[3]}`, as }, 404); // a replay is not a live
});

test('changes of one live are told in the order of their commits', async (t) => {
  const api = await ApiHarness.open(t);
  const as = await api.signIn();
  const live = await api.addLive(as);
  api.door.take();
  await Promise.all(
    Array.from({ length: 12 }, (_, n) =>
      n % 2 === 0
        ? api.json({ method: 'PUT', url: `/videos/live/${live.id}`, as, body: { dvrWindow: n } }, 204)
        : api.json({ method: 'PUT', url: `/videos/${live.id}`, as, body: { name: `Name ${n}` } }, 204),
    ),
  );
  const told = api.door.take();
  assert.equal(told.length, 12);
  const { dvrWindow } = await api.json({ url: `/videos/live/${live.id}`, as });
  const { name } = await api.json({ url: `/videos/${live.id}`, as });
  assert.deepEqual([told.at(-1)!['dvrWindowS'], told.at(-1)!['name']], [dvrWindow, name]);
});
