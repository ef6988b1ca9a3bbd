import { join } from 'node:path';

/** What a recording's files are called, below `<data>/recordings/<session id>/`. */
export const INDEX_FILE = 'index';
export const META_FILE = 'meta.json';

/** Volumes are numbered from 1. */
export function volumeFile(volume: number): string {
  return `${formatVolume(volume)}.mp4`;
}

/** Number of the volume that a file of this name is, or null. */
export function volumeNumber(name: string): number | null {
  const digits = /^(\d{6,})\.mp4$/.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}

export function formatVolume(volume: number): string {
  return String(volume).padStart(6, '0');
}

export function recordingDirectory(recordings: string, sessionId: string): string {
  return join(recordings, sessionId);
}

/** URI of a volume: its init segment, segments and parts are below it, for ever. */
export function volumeUri(sessionId: string, volume: number): string {
  return `/media/${sessionId}/${formatVolume(volume)}`;
}

export function initUri(sessionId: string, volume: number, initBytes: number): string {
  return `${volumeUri(sessionId, volume)}/0-${initBytes}.mp4`;
}

/** What is known of a recording when it begins, kept beside it so that it can be recovered on its own. */
export interface RecordingMeta {
  readonly sessionId: string;
  readonly videoUuid: string;
  readonly startedAt: number;
  /** The session's own copy of the setting: without it, the recording is kept for the live's window only. */
  readonly saveReplay: boolean;
  /** Where the live's playlist stood: media sequence number of the first segment, and the count of discontinuities before it. */
  readonly mediaSequence: number;
  readonly discontinuitySequence: number;
  readonly targetDuration: number;
}
