import { ProtocolError } from '../errors.ts';
import type { AccessUnitSink } from '../media/access-unit-sink.ts';
import { MEDIA_TIMESCALE } from '../media/track.ts';
import { AggregateReader } from './aggregate-reader.ts';
import type { AggregateReceiver } from './aggregate-reader.ts';
import { CARRIED_AUDIO, CARRIED_VIDEO } from './carried-codecs.ts';
import type { ChunkStream } from './chunk-stream.ts';
import { MediaReader } from './media-reader.ts';
import type { TrackReceiver } from './media-reader.ts';
import type { MediaTag } from './media-tag.ts';
import { MESSAGE_TYPE } from './message-type.ts';
import { TimestampUnwrapper } from './timestamp-unwrapper.ts';

const TICKS_PER_MS = MEDIA_TIMESCALE / 1000;
const NANOSECONDS_PER_TICK = 1e9 / MEDIA_TIMESCALE;
/** How many frames may be dropped while none can be carried, before the publisher is told that its codecs are the reason: some 5 s. */
const HOPELESS_FRAMES = 300;

/** What may go wrong with media without ending the connection. */
export type MediaWarning = 'unsupported_codec' | 'frame_without_config';

/** Leads the audio, video and aggregate messages of one publication to its sink. */
export class MediaReceiver {
  readonly #sink: AccessUnitSink;
  readonly #unwrapper = new TimestampUnwrapper();
  readonly #video: MediaReader;
  readonly #audio: MediaReader;
  readonly #aggregate: AggregateReader;
  /** The chunk streams on which a video, audio or aggregate message is open. */
  #videoStream: ChunkStream | null = null;
  #audioStream: ChunkStream | null = null;
  #aggregateStream: ChunkStream | null = null;
  #inner: MediaReader | null = null;

  constructor(sink: AccessUnitSink, maxConfigBytes: number, warn: (warning: MediaWarning, detail: string) => void) {
    this.#sink = sink;
    const dropped = new DroppedFrames(warn);
    this.#video = new MediaReader('video', new TrackOfSink('video', sink, dropped), maxConfigBytes);
    this.#audio = new MediaReader('audio', new TrackOfSink('audio', sink, dropped), maxConfigBytes);
    this.#aggregate = new AggregateReader(this.#aggregateReceiver());
  }

  /** What onMetaData says of the tracks. */
  announce(video: boolean, audio: boolean): void {
    this.#sink.announceTracks(video, audio);
  }

  /** An audio, video or aggregate message begins on a chunk stream. Throws ProtocolError. */
  begin(stream: ChunkStream): void {
    if (stream.type === MESSAGE_TYPE.video) {
      if (this.#videoStream !== null || this.#aggregateStream !== null) throw interleaved();
      this.#videoStream = stream;
      this.#video.begin(this.#unwrapper.unwrap(stream.timestamp), stream.length);
    } else if (stream.type === MESSAGE_TYPE.audio) {
      if (this.#audioStream !== null || this.#aggregateStream !== null) throw interleaved();
      this.#audioStream = stream;
      this.#audio.begin(this.#unwrapper.unwrap(stream.timestamp), stream.length);
    } else {
      if (this.#aggregateStream !== null || this.#videoStream !== null || this.#audioStream !== null) throw interleaved();
      this.#aggregateStream = stream;
      this.#aggregate.begin(stream.timestamp, stream.length);
    }
  }

  /** The next bytes of a message that was begun. Throws ProtocolError. */
  push(stream: ChunkStream, bytes: Uint8Array, offset: number, count: number): void {
    if (stream === this.#videoStream) this.#video.push(bytes, offset, count);
    else if (stream === this.#audioStream) this.#audio.push(bytes, offset, count);
    else if (stream === this.#aggregateStream) this.#aggregate.push(bytes, offset, count);
  }

  /** The message is complete, or its rest will not come: a frame that is not whole is given up by the next begin. */
  end(stream: ChunkStream): void {
    if (stream === this.#videoStream) this.#videoStream = null;
    else if (stream === this.#audioStream) this.#audioStream = null;
    else if (stream === this.#aggregateStream) this.#aggregateStream = null;
  }

  #aggregateReceiver(): AggregateReceiver {
    return {
      begin: (type, timestamp, length) => {
        this.#inner = type === MESSAGE_TYPE.video ? this.#video : type === MESSAGE_TYPE.audio ? this.#audio : null;
        this.#inner?.begin(this.#unwrapper.unwrap(timestamp), length);
      },
      push: (bytes, offset, count) => this.#inner?.push(bytes, offset, count),
      end: () => {
        this.#inner = null;
      },
    };
  }
}

/** One track's way into the sink. */
class TrackOfSink implements TrackReceiver {
  readonly #kind: 'video' | 'audio';
  readonly #sink: AccessUnitSink;
  readonly #dropped: DroppedFrames;
  #codec = '';

  constructor(kind: 'video' | 'audio', sink: AccessUnitSink, dropped: DroppedFrames) {
    this.#kind = kind;
    this.#sink = sink;
    this.#dropped = dropped;
  }

  get target(): Uint8Array {
    return this.#sink.target;
  }

  get targetOffset(): number {
    return this.#sink.targetOffset;
  }

  config(codec: string, record: Uint8Array): void {
    if (this.#kind === 'video') {
      const decode = CARRIED_VIDEO.get(codec);
      if (decode === undefined) return this.#dropped.add('video', codec);
      this.#sink.videoConfig(decode(record));
    } else {
      const decode = CARRIED_AUDIO.get(codec);
      if (decode === undefined) return this.#dropped.add('audio', codec);
      this.#sink.audioConfig(decode(record));
    }
    this.#codec = codec;
    this.#dropped.carried(this.#kind);
  }

  begin(tag: MediaTag, timestampMs: number, size: number): boolean {
    if (tag.codec !== this.#codec) {
      this.#dropped.add(this.#kind, tag.codec);
      return false;
    }
    this.#dropped.carriedAny = true;
    const dts = ticks(timestampMs, tag);
    if (this.#kind === 'audio') return this.#sink.beginAudio(dts, size);
    return this.#sink.beginVideo(dts, tag.compositionOffsetMs * TICKS_PER_MS, tag.keyframe, size);
  }

  end(): void {
    if (this.#kind === 'audio') this.#sink.endAudio();
    else this.#sink.endVideo();
  }
}

/** What cannot be carried, of both tracks. */
class DroppedFrames {
  carriedAny = false;
  readonly #warn: (warning: MediaWarning, detail: string) => void;
  /** The last one told: not again for each frame. */
  #warning: MediaWarning | null = null;
  readonly #unsupported = new Set<'video' | 'audio'>();
  #count = 0;

  constructor(warn: (warning: MediaWarning, detail: string) => void) {
    this.#warn = warn;
  }

  /** The track has a codec that can be carried. */
  carried(kind: 'video' | 'audio'): void {
    this.#unsupported.delete(kind);
  }

  /** Counts a frame or a configuration. Throws ProtocolError `unsupported_codec` when nothing else will come. */
  add(kind: 'video' | 'audio', codec: string): void {
    const supported = kind === 'video' ? CARRIED_VIDEO.has(codec) : CARRIED_AUDIO.has(codec);
    const warning = supported ? 'frame_without_config' : 'unsupported_codec';
    if (!supported) this.#unsupported.add(kind);
    if (this.#warning !== warning) this.#warn(warning, `${kind} ${codec}`);
    this.#warning = warning;
    this.#count += 1;
    if (this.carriedAny) return;
    if (this.#unsupported.size === 2 || (!supported && this.#count > HOPELESS_FRAMES)) {
      throw new ProtocolError('unsupported_codec', `neither video nor audio can be carried (${kind} ${codec})`);
    }
  }
}

function ticks(timestampMs: number, tag: MediaTag): number {
  return timestampMs * TICKS_PER_MS + (tag.nanoseconds === 0 ? 0 : Math.round(tag.nanoseconds / NANOSECONDS_PER_TICK));
}

function interleaved(): ProtocolError {
  return new ProtocolError('interleaved_messages', 'two messages of one track at once');
}
