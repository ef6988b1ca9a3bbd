import { decodeAacConfig } from '../media/aac.ts';
import { decodeAvcConfig } from '../media/avc.ts';
import type { AudioConfig, VideoConfig } from '../media/track.ts';

/** The video codecs that go through the server, by FourCC, each with the decoder of its configuration record. */
export const CARRIED_VIDEO: ReadonlyMap<string, (record: Uint8Array) => VideoConfig> = new Map([['avc1', decodeAvcConfig]]);

/** The audio codecs that go through the server. */
export const CARRIED_AUDIO: ReadonlyMap<string, (record: Uint8Array) => AudioConfig> = new Map([['mp4a', decodeAacConfig]]);
