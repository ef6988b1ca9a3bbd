/** What one RTMP peer may ask for. Every length from the wire meets one of these before memory is taken for it. */
export interface RtmpLimits {
  /** Largest chunk size a peer may set, in bytes. */
  readonly chunkBytes: number;
  /** Largest command message (types 17 and 20). */
  readonly commandBytes: number;
  /** Largest data message, such as onMetaData (types 15 and 18). */
  readonly dataBytes: number;
  /** Largest audio, video or aggregate message (types 8, 9 and 22). */
  readonly mediaBytes: number;
  /** Largest codec configuration in an audio or video message. */
  readonly configBytes: number;
  /** All bytes of messages that are begun, not ended and kept in memory. */
  readonly openBytes: number;
  /** Chunk streams a connection may use. */
  readonly chunkStreams: number;
}

export const DEFAULT_RTMP_LIMITS: RtmpLimits = {
  chunkBytes: 16 * 1024 * 1024,
  commandBytes: 64 * 1024,
  dataBytes: 256 * 1024,
  mediaBytes: 8 * 1024 * 1024,
  configBytes: 64 * 1024,
  openBytes: 320 * 1024,
  chunkStreams: 64,
};
