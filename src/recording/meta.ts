import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { META_FILE } from './layout.ts';
import type { RecordingMeta } from './layout.ts';

/** The meta of the recording in this directory, whose name is its session's id. Rejects with SyntaxError when it is damaged. */
export async function readMeta(directory: string): Promise<RecordingMeta> {
  const given = JSON.parse(await readFile(join(directory, META_FILE), 'utf8')) as Partial<
    Record<keyof RecordingMeta, unknown>
  > | null;
  const { videoUuid, startedAt, saveReplay, mediaSequence, discontinuitySequence, targetDuration } = given ?? {};
  if (typeof videoUuid !== 'string' || typeof saveReplay !== 'boolean') throw new SyntaxError(`${META_FILE} is damaged`);
  return {
    sessionId: basename(directory),
    videoUuid,
    startedAt: count('startedAt', startedAt),
    saveReplay,
    mediaSequence: count('mediaSequence', mediaSequence),
    discontinuitySequence: count('discontinuitySequence', discontinuitySequence),
    targetDuration: count('targetDuration', targetDuration),
  };
}

function count(field: string, value: unknown): number {
  if (typeof value !== 'number' || !(value >= 0))
    throw new SyntaxError(`${META_FILE} is damaged: ${field} is ${JSON.stringify(value)}`);
  return value;
}
