import type { BitReader } from '../bytes/bit-reader.ts';
import { ProtocolError } from '../errors.ts';
import type { VideoColour } from './track.ts';

/** What a sequence parameter set may tell beside the coding: how to show the pictures, and when. */
export interface VideoUsability {
  pixelAspect: { h: number; v: number };
  colour?: VideoColour;
  frameRate: number | null;
}

/** What holds when a stream tells nothing. */
export function unknownUsability(): VideoUsability {
  return { pixelAspect: { h: 1, v: 1 }, frameRate: null };
}

/**
 * Reads into `usability` with `read`; what can not be read is left unknown. It only advises how to show the pictures, and encoders that cut
 * it short are old acquaintances: no reason to refuse a stream.
 */
export function tolerateUsability(usability: VideoUsability, read: (usability: VideoUsability) => void): VideoUsability {
  try {
    read(usability);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
  }
  return usability;
}

// ITU-T H.264 table E-1, the same as ITU-T H.265 table E.1.
const PIXEL_ASPECTS = [
  [1, 1], [1, 1], [12, 11], [10, 11], [16, 11], [40, 33], [24, 11], [20, 11], [32, 11],
  [80, 33], [18, 11], [15, 11], [64, 33], [160, 99], [4, 3], [3, 2], [2, 1],
]; // prettier-ignore
const EXTENDED_ASPECT = 255;
const UNSPECIFIED = 2;

/** The beginning that the VUI of H.264 (section E.1.1) and HEVC (section E.2.1) have in common: aspect, overscan, video signal, chroma location. */
export function readCommonUsability(reader: BitReader, usability: VideoUsability): void {
  if (reader.readBit()) {
    const index = reader.readBits(8);
    const [h, v] = index === EXTENDED_ASPECT ? [reader.readBits(16), reader.readBits(16)] : (PIXEL_ASPECTS[index] ?? [1, 1]);
    if (h > 0 && v > 0) usability.pixelAspect = { h, v };
  }
  if (reader.readBit()) reader.skip(1); // overscan_appropriate_flag
  if (reader.readBit()) {
    reader.skip(3); // video_format
    const fullRange = reader.readBit() === 1;
    const described = reader.readBit() === 1;
    const [primaries, transfer, matrix] = described
      ? [reader.readBits(8), reader.readBits(8), reader.readBits(8)]
      : [UNSPECIFIED, UNSPECIFIED, UNSPECIFIED];
    usability.colour = { primaries, transfer, matrix, fullRange };
  }
  if (reader.readBit()) {
    reader.readUe();
    reader.readUe();
  }
}

/** Frames a second out of a timing pair, or null where it can not be meant: variable rates are often told as one tick a millisecond. */
export function plausibleFrameRate(timeScale: number, unitsInFrame: number): number | null {
  const rate = timeScale / unitsInFrame;
  return rate >= 1 && rate <= 300 ? Math.round(rate * 1000) / 1000 : null;
}
