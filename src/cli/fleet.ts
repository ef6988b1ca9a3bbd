import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { FleetAnswer, FleetCount, FleetEnd, FleetEvent, FleetMember, FleetOrder } from './fleet/messages.ts';

export type { FleetClosed, FleetCount, FleetEnd, FleetEvent, FleetMember } from './fleet/messages.ts';

const PROCESS = join(import.meta.dirname, 'fleet/fleet-process.ts');

export interface FleetOptions {
  /** Told of each connection; events of one publisher come in order. */
  readonly onEvent: (event: FleetEvent) => void;
  /** What all send, over and over: the built-in sample, filled up to so many bits a second (see syntheticMedia), ... */
  readonly bitrate?: number | null;
  /** ... or an FLV file. */
  readonly file?: string;
}

/**
 * Many synthetic publishers in a process of their own, so that whoever measures does not starve them, nor they him. Each connection sends the same
 * media from its first frame on, in real time and over and over, so that the number of frames says what was sent. Several fleets may be had at once.
 *
 *     const fleet = await Fleet.start({ onEvent: (event) => ... });
 *     fleet.begin([{ id: 1, url: 'rtmp://127.0.0.1:1935/live/key' }], { atMs: Fleet.now() + 100 });
 *     ...
 *     await fleet.stop([1], 'clean');    // all its events have come when this resolves
 *     await fleet.close();
 */
export class Fleet {
  readonly #child: ChildProcess;
  readonly #onEvent: (event: FleetEvent) => void;
  readonly #open = new Map<number, PromiseWithResolvers<FleetCount | undefined>>();
  #orders = 0;
  #closing = false;
  /** Rejects when the process ends by itself; never resolves. */
  readonly lost: Promise<never>;

  /** Resolves when the process is there and has its media encoded. */
  static async start({ onEvent, bitrate = null, file }: FleetOptions): Promise<Fleet> {
    // A process group of its own: Ctrl-C is for the owner.
    const child = fork(PROCESS, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [], detached: true });
    const ready = Promise.withResolvers<void>();
    const fleet = new Fleet(child, onEvent, ready.resolve);
    fleet.#send({ kind: 'media', bitrate, file: file ?? null });
    await Promise.race([ready.promise, fleet.lost]);
    return fleet;
  }

  /** The clock of all times here: ms since 1970, with fractions. */
  static now(): number {
    return performance.timeOrigin + performance.now();
  }

  private constructor(child: ChildProcess, onEvent: (event: FleetEvent) => void, ready: () => void) {
    this.#child = child;
    this.#onEvent = onEvent;
    const lost = Promise.withResolvers<never>();
    this.lost = lost.promise;
    this.lost.catch(() => {});
    child.on('message', (answer: FleetAnswer) => this.#take(answer, ready));
    child.on('error', lost.reject);
    child.on('exit', (code, signal) => {
      if (this.#closing) return;
      const error = new Error(`the process of the publishers ended: ${signal ?? code}`);
      lost.reject(error);
      for (const { reject } of this.#open.values()) reject(error);
      this.#open.clear();
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** These connect in the same instant: at `atMs`, or now. With `reconnect` they come back by themselves until they are stopped. */
  begin(members: readonly FleetMember[], { atMs = Fleet.now(), reconnect = false } = {}): void {
    this.#send({ kind: 'begin', members, atMs, reconnect });
  }

  /** Ends these in the same instant; resolves when all their connections are closed and told of. */
  async stop(ids: readonly number[], how: FleetEnd): Promise<void> {
    await this.#ask((order) => ({ kind: 'stop', order, ids, how }));
  }

  /** What the fleet used and sent since the last time this was asked. */
  async count(): Promise<FleetCount> {
    const count = await this.#ask((order) => ({ kind: 'count', order }));
    if (count === undefined) throw new Error('the publishers were not counted');
    return count;
  }

  /** Ends the process; connections that are open then are cut without a word. Idempotent. */
  async close(): Promise<void> {
    this.#closing = true;
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    if (child.connected) child.disconnect();
    await ended;
  }

  async #ask(make: (order: number) => FleetOrder): Promise<FleetCount | undefined> {
    if (!this.#child.connected) return this.lost;
    const order = ++this.#orders;
    const answered = Promise.withResolvers<FleetCount | undefined>();
    this.#open.set(order, answered);
    this.#send(make(order));
    return answered.promise;
  }

  #send(order: FleetOrder): void {
    if (this.#child.connected) this.#child.send(order);
  }

  #take(answer: FleetAnswer, ready: () => void): void {
    if (answer.kind === 'ready') ready();
    else if (answer.kind === 'events') answer.events.forEach(this.#onEvent);
    else {
      this.#open.get(answer.order)?.resolve(answer.count);
      this.#open.delete(answer.order);
    }
  }
}
