import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LiveEdge } from '../lives/live-edge.ts';
import { MEDIA_TIMESCALE } from '../media/track.ts';
import type { Block } from '../packager/block-pool.ts';
import { renderLivePlaylist } from '../packager/media-playlist.ts';
import { renderMultivariantPlaylist } from '../packager/multivariant-playlist.ts';
import { initUri, volumeUri } from '../recording/layout.ts';
import { seededRandom } from '../../test/support/fuzz.ts';
import { AUDIO, VIDEO, WatchedPool } from '../../test/support/part-tape.ts';
import { FollowedEdge } from './followed-edge.ts';
import { HeldBlocks } from './held-blocks.ts';
import type { EdgeOperation } from './messages.ts';
import { MirroredEdge } from './mirrored-edge.ts';

const SESSIONS = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002'];
const ROUNDS = 12;
const STEPS = 250;

/** All that players can be given of an edge. */
function view(edge: LiveEdge, asked: readonly [string, number, number, number][]): unknown {
  const { timeline } = edge;
  const bytes = asked.map(([sessionId, volume, start, end]) => [
    edge.part(sessionId, volume, start)?.bytes.join() ?? null,
    edge.range(sessionId, volume, start, end)?.map((part) => part.bytes.join()) ?? null,
    edge.init(sessionId, volume)?.join() ?? null,
  ]);
  const { flags, openDateMs, nextPartStart, partTargetMs, end } = timeline;
  return {
    whole: timeline.run === null ? null : renderLivePlaylist(timeline, false),
    delta: timeline.run === null ? null : renderLivePlaylist(timeline, true),
    multivariant: renderMultivariantPlaylist(timeline, '0.m3u8'),
    bytes,
    timeline: { flags, openDateMs, nextPartStart, partTargetMs, end },
  };
}

type Random = (below: number) => number;

/** An edge to which is done what recorders and lives do to theirs, by chance. */
class Source {
  readonly pool = new WatchedPool((bytes) => new Uint8Array(new SharedArrayBuffer(bytes)));
  readonly edge = new LiveEdge({ mediaSequence: 0, discontinuitySequence: 0, targetDuration: 2 });
  /** What may be asked for: parts, and segments. */
  readonly asked: [string, number, number, number][] = [];
  readonly #random: Random;
  #block: Block | null = null;
  #used = 0;
  #volume = 0;
  #at = 0;
  #segmentStart = 0;
  #nowMs = 1_700_000_000_000;

  constructor(random: Random) {
    this.#random = random;
  }

  step(): void {
    const { edge } = this;
    const { timeline } = edge;
    const chance = this.#random(100);
    if (timeline.run === null || chance < 3) this.#startRun();
    else if (chance < 75) this.#addPart();
    else if (chance < 90) this.#endSegment();
    else if (chance < 93) edge.cut(timeline.segments.first + this.#random(timeline.segments.length + 1));
    else if (chance < 96) this.#flag();
    else if (chance < 97) edge.clear();
    else timeline.online = !timeline.online; // told with the next change
  }

  close(): void {
    this.#block?.release();
    this.edge.clear();
  }

  get #session(): string {
    return SESSIONS[this.#volume % SESSIONS.length];
  }

  #startRun(): void {
    const { edge } = this;
    edge.timeline.endSegment();
    this.#volume += 1;
    const sessionId = this.#session;
    const bytes = Uint8Array.from({ length: 20 }, () => this.#random(256));
    const kinds = this.#random(3);
    if (this.#random(5) > 0) edge.keepInit({ sessionId, volume: this.#volume, bytes });
    const run = {
      baseUri: volumeUri(sessionId, this.#volume),
      initUri: initUri(sessionId, this.#volume, bytes.length),
      discontinuity: this.#random(2) === 0,
      video: kinds === 1 ? null : VIDEO,
      audio: kinds === 2 ? null : AUDIO,
    };
    this.#at = this.#segmentStart = bytes.length;
    edge.timeline.startRun(run, this.#at);
    if (this.#random(2) === 0) edge.changed();
  }

  #addPart(): void {
    const { edge } = this;
    const sessionId = this.#session;
    const length = 1 + this.#random(50);
    const duration = Math.round((MEDIA_TIMESCALE * (20 + this.#random(400))) / 1000);
    if (this.#block === null || this.#used + length > 200) {
      this.#block?.release();
      this.#block = this.pool.take(1);
      this.#used = 0;
    }
    const from = this.#block.start + this.#used;
    const bytes = this.#block.bytes.subarray(from, from + length);
    for (let i = 0; i < length; i += 1) bytes[i] = this.#random(256);
    this.#used += length;
    const [start, end] = [this.#at, this.#at + length];
    this.#at = end;
    const recorded = this.#random(2) === 0;
    edge.keep({ sessionId, volume: this.#volume, start, end, duration, block: this.#block, bytes }, () => recorded);
    const part = { start, end, duration, independent: this.#random(4) === 0 };
    edge.timeline.addPart(part, this.#nowMs, this.#random(10), this.#random(3) === 0 ? 200 + this.#random(50) : 0);
    this.#nowMs += duration / (MEDIA_TIMESCALE / 1000);
    this.#ask(start, end);
    edge.changed();
  }

  #endSegment(): void {
    const { timeline } = this.edge;
    if (!timeline.endSegment()) return;
    this.#ask(this.#segmentStart, this.#at);
    this.#segmentStart = this.#at;
    timeline.trim(this.#random(40) * MEDIA_TIMESCALE);
    this.edge.changed();
  }

  #flag(): void {
    const { timeline } = this.edge;
    if (this.#random(2) === 0) timeline.ended = !timeline.ended;
    else timeline.runOpen = false;
    timeline.version += 1;
    this.edge.changed();
  }

  #ask(start: number, end: number): void {
    this.asked.push([this.#session, this.#volume, start, end]);
    if (this.asked.length > 30) this.asked.shift();
  }
}

/** A follower as in another thread: what it is told comes later, as a copy, and memory goes back later still. */
class Follower {
  readonly held = new HeldBlocks();
  compared = 0;
  readonly #source: Source;
  readonly #followed: FollowedEdge;
  readonly #mirrored: MirroredEdge;
  #told: EdgeOperation[] = [];
  #expected: { readonly view: unknown; readonly asked: [string, number, number, number][] }[] = [];
  #released: number[] = [];
  readonly #stopListening: () => void;

  constructor(source: Source) {
    this.#source = source;
    this.#followed = new FollowedEdge('video', source.edge, this.held, (operation) => this.#told.push(operation));
    const snapshot = structuredClone(this.#followed.start());
    this.#mirrored = new MirroredEdge('video', snapshot, 0, (hold) => this.#released.push(hold));
    assert.deepEqual(view(this.#mirrored.edge, source.asked), view(source.edge, source.asked), 'as it was when it began');
    this.#stopListening = source.edge.onChange(() => {
      const asked = [...source.asked];
      this.#expected.push({ view: view(source.edge, asked), asked });
    });
    this.#mirrored.edge.onChange(() => {
      const expected = this.#expected.shift();
      assert.ok(expected);
      assert.deepEqual(view(this.#mirrored.edge, expected.asked), expected.view);
      this.compared += 1;
    });
  }

  /** What was told comes to the other thread. */
  deliver(): void {
    for (const operation of structuredClone(this.#told.splice(0))) this.#mirrored.apply(operation);
    assert.equal(this.#expected.length, 0);
    assert.equal(this.#mirrored.edge.parts.length, this.#source.edge.parts.length);
  }

  giveBack(): void {
    for (const hold of this.#released.splice(0)) this.held.release(hold);
  }

  /** Nobody watches any more. */
  stop(): void {
    this.#followed.stop();
    this.#stopListening();
    this.deliver();
    this.#mirrored.edge.clear();
    this.giveBack();
    assert.deepEqual([this.held.bytes, this.held.owedBytes], [0, 0], 'given back');
  }
}

test('an edge that is followed from any moment on is the same as the one it follows, after every change', () => {
  let compared = 0;
  for (let seed = 1; seed <= ROUNDS; seed += 1) {
    const random = seededRandom(seed);
    const source = new Source(random);
    const followers: Follower[] = [];
    for (let step = 0; step < STEPS; step += 1) {
      if (random(60) === 0) followers.push(new Follower(source));
      source.step();
      for (const follower of followers) {
        if (random(6) === 0) follower.deliver();
        if (random(10) === 0) follower.giveBack();
      }
      if (random(200) === 0) followers.shift()?.stop();
      compared += followers.reduce((sum, each) => sum + each.compared, 0) > 0 ? 1 : 0;
    }
    for (const follower of followers) follower.stop();
    source.close();
    assert.equal(source.pool.bytesInUse, 0, `memory was not given back, seed ${seed}`);
  }
  assert.ok(compared > ROUNDS * 10);
});
