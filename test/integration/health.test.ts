import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Authenticator } from '../../src/api/authenticator.ts';
import type { Health } from '../../src/api/contract.ts';
import { createApi } from '../../src/api/server.ts';
import { Database } from '../../src/database/database.ts';
import { Pulse } from '../../src/database/pulse.ts';
import { RtmpListener } from '../../src/ingest/rtmp-listener.ts';
import { createLog } from '../../src/log.ts';
import { volumeFile } from '../../src/recording/layout.ts';
import { DoorDiary, TEST_SETTINGS } from '../support/api.ts';
import { Broadcast, liveRecord } from '../support/broadcast.ts';
import { withPostgres } from '../support/postgres.ts';
import { until } from '../support/until.ts';

const log = createLog('silent');

test('health: ok; degraded without a database and with a recording that fails; down when publishers are not let in', async (t) => {
  const { postgres } = await withPostgres(t);
  const database = await Database.open({ connection: { ...postgres.connection }, log });
  t.after(() => database.close());
  const broadcast = await Broadcast.open(t);
  const rtmp = new RtmpListener({ host: '127.0.0.1', port: 0, door: broadcast.lives, log });
  await rtmp.start();
  t.after(() => rtmp.close());
  const pulse = new Pulse({ ask: () => database.health(), freshMs: 0 });
  const receiving = (): boolean => rtmp.receiving;
  const ledger = { pending: 0, degraded: false };
  const app = await createApi({
    database,
    lives: new DoorDiary(),
    authenticator: new Authenticator(database),
    health: {
      receiving,
      read: async () => ({ receiving: receiving(), database: await pulse.read(), ledger, lives: broadcast.lives.count() }),
    },
    settings: TEST_SETTINGS,
    log,
  });
  t.after(() => app.close());
  const ask = async (path = ''): Promise<[number, Health]> => {
    const answer = await app.inject(`/api/v1/health${path}`);
    return [answer.statusCode, answer.json<Health>()];
  };

  const publisher = await broadcast.publish();
  publisher.send(1);
  const [code, well] = await ask();
  assert.equal(code, 200);
  assert.partialDeepStrictEqual(well, {
    status: 'ok',
    database: { ok: true },
    lives: { count: 1, onAir: 1 },
    recordingsFailing: 0,
  });

  publisher.end('disconnected');
  symlinkSync('/dev/full', join(broadcast.recordingDirectory(publisher.sessionId), volumeFile(2)));
  await publisher.ask(liveRecord().streamKey);
  publisher.send(1);
  const [, failing] = await until('the recording fails', async () => {
    const answer = await ask();
    return answer[1].recordingsFailing > 0 ? answer : undefined;
  });
  assert.partialDeepStrictEqual(failing, { status: 'degraded', database: { ok: true }, recordingsFailing: 1 });
  publisher.end();

  await postgres.close();
  assert.equal(broadcast.lives.count().recordingsFailing, 0, 'over with its session');
  const [away, without] = await ask();
  assert.equal(away, 200, 'publishers and viewers go on');
  assert.partialDeepStrictEqual(without, { status: 'degraded', database: { ok: false } });
  assert.deepEqual(await ask('/ready'), [200, { status: 'ok' }], 'broadcasts do without the database');

  const closing = rtmp.close();
  await until('it is down', async () => (await ask())[0] === 503);
  assert.deepEqual(await ask('/ready'), [503, { status: 'down' }]);
  assert.deepEqual(await ask('/live'), [200, { status: 'ok' }]);
  await closing;
});
