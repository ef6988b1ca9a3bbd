import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { countFrames, decodeWarnings } from '../support/decode.ts';
import { FfmpegPublisher } from '../support/ffmpeg-publisher.ts';
import { messageHeader, RawRtmp } from '../support/raw-rtmp.ts';
import { Server } from '../support/server.ts';
import { ServerApi } from '../support/server-api.ts';
import { requireTool } from '../support/tools.ts';
import { eachOf, until } from '../support/until.ts';

const MIB = 1024 * 1024;
const COMMAND = 20;
const VIDEO = 9;
/** How much the server's memory may grow over all that: buffers of sockets and garbage not yet collected, but nothing that was claimed. */
const GROWTH_BYTES = 48 * MIB;

/** What a peer does, and the reason it is closed with. */
interface Case {
  readonly name: string;
  readonly reason: string;
  readonly act: (peer: RawRtmp) => void | Promise<unknown>;
}

const CASES: readonly Case[] = [
  { name: 'garbage in place of a handshake', reason: 'bad_handshake', act: (peer) => peer.write(noise(4096, 0x47)) },
  {
    name: 'a web browser',
    reason: 'bad_handshake',
    act: (peer) => peer.write(Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')),
  },
  { name: 'half a handshake', reason: 'handshake_timeout', act: (peer) => peer.write(noise(800, 3)) },
  { name: 'silence', reason: 'handshake_timeout', act: () => {} },
  { name: 'a handshake, then silence', reason: 'publish_timeout', act: (peer) => peer.shakeHands() },
  {
    name: 'a chunk of a stream that was never begun',
    reason: 'chunk_without_header',
    act: afterHandshake(() => Buffer.from([0xc7, 1, 2, 3])),
  },
  { name: 'a message of an unknown type', reason: 'unknown_message_type', act: afterHandshake(() => messageHeader(3, 99, 10)) },
  { name: 'a command of 16 MiB', reason: 'message_too_long', act: afterHandshake(() => messageHeader(3, COMMAND, 16 * MIB - 1)) },
  {
    name: 'a video frame of 16 MiB',
    reason: 'message_too_long',
    act: afterHandshake(() => messageHeader(4, VIDEO, 16 * MIB - 1)),
  },
  {
    name: 'messages of 10 GB in all, begun and not ended',
    reason: 'too_many_chunk_streams',
    act: afterHandshake(() =>
      Buffer.concat(Array.from({ length: 1250 }, (_, i) => [messageHeader(3 + i, VIDEO, 8 * MIB), Buffer.alloc(128)]).flat()),
    ),
  },
  {
    name: 'more commands than are kept, begun and not ended',
    reason: 'too_much_open',
    act: afterHandshake(() =>
      Buffer.concat(Array.from({ length: 32 }, (_, i) => [messageHeader(3 + i, COMMAND, 64 * 1024), Buffer.alloc(128)]).flat()),
    ),
  },
  {
    name: 'a command that is none',
    reason: 'bad_amf',
    act: afterHandshake(() => Buffer.concat([messageHeader(3, COMMAND, 100), noise(100, 0xff)])),
  },
  {
    name: 'frames without end from one who does not publish',
    reason: 'publish_timeout',
    act: async (peer) => {
      await peer.shakeHands();
      const frame = Buffer.concat([messageHeader(4, VIDEO, 128), Buffer.alloc(128)]);
      await peer.flood(Buffer.concat(Array.from({ length: 1000 }, () => frame)));
    },
  },
];

test('bad input is closed with a reason', { timeout: 180_000 }, async (t) => {
  const ffmpeg = requireTool(t, 'ffmpeg');
  const ffprobe = requireTool(t, 'ffprobe');
  if (ffmpeg === null || ffprobe === null) return;
  const server = await Server.start(t, { RTMP_HANDSHAKE_TIMEOUT_MS: '1000', RTMP_READ_TIMEOUT_MS: '3000' });
  const api = await ServerApi.signIn(server);
  const live = await api.addLive('Untouched');
  const silenced = await api.addLive('Silenced', { reconnectWindow: 0 });
  const good = new FfmpegPublisher(t, { ffmpeg, url: live.rtmpUrl });
  await good.reached(30);
  const gone = () => server.said('publisher gone');

  /** Runs a peer until it is closed; the log must tell why, once. */
  const closes = async (t: TestContext, reason: string, run: () => unknown): Promise<void> => {
    const [lines, before] = [server.log.length, gone().length];
    await run();
    const line = await until('the log tells of it', () => gone()[before]);
    assert.equal(line.reason, reason);
    const own = server.log.slice(lines).filter(({ connection }) => connection === line.connection);
    assert.equal(own.filter((each) => each.msg === 'publisher gone').length, 1);
    assert.ok(
      own.every(({ level }) => level <= 30),
      'no warning, no stack: it is their fault',
    );
    t.diagnostic(`${reason}: ${JSON.stringify(line.detail ?? null)}`);
  };

  for (const { name, reason, act } of CASES) {
    await t.test(`${name}: ${reason}`, async (t) => {
      await closes(t, reason, async () => {
        const lines = server.log.length;
        const peer = await RawRtmp.connect(t, server.rtmpPort);
        await act(peer);
        await peer.closed;
        await until('the log tells of it', () => server.log.length > lines);
        assert.equal(server.log.length, lines + 1, 'one line in the log');
      });
    });
  }

  for (const [name, reason, url] of [
    ['a wrong key', 'unknown_key', server.rtmpUrl('00000000-0000-4000-8000-000000000000')],
    ['a wrong application', 'wrong_app', live.rtmpUrl.replace('/live/', '/vod/')],
  ] as const) {
    await t.test(`${name}: ${reason}`, async (t) => {
      const publisher = new FfmpegPublisher(t, { ffmpeg, url });
      await closes(t, reason, () => publisher.end());
      assert.equal(publisher.frames, 0, 'ffmpeg gives up');
    });
  }

  await t.test('a publisher that falls silent: read_timeout', async (t) => {
    const publisher = new FfmpegPublisher(t, { ffmpeg, url: silenced.rtmpUrl });
    await publisher.reached(30);
    await closes(t, 'read_timeout', () => publisher.freeze());
    const session = await until('its session ends', async () =>
      (await api.sessions(silenced)).find(({ endDate }) => endDate !== null),
    );
    assert.equal(session.endReason, 'timed_out');
  });

  await t.test('memory stays flat under hundreds of them', async (t) => {
    const quick = CASES.filter(({ name }) => !name.startsWith('frames without end'));
    const storm = async (count: number): Promise<void> => {
      const before = gone().length;
      await eachOf(
        Array.from({ length: count }, (_, i) => quick[i % quick.length]),
        100,
        async ({ act }) => {
          const peer = await RawRtmp.connect(t, server.rtmpPort);
          await act(peer);
          await peer.closed;
        },
      );
      await until('the log tells of all', () => gone().length === before + count);
    };
    await storm(120); // what grows once, grows now
    const before = await server.residentBytes();
    let most = before;
    const timer = setInterval(() => void server.residentBytes().then((bytes) => (most = Math.max(most, bytes))), 50);
    await storm(600).finally(() => clearInterval(timer));
    t.diagnostic(`${Math.round(before / MIB)} MiB before, at most ${Math.round(most / MIB)} MiB under 600 bad peers`);
    assert.ok(most - before < GROWTH_BYTES, `memory grew by ${Math.round((most - before) / MIB)} MiB`);
  });

  await t.test('the good stream beside is untouched', async () => {
    const sent = await good.stop();
    const session = await until('its replay', async () =>
      (await api.sessions(live)).find(({ replayVideo }) => replayVideo !== undefined),
    );
    assert.deepEqual([session.endReason, session.gaps, session.error], ['unpublished', [], null]);
    const url = api.playlistUrl(session.replayVideo!.uuid);
    assert.deepEqual(await countFrames(ffprobe, url), sent);
    assert.equal(await decodeWarnings(ffmpeg, url), '');
  });

  assert.deepEqual(
    server.log.filter(({ level }) => level >= 40),
    [],
  );
});

/** Bytes without a meaning, the same every time, behind a first one. */
function noise(count: number, first: number): Buffer {
  const bytes = Buffer.alloc(count);
  let state = 0x2545f491;
  for (let i = 0; i < count; i += 1) {
    state = Math.imul(state ^ (state >>> 15), 0x85ebca6b) + i;
    bytes[i] = state >>> 24;
  }
  bytes[0] = first;
  return bytes;
}

function afterHandshake(bytes: () => Buffer): (peer: RawRtmp) => Promise<void> {
  return async (peer) => {
    await peer.shakeHands();
    peer.write(bytes());
  };
}
