import type { FlvFile } from '../rtmp/flv-file.ts';
import { FileSource } from './file-source.ts';
import { supervise } from './supervise.ts';
import type { SuperviseEvent } from './supervise.ts';

export interface PublisherOptions {
  /** rtmp://host[:port]/app/key */
  readonly url: string;
  /** What is sent, over and over; publishers may share it. */
  readonly file: FlvFile;
  /** Aborting says goodbye to the server and ends the publisher. */
  readonly signal: AbortSignal;
  readonly onEvent?: (event: SuperviseEvent) => void;
  /** Try again when the connection fails or is refused, for ever. */
  readonly reconnect: boolean;
}

/** Publishes a file in a loop and in real time. Resolves when it is aborted, or, without `reconnect`, when its connection is over. Never rejects. */
export async function runPublisher({ file, reconnect, ...options }: PublisherOptions): Promise<void> {
  await supervise({ ...options, source: new FileSource(file, { loop: true }), mayRetry: () => reconnect });
}
