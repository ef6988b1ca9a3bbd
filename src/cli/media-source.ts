import type { RtmpClientConnection } from '../rtmp/client-connection.ts';

/** The connection that a source sends into. */
export interface MediaOutput {
  readonly rtmp: Pick<RtmpClientConnection, 'streamId' | 'writeMetadata' | 'writeTags' | 'writeChunks'>;
  /** What the network has not taken yet, in bytes. */
  readonly unsentBytes: () => number;
  /** The source has sent its last frame: say goodbye. */
  readonly ended: () => void;
}

/** What a publisher sends. */
export interface MediaSource {
  /** The server takes the publication: sends what it needs first, then frames, until the returned function is called. */
  play(output: MediaOutput): () => void;
}

/** With more than this unsent the server is too slow for us. */
export const MAX_UNSENT_BYTES = 4 * 1024 * 1024;
