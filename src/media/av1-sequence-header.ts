import { BitReader } from '../bytes/bit-reader.ts';
import type { VideoColour } from './track.ts';
import { plausibleFrameRate } from './video-usability.ts';

/** What a sequence header tells of the pictures. */
export interface Av1Pictures {
  width: number;
  height: number;
  frameRate: number | null;
  colour?: VideoColour;
}

/** Bits of a choice that is left to each frame (seq_choose_screen_content_tools). */
const SELECT_BY_FRAME = 2;

/** Reads the payload of a sequence header OBU (AV1 specification, section 5.5). Throws ProtocolError. */
export function decodeAv1SequenceHeader(payload: Uint8Array): Av1Pictures {
  const reader = new BitReader(payload);
  const profile = reader.readBits(3);
  reader.skip(1); // still_picture
  const reduced = reader.readBit() === 1;
  const frameRate = reduced ? skipReducedHeader(reader) : readOperatingPoints(reader);
  const widthBits = reader.readBits(4) + 1;
  const heightBits = reader.readBits(4) + 1;
  const width = reader.readBits(widthBits) + 1;
  const height = reader.readBits(heightBits) + 1;
  skipTools(reader, reduced);
  const colour = readColour(reader, profile);
  return colour === null ? { width, height, frameRate } : { width, height, frameRate, colour };
}

function skipReducedHeader(reader: BitReader): null {
  reader.skip(5); // seq_level_idx
  return null;
}

/** Timing, decoder model and operating points; gives the frame rate where pictures come at equal intervals. */
function readOperatingPoints(reader: BitReader): number | null {
  let frameRate: number | null = null;
  let delayBits = 0;
  if (reader.readBit()) {
    const unitsInTick = reader.readBits(32);
    const timeScale = reader.readBits(32);
    if (reader.readBit()) frameRate = plausibleFrameRate(timeScale, unitsInTick * (reader.readUe() + 1));
    if (reader.readBit()) {
      delayBits = reader.readBits(5) + 1;
      reader.skip(32 + 5 + 5);
    }
  }
  const delaysPresent = reader.readBit() === 1;
  for (let points = reader.readBits(5) + 1; points > 0; points -= 1) {
    reader.skip(12); // operating_point_idc
    if (reader.readBits(5) > 7) reader.skip(1); // seq_tier
    if (delayBits > 0 && reader.readBit()) reader.skip(2 * delayBits + 1);
    if (delaysPresent && reader.readBit()) reader.skip(4);
  }
  return frameRate;
}

/** From behind the picture size up to color_config. */
function skipTools(reader: BitReader, reduced: boolean): void {
  if (!reduced && reader.readBit()) reader.skip(4 + 3); // frame ids
  reader.skip(3); // use_128x128_superblock, enable_filter_intra, enable_intra_edge_filter
  if (!reduced) {
    reader.skip(4); // interintra and masked compound, warped motion, dual filter
    const orderHint = reader.readBit() === 1;
    if (orderHint) reader.skip(2);
    const screenContent = reader.readBit() ? SELECT_BY_FRAME : reader.readBit();
    if (screenContent > 0 && !reader.readBit()) reader.skip(1); // seq_force_integer_mv
    if (orderHint) reader.skip(3); // order_hint_bits_minus_1
  }
  reader.skip(3); // superres, cdef, restoration
}

/** color_config (section 5.5.2) as far as the range flag; null where nothing but a range is told. */
function readColour(reader: BitReader, profile: number): VideoColour | null {
  const highBitDepth = reader.readBit() === 1;
  if (profile === 2 && highBitDepth) reader.skip(1); // twelve_bit
  const monochrome = profile !== 1 && reader.readBit() === 1;
  if (!reader.readBit()) return null;
  const [primaries, transfer, matrix] = [reader.readBits(8), reader.readBits(8), reader.readBits(8)];
  // sRGB (BT.709 primaries, sRGB transfer, identity matrix) is full range and has no flag.
  const srgb = !monochrome && primaries === 1 && transfer === 13 && matrix === 0;
  return { primaries, transfer, matrix, fullRange: srgb || reader.readBit() === 1 };
}
