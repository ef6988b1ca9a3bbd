import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:http2';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { FfmpegPublisher } from '../support/ffmpeg-publisher.ts';
import { http } from '../support/http.ts';
import type { Answer, Ask } from '../support/http.ts';
import { Nginx } from '../support/nginx.ts';
import { parsePlaylist } from '../support/playlist.ts';
import type { MediaPlaylist } from '../support/playlist.ts';
import { run } from '../support/run.ts';
import { Server } from '../support/server.ts';
import { ServerApi } from '../support/server-api.ts';
import type { OwnLive } from '../support/server-api.ts';
import { requireTool } from '../support/tools.ts';
import { until } from '../support/until.ts';

const PLAYERS = 50;
/** nginx and Reprise say these of the same answer in words of their own. */
const PER_CONNECTION = ['connection', 'keep-alive', 'date', 'server', 'x-cache-status', 'transfer-encoding', 'content-length'];

/** deploy/nginx.conf in front of a running server, as players see it. */
test('nginx in front', { timeout: 240_000 }, async (t) => {
  const nginx = requireTool(t, 'nginx');
  const openssl = nginx && requireTool(t, 'openssl');
  const ffmpeg = openssl && requireTool(t, 'ffmpeg');
  const ffprobe = ffmpeg && requireTool(t, 'ffprobe');
  if (nginx === null || openssl === null || ffmpeg === null || ffprobe === null) return;
  const server = await Server.start(t, { METRICS: 'local' });
  const api = await ServerApi.signIn(server);
  const [live, secret, shy] = await Promise.all([
    api.addLive('Everybody'),
    api.addLive('Owner', { privacy: 3 }),
    api.addLive('Not for long'),
  ]);
  for (const { rtmpUrl } of [live, secret, shy]) new FfmpegPublisher(t, { ffmpeg, url: rtmpUrl });
  const options = { nginx, openssl, originPort: server.httpPort };
  const front = await Nginx.start(t, options);
  // The configuration that is shipped with other times: minutes are a second, and players wait for each other however busy the machine is.
  const changes = [
    ['proxy_cache_valid 200 10m;', 'proxy_cache_valid 200 1s;'],
    ['proxy_cache_lock_timeout 220ms;', 'proxy_cache_lock_timeout 20s;'],
  ] as const;
  const retimed = await Nginx.start(t, { ...options, changes });

  const atOrigin = (path: string, ask?: Ask): Promise<Answer> => http(server.url + path, ask);
  const atFront = (path: string, ask?: Ask): Promise<Answer> => http(front.url + path, { ...ask, ca: front.ca });
  const atRetimed = (path: string, ask?: Ask): Promise<Answer> => http(retimed.url + path, { ...ask, ca: retimed.ca });
  const asOwner = { headers: { authorization: `Bearer ${api.token}` } };
  const path = playlistPath(live);
  const load = async (of = path, ask?: Ask): Promise<MediaPlaylist> => parsePlaylist((await atOrigin(of, ask)).text);
  for (const each of [live, secret, shy]) {
    await until(
      'three segments of all lives',
      async () => (await load(playlistPath(each), asOwner)).segments.filter(({ uri }) => uri !== null).length >= 3,
      { withinMs: 30_000 },
    );
  }
  /** Requests that the server has answered. */
  const count = async (...kinds: string[]): Promise<number> => {
    const { text } = await atOrigin('/metrics');
    const counts = kinds.map((kind) => new RegExp(`reprise_player_requests_total\\{kind="${kind}"\\} (\\d+)`).exec(text)?.[1]);
    return counts.reduce((sum, each) => sum + Number(each), 0);
  };

  await t.test('media comes from the cache, and is what the server sent', async () => {
    const { segments } = await load();
    const uris = [
      segments[0].map!,
      segments[0].uri!,
      ...segments
        .at(-1)!
        .parts.slice(0, 2)
        .map(({ uri }) => uri),
    ];
    for (const uri of uris) {
      const own = await atOrigin(uri);
      const first = await atFront(uri);
      assert.deepEqual([first.status, first.headers['x-cache-status']], [200, 'MISS'], uri);
      const before = await count('segment', 'part', 'replay');
      for (let i = 0; i < 5; i += 1) {
        const again = await atFront(uri);
        assert.deepEqual([again.status, again.headers['x-cache-status']], [200, 'HIT'], uri);
        assert.ok(again.body.equals(own.body), uri);
        assert.deepEqual(essence(again), essence(own), uri);
        assert.equal(Number(again.headers['content-length']), own.body.length);
      }
      assert.equal((await atFront(`${uri}?anything`)).headers['x-cache-status'], 'HIT', 'media has no query');
      assert.equal(await count('segment', 'part', 'replay'), before, 'the server was not asked');
    }
    const keys = await front.cachedKeys();
    for (const uri of uris) assert.ok(keys.includes(uri), `${uri} is in the cache`);
  });

  await t.test('ranges, conditions and HEAD, of what is in the cache and of what comes into it', async () => {
    const { segments } = await load();
    const uri = segments[1].uri!;
    const { body, headers } = await atOrigin(uri);
    const { length } = body;
    for (const expected of ['MISS', 'HIT']) {
      const first = await atFront(uri, { headers: { range: 'bytes=10-19' } });
      assert.deepEqual([first.status, first.headers['x-cache-status']], [206, expected]);
      assert.equal(first.headers['content-range'], `bytes 10-19/${length}`);
      assert.ok(first.body.equals(body.subarray(10, 20)));
    }
    const before = await count('segment', 'replay');
    for (const [range, from] of [
      ['bytes=100-', 100],
      ['bytes=-7', length - 7],
      [`bytes=0-${length + 5}`, 0],
    ] as const) {
      const answer = await atFront(uri, { headers: { range } });
      assert.deepEqual([answer.status, answer.headers['content-range']], [206, `bytes ${from}-${length - 1}/${length}`]);
      assert.ok(answer.body.equals(body.subarray(from)));
    }
    const beyond = await atFront(uri, { headers: { range: `bytes=${length}-` } });
    assert.deepEqual([beyond.status, beyond.headers['content-range']], [416, `bytes */${length}`]);
    const several = await atFront(uri, { headers: { range: 'bytes=0-1,4-5' } });
    assert.ok(several.status === 200 && several.body.equals(body), 'several ranges are the whole, as at the server');
    const etag = headers.etag!;
    for (const value of [etag, `"x", ${etag}`, `W/${etag}`]) {
      const same = await atFront(uri, { headers: { 'if-none-match': value } });
      assert.deepEqual([same.status, same.body.length, same.headers.etag], [304, 0, etag], value);
    }
    assert.equal((await atFront(uri, { headers: { range: 'bytes=0-1', 'if-range': etag } })).status, 206);
    assert.equal((await atFront(uri, { headers: { range: 'bytes=0-1', 'if-range': '"other"' } })).status, 200);
    const head = await atFront(uri, { method: 'HEAD' });
    assert.deepEqual([head.status, head.body.length, Number(head.headers['content-length'])], [200, 0, length]);
    assert.equal(await count('segment', 'replay'), before, 'the server was not asked');
  });

  await t.test(`${PLAYERS} players that wait for one playlist cost the server one request`, async () => {
    const cost = async (ask: typeof atFront, query: string): Promise<number> => {
      const before = await count('playlist');
      const answers = await Promise.all(Array.from({ length: PLAYERS }, () => ask(path + query)));
      const asked = (await count('playlist')) - before;
      for (const { status } of answers) assert.equal(status, 200);
      // Who asked the server itself may have been told of more.
      if (asked === 1) for (const { body } of answers) assert.ok(body.equals(answers[0].body));
      const own = await atOrigin(path + query);
      assert.match(String(own.headers['cache-control']), /^public, max-age=12$/);
      assert.equal(answers[0].headers['cache-control'], own.headers['cache-control']);
      return asked;
    };
    const { mediaSequence, segments } = await load();
    assert.equal(await cost(atRetimed, `?_HLS_msn=${mediaSequence + segments.length + 1}`), 1, 'the segment behind the next one');
    // With the times that are shipped, the part behind the last one. It may come later than players wait for each other: then they ask the server. Not always.
    const costs: number[] = [];
    while (costs.length < 20 && !costs.includes(1)) {
      const now = await load();
      const query = `?_HLS_msn=${now.mediaSequence + now.segments.length}&_HLS_part=${now.open?.parts.length ?? 0}`;
      costs.push(await cost(atFront, query));
    }
    assert.ok(costs.includes(1), `requests for ${PLAYERS} players, by round: ${costs.join(', ')}`);
  });

  await t.test('blocking reloads are answered when the part is there, and playlists are kept as they say', async () => {
    let { mediaSequence, segments, open } = parsePlaylist((await atFront(path)).text);
    for (let i = 0; i < 12; i += 1) {
      const [sequence, part] = [mediaSequence + segments.length, open?.parts.length ?? 0];
      const { status, text } = await atFront(`${path}?_HLS_msn=${sequence}&_HLS_part=${part}&_HLS_skip=YES`);
      assert.equal(status, 200);
      const next = parsePlaylist(text);
      const newest = next.mediaSequence + next.skipped + next.segments.length;
      assert.ok(
        newest > sequence || (newest === sequence && (next.open?.parts.length ?? 0) > part),
        'what was waited for is there',
      );
      ({ mediaSequence, segments, open } = await load());
    }
    const [plain, gzip] = [await atFront(path), await atFront(path, { headers: { 'accept-encoding': 'gzip, br' } })];
    assert.deepEqual([plain.headers['content-encoding'], gzip.headers['content-encoding']], [undefined, 'gzip']);
    assert.deepEqual([plain.headers['cache-control'], gzip.headers['cache-control']], Array(2).fill('public, max-age=1'));
    for (const { headers } of [plain, gzip]) assert.equal(headers.vary, 'Accept-Encoding');
    parsePlaylist(plain.text);
    // The very bytes, where the same playlist can be had from both: the answer to a blocking reload.
    const query = `?_HLS_msn=${mediaSequence + segments.length}&_HLS_part=0`;
    const kept = await atFront(path + query, { headers: { 'accept-encoding': 'gzip' } });
    const unzipped = await atFront(path + query);
    assert.ok(gunzipSync(kept.body).equals(unzipped.body));
    assert.equal(unzipped.headers['x-cache-status'], 'HIT', 'one answer for both');
    assert.equal((await atFront(`${path}${query}&x=1`)).headers['x-cache-status'], 'HIT', 'no other query counts');
    const same = await atFront(path + query, { headers: { 'if-none-match': String(kept.headers.etag) } });
    assert.equal(same.status, 304);
    const wrong = await atFront(`${path}?_HLS_msn=99999999`);
    assert.deepEqual([wrong.status, wrong.headers['cache-control']], [400, 'no-store']);
    assert.ok(
      (await front.cachedKeys()).every((key) => !key.includes('99999999')),
      'what is refused is not kept',
    );
    assert.equal((await atFront(`${path}?_HLS_msn=99999999`)).headers['x-cache-status'], 'MISS');
  });

  await t.test('what only some may see is never kept, nor given to others', async () => {
    const { segments } = await load(playlistPath(secret), asOwner);
    const paths = [playlistPath(secret), segments[0].map!, segments[0].uri!, segments.at(-1)!.parts[0].uri];
    for (const each of paths) {
      for (let i = 0; i < 2; i += 1) {
        assert.equal((await atFront(each)).status, 403, each);
        assert.equal((await atFront(each, { headers: { authorization: 'Bearer other' } })).status, 403, each);
        const yes = await atFront(each, asOwner);
        assert.equal(yes.status, 200, each);
        assert.match(String(yes.headers['cache-control']), /^private/);
        assert.equal(yes.headers['x-cache-status'], undefined, 'it went past the cache');
      }
      assert.equal((await atFront(each)).status, 403, each);
    }
    const range = await atFront(paths[2], { headers: { ...asOwner.headers, range: 'bytes=0-9' } });
    assert.deepEqual([range.status, range.body.length], [206, 10]);
    const keys = await front.cachedKeys();
    const [, , sessionId] = paths[2].split('/');
    assert.ok(keys.length > 5);
    assert.deepEqual(
      keys.filter((key) => key.includes(sessionId) || key.includes(secret.uuid)),
      [],
    );
  });

  await t.test('what is made private is given to nobody else when its ten minutes are over', async () => {
    const uri = (await load(playlistPath(shy))).segments[0].uri!;
    assert.equal((await atRetimed(uri)).headers['x-cache-status'], 'MISS');
    assert.equal((await atRetimed(uri)).headers['x-cache-status'], 'HIT');
    await until(
      'it is asked about, not sent again',
      async () => (await atRetimed(uri)).headers['x-cache-status'] === 'REVALIDATED',
    );
    await api.call('PUT', `/videos/${shy.uuid}`, { privacy: 3 });
    await until('it is refused', async () => (await atRetimed(uri)).status === 403);
    assert.equal((await atRetimed(uri, asOwner)).status, 200);
    assert.equal((await atRetimed(uri)).status, 403);
  });

  await t.test('a path that is written in another way does not stand in the way of the right one', async () => {
    const uri = (await load()).segments[2].uri!;
    const other = await atFront(uri.replace('media', 'medi%61'));
    const right = await atFront(uri);
    assert.deepEqual([other.status, right.status], [200, 200]);
    assert.ok(right.body.equals((await atOrigin(uri)).body));
  });

  await t.test('pages and the API are passed on, metrics are not, and http leads to https', async () => {
    const config = await atFront('/api/v1/config');
    assert.deepEqual(
      [config.status, config.headers['x-cache-status'], config.headers['cache-control']],
      [200, undefined, 'no-store'],
    );
    assert.equal((await atFront('/api/v1/users/me', asOwner)).status, 200);
    const page = await atFront('/');
    assert.equal(page.status, (await atOrigin('/')).status);
    assert.equal(page.headers['x-cache-status'], undefined);
    const asset = /"(\/assets\/[^"]+\.js)"/.exec(page.text)?.[1];
    // Where the pages are built.
    if (asset !== undefined) {
      const [first, again] = [await atFront(asset), await atFront(asset, { headers: { 'accept-encoding': 'gzip' } })];
      assert.deepEqual([first.headers['x-cache-status'], again.headers['x-cache-status']], ['MISS', 'HIT']);
      assert.ok(gunzipSync(again.body).equals(first.body) && first.body.equals((await atOrigin(asset)).body));
    }
    assert.equal((await atFront('/metrics')).status, 404);
    const away = await http(`${front.httpUrl}${path}?_HLS_msn=1`);
    assert.deepEqual([away.status, away.headers.location], [308, `https://127.0.0.1${path}?_HLS_msn=1`]);
    const origin = { origin: 'https://example.org', 'access-control-request-method': 'GET' };
    const preflight = await atFront(path, { method: 'OPTIONS', headers: origin });
    assert.deepEqual([preflight.status, preflight.headers['access-control-allow-origin']], [204, '*']);
    assert.equal((await atFront('/media/../api/v1/users/me')).status, 401);
    assert.equal((await atFront('/media/nothing')).headers['cache-control'], 'public, max-age=1');
  });

  await t.test('HTTP/2', async () => {
    const session = connect(front.url, { ca: front.ca });
    const request = session.request({ ':path': path });
    const [headers] = (await once(request, 'response')) as [Record<string, unknown>];
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    session.close();
    assert.equal(headers[':status'], 200);
    parsePlaylist(Buffer.concat(chunks).toString());
  });

  await t.test('ffprobe plays it', async () => {
    const url = front.url + path.replace('0.m3u8', 'master.m3u8');
    const words = ['-v', 'error', '-show_entries', 'stream=codec_name', '-of', 'csv=p=0', url];
    const { code, stdout } = await run(ffprobe, words, { timeoutMs: 30_000 });
    assert.equal(code, 0);
    for (const codec of ['h264', 'aac']) assert.ok(stdout.includes(codec), stdout);
  });

  await t.test('while the server is away, the cache still gives what it has, and others can read that it is away', async () => {
    const uri = (await load()).segments.at(-1)!.uri!;
    const { body } = await atFront(uri);
    assert.equal((await atRetimed(uri)).status, 200);
    await server.stop();
    const old = await until('its minutes are over', async () => {
      const answer = await atRetimed(uri);
      return answer.headers['x-cache-status'] === 'HIT' ? null : answer;
    });
    assert.deepEqual([old.status, old.headers['x-cache-status']], [200, 'STALE']);
    const kept = await atFront(uri);
    assert.deepEqual([kept.status, kept.headers['access-control-allow-origin']], [200, '*']);
    assert.ok(kept.body.equals(body));
    const lost = await atFront(`${path}?_HLS_msn=88888888`);
    assert.deepEqual([lost.status, lost.headers['access-control-allow-origin']], [502, '*']);
  });
});

function playlistPath(live: OwnLive): string {
  return new URL(live.playlistUrl).pathname.replace('master', '0');
}

/** Headers that say something of the content. */
function essence({ headers }: Answer): object {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !PER_CONNECTION.includes(name)));
}
