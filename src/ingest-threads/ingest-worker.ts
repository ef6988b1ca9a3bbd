import { parentPort, workerData } from 'node:worker_threads';
import { RtmpListener } from '../ingest/rtmp-listener.ts';
import { createLog } from '../log.ts';
import { BlockPool } from '../packager/block-pool.ts';
import { Mailbox } from '../threads/mailbox.ts';
import type { ListeningMessage } from '../threads/supervised-threads.ts';
import type { FromIngest, IngestData, IngestEvent, ToIngest } from './messages.ts';
import { RemoteDoor } from './remote-door.ts';

// A thread of ingest: publishers' sockets, RTMP and packaging, on an event loop of its own. Their sessions are on the thread that has the lives.

const port = parentPort;
if (port === null) throw new Error('this is a worker thread');
const data = workerData as IngestData;
const log = createLog(data.logLevel);
/** How often the other thread is told what is counted. */
const COUNT_MS = 500;

const events = new Mailbox<IngestEvent>((all) => port.postMessage({ kind: 'events', events: all } satisfies FromIngest));
const memories = new WeakMap<ArrayBufferLike, number>();
let lastMemory = 0;
const pool = new BlockPool(
  (byteLength) => {
    const bytes = new Uint8Array(new SharedArrayBuffer(byteLength));
    lastMemory += 1;
    memories.set(bytes.buffer, lastMemory);
    events.put({ kind: 'memory', memory: lastMemory, bytes });
    return bytes;
  },
  ({ buffer }) => events.put({ kind: 'forget', memory: memories.get(buffer) ?? 0 }),
);
const door = new RemoteDoor({ ...data, events, pool, memoryOf: ({ bytes }) => memories.get(bytes.buffer) ?? 0 });
const { host, reusePort, limits } = data;
// How many may publish is for the other thread to say: it knows of all.
const listener = new RtmpListener({ host, port: data.port, reusePort, door, log, limits: { ...limits, publishers: Infinity } });

function tellCounts(): void {
  const { connectionCount: connections, turnedAwayCount: turnedAway, receivedBytes } = listener;
  events.put({ kind: 'counts', counts: { connections, turnedAway, receivedBytes } });
}

async function close(): Promise<void> {
  clearInterval(counting);
  await listener.close();
  tellCounts();
  events.flush();
  port?.close();
}

port.on('message', (message: ToIngest) => {
  if (message.kind === 'close') void close();
  else door.take(message);
});
const counting = setInterval(tellCounts, COUNT_MS);
try {
  await listener.start();
  port.postMessage({ kind: 'listening', port: listener.port } satisfies ListeningMessage);
} catch (error) {
  const { message, code } = error as NodeJS.ErrnoException;
  port.postMessage({ kind: 'cannot_listen', message, code } satisfies ListeningMessage);
}
