import { setTimeout as sleep } from 'node:timers/promises';
import type { FlvFile } from '../rtmp/flv-file.ts';
import { publishOnce } from './publish-once.ts';
import type { PublishEvent } from './publish-once.ts';

/** `retrying`: waits before it tries again. */
export type PublisherEvent = PublishEvent | { readonly kind: 'retrying'; readonly delayMs: number };

export interface PublisherOptions {
  /** rtmp://host[:port]/app/key */
  readonly url: string;
  /** What is sent, over and over; publishers may share it. */
  readonly file: FlvFile;
  /** Aborting says goodbye to the server and ends the publisher. */
  readonly signal: AbortSignal;
  readonly onEvent?: (event: PublisherEvent) => void;
  /** Try again when the connection fails or is refused, for ever. */
  readonly reconnect: boolean;
}

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 10_000;

/** Publishes a file in a loop and in real time. Resolves when it is aborted, or, without `reconnect`, when its connection is over. Never rejects. */
export async function runPublisher(options: PublisherOptions): Promise<void> {
  const { signal, reconnect, onEvent } = options;
  let failures = 0;
  while (!signal.aborted) {
    const published = await publishOnce(options);
    if (!reconnect || signal.aborted) return;
    failures = published ? 0 : failures + 1;
    // Full jitter: a thousand publishers must not come back all at once.
    const delayMs = Math.random() * Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** failures);
    onEvent?.({ kind: 'retrying', delayMs });
    await sleep(delayMs, undefined, { signal }).catch(() => {});
  }
}
