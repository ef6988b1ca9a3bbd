import { connect } from 'node:net';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { RtmpClientConnection } from '../../src/rtmp/client-connection.ts';
import type { FlvTag } from '../../src/rtmp/flv-file.ts';

/** A tag, and when it is sent: ms from the start. Its timestamp may tell anything. */
export interface TimedTag extends FlvTag {
  readonly sendAtMs: number;
}

/** Publishes tags with the timestamps they have, each at its time, and says goodbye. For what no encoder can be brought to send. */
export async function publishTags(t: TestContext, url: string, tags: readonly TimedTag[]): Promise<void> {
  const { hostname, port, pathname } = new URL(url);
  const [, app, streamKey] = pathname.split('/');
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  t.after(() => socket.destroy());
  const closed = once(socket, 'close');
  let admit = (): void => {};
  let refuse = (_: Error): void => {};
  const published = new Promise<void>((resolve, reject) => {
    admit = resolve;
    refuse = reject;
  });
  const rtmp = new RtmpClientConnection({
    app,
    tcUrl: `rtmp://${hostname}:${port}/${app}`,
    streamKey,
    flashVer: 'test',
    handler: {
      write: (bytes) => void socket.write(bytes),
      published: () => admit(),
      failed: (code, description) => refuse(new Error(`${code}: ${description}`)),
    },
  });
  socket.on('error', refuse);
  socket.on('data', (bytes) => rtmp.push(bytes));
  await once(socket, 'connect');
  rtmp.start();
  await published;
  const startedAt = performance.now();
  for (let next = 0; next < tags.length;) {
    const due = performance.now() - startedAt;
    let to = next;
    while (to < tags.length && tags[to].sendAtMs <= due) to += 1;
    rtmp.writeTags(tags, next, to, 0);
    next = to;
    await sleep(10);
  }
  rtmp.unpublish();
  socket.end();
  await closed;
}
