import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseMediaPlaylist } from '../../src/cli/drill/playlist-reader.ts';
import { Publishers, until } from '../load/publishers.ts';
import type { Servers } from '../servers/servers.ts';

/** The same bytes at both servers: ours gives them out of a recording or its memory, the peer as a file. */
export interface MediaObject {
  readonly name: string;
  readonly bytes: number;
  readonly oursPath: string;
  readonly peerPath: string;
}

/** 18 kB of a part and 90 kB of a segment; 330 kB of a segment. */
const KBPS = [720, 2640];
const SENT_MS = 8000;
const SETTLED_MS = 500;

/** Broadcasts a little, so that there is a recording, and puts the same bytes where the peer serves them. The lives wait for their publishers then. */
export async function makeMediaObjects(servers: Servers, signal: AbortSignal): Promise<MediaObject[]> {
  const { ours } = servers;
  const streams = await ours.prepare(KBPS.length);
  const objects: MediaObject[] = [];
  for (const [i, kbps] of KBPS.entries()) {
    const publishers = await Publishers.start(kbps);
    try {
      await until(publishers.begin([streams[i]]) + SENT_MS, signal);
      await publishers.stop([streams[i]], 'abrupt');
    } finally {
      await publishers.close();
    }
    await sleep(SETTLED_MS, undefined, { signal });
    const { body } = await ours.http.ask(streams[i].playlistPath);
    const playlist = parseMediaPlaylist(body.toString());
    // The first segment is full of what a start is; the second has left the memory, and the last part has not.
    const segment = playlist?.segments[1]?.uri;
    const part = playlist?.parts.at(-2);
    if (segment === undefined || part === undefined) throw new Error('there was no media after a broadcast');
    if (i === 0) objects.push(await publishObject(servers, 'part, memory', part));
    objects.push(await publishObject(servers, 'segment, disk', segment));
  }
  return objects;
}

async function publishObject({ ours, peer }: Servers, name: string, oursPath: string): Promise<MediaObject> {
  const { status, body } = await ours.http.ask(oursPath);
  if (status !== 200) throw new Error(`${oursPath}: ${status}`);
  const file = `${body.length}.m4s`;
  if (peer !== null) await writeFile(join(peer.directory, 'files', file), body);
  return { name, bytes: body.length, oursPath, peerPath: `/files/${file}` };
}
