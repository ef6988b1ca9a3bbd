const PACKET_BYTES = 188;
const SYNC = 0x47;
/** stream_id of the first video stream (ISO/IEC 13818-1, table 2-22). */
const VIDEO_STREAMS = 0xe0;
const TICKS_PER_MS = 90;

/** Decode time in ms of the last frame of video in a piece of MPEG-TS (ISO/IEC 13818-1, 2.4.3); null when there is none. */
export function lastVideoTimeMs(media: Uint8Array): number | null {
  const packets = Math.floor(media.length / PACKET_BYTES);
  for (let packet = packets - 1; packet >= 0; packet -= 1) {
    const at = packet * PACKET_BYTES;
    const startsUnit = media[at] === SYNC && (media[at + 1] & 0x40) !== 0;
    if (!startsUnit) continue;
    const adaptation = (media[at + 3] & 0x20) !== 0 ? 1 + media[at + 4] : 0;
    const pes = at + 4 + adaptation;
    const isVideo = media[pes] === 0 && media[pes + 1] === 0 && media[pes + 2] === 1 && (media[pes + 3] & 0xf0) === VIDEO_STREAMS;
    if (!isVideo) continue;
    const flags = media[pes + 7] >> 6;
    // The decode time stands behind the presentation time, where it is another.
    if (flags === 3) return timestamp(media, pes + 14) / TICKS_PER_MS;
    if (flags === 2) return timestamp(media, pes + 9) / TICKS_PER_MS;
  }
  return null;
}

/** 33 bits in 5 bytes, with marker bits between (2.4.3.7). */
function timestamp(bytes: Uint8Array, at: number): number {
  const high = (bytes[at] >> 1) & 7;
  const middle = ((bytes[at + 1] << 8) | bytes[at + 2]) >> 1;
  const low = ((bytes[at + 3] << 8) | bytes[at + 4]) >> 1;
  return high * 2 ** 30 + middle * 2 ** 15 + low;
}
