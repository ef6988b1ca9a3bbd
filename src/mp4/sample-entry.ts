import type { AudioConfig, VideoConfig } from '../media/track.ts';
import { codes, encodeBox, encodeFullBox, uint16s, uint32s, uint8s } from './box.ts';
import { encodeElementaryStreamDescriptor } from './elementary-stream-descriptor.ts';

const VIDEO_BOXES = {
  avc: { entry: 'avc1', config: 'avcC' },
  hevc: { entry: 'hvc1', config: 'hvcC' },
  av1: { entry: 'av01', config: 'av1C' },
} as const;

/** The sample entry of a video track (ISO/IEC 14496-12 section 12.1.3, 14496-15 sections 5.4 and 8.4, AV1 in ISOBMFF section 2.2). */
export function encodeVisualSampleEntry(config: VideoConfig): Uint8Array {
  const { entry, config: configType } = VIDEO_BOXES[config.codec];
  const { h, v } = config.pixelAspect;
  const extras = [encodeBox(configType, config.record)];
  if (h !== v) extras.push(encodeBox('pasp', uint32s(h, v)));
  if (config.colour) {
    const { primaries, transfer, matrix, fullRange } = config.colour;
    extras.push(encodeBox('colr', codes('nclx'), uint16s(primaries, transfer, matrix), uint8s(fullRange ? 0x80 : 0)));
  }
  return encodeBox(
    entry,
    sampleEntryHead(),
    new Uint8Array(16),
    uint16s(config.width, config.height),
    uint32s(72 << 16, 72 << 16, 0),
    uint16s(1),
    new Uint8Array(32), // no compressor name
    uint16s(24, 0xffff),
    ...extras,
  );
}

/** The sample entry of an audio track (ISO/IEC 14496-12 section 12.2.3, 14496-14 section 5.6, Opus in ISOBMFF section 4.3). */
export function encodeAudioSampleEntry(config: AudioConfig): Uint8Array {
  const description =
    config.codec === 'aac'
      ? encodeFullBox('esds', 0, 0, encodeElementaryStreamDescriptor(config.record))
      : encodeBox('dOps', config.record);
  return encodeBox(
    config.codec === 'aac' ? 'mp4a' : 'Opus',
    sampleEntryHead(),
    new Uint8Array(8),
    uint16s(config.channelCount, 16, 0, 0),
    // 16.16 fixed point: a rate that does not fit is told by the timescale and the codec's own configuration alone.
    uint16s(config.sampleRate <= 0xffff ? config.sampleRate : 0, 0),
    description,
  );
}

function sampleEntryHead(): Uint8Array {
  return uint16s(0, 0, 0, 1);
}
