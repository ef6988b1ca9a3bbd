import { readFileSync } from 'node:fs';
import { killProcess } from '../../end-of-process.ts';
import { parseFlvFile } from '../../rtmp/flv-file.ts';
import { EncodedMedia } from './encoded-media.ts';
import { FleetPublisher, now } from './fleet-publisher.ts';
import type { FleetAnswer, FleetCount, FleetEvent, FleetOrder } from './messages.ts';
import { syntheticMedia } from './synthetic-media.ts';
import { TimerWheel } from './timer-wheel.ts';

/** The process of a fleet: takes orders from the one that started it, and ends with it. */

const TELL_EVERY_MS = 5;
const wheel = new TimerWheel();
const publishers = new Map<number, FleetPublisher>();
/** Their instant is still to come. */
const waiting = new Set<number>();
let media: EncodedMedia | null = null;
let events: FleetEvent[] = [];
let telling: NodeJS.Timeout | null = null;

function answer(what: FleetAnswer): void {
  if (process.connected) process.send?.(what);
}

/** A thousand events of one instant are one message. */
function flush(): void {
  if (telling !== null) clearTimeout(telling);
  telling = null;
  if (events.length > 0) answer({ kind: 'events', events });
  events = [];
}

function tell(event: FleetEvent): void {
  events.push(event);
  telling ??= setTimeout(flush, TELL_EVERY_MS);
}

function begin({ members, atMs, reconnect }: Extract<FleetOrder, { kind: 'begin' }>): void {
  for (const { id } of members) waiting.add(id);
  const start = (): void => {
    for (const member of members) {
      if (media === null || !waiting.delete(member.id)) continue;
      const publisher = new FleetPublisher(member, reconnect, media, wheel, tell);
      publishers.set(member.id, publisher);
      void publisher.done.then(() => publishers.get(member.id) === publisher && publishers.delete(member.id));
    }
  };
  setTimeout(start, Math.max(0, atMs - now()));
}

async function stop({ ids, how, order }: Extract<FleetOrder, { kind: 'stop' }>): Promise<void> {
  for (const id of ids) waiting.delete(id);
  await Promise.all(ids.map(async (id) => publishers.get(id)?.stop(how)));
  flush();
  answer({ kind: 'done', order });
}

let countedAt = performance.now();
let countedCpu = process.cpuUsage();
let countedStreamMs = 0;

function count(): FleetCount {
  const at = performance.now();
  const cpu = process.cpuUsage();
  const streamMs = media?.sentMs ?? 0;
  const found = {
    onAir: [...publishers.values()].filter(({ onAir }) => onAir).length,
    cpuMs: (cpu.user + cpu.system - countedCpu.user - countedCpu.system) / 1000,
    wallMs: at - countedAt,
    streamMs: streamMs - countedStreamMs,
    worstLateMs: wheel.takeWorstLateMs(),
  };
  [countedAt, countedCpu, countedStreamMs] = [at, cpu, streamMs];
  return found;
}

process.on('message', (order: FleetOrder) => {
  if (order.kind === 'media') {
    media = new EncodedMedia(order.file === null ? syntheticMedia(order.bitrate).file : parseFlvFile(readFileSync(order.file)));
    answer({ kind: 'ready' });
  } else if (order.kind === 'begin') begin(order);
  else if (order.kind === 'stop') void stop(order);
  else answer({ kind: 'done', order: order.order, count: count() });
});
// The owner has gone, in order or not: publishers that nobody counts have no use.
process.on('disconnect', killProcess);
