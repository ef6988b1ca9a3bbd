import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TimelineStart } from '../packager/media-timeline.ts';

/** A live that was never broadcast. */
export const FIRST_START: TimelineStart = { mediaSequence: 0, discontinuitySequence: 0, targetDuration: 2 };

/** Where each live's playlist stands, kept so that its numbers never go back even when its recordings are gone. */
export class EdgeStates {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async start(): Promise<void> {
    await mkdir(this.#directory, { recursive: true });
  }

  async read(videoUuid: string): Promise<TimelineStart> {
    try {
      return { ...FIRST_START, ...(JSON.parse(await readFile(this.#file(videoUuid), 'utf8')) as Partial<TimelineStart>) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return FIRST_START;
      throw error;
    }
  }

  /** Replaces the file whole: a crash leaves the old or the new one. */
  async write(videoUuid: string, state: TimelineStart): Promise<void> {
    const file = this.#file(videoUuid);
    await writeFile(`${file}.new`, JSON.stringify(state));
    await rename(`${file}.new`, file);
  }

  async remove(videoUuid: string): Promise<void> {
    await rm(this.#file(videoUuid), { force: true });
  }

  #file(videoUuid: string): string {
    return join(this.#directory, `${videoUuid}.json`);
  }
}
