import type { AudioConfig, VideoConfig } from '../media/track.ts';
import type { BoxWriter } from './box-writer.ts';
import { encodeElementaryStreamDescriptor } from './elementary-stream-descriptor.ts';

const VIDEO_BOXES = {
  avc: { entry: 'avc1', config: 'avcC' },
  hevc: { entry: 'hvc1', config: 'hvcC' },
  av1: { entry: 'av01', config: 'av1C' },
} as const;

/** The sample entry of a video track (ISO/IEC 14496-12 section 12.1.3, 14496-15 sections 5.4 and 8.4, AV1 in ISOBMFF section 2.2). */
export function putVisualSampleEntry(out: BoxWriter, config: VideoConfig): void {
  const { entry, config: configType } = VIDEO_BOXES[config.codec];
  const { h, v } = config.pixelAspect;
  out.box(entry, () => {
    putSampleEntryHead(out);
    out.zeros(16).u16s(config.width, config.height);
    out.u32s(72 << 16, 72 << 16, 0).u16(1);
    out.zeros(32).u16s(24, 0xffff); // no compressor name
    out.box(configType, () => out.bytes(config.record));
    if (h !== v) out.box('pasp', () => out.u32s(h, v));
    const { colour } = config;
    if (!colour) return;
    const { primaries, transfer, matrix, fullRange } = colour;
    out.box('colr', () =>
      out
        .codes('nclx')
        .u16s(primaries, transfer, matrix)
        .u8(fullRange ? 0x80 : 0),
    );
  });
}

/** The sample entry of an audio track (ISO/IEC 14496-12 section 12.2.3, 14496-14 section 5.6, Opus in ISOBMFF section 4.3). */
export function putAudioSampleEntry(out: BoxWriter, config: AudioConfig): void {
  const { codec, channelCount, sampleRate, record } = config;
  out.box(codec === 'aac' ? 'mp4a' : 'Opus', () => {
    putSampleEntryHead(out);
    out.zeros(8).u16s(channelCount, 16, 0, 0);
    // 16.16 fixed point: a rate that does not fit is told by the timescale and the codec's own configuration alone.
    out.u16s(sampleRate <= 0xffff ? sampleRate : 0, 0);
    if (codec === 'aac') out.fullBox('esds', 0, 0, () => out.bytes(encodeElementaryStreamDescriptor(record)));
    else out.box('dOps', () => out.bytes(record));
  });
}

function putSampleEntryHead(out: BoxWriter): void {
  out.u16s(0, 0, 0, 1);
}
