import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { FileSource } from '../../src/cli/file-source.ts';
import { publishOnce } from '../../src/cli/publish-once.ts';
import { RtmpListener } from '../../src/ingest/rtmp-listener.ts';
import type { PublishDoor } from '../../src/lives/door.ts';
import { parseFlvFile } from '../../src/rtmp/flv-file.ts';
import { Broadcast, liveRecord } from '../support/broadcast.ts';
import { until } from '../support/until.ts';

const SAMPLE = parseFlvFile(readFileSync(new URL('../../src/cli/sample.flv', import.meta.url)));
const LIVES = 5;
const ROUNDS = 5;
/** As where there are many publishers: sockets rest between reads, longer than an encoder takes to come back. */
const REST_MS = 300;
const PATIENT = { withinMs: 60_000 };

test('encoders that are reset and back within the same moment: each connection is a session, none is taken over', async (t) => {
  const lives = Array.from({ length: LIVES }, (_, i) => liveRecord(i + 1, { reconnectWindowMs: 0 }));
  const broadcast = await Broadcast.open(t, { lives });
  // The listener looks after its connections at the worst moment: when a newcomer has asked, and nothing has been read since. In each round it is another one's.
  let tick = (): void => {};
  let worstFor = '';
  const door: PublishDoor = {
    publish: (request, connection) => {
      const answer = broadcast.lives.publish(request, connection);
      if (request.streamKey === worstFor) tick();
      return answer;
    },
    replaces: (streamKey) => broadcast.lives.replaces(streamKey),
    refused: (code, request) => broadcast.lives.refused(code, request),
  };
  const rtmp = new RtmpListener({ host: '127.0.0.1', port: 0, door, log: broadcast.diary.log });
  Object.defineProperty(rtmp, 'restMs', { value: () => REST_MS });
  t.after(() => rtmp.close());
  const { setInterval } = globalThis;
  const mock = t.mock.method(globalThis, 'setInterval', (callback: () => void, ms: number) => setInterval((tick = callback), ms));
  await rtmp.start();
  mock.mock.restore();
  const bye = new AbortController();
  t.after(() => bye.abort());
  for (let round = 1; round <= ROUNDS; round += 1) {
    const crash = new AbortController();
    worstFor = lives[round % LIVES].streamKey;
    for (const { streamKey } of lives) {
      void publishOnce({
        url: `rtmp://127.0.0.1:${rtmp.port}/live/${streamKey}`,
        source: new FileSource(SAMPLE, { loop: true }),
        signal: bye.signal,
        crash: crash.signal,
      });
    }
    await until(
      'all have media',
      () => {
        const onAir = [...broadcast.newest().values()].filter(({ state, recordedMs }) => state === 'open' && recordedMs > 0);
        return onAir.length === LIVES && broadcast.newest().size === round * LIVES;
      },
      PATIENT,
    );
    crash.abort();
  }
  await until('the last have ended', () => broadcast.openSessions().length === 0, PATIENT);
  const sessions = [...broadcast.newest().values()];
  assert.equal(sessions.length, ROUNDS * LIVES);
  assert.deepEqual(
    sessions.filter(({ gaps, endReason }) => gaps.length > 0 || endReason !== 'disconnected'),
    [],
  );
});
