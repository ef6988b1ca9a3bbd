import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SessionFact } from '../ledger/session-fact.ts';
import type { Logger } from '../log.ts';
import { INDEX_FILE, META_FILE, recordingDirectory } from '../recording/layout.ts';
import type { RecordingMeta } from '../recording/layout.ts';
import { readMeta } from '../recording/meta.ts';
import { recoverRecording } from '../recording/recovery.ts';
import type { StoredRecording } from '../recording/stored-recording.ts';

const READ_AT_ONCE = 64;
/** Where nobody knows where the playlist stood. */
const NO_PLACE = { mediaSequence: 0, discontinuitySequence: 0, targetDuration: 2 };

/** What the ledger, or the catalogue, knows of a recording. */
export type KnownRecording = Pick<SessionFact, 'sessionId' | 'videoUuid' | 'startedAt' | 'saveReplay'>;

/** All recordings on disk: which there are, made whole when they are read, and deleted when nobody may ask for them any more. */
export class RecordingShelf {
  readonly directory: string;
  readonly #log: Logger;
  /** Recordings whose files are still being closed, by session. */
  readonly #closing = new Map<string, Promise<void>>();

  constructor(directory: string, log: Logger) {
    this.directory = directory;
    this.#log = log;
  }

  async start(): Promise<void> {
    await mkdir(this.directory, { recursive: true });
  }

  /** Notes that a recording's files are being closed: readers wait for it. `done` never rejects. */
  closing(sessionId: string, done: Promise<void>): void {
    this.#closing.set(sessionId, done);
    void done.then(() => {
      if (this.#closing.get(sessionId) === done) this.#closing.delete(sessionId);
    });
  }

  /** Resolves when no recording is being closed. */
  async settled(): Promise<void> {
    await Promise.all(this.#closing.values());
  }

  /** Every recording's meta, oldest first. A directory without a readable one is said in the log and left alone. */
  async list(): Promise<RecordingMeta[]> {
    const names = await readdir(this.directory);
    const metas: RecordingMeta[] = [];
    for (let from = 0; from < names.length; from += READ_AT_ONCE) {
      const some = await Promise.all(names.slice(from, from + READ_AT_ONCE).map((name) => this.#readMeta(name)));
      metas.push(...some.filter((meta) => meta !== null));
    }
    return metas.sort((a, b) => a.startedAt - b.startedAt);
  }

  async #readMeta(name: string): Promise<RecordingMeta | null> {
    try {
      return await readMeta(join(this.directory, name));
    } catch (error) {
      this.#log.warn({ recording: name, err: error }, 'recording without meta left alone');
      return null;
    }
  }

  /** Resolves when the files of a session's recording are not being closed any more. */
  async closed(sessionId: string): Promise<void> {
    await this.#closing.get(sessionId);
  }

  /** Reads a recording; with `end`, one that its process left open is closed for good. */
  async read(sessionId: string, end: boolean): Promise<StoredRecording> {
    await this.#closing.get(sessionId);
    return recoverRecording(recordingDirectory(this.directory, sessionId), end);
  }

  /** Reads the recording of a session, and closes it for good. A meta that a power cut has emptied, or that is damaged, is made anew from what is known of it. */
  async readKnown({ sessionId, videoUuid, startedAt, saveReplay }: KnownRecording): Promise<StoredRecording> {
    try {
      return await this.read(sessionId, true);
    } catch (error) {
      if (!(error instanceof SyntaxError) && (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    const directory = recordingDirectory(this.directory, sessionId);
    const meta: RecordingMeta = { sessionId, videoUuid, startedAt, saveReplay, ...NO_PLACE };
    await writeFile(join(directory, META_FILE), JSON.stringify(meta));
    return recoverRecording(directory, true);
  }

  /** Deletes a recording; what fails is said in the log, and found again at the next start. Never rejects. */
  async remove(sessionId: string): Promise<void> {
    await this.#closing.get(sessionId);
    try {
      await rm(recordingDirectory(this.directory, sessionId), { recursive: true, force: true });
      this.#log.info({ session: sessionId }, 'recording deleted');
    } catch (error) {
      this.#log.error({ session: sessionId, err: error }, 'recording could not be deleted');
    }
  }

  /** Deletes a recording that never got a byte of media: a session that asked for a replay keeps even what cannot be read. Never rejects. */
  async removeEmpty(sessionId: string): Promise<void> {
    await this.#closing.get(sessionId);
    const names = await readdir(recordingDirectory(this.directory, sessionId)).catch(() => null);
    if (names !== null && names.every((name) => name.startsWith(META_FILE) || name === INDEX_FILE)) await this.remove(sessionId);
  }
}
