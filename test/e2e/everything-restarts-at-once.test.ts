import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { REFUSALS } from '../../src/errors.ts';
import { countFrames, decodeWarnings } from '../support/decode.ts';
import { FfmpegPublisher } from '../support/ffmpeg-publisher.ts';
import { fetchText } from '../support/http.ts';
import { Server } from '../support/server.ts';
import { ServerApi } from '../support/server-api.ts';
import type { OwnLive, SessionJson } from '../support/server-api.ts';
import { requireTool } from '../support/tools.ts';
import { eachOf, until } from '../support/until.ts';

const LIVES = 6;
const ROUNDS = 10;
/** What each publisher sends in a round at the least: 2 s. */
const ROUND_FRAMES = 60;
/** A replay is there so soon after its session's end. */
const REPLAY_WITHIN_MS = 2000;

/** What one live's publishers sent, round by round: video frames, from the least to the most that it can have been. */
type Rounds = { least: number; most: number; audio: number | null }[];

/** Six permanent lives, their publishers all stopped and all started again at one instant, ten times: what this server exists for. */
test('everything restarts at once', { timeout: 600_000 }, async (t) => {
  const ffmpeg = requireTool(t, 'ffmpeg');
  const ffprobe = requireTool(t, 'ffprobe');
  if (ffmpeg === null || ffprobe === null) return;
  const server = await Server.start(t);
  const api = await ServerApi.signIn(server);

  /** Ten rounds on new lives; gives the sessions of each live and what was sent to it. */
  const rounds = async (
    t: TestContext,
    name: string,
    fields: object,
    end: (publisher: FfmpegPublisher, round: number) => Promise<Rounds[number]>,
  ) => {
    const lives: OwnLive[] = [];
    for (let i = 0; i < LIVES; i += 1) lives.push(await api.addLive(`${name} ${i + 1}`, fields));
    const start = (): FfmpegPublisher[] => lives.map(({ rtmpUrl }) => new FfmpegPublisher(t, { ffmpeg, url: rtmpUrl }));
    const sent: Rounds[] = lives.map(() => []);
    let publishers = start();
    for (let round = 1; round <= ROUNDS; round += 1) {
      await Promise.all(publishers.map((publisher) => publisher.reached(ROUND_FRAMES)));
      const ended = await Promise.all(publishers.map((publisher) => end(publisher, round)));
      ended.forEach((each, i) => sent[i].push(each));
      if (round < ROUNDS) publishers = start();
    }
    return { lives, sent, endedAt: performance.now() };
  };

  /** The sessions of each live, once each has so many and all have their replays. */
  const settled = async (t: TestContext, lives: readonly OwnLive[], count: number, endedAt: number): Promise<SessionJson[][]> => {
    const all = await until(`${count} sessions of each live, ended, with a replay each`, async () => {
      const sessions = await eachOf(lives, LIVES, (live) => api.sessions(live));
      const done = sessions.every(
        (own) => own.length === count && own.every((session) => session.endingProcessed && session.replayVideo !== undefined),
      );
      return done ? sessions : null;
    });
    const tookMs = Math.round(performance.now() - endedAt);
    t.diagnostic(`all replays were there ${tookMs} ms after the last publisher's end`);
    assert.ok(tookMs < REPLAY_WITHIN_MS, `replays within ${REPLAY_WITHIN_MS} ms, not ${tookMs}`);
    for (const session of all.flat()) assert.equal(session.error, null);
    return all;
  };

  /** Every replay decodes without a word, to the frames that were sent. */
  const verify = async (sessions: readonly SessionJson[], expected: Rounds): Promise<void> => {
    await eachOf(sessions, 2, async (session, i) => {
      const url = api.playlistUrl(session.replayVideo!.uuid);
      const frames = await countFrames(ffprobe, url);
      const { least, most, audio } = expected[i];
      assert.ok(
        frames.video >= least && frames.video <= most,
        `${frames.video} frames of video came out, ${least} to ${most} went in: ${url}`,
      );
      if (audio !== null) assert.equal(frames.audio, audio, `audio frames of ${url}`);
      assert.equal(await decodeWarnings(ffmpeg, url), '', `what ffmpeg says of ${url}`);
    });
  };

  const undisturbed = async (): Promise<void> => {
    // A publisher that was killed may be taken over before its connection's end is seen: that is no refusal.
    const refused = server.said('publisher gone').filter(({ reason }) => reason !== 'taken_over' && String(reason) in REFUSALS);
    assert.deepEqual(refused, []);
    assert.deepEqual(
      server.log.filter((line) => line.level >= 40),
      [],
      'no warning and no error in the log',
    );
    assert.deepEqual(await server.databaseErrors(), []);
  };

  const stop = async (publisher: FfmpegPublisher): Promise<Rounds[number]> => {
    const { video, audio } = await publisher.stop();
    return { least: video, most: video, audio };
  };
  /** What it sent since its last word cannot be known; it says so ten times a second. */
  const kill = async (publisher: FfmpegPublisher): Promise<Rounds[number]> => ({ ...(await publisher.kill()), audio: null });

  await t.test('stopped cleanly: a session and a replay for each', async (t) => {
    const { lives, sent, endedAt } = await rounds(t, 'Stopped', {}, stop);
    const sessions = await settled(t, lives, ROUNDS, endedAt);
    assert.equal(sessions.flat().length, LIVES * ROUNDS);
    for (const session of sessions.flat()) assert.deepEqual([session.endReason, session.gaps.length], ['unpublished', 0]);
    await undisturbed();
    await verify(sessions.flat(), sent.flat());
  });

  await t.test('killed, with a reconnect window of 0: a session and a replay for each', async (t) => {
    const { lives, sent, endedAt } = await rounds(t, 'Killed', { reconnectWindow: 0 }, kill);
    const sessions = await settled(t, lives, ROUNDS, endedAt);
    assert.equal(sessions.flat().length, LIVES * ROUNDS);
    for (const session of sessions.flat()) assert.deepEqual([session.endReason, session.gaps.length], ['disconnected', 0]);
    await undisturbed();
    await verify(sessions.flat(), sent.flat());
  });

  await t.test('killed, with the default reconnect window: one session with nine gaps, and one replay', async (t) => {
    const { lives, sent, endedAt } = await rounds(t, 'Kept', {}, (publisher, round) =>
      round < ROUNDS ? kill(publisher) : stop(publisher),
    );
    const sessions = await settled(t, lives, 1, endedAt);
    for (const session of sessions.flat()) {
      assert.deepEqual([session.endReason, session.gaps.length], ['unpublished', ROUNDS - 1]);
      const playlist = await fetchText(api.playlistUrl(session.replayVideo!.uuid).replace('master', '0'));
      assert.equal(playlist.match(/#EXT-X-DISCONTINUITY\n/g)?.length, ROUNDS - 1);
    }
    await undisturbed();
    const sum = (own: Rounds, pick: (round: Rounds[number]) => number): number =>
      own.reduce((total, round) => total + pick(round), 0);
    await verify(
      sessions.flat(),
      sent.map((own) => ({ least: sum(own, (round) => round.least), most: sum(own, (round) => round.most), audio: null })),
    );
  });
});
