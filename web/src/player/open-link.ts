import type { Link, LinkOptions } from './link.ts';
import { LiveLink } from './live-link.ts';
import { loadHls } from './load-hls.ts';
import { NativeLink } from './native-link.ts';
import type { LiveState } from './picture.ts';
import { ReplayLink } from './replay-link.ts';

/** The link for a live (with what the API says of it) or a replay (`null`) in this browser; `null` when it can play neither. */
export async function openLink(options: LinkOptions, said: LiveState | null): Promise<Link | null> {
  const Hls = await loadHls();
  if (Hls.isSupported()) return said === null ? new ReplayLink(Hls, options) : new LiveLink(Hls, options, said);
  const native = options.video.canPlayType('application/vnd.apple.mpegurl') !== '';
  return native ? new NativeLink(options, said) : null;
}
