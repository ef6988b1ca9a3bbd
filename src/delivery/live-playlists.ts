import type { Exchange } from '../http/exchange.ts';
import type { LiveEdge } from '../lives/live-edge.ts';
import { renderLivePlaylist } from '../packager/media-playlist.ts';
import type { MediaTimeline } from '../packager/media-timeline.ts';
import { renderMultivariantPlaylist } from '../packager/multivariant-playlist.ts';
import { cacheFor, sendText } from './answer.ts';
import type { EdgeWaiters } from './edge-waiters.ts';
import { PlaylistText } from './playlist-text.ts';
import type { Directives } from './route.ts';

/** What a blocking reload waits at the most, in target durations (draft-pantos-hls-rfc8216bis section 6.2.5.2). */
const BLOCK_TARGETS = 3;
/** A blocking reload's answer never changes: it is kept as long as section B.1 of the same advises, in target durations. */
const BLOCKED_CACHE_TARGETS = 6;
const RETRY_SOON = ['Retry-After', '1'];
const NO_MEDIA = 'This live has not been broadcast yet.';

interface Rendered {
  version: number;
  whole: PlaylistText | null;
  delta: PlaylistText | null;
}

/** The playlists of lives: rendered at most once per change and kind, whoever waits for them. */
export class LivePlaylists {
  readonly #waiters: EdgeWaiters;
  readonly #now: () => number;
  readonly #rendered = new WeakMap<LiveEdge, Rendered>();
  readonly #epoch: string;

  /** `epoch` tells this process's versions from those of the ones before it. */
  constructor(waiters: EdgeWaiters, now: () => number, epoch: string) {
    this.#waiters = waiters;
    this.#now = now;
    this.#epoch = epoch;
  }

  sendMultivariant(exchange: Exchange, edge: LiveEdge, isPublic: boolean): void {
    const text = renderMultivariantPlaylist(edge.timeline, '0.m3u8');
    if (text === null) return sendText(exchange, 404, NO_MEDIA, RETRY_SOON);
    new PlaylistText(text, `${this.#epoch}-m${edge.timeline.version}`).send(exchange, cacheFor(1, isPublic));
  }

  sendMedia(exchange: Exchange, edge: LiveEdge, directives: Directives, isPublic: boolean): void {
    const { timeline } = edge;
    const { sequence, part, skip } = directives;
    if (timeline.segments.next === 0 && timeline.openParts.length === 0) return sendText(exchange, 404, NO_MEDIA, RETRY_SOON);
    const send = (blocked: boolean): void => {
      const seconds = blocked ? BLOCKED_CACHE_TARGETS * timeline.targetDuration : 1;
      this.#text(edge, skip).send(exchange, cacheFor(seconds, isPublic));
    };
    if (sequence === null) return send(false);
    if (tooFar(timeline, sequence, part)) {
      return sendText(
        exchange,
        400,
        `_HLS_msn=${sequence} is too far ahead: the last media sequence number is ${timeline.segments.next - 1}.`,
      );
    }
    const ready = (): boolean => timeline.holds(sequence, part) || timeline.ended;
    if (ready()) return send(true);
    this.#waiters.add(edge, {
      exchange,
      ready,
      deadlineMs: this.#now() + BLOCK_TARGETS * timeline.targetDuration * 1000,
      done: (isReady) => {
        // While its publisher is away a live has nothing new, and that is no fault: players ask again.
        if (isReady || !timeline.online) send(isReady);
        else sendText(exchange, 503, 'The next part is late.', RETRY_SOON);
      },
    });
  }

  #text(edge: LiveEdge, skip: boolean): PlaylistText {
    const { timeline } = edge;
    let rendered = this.#rendered.get(edge);
    if (rendered?.version !== timeline.version) {
      rendered = { version: timeline.version, whole: null, delta: null };
      this.#rendered.set(edge, rendered);
    }
    const tag = `${this.#epoch}-${timeline.version}`;
    if (skip) return (rendered.delta ??= new PlaylistText(renderLivePlaylist(timeline, true), `${tag}-d`));
    return (rendered.whole ??= new PlaylistText(renderLivePlaylist(timeline, false), tag));
  }
}

/** Section 6.2.5.2: more than two segments ahead, or more parts than the Advance Part Limit. */
function tooFar(timeline: MediaTimeline, sequence: number, part: number | null): boolean {
  const last = timeline.segments.next - 1;
  if (sequence > last + 2) return true;
  if (part === null || sequence !== timeline.segments.next) return false;
  const target = timeline.partTargetMs / 1000;
  const limit = target < 1 ? Math.ceil(3 / target) : 3;
  return part > timeline.openParts.length - 1 + limit;
}
