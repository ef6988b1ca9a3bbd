import type HlsClass from 'hls.js';

/** hls.js without what we never use (subtitles, DRM, advertising); loaded when a player is opened, once. */
export async function loadHls(): Promise<typeof HlsClass> {
  const module = await import('hls.js/light');
  return module.default;
}
