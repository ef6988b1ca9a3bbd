import type { BitReader } from '../bytes/bit-reader.ts';
import { ProtocolError } from '../errors.ts';
import { checkPictureSize, openNalUnit } from './nal-unit.ts';
import { plausibleFrameRate, readCommonUsability, tolerateUsability, unknownUsability } from './video-usability.ts';
import type { VideoUsability } from './video-usability.ts';

/** Pixels a chroma sample spans, by chroma_format_idc (ITU-T H.265 table 6-1). */
const CHROMA_SPAN = [
  [1, 1],
  [2, 2],
  [2, 1],
  [1, 1],
];

/** Size, aspect, rate and colour out of a sequence parameter set NAL unit (ITU-T H.265 section 7.3.2.2.1). Throws ProtocolError. */
export function decodeHevcSequenceParameters(unit: Uint8Array): { width: number; height: number } & VideoUsability {
  const reader = openNalUnit(unit, 2);
  reader.skip(4); // sps_video_parameter_set_id
  const subLayers = reader.readBits(3); // less one
  reader.skip(1); // sps_temporal_id_nesting_flag
  skipProfileTierLevel(reader, subLayers);
  reader.readUe(); // sps_seq_parameter_set_id
  const chromaFormat = bounded(reader.readUe(), 3, 'chroma_format_idc');
  const separatePlanes = chromaFormat === 3 && reader.readBit() === 1;
  let width = reader.readUe();
  let height = reader.readUe();
  if (reader.readBit()) {
    const [spanX, spanY] = separatePlanes ? [1, 1] : CHROMA_SPAN[chromaFormat];
    width -= spanX * (reader.readUe() + reader.readUe());
    height -= spanY * (reader.readUe() + reader.readUe());
  }
  checkPictureSize(width, height);
  const usability = tolerateUsability(unknownUsability(), (found) => {
    skipToUsability(reader, subLayers);
    readUsability(reader, found);
  });
  return { width, height, ...usability };
}

function readUsability(reader: BitReader, usability: VideoUsability): void {
  if (!reader.readBit()) return; // vui_parameters_present_flag
  readCommonUsability(reader, usability);
  reader.skip(3); // neutral_chroma_indication_flag, field_seq_flag, frame_field_info_present_flag
  if (reader.readBit()) for (let i = 0; i < 4; i += 1) reader.readUe(); // default display window
  if (!reader.readBit()) return; // vui_timing_info_present_flag
  const unitsInTick = reader.readBits(32);
  usability.frameRate = plausibleFrameRate(reader.readBits(32), unitsInTick);
}

function skipProfileTierLevel(reader: BitReader, subLayers: number): void {
  reader.skip(88 + 8);
  if (subLayers === 0) return;
  let bits = 0;
  for (let i = 0; i < 8; i += 1) {
    const [profile, level] = [reader.readBit(), reader.readBit()];
    if (i < subLayers) bits += profile * 88 + level * 8;
  }
  reader.skip(bits);
}

/** From behind the conformance window up to vui_parameters_present_flag. */
function skipToUsability(reader: BitReader, subLayers: number): void {
  reader.readUe(); // bit_depth_luma_minus8
  reader.readUe(); // bit_depth_chroma_minus8
  const orderCountBits = bounded(reader.readUe(), 12, 'log2_max_pic_order_cnt_lsb_minus4') + 4;
  const orderings = reader.readBit() ? subLayers + 1 : 1;
  for (let i = 0; i < 3 * orderings; i += 1) reader.readUe();
  for (let i = 0; i < 6; i += 1) reader.readUe(); // block sizes and transform depths
  if (reader.readBit() && reader.readBit()) skipScalingLists(reader);
  reader.skip(2); // amp_enabled_flag, sample_adaptive_offset_enabled_flag
  if (reader.readBit()) {
    reader.skip(8); // pcm bit depths
    reader.readUe();
    reader.readUe();
    reader.skip(1);
  }
  skipReferenceSets(reader);
  if (reader.readBit()) {
    const longTermPictures = bounded(reader.readUe(), 32, 'num_long_term_ref_pics_sps');
    reader.skip(longTermPictures * (orderCountBits + 1));
  }
  reader.skip(2); // sps_temporal_mvp_enabled_flag, strong_intra_smoothing_enabled_flag
}

/** Short-term reference picture sets (sections 7.3.7 and 7.4.8): a set may be predicted from the one before it, so their sizes are counted along. */
function skipReferenceSets(reader: BitReader): void {
  const setCount = bounded(reader.readUe(), 64, 'num_short_term_ref_pic_sets');
  let pictures = 0;
  for (let set = 0; set < setCount; set += 1) {
    if (set > 0 && reader.readBit()) {
      reader.skip(1); // delta_rps_sign
      reader.readUe(); // abs_delta_rps_minus1
      let kept = 0;
      for (let i = 0; i <= pictures; i += 1) {
        const used = reader.readBit();
        if (used || reader.readBit()) kept += 1; // use_delta_flag is read, and counts, only where used_by_curr_pic_flag is 0
      }
      pictures = bounded(kept, 16, 'pictures in a reference set');
      continue;
    }
    pictures = bounded(reader.readUe(), 16, 'num_negative_pics') + bounded(reader.readUe(), 16, 'num_positive_pics');
    for (let i = 0; i < pictures; i += 1) {
      reader.readUe();
      reader.skip(1);
    }
  }
}

/** scaling_list_data (section 7.3.4). */
function skipScalingLists(reader: BitReader): void {
  for (let size = 0; size < 4; size += 1) {
    for (let matrix = 0; matrix < 6; matrix += size === 3 ? 3 : 1) {
      if (!reader.readBit()) {
        reader.readUe();
        continue;
      }
      if (size > 1) reader.readSe();
      for (let i = 0; i < Math.min(64, 1 << (4 + (size << 1))); i += 1) reader.readSe();
    }
  }
}

function bounded(value: number, most: number, name: string): number {
  if (value > most) throw new ProtocolError('bad_hevc_config', `${name} is ${value}`);
  return value;
}
