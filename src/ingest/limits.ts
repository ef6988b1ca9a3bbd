import { DEFAULT_RTMP_LIMITS } from '../rtmp/limits.ts';
import type { RtmpLimits } from '../rtmp/limits.ts';

/** How long and how much a publisher's connection may keep us waiting. */
export interface IngestLimits {
  readonly rtmp: RtmpLimits;
  /** From the connection's begin to the end of the handshake. */
  readonly handshakeMs: number;
  /** From the end of the handshake, or of a publication, to the request to publish. */
  readonly publishMs: number;
  /** Without a byte from a publisher. */
  readonly readMs: number;
  /** From our closing word to the end of the connection. */
  readonly lingerMs: number;
  /** Answers that the peer does not read. */
  readonly unsentBytes: number;
  /** Publishers at a time; one more is refused with `too_many_connections`. */
  readonly publishers: number;
  /** Connections at a time that do not publish; one more is closed without a word. */
  readonly strangers: number;
}

export const DEFAULT_INGEST_LIMITS: IngestLimits = {
  rtmp: DEFAULT_RTMP_LIMITS,
  handshakeMs: 10_000,
  publishMs: 10_000,
  readMs: 30_000,
  lingerMs: 2000,
  unsentBytes: 1024 * 1024,
  publishers: 4000,
  strangers: 2000,
};
