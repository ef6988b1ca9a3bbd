import { setTimeout as sleep } from 'node:timers/promises';
import type { LiveVideoSession } from '../../api/contract.ts';
import type { ApiClient, OwnLive } from './api-client.ts';
import { Fleet } from '../fleet.ts';
import type { FleetEvent } from '../fleet.ts';
import { DrillPublisher } from './drill-publisher.ts';
import { eachOf } from './each-of.ts';
import type { HttpClient } from './http-client.ts';
import type { SyntheticMedia } from '../fleet/synthetic-media.ts';
import { Viewer } from './viewer.ts';
import { World } from './world.ts';

export interface StageOptions {
  readonly http: HttpClient;
  readonly api: ApiClient;
  readonly media: SyntheticMedia;
  /** What the media was made with. */
  readonly bitrate: number | null;
  /** Where publishers connect to, when it is not what the API tells. */
  readonly rtmpUrl: () => string | null;
  /** Aborted when the drill is given up. */
  readonly signal: AbortSignal;
  /** Tells a person how it goes. */
  readonly progress: (text: string) => void;
}

/** One live of a drill, who publishes to it and who watches it. */
export interface DrillLive {
  readonly live: OwnLive;
  /** rtmp://host:port/app/key */
  readonly url: string;
  readonly publisher: DrillPublisher;
  readonly viewer: Viewer;
}

const AT_ONCE = 8;
/** A publisher is answered, and a first part there, within this time, or the drill goes on without it. */
const ANSWERED_WITHIN_MS = 30_000;
const FIRST_PART_WITHIN_MS = 30_000;
const ENDED_WITHIN_MS = 20_000;
const LOOK_AGAIN_MS = 200;
/** Looks at playlists in a second, all viewers together. */
const LOOKS_PER_SECOND = 100;
/** Lives whose first parts are waited for, which takes a viewer several requests a second; of the others, playlists are only looked at. */
const MEASURED = 50;
/** An order is with the fleet by then. */
const AHEAD_MS = 50;

/** The lives, publishers and viewers of a drill, and what is done to all of them at once. */
export class Stage {
  readonly world = new World();
  readonly firstPartMs: number[] = [];
  firstPartsMissing = 0;
  lives: DrillLive[] = [];
  readonly options: StageOptions;
  #fleet: Fleet | null = null;
  readonly #waiting: Promise<unknown>[] = [];

  constructor(options: StageOptions) {
    this.options = options;
  }

  /** Makes the lives; each saves replays and waits so long for its publisher. */
  async prepare(count: number, reconnectWindowS: number | null): Promise<void> {
    const { api, http, bitrate, rtmpUrl, signal } = this.options;
    const drill = crypto.randomUUID().slice(0, 8);
    const numbers = Array.from({ length: count }, (_, i) => i + 1);
    await eachOf(numbers, AT_ONCE, async (number) => {
      signal.throwIfAborted();
      const fields = {
        privacy: 2,
        permanentLive: true,
        saveReplay: true,
        replaySettings: { privacy: 2 },
        reconnectWindow: reconnectWindowS,
      } as const;
      const live = await api.createLive(`Drill ${drill}, live ${number}`, fields);
      const url = `${rtmpUrl() ?? live.rtmpUrl}/${live.streamKey}`;
      const everyMs = Math.max(1000, (count * 1000) / LOOKS_PER_SECOND);
      const viewer = new Viewer({ http, uuid: live.uuid, world: this.world, everyMs });
      this.lives.push({ live, url, publisher: new DrillPublisher(this.world), viewer });
    });
    const onEvent = (event: FleetEvent): void => this.lives[event.id].publisher.event(event);
    this.#fleet = await Fleet.start({ bitrate, onEvent });
  }

  /** Waits, unless the drill is given up. */
  async wait(ms: number): Promise<void> {
    await sleep(Math.max(0, ms), undefined, { signal: this.options.signal });
  }

  /** All publishers, or those, connect in the same instant, and their viewers wait for what they send. Resolves when each publisher has its answer. */
  async startAll(reconnect: boolean, those: readonly DrillLive[] = this.lives): Promise<void> {
    const atMs = Fleet.now() + AHEAD_MS;
    for (const { publisher } of those) publisher.expectAnswer();
    this.fleet.begin(
      those.map((each) => ({ id: this.lives.indexOf(each), url: each.url })),
      { atMs, reconnect },
    );
    this.expectNew(atMs - performance.timeOrigin, those);
    await this.#bounded(Promise.all(those.map(({ publisher }) => publisher.answered())), ANSWERED_WITHIN_MS);
  }

  /** All viewers wait for what the publishers send from now on, or from an instant of performance.now(). */
  expectNew(instant = performance.now(), those: readonly DrillLive[] = this.lives): void {
    const every = Math.ceil(those.length / MEASURED);
    those.forEach((each, i) => {
      if (i % every === 0) this.#expectNew(each, instant);
      else each.viewer.expectAny(each.publisher.answered());
    });
  }

  /** Resolves when the viewers have seen what they waited for, or have waited long enough. */
  async firstPartsSeen(): Promise<void> {
    await this.#bounded(Promise.all(this.#waiting.splice(0)), FIRST_PART_WITHIN_MS + 1000);
  }

  /** All publishers end in the same instant; resolves when all their connections are closed. */
  async stopAll(how: 'clean' | 'abrupt'): Promise<void> {
    await this.#fleet?.stop([...this.lives.keys()], how);
  }

  get fleet(): Fleet {
    if (this.#fleet === null) throw new Error('the publishers are not there yet');
    return this.#fleet;
  }

  /** Ends what the stage started, not in order and without a word. Idempotent. */
  async close(): Promise<void> {
    this.world.serverDown = true;
    await this.#fleet?.close();
    await this.stopWatching();
  }

  get onAir(): number {
    return this.lives.filter(({ publisher }) => publisher.onAir).length;
  }

  watch(): void {
    for (const { viewer } of this.lives) viewer.start();
  }

  async stopWatching(): Promise<void> {
    await Promise.all(this.lives.map(({ viewer }) => viewer.close()));
  }

  /** Deletes the lives and all that came of them. */
  async clear(): Promise<void> {
    const { api } = this.options;
    // Without publishers it is the same: what was made goes.
    await this.stopAll('clean').catch(() => {});
    await this.stopWatching();
    await eachOf(this.lives.splice(0), AT_ONCE, async ({ live }) => {
      const sessions = await this.#ended(live);
      for (const { replayVideo } of sessions) if (replayVideo !== undefined) await api.deleteVideo(replayVideo.uuid);
      await api.deleteVideo(live.uuid);
    });
  }

  /** The sessions of a live whose publisher has gone, when their replays are there, which takes a moment. */
  async #ended(live: OwnLive): Promise<LiveVideoSession[]> {
    const deadline = performance.now() + ENDED_WITHIN_MS;
    for (;;) {
      const sessions = await this.options.api.sessions(live.uuid);
      if (performance.now() > deadline || sessions.every(({ replayVideo }) => replayVideo !== undefined)) return sessions;
      await sleep(LOOK_AGAIN_MS);
    }
  }

  #expectNew({ viewer, publisher }: DrillLive, instant: number): void {
    const timer = new AbortController();
    const late = sleep(FIRST_PART_WITHIN_MS, true, { signal: timer.signal, ref: false }).catch(() => true);
    const seen = viewer.expectNew(instant, publisher.answered()).then((ms) => {
      timer.abort();
      return ms;
    });
    this.#waiting.push(
      Promise.race([seen, late]).then((found) => {
        if (typeof found === 'number') this.firstPartMs.push(found);
        else this.firstPartsMissing += 1;
      }),
    );
  }

  /** What is done first: the work, the time, or giving up, which rejects. */
  async #bounded(work: Promise<unknown>, ms: number): Promise<void> {
    const over = new AbortController();
    try {
      await Promise.race([
        work,
        this.fleet.lost,
        sleep(ms, undefined, { signal: AbortSignal.any([this.options.signal, over.signal]) }),
      ]);
    } finally {
      over.abort();
    }
  }
}
