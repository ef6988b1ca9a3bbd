import type { HlsConfig } from 'hls.js';

/** How hls.js is tuned: close to the edge, calm about stalls, and quick to tell us of failures, which we outlive ourselves. */
export function hlsSettings(live: boolean, token: () => string | null): Partial<HlsConfig> {
  const retry = (times: number) => ({ maxNumRetry: times, retryDelayMs: 400, maxRetryDelayMs: 2000 });
  return {
    // ?debug=hls in the address: everything it does, in the console
    debug: new URLSearchParams(location.search).get('debug') === 'hls',
    lowLatencyMode: live,
    liveDurationInfinity: live,
    // each stall moves the target away from the edge: a little, and an outage is not a reason
    liveSyncOnStallIncrease: 0.2,
    maxLiveSyncPlaybackRate: 1.2,
    backBufferLength: 60,
    maxBufferLength: live ? 20 : 40,
    maxBufferHole: 0.3,
    // media is there and nothing moves: a nudge after this many seconds
    highBufferWatchdogPeriod: live ? 1 : 2,
    nudgeMaxRetry: 6,
    testBandwidth: false,
    startFragPrefetch: true,
    enableDateRangeMetadataCues: false,
    manifestLoadPolicy: { default: policy(6000, retry(0)) },
    // a blocking reload answers within three target durations
    playlistLoadPolicy: { default: policy(15000, retry(1)) },
    fragLoadPolicy: { default: policy(10000, retry(3)) },
    xhrSetup: (xhr, url) => {
      const bearer = token();
      if (bearer === null) return;
      xhr.open('GET', url, true);
      xhr.setRequestHeader('Authorization', `Bearer ${bearer}`);
    },
  };
}

interface Retry {
  maxNumRetry: number;
  retryDelayMs: number;
  maxRetryDelayMs: number;
}

function policy(maxTimeToFirstByteMs: number, errorRetry: Retry) {
  return { maxTimeToFirstByteMs, maxLoadTimeMs: 60_000, timeoutRetry: { ...errorRetry, maxNumRetry: 1 }, errorRetry };
}
