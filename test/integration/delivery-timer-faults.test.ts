import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { Delivery } from '../../src/delivery/delivery.ts';
import { OpenVolumes } from '../../src/delivery/open-volumes.ts';
import { BEGAN, Broadcast, liveRecord } from '../support/broadcast.ts';
import { eachTimerFault } from '../support/each-timer-fault.ts';
import { IN_MEMORY } from '../support/faulty-files.ts';
import { tripping } from '../support/faulty-timers.ts';
import type { TimerPlay } from '../support/faulty-timers.ts';
import { http } from '../support/http.ts';
import { until } from '../support/until.ts';

const FILES = { 'delivery/edge-waiters.ts': 10, 'delivery/open-volumes.ts': 10 };
const LIVE = liveRecord();
const MINUTE_MS = 60_000;

test('the timers of delivery: each throws, never comes, or comes late, and every player is answered', async (t) => {
  // What lies idle is closed by this clock.
  const realNow = performance.now.bind(performance);
  let passedMs = 0;
  performance.now = () => realNow() + passedMs;
  t.after(() => (performance.now = realNow));

  /** Players that wait for too long, until something comes, and until the server closes; a volume that nobody reads any more. */
  const play = async (timers: TimerPlay): Promise<void> => {
    const directory = mkdtempSync(join(IN_MEMORY, 'reprise-delivery-timers-'));
    const broadcast = new Broadcast(directory, BEGAN, {});
    const { lives, diary } = broadcast;
    const now = tripping(() => broadcast.nowMs);
    const delivery = new Delivery({ lives, log: diary.log, now, mayWatch: () => Promise.resolve(true) });
    const volumes = new OpenVolumes((error) => diary.log.error({ err: error }, 'delivery failed'));
    const server = createServer((request, response) => void delivery.handle(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const statuses: number[] = [];
    const { port } = server.address() as AddressInfo;
    let asked = 0;
    const ask = (sequence: number): void => {
      asked += 1;
      const url = `http://127.0.0.1:${port}/static/streaming-playlists/hls/${LIVE.videoUuid}/0.m3u8?_HLS_msn=${sequence}`;
      void http(url).then(({ status }) => statuses.push(status));
    };
    const isOpen = (path = directory): boolean => readdirSync('/proc/self/fd').some((descriptor) => isBelow(path, descriptor));
    try {
      await lives.start({ lives: [LIVE], replays: [] }, []);
      await lives.loaded;
      const publisher = await broadcast.publish();
      publisher.send(2.5);
      const { next } = broadcast.edge().timeline.segments;
      ask(next);
      await until('it waits', () => delivery.waiting === 1, { everyMs: 5 });
      broadcast.nowMs += MINUTE_MS;
      await timers.until('its time is over', () => statuses.length === 1);
      ask(next);
      await until('the next waits', () => delivery.waiting > (statuses.length === 0 ? 1 : 0), { everyMs: 5 });
      timers.comeLate();
      publisher.send(2);
      // By what has come, and not by a timer.
      await until('what it waits for is there', () => delivery.waiting === 0, { everyMs: 5 });
      const file = join(directory, 'volume');
      writeFileSync(file, 'media');
      await volumes.with(file, (descriptor) => Promise.resolve(assert.notEqual(descriptor, null)));
      assert.ok(isOpen(file));
      passedMs += MINUTE_MS;
      await timers.until('it is closed', () => !isOpen(file));
      await volumes.with(file, (descriptor) => Promise.resolve(assert.notEqual(descriptor, null)));
      timers.comeLate();
      const last = broadcast.edge().timeline.segments.next;
      ask(last);
      await until('the last waits', () => delivery.waiting === 1, { everyMs: 5 });
      publisher.end();
    } finally {
      delivery.close();
      volumes.close();
      timers.comeLate();
      await until('all are answered', () => statuses.length === asked, { everyMs: 5 });
      server.close();
      await lives.close();
      await until('no file is open', () => !isOpen(), { everyMs: 5 });
      rmSync(directory, { recursive: true });
    }
    assert.equal(asked, 3);
    assert.equal(delivery.waiting, 0);
    assert.ok(
      statuses.every((status) => status === 200 || status === 503 || status === 500),
      String(statuses),
    );
    assert.ok(diary.of('delivery failed').length <= 1);
  };

  // One after the other: what sockets set off can not be told apart.
  const cases = await eachTimerFault(t, FILES, play);
  for (const file of Object.keys(FILES)) assert.ok((cases.get(file) ?? 0) >= 3, `${file}: ${cases.get(file)} cases`);
});

function isBelow(path: string, descriptor: string): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith(path);
  } catch {
    return false; // closed meanwhile
  }
}
