import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { countFrames, decodeWarnings } from '../support/decode.ts';
import { FfmpegPublisher } from '../support/ffmpeg-publisher.ts';
import { fetchBytes, fetchText, http } from '../support/http.ts';
import { parsePlaylist } from '../support/playlist.ts';
import { Server } from '../support/server.ts';
import { ServerApi } from '../support/server-api.ts';
import type { OwnLive, SessionJson } from '../support/server-api.ts';
import { requireTool } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { Viewer } from '../support/viewer.ts';
import type { SeenPart } from '../support/viewer.ts';

const KILLS = 4;
/** Frames of one part of the sample: 200 ms at 30 a second, and the one behind it that closes it. */
const PART_FRAMES = 7;
/** A part is listed when it is on its way to the disk; so much later it must be there. */
const WRITTEN_AFTER_MS = 50;

/** The server is killed in the middle of two broadcasts, again and again: one publisher comes back, the other does not. */
test('kill -9 costs at most one part', { timeout: 300_000 }, async (t) => {
  const ffmpeg = requireTool(t, 'ffmpeg');
  const ffprobe = requireTool(t, 'ffprobe');
  if (ffmpeg === null || ffprobe === null) return;
  const server = await Server.start(t);
  const api = await ServerApi.signIn(server);
  const leaving = await api.addLive('Its publisher does not come back', { reconnectWindow: 1 });
  const staying = await api.addLive('Its publisher comes back');
  const publish = ({ rtmpUrl }: OwnLive): FfmpegPublisher => new FfmpegPublisher(t, { ffmpeg, url: rtmpUrl });
  const viewers = { leaving: new Viewer(t, leaving.playlistUrl), staying: new Viewer(t, staying.playlistUrl) };
  let stayingSent = 0;
  const losses: number[] = [];
  const starts: number[] = [];

  /** What every viewer had been told of before the kill is there, byte for byte. */
  const allThere = async (viewer: Viewer, killedAt: number, since: number): Promise<SeenPart[]> => {
    const parts = [...viewer.parts.values()].filter(({ listedAt }) => listedAt > since && listedAt < killedAt - WRITTEN_AFTER_MS);
    assert.ok(parts.length > 3, `the viewer saw ${parts.length} parts`);
    for (const { uri, bytes } of parts) {
      const { status, body } = await http(server.url + uri);
      assert.equal(status, 200, `${uri} was listed ${WRITTEN_AFTER_MS} ms before the kill, and is there`);
      const before = await bytes;
      if (before !== null) assert.ok(before.equals(body), `${uri} has the bytes it had`);
    }
    return parts;
  };

  let since = 0;
  for (let kill = 1; kill <= KILLS; kill += 1) {
    const publishers = [publish(leaving), publish(staying)];
    await Promise.all(publishers.map((publisher) => publisher.reached(40)));
    await sleep(Math.random() * 1300); // any moment of a segment, and of a part
    const sent = publishers.map(({ frames }) => frames);
    const killedAt = performance.now();
    const killedDate = Date.now();
    await server.kill9();
    await Promise.all(publishers.map((publisher) => publisher.end()));
    starts.push(Math.round(await server.start()));

    // The one that does not come back: its session ends at what was recorded.
    const session = await until('the session that was cut off has a replay', async () => {
      const sessions = await api.sessions(leaving);
      return sessions.length === kill && sessions[kill - 1].replayVideo !== undefined ? sessions[kill - 1] : null;
    });
    assert.deepEqual([session.endReason, session.error, session.gaps], ['window_elapsed', null, []]);
    const endedBefore = killedDate - Date.parse(session.endDate!);
    assert.ok(endedBefore > -100 && endedBefore < 1000, `it ended ${endedBefore} ms before the kill`);
    const url = api.playlistUrl(session.replayVideo!.uuid);
    const frames = await countFrames(ffprobe, url);
    losses.push(sent[0] - frames.video);
    assert.ok(frames.video >= sent[0] - PART_FRAMES, `${sent[0]} frames were sent at least, ${frames.video} are there`);
    assert.equal(await decodeWarnings(ffmpeg, url), '');
    const seen = await allThere(viewers.leaving, killedAt, since);
    await inReplay(server.url, url, seen);

    // The one that comes back: its session goes on.
    await allThere(viewers.staying, killedAt, since);
    stayingSent += sent[1] - PART_FRAMES;
    since = performance.now();
  }

  const last = publish(staying);
  await last.reached(60);
  const sentLast = await last.stop();
  const session = await until('the session that went on has ended', async () => {
    const [only, ...more] = await api.sessions(staying);
    assert.equal(more.length, 0, 'one session over all');
    return only.replayVideo !== undefined ? only : null;
  });
  assert.deepEqual([session.endReason, session.error, session.gaps.length], ['unpublished', null, KILLS]);
  const url = api.playlistUrl(session.replayVideo!.uuid);
  const replay = parsePlaylist(await fetchText(url.replace('master', '0')));
  assert.equal(replay.segments.filter(({ discontinuity }) => discontinuity).length, KILLS);
  const frames = await countFrames(ffprobe, url);
  assert.ok(frames.video >= stayingSent + sentLast.video, `${frames.video} frames, of ${stayingSent + sentLast.video}`);
  assert.equal(await decodeWarnings(ffmpeg, url), '');
  await inReplay(
    server.url,
    url,
    [...viewers.staying.parts.values()].filter(({ listedAt }) => listedAt > since),
  );

  for (const viewer of Object.values(viewers)) {
    await viewer.stop();
    assert.deepEqual(viewer.wentBack, [], 'no number went back');
    for (const [uri, sequences] of viewer.segments)
      assert.equal(sequences.size, 1, `${uri} was listed as ${[...sequences].join(' and ')}`);
  }
  assert.deepEqual(await server.databaseErrors(), []);
  t.diagnostic(
    `frames lost at each kill: ${losses.join(', ')} (a part has ${PART_FRAMES - 1}); ready again after ${starts.join(', ')} ms`,
  );

  // Starting again, after a kill or an orderly end, changes nothing: only the parts of what is over are not listed one by one any more.
  const state = async (): Promise<object> => {
    const sessions: SessionJson[][] = [await api.sessions(leaving), await api.sessions(staying)];
    const replays = sessions.flat().map(({ replayVideo }) => api.playlistUrl(replayVideo!.uuid));
    const read = (url: string): Promise<string> => fetchText(url.replace('master', '0'));
    const lives = await Promise.all([leaving.playlistUrl, staying.playlistUrl].map(read));
    const listed = lives.map((text) => parsePlaylist(text).segments.map((segment) => ({ ...segment, parts: [] })));
    return { sessions, lives: listed, replays: await Promise.all(replays.map(read)) };
  };
  const before = await state();
  await server.kill9();
  await server.start();
  assert.deepEqual(await state(), before, 'after another kill');
  await server.stop();
  await server.start();
  assert.deepEqual(await state(), before, 'after an orderly end');
  assert.deepEqual(
    server.log.filter(({ level }) => level >= 50),
    [],
  );
});

/** The parts lie in the replay's segments, at the place their URIs tell. */
async function inReplay(origin: string, playlistUrl: string, parts: readonly SeenPart[]): Promise<void> {
  const { segments, ended } = parsePlaylist(await fetchText(playlistUrl.replace('master', '0')));
  assert.ok(ended);
  const ranges = await Promise.all(
    segments.map(async ({ uri }) => {
      const [, volume, start, end] = /^(.*\/)(\d+)-(\d+)\.m4s$/.exec(uri ?? '') ?? [];
      return { volume, start: Number(start), end: Number(end), bytes: await fetchBytes(origin + uri) };
    }),
  );
  for (const part of parts) {
    const [, volume, start] = /^(.*\/)(\d+)\.m4s$/.exec(part.uri) ?? [];
    const range = ranges.find((each) => each.volume === volume && each.start <= Number(start) && each.end > Number(start));
    assert.ok(range !== undefined, `${part.uri} is in the replay`);
    const bytes = await part.bytes;
    if (bytes === null) continue;
    const at = Number(start) - range.start;
    assert.ok(bytes.equals(range.bytes.subarray(at, at + bytes.length)), `${part.uri} has the same bytes in the replay`);
  }
}
