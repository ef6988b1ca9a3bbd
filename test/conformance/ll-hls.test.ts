import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { FfmpegPublisher } from '../support/ffmpeg-publisher.ts';
import { fetchBytes, fetchText, http } from '../support/http.ts';
import { parseAttributes, parsePlaylist } from '../support/playlist.ts';
import type { ListedSegment, MediaPlaylist } from '../support/playlist.ts';
import { Program } from '../support/processes.ts';
import { run } from '../support/run.ts';
import { Server } from '../support/server.ts';
import { ServerApi } from '../support/server-api.ts';
import { requireTool } from '../support/tools.ts';
import { until } from '../support/until.ts';

const FOREVER = 'public, max-age=31536000, immutable';

/** draft-pantos-hls-rfc8216bis as a player sees it, on a running server with an encoder that publishes. */
test('LL-HLS', { timeout: 240_000 }, async (t) => {
  const ffmpeg = requireTool(t, 'ffmpeg');
  if (ffmpeg === null) return;
  const server = await Server.start(t, { PLAYLIST_WINDOW_S: '15' });
  const api = await ServerApi.signIn(server);
  const live = await api.addLive('Conformance', { dvrWindow: 15 });
  const mediaUrl = live.playlistUrl.replace('master', '0');
  const at = (uri: string): string => server.url + uri;
  const load = async (query = ''): Promise<MediaPlaylist> => parsePlaylist(await fetchText(mediaUrl + query));

  await t.test('before the first broadcast there is no playlist, and it may be asked for again soon', async () => {
    for (const url of [live.playlistUrl, mediaUrl]) {
      const { status, headers } = await http(url);
      assert.equal(status, 404);
      assert.equal(headers['cache-control'], 'public, max-age=1');
      assert.equal(headers['access-control-allow-origin'], '*');
    }
  });

  let publisher = new FfmpegPublisher(t, { ffmpeg, url: live.rtmpUrl });
  await until('three segments', async () => (await load()).segments.length >= 3);

  await t.test('a blocking reload is answered just when the part is there', async () => {
    let playlist = await load();
    for (let i = 0; i < 12; i += 1) {
      const sequence = nextSequence(playlist);
      const part = playlist.open?.parts.length ?? 0;
      const asked = performance.now();
      const answer = await http(`${mediaUrl}?_HLS_msn=${sequence}&_HLS_part=${part}`);
      const waitedMs = performance.now() - asked;
      assert.equal(answer.status, 200);
      const next = parsePlaylist(answer.text);
      // A part that its segment does not have is the first of the next one (section 6.2.5.2).
      const parts = partsOf(next);
      const there = parts.findIndex((each) => each.sequence > sequence || (each.sequence === sequence && each.index >= part));
      assert.ok(there >= 0, `part ${part} of segment ${sequence}, or the first of the next, is there`);
      // It is told when it comes: where the machine is busy, the next two may be there too.
      assert.ok(
        parts.length - there <= 3,
        `${parts.length - there} parts were there when part ${part} of segment ${sequence} was told`,
      );
      assert.ok(waitedMs < 1000, `waited ${waitedMs} ms for a part of 200 ms`);
      assert.match(String(answer.headers['cache-control']), /^public, max-age=12$/, 'its answer never changes');
      playlist = next;
    }
    // A whole segment, too; and what is there already is answered at once.
    const sequence = nextSequence(playlist);
    assert.ok(nextSequence(await load(`?_HLS_msn=${sequence}`)) > sequence);
    const asked = performance.now();
    await load(`?_HLS_msn=${sequence}&_HLS_part=0`);
    assert.ok(performance.now() - asked < 200);
  });

  await t.test('the hinted part is sent when it is there', async () => {
    const { hint } = await load();
    const { status, body } = await http(at(hint!));
    assert.equal(status, 200);
    const playlist = await until('the part is listed', async () => {
      const now = await load();
      return partsOf(now).some(({ uri }) => uri === hint) ? now : null;
    });
    assert.ok(partsOf(playlist).find(({ uri }) => uri === hint)!.duration > 0);
    assert.ok(body.equals(await fetchBytes(at(hint!))));
  });

  await t.test('parts are as long as they must be, and none is missing', async () => {
    const playlist = await load();
    const { partTarget, control, targetDuration } = playlist;
    assert.equal(control['CAN-BLOCK-RELOAD'], 'YES');
    assert.ok(Number(control['PART-HOLD-BACK']) >= 3 * partTarget, 'section 4.4.3.8: at least three part targets');
    assert.ok(Number(control['CAN-SKIP-UNTIL']) >= 6 * targetDuration, 'section 4.4.3.8: at least six target durations');
    const listed = [...playlist.segments, playlist.open]
      .filter((segment) => segment !== null)
      .filter(({ parts }) => parts.length > 0);
    assert.ok(listed.length >= 3);
    for (const { parts, uri, duration, sequence } of listed) {
      parts.forEach((part, i) => {
        assert.ok(part.duration <= partTarget + 1e-9, `${part.uri}: ${part.duration} s, target ${partTarget}`);
        const last = uri !== null && i === parts.length - 1;
        assert.ok(
          last || part.duration >= 0.85 * partTarget,
          `${part.uri}: ${part.duration} s is less than 85 % of ${partTarget}`,
        );
        assert.equal(part.independent, i === 0, 'the sample has one keyframe a segment, at its start');
      });
      if (uri === null) continue;
      const sum = parts.reduce((total, part) => total + part.duration, 0);
      assert.ok(Math.abs(sum - duration) < 0.001, `segment ${sequence}: parts of ${sum} s, EXTINF ${duration}`);
    }
    for (const { duration, date } of playlist.segments) {
      assert.ok(Math.round(duration) <= targetDuration, 'section 4.4.3.1');
      assert.notEqual(date, null);
    }
    // Dates go on by the durations between them.
    playlist.segments.slice(1).forEach(({ date }, i) => {
      const { date: before, duration } = playlist.segments[i];
      assert.ok(Math.abs(date! - before! - duration * 1000) <= 2, `${date! - before!} ms after a segment of ${duration} s`);
    });
    const newest = playlist.segments.at(-1)!;
    assert.ok(Math.abs(newest.date! + newest.duration * 1000 - Date.now()) < 3000, 'dates are those of the wall clock');
  });

  await t.test('the parts of a segment, one behind the other, are its bytes', async () => {
    const segments = (await load()).segments.filter(({ parts }) => parts.length > 0);
    for (const segment of segments.slice(-3)) {
      const parts = await Promise.all(segment.parts.map(({ uri }) => fetchBytes(at(uri))));
      assert.ok(Buffer.concat(parts).equals(await fetchBytes(at(segment.uri!))), segment.uri!);
    }
  });

  await t.test('a delta update, merged, is the whole playlist', async () => {
    await until('a playlist that is long enough to be skipped', async () => (await load()).segments.length >= 14, {
      withinMs: 30_000,
    });
    let whole = await load();
    for (let i = 0; i < 3; i += 1) {
      const query = `?_HLS_msn=${nextSequence(whole)}&_HLS_part=0`;
      const [delta, full] = await Promise.all([load(`${query}&_HLS_skip=YES`), load(query)]);
      assert.ok(delta.skipped > 0, 'segments are skipped');
      assert.ok(delta.version >= 9, 'section 8: EXT-X-SKIP asks for version 9');
      assert.equal(full.skipped, 0);
      // The two may be told a part apart: what both hold must be the same.
      const boundary = delta.mediaSequence + delta.skipped;
      const old = whole.segments.filter(({ sequence }) => sequence >= delta.mediaSequence && sequence < boundary);
      assert.equal(old.length, delta.skipped, 'a player has all that is skipped');
      const merged = [...old, ...delta.segments].map(essence);
      const both = full.segments.filter(({ sequence }) => sequence >= delta.mediaSequence).map(essence);
      const common = Math.min(merged.length, both.length);
      assert.ok(common >= 13);
      assert.deepEqual(merged.slice(0, common), both.slice(0, common));
      const skippedS = Number(delta.control['CAN-SKIP-UNTIL']);
      const left = delta.segments.reduce((sum, { duration }) => sum + duration, 0) + partSeconds(delta.open);
      assert.ok(left >= skippedS - 1, `${left} s are left of a playlist that can be skipped until ${skippedS} s`);
      whole = full;
    }
  });

  await t.test('wrong directives are refused', async () => {
    const next = nextSequence(await load());
    for (const query of [
      '_HLS_part=1',
      '_HLS_msn=x',
      `_HLS_msn=${next}&_HLS_part=-1`,
      `_HLS_msn=${next + 5}`,
      `_HLS_msn=${next}&_HLS_part=500`,
      '_HLS_skip=NO',
    ]) {
      const { status, headers } = await http(`${mediaUrl}?${query}`);
      assert.equal(status, 400, query);
      assert.equal(headers['cache-control'], 'no-store', query);
    }
    // Others are for others.
    assert.equal((await http(`${mediaUrl}?token=x`)).status, 200);
  });

  await t.test('media may be kept for ever, and asked for in ranges', async () => {
    const { segments } = await load();
    const segment = segments.at(-2)!;
    for (const uri of [segment.uri!, segment.parts[1].uri, segment.map!]) {
      const whole = await http(at(uri));
      assert.equal(whole.status, 200);
      assert.equal(whole.headers['cache-control'], FOREVER);
      assert.equal(whole.headers['content-type'], 'video/mp4');
      assert.equal(whole.headers['access-control-allow-origin'], '*');
      assert.equal(Number(whole.headers['content-length']), whole.body.length);
      const etag = whole.headers.etag!;
      assert.match(etag, /^"[^"]+"$/);

      const same = await http(at(uri), { headers: { 'if-none-match': etag } });
      assert.deepEqual([same.status, same.body.length, same.headers.etag], [304, 0, etag]);
      const head = await http(at(uri), { method: 'HEAD' });
      assert.deepEqual([head.status, head.body.length, Number(head.headers['content-length'])], [200, 0, whole.body.length]);

      for (const [range, from, to] of [
        ['bytes=10-19', 10, 20],
        ['bytes=100-', 100, whole.body.length],
        ['bytes=-7', whole.body.length - 7, whole.body.length],
        [`bytes=0-${whole.body.length + 5}`, 0, whole.body.length],
      ] as const) {
        const answer = await http(at(uri), { headers: { range } });
        assert.equal(answer.status, 206, `${range} of ${uri}`);
        assert.equal(answer.headers['content-range'], `bytes ${from}-${to - 1}/${whole.body.length}`);
        assert.ok(answer.body.equals(whole.body.subarray(from, to)));
      }
      const beyond = await http(at(uri), { headers: { range: `bytes=${whole.body.length}-` } });
      assert.deepEqual([beyond.status, beyond.headers['content-range']], [416, `bytes */${whole.body.length}`]);
    }
  });

  await t.test('playlists are kept shortly, compressed for who takes it, and answered with 304', async () => {
    for (const url of [mediaUrl, live.playlistUrl]) {
      const { headers, text } = await http(url);
      assert.equal(headers['content-type'], 'application/vnd.apple.mpegurl');
      assert.equal(headers['cache-control'], 'public, max-age=1');
      assert.equal(headers['access-control-allow-origin'], '*');
      const head = await http(url, { method: 'HEAD' });
      assert.deepEqual([head.status, head.body.length], [200, 0]);
      const preflight = await http(url, {
        method: 'OPTIONS',
        headers: { origin: 'https://example.org', 'access-control-request-method': 'GET' },
      });
      assert.equal(preflight.status, 204);
      assert.match(String(preflight.headers['access-control-allow-methods']), /GET/);
      assert.equal((await http(url, { method: 'POST' })).status, 405);
      assert.ok(text.startsWith('#EXTM3U\n'));
    }
    const compressed = await until('a compressed playlist', async () => {
      const answer = await http(mediaUrl, { headers: { 'accept-encoding': 'gzip' } });
      return answer.headers['content-encoding'] === 'gzip' ? answer : null;
    });
    assert.equal(compressed.headers.vary, 'Accept-Encoding');
    assert.ok(parsePlaylist(gunzipSync(compressed.body).toString()).segments.length > 3);
    assert.equal((await http(mediaUrl)).headers['content-encoding'], undefined);
  });

  await t.test('the multivariant playlist tells what is there', async () => {
    const lines = (await fetchText(live.playlistUrl)).trim().split('\n');
    const stream = parseAttributes(lines.find((line) => line.startsWith('#EXT-X-STREAM-INF:'))!.slice(18));
    assert.match(stream.CODECS, /^avc1\.[0-9A-F]{6},mp4a\.40\.2$/i);
    assert.equal(stream.RESOLUTION, '640x360');
    assert.equal(stream['FRAME-RATE'], '30.000');
    const { segments } = await load();
    const rates = await Promise.all(
      segments.map(async ({ uri, duration }) => ((await fetchBytes(at(uri!))).length * 8) / duration),
    );
    assert.ok(Number(stream.BANDWIDTH) >= Math.max(...rates.slice(0, -1)) - 1, 'at least the peak of its segments');
    assert.ok(Number(stream.BANDWIDTH) < 1.5 * Math.max(...rates), 'measured, not guessed');
    assert.equal(lines.at(-1), '0.m3u8');
  });

  await t.test('ffmpeg plays the live edge', async () => {
    const { code, stderr } = await run(
      ffmpeg,
      ['-v', 'warning', '-nostdin', '-i', live.playlistUrl, '-t', '4', '-f', 'null', '-'],
      { timeoutMs: 30_000 },
    );
    // ffmpeg reads the init segment anew with every playlist, and wonders: so it does with every live in fragmented MP4.
    const own = /Found duplicated MOOV Atom|Last message repeated/;
    assert.deepEqual([code, stderr.split('\n').filter((line) => line !== '' && !own.test(line))], [0, []]);
  });

  await t.test('GStreamer plays the live edge', async (t) => {
    const gstreamer = requireTool(t, 'gst-launch-1.0');
    if (gstreamer === null) return;
    const read = `souphttpsrc location=${live.playlistUrl} ! hlsdemux ! qtdemux name=d`;
    const video = 'd.video_0 ! queue ! h264parse ! fakesink name=video sync=false silent=false';
    const audio = 'd.audio_0 ! queue ! aacparse ! fakesink name=audio sync=false silent=false';
    const counts = { video: 0, audio: 0 };
    const lines: string[] = [];
    const program = new Program(gstreamer, ['-v', ...[read, video, audio].join(' ').split(' ')], {
      onOut: (line) => {
        const sink = /GstFakeSink:(video|audio): last-message = chain/.exec(line)?.[1];
        if (sink === 'video' || sink === 'audio') counts[sink] += 1;
      },
      onError: (line) => lines.push(line),
    });
    t.after(() => program.end('SIGKILL'));
    // It begins a few seconds from the edge; the rest comes in real time.
    await until('6 s of video and audio', () => counts.video >= 180 && counts.audio >= 280, { withinMs: 20_000 });
    await program.end('SIGINT');
    assert.deepEqual(lines, []);
  });

  await t.test('over several sessions, numbers go on, and segments keep their URLs as replays', async () => {
    const first = await load();
    const firstUris = new Map(first.segments.map(({ uri, sequence }) => [uri, sequence]));
    await publisher.stop();
    const sequences: number[] = [];
    for (let session = 2; session <= 4; session += 1) {
      publisher = new FfmpegPublisher(t, { ffmpeg, url: live.rtmpUrl });
      await publisher.reached(75);
      const playlist = await load();
      for (const { uri, sequence } of playlist.segments) if (firstUris.has(uri)) assert.equal(firstUris.get(uri), sequence);
      sequences.push(playlist.mediaSequence);
      await publisher.stop();
      assert.equal(playlist.ended, false, 'a permanent live has no end');
    }
    assert.deepEqual(
      sequences,
      [...sequences].sort((a, b) => a - b),
    );

    // The window moves on: each discontinuity that leaves it is counted.
    const whole = await load();
    const marks = whole.segments.filter(({ discontinuity }) => discontinuity).length;
    assert.equal(whole.discontinuitySequence + marks, 3, 'one before each session but the first');
    assert.ok(whole.mediaSequence > 0, 'the window has moved');
    for (const { sequence, discontinuity, map } of whole.segments) {
      const before = whole.segments.find((segment) => segment.sequence === sequence - 1);
      const sessionOf = (segment: ListedSegment | undefined): string | undefined => segment?.uri?.split('/')[2];
      if (before !== undefined)
        assert.equal(
          discontinuity,
          sessionOf(before) !== sessionOf(whole.segments.find((segment) => segment.sequence === sequence)),
        );
      assert.notEqual(map, null);
    }

    const sessions = await until('all replays', async () => {
      const all = await api.sessions(live);
      return all.length === 4 && all.every(({ replayVideo }) => replayVideo !== undefined) ? all : null;
    });
    for (const { replayVideo } of sessions) {
      const url = api.playlistUrl(replayVideo!.uuid).replace('master', '0');
      const text = await fetchText(url);
      const replay = parsePlaylist(text);
      assert.ok(replay.ended && text.includes('#EXT-X-PLAYLIST-TYPE:VOD'));
      assert.equal((await http(url)).headers['cache-control'], 'public, max-age=60');
      for (const { duration } of replay.segments) assert.ok(Math.round(duration) <= replay.targetDuration);
      const uris = new Set(replay.segments.map(({ uri }) => uri));
      for (const { uri } of [...first.segments, ...whole.segments]) {
        if (uri?.split('/')[2] === replayVideo!.uuid) assert.ok(uris.has(uri), `${uri} is in the replay`);
      }
    }
  });
});

function nextSequence(playlist: MediaPlaylist): number {
  return playlist.mediaSequence + playlist.skipped + playlist.segments.length;
}

function partsOf(playlist: MediaPlaylist): { uri: string; duration: number; sequence: number; index: number }[] {
  const segments = playlist.open === null ? playlist.segments : [...playlist.segments, playlist.open];
  return segments.flatMap(({ parts, sequence }) => parts.map(({ uri, duration }, index) => ({ uri, duration, sequence, index })));
}

function partSeconds(segment: ListedSegment | null): number {
  return segment?.parts.reduce((sum, { duration }) => sum + duration, 0) ?? 0;
}

/** A segment without its parts, which are listed for a while only, and its map, which a delta update may leave out where it has not changed. */
function essence({ uri, sequence, duration, discontinuity, date }: ListedSegment): object {
  return { uri, sequence, duration, discontinuity, date };
}
