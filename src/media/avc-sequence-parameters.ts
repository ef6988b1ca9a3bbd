import type { BitReader } from '../bytes/bit-reader.ts';
import { ProtocolError } from '../errors.ts';
import { checkPictureSize, openNalUnit } from './nal-unit.ts';
import { plausibleFrameRate, readCommonUsability, tolerateUsability, unknownUsability } from './video-usability.ts';
import type { VideoUsability } from './video-usability.ts';

const PROFILES_WITH_CHROMA_FORMAT = [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135];
/** Pixels a chroma sample spans, by chroma_format_idc (ITU-T H.264 table 6-1). */
const CHROMA_SPAN = [
  [1, 1],
  [2, 2],
  [2, 1],
  [1, 1],
];

/** Size, aspect, rate and colour out of a sequence parameter set NAL unit (ITU-T H.264 section 7.3.2.1.1). Throws ProtocolError. */
export function decodeAvcSequenceParameters(unit: Uint8Array): { width: number; height: number } & VideoUsability {
  const reader = openNalUnit(unit, 1);
  const profile = reader.readBits(8);
  reader.skip(16); // constraint flags, level
  reader.readUe(); // seq_parameter_set_id
  let chromaFormat = 1;
  let separatePlanes = false;
  if (PROFILES_WITH_CHROMA_FORMAT.includes(profile)) {
    chromaFormat = bounded(reader.readUe(), 3, 'chroma_format_idc');
    if (chromaFormat === 3) separatePlanes = reader.readBit() === 1;
    reader.readUe(); // bit_depth_luma_minus8
    reader.readUe(); // bit_depth_chroma_minus8
    reader.skip(1); // qpprime_y_zero_transform_bypass_flag
    if (reader.readBit()) skipScalingLists(reader, chromaFormat === 3 ? 12 : 8);
  }
  reader.readUe(); // log2_max_frame_num_minus4
  skipPictureOrder(reader);
  reader.readUe(); // max_num_ref_frames
  reader.skip(1); // gaps_in_frame_num_value_allowed_flag
  const macroblockColumns = reader.readUe() + 1;
  const mapUnitRows = reader.readUe() + 1;
  const framesOnly = reader.readBit();
  if (!framesOnly) reader.skip(1); // mb_adaptive_frame_field_flag
  reader.skip(1); // direct_8x8_inference_flag

  let width = macroblockColumns * 16;
  let height = mapUnitRows * 16 * (2 - framesOnly);
  if (reader.readBit()) {
    const [spanX, spanY] = separatePlanes ? [1, 1] : CHROMA_SPAN[chromaFormat];
    width -= spanX * (reader.readUe() + reader.readUe());
    height -= spanY * (2 - framesOnly) * (reader.readUe() + reader.readUe());
  }
  checkPictureSize(width, height);
  return { width, height, ...tolerateUsability(unknownUsability(), (usability) => readUsability(reader, usability)) };
}

function readUsability(reader: BitReader, usability: VideoUsability): void {
  if (!reader.readBit()) return; // vui_parameters_present_flag
  readCommonUsability(reader, usability);
  if (!reader.readBit()) return; // timing_info_present_flag
  const unitsInTick = reader.readBits(32);
  // A tick is a field: two of them are a frame (section E.2.1).
  usability.frameRate = plausibleFrameRate(reader.readBits(32), unitsInTick * 2);
}

function skipPictureOrder(reader: BitReader): void {
  const type = bounded(reader.readUe(), 2, 'pic_order_cnt_type');
  if (type === 0) reader.readUe(); // log2_max_pic_order_cnt_lsb_minus4
  if (type !== 1) return;
  reader.skip(1); // delta_pic_order_always_zero_flag
  reader.readSe(); // offset_for_non_ref_pic
  reader.readSe(); // offset_for_top_to_bottom_field
  const cycle = bounded(reader.readUe(), 255, 'num_ref_frames_in_pic_order_cnt_cycle');
  for (let i = 0; i < cycle; i += 1) reader.readSe();
}

function skipScalingLists(reader: BitReader, count: number): void {
  for (let list = 0; list < count; list += 1) {
    if (!reader.readBit()) continue;
    let last = 8;
    // Section 7.3.2.1.1.1: a next scale of 0 ends the list.
    for (let i = 0; i < (list < 6 ? 16 : 64); i += 1) {
      last = (last + reader.readSe() + 256) & 0xff;
      if (last === 0) break;
    }
  }
}

function bounded(value: number, most: number, name: string): number {
  if (value > most) throw new ProtocolError('bad_avc_config', `${name} is ${value}`);
  return value;
}
