import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { maskKey } from '../log.ts';
import type { Logger } from '../log.ts';
import { parseFlvFile } from '../rtmp/flv-file.ts';
import { runPublisher } from './publisher.ts';

const SAMPLE = join(import.meta.dirname, 'sample.flv');

export interface DemoOptions {
  /** One publisher for each. */
  readonly streamKeys: readonly string[];
  /** rtmp://host:port/live */
  readonly rtmpUrl: string;
  readonly log: Logger;
}

/** Starts synthetic publishers that send the sample for ever; gives what stops them, with a goodbye that ends their sessions. */
export function startDemo({ streamKeys, rtmpUrl, log }: DemoOptions): () => Promise<void> {
  const file = parseFlvFile(readFileSync(SAMPLE));
  const stopping = new AbortController();
  const running = streamKeys.map((key) =>
    runPublisher({
      url: `${rtmpUrl}/${key}`,
      file,
      signal: stopping.signal,
      reconnect: true,
      onEvent: (event) => log.debug({ key: maskKey(key), ...event }, 'demo publisher'),
    }),
  );
  log.info({ publishers: streamKeys.length }, 'demo publishers started');
  return async () => {
    stopping.abort();
    await Promise.all(running);
  };
}
