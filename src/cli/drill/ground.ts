import type { CommandIo } from '../command-io.ts';
import type { DrillArguments } from './drill-arguments.ts';
import { ImageDisk } from './image-disk.ts';
import { MOUNTED } from './in-namespace.ts';
import { mountedDisk, mountMemory } from './own-disk.ts';
import type { OwnDisk } from './own-disk.ts';
import { TemporaryInstance } from './temporary-instance.ts';

const MEGABYTE = 1024 * 1024;
/** PostgreSQL with its write-ahead log, and room to spare. */
const LEAST_BYTES = 512 * MEGABYTE;
const OF_SAMPLE = 600_000;
/** So long a storm's publishers are waited for, and their first parts. */
const MARGIN_S = 90;

/** What a drill that breaks things stands on: a server, and a disk of its own where that is to break. */
export interface Ground {
  readonly instance: TemporaryInstance;
  readonly disk: OwnDisk | null;
  readonly image: ImageDisk | null;
  /** Takes everything away; idempotent. */
  remove(): Promise<void>;
}

/** How much room the recordings of a drill need, and the database. */
export function bytesOf({ lives, rounds, seconds, fullSeconds, bitrate }: DrillArguments): number {
  const recordedS = rounds * (seconds + fullSeconds) + MARGIN_S;
  return LEAST_BYTES + Math.ceil((lives * recordedS * (bitrate ?? OF_SAMPLE)) / 8);
}

/** Makes it. What was made is taken away again when the rest fails. */
export async function prepareGround(wanted: DrillArguments, io: CommandIo): Promise<Ground> {
  const { drill, lives, powerCut } = wanted;
  const image = powerCut ? await ImageDisk.create(bytesOf(wanted)) : null;
  const disk = image ?? (drill === 'disk' ? await smallDisk(wanted, io) : null);
  try {
    const instance = await TemporaryInstance.create({
      ownDatabase: drill === 'database',
      env: io.env,
      settings: { REPRISE_MAX_PUBLISHERS: String(Math.max(2000, 2 * lives)) },
      ...(disk === null ? {} : { parent: disk.directory }),
    });
    const remove = async (): Promise<void> => {
      await instance.remove().finally(() => disk?.remove());
    };
    return { instance, disk, image, remove };
  } catch (error) {
    await disk?.remove();
    throw error;
  }
}

function smallDisk(wanted: DrillArguments, io: CommandIo): OwnDisk | Promise<OwnDisk> {
  const mounted = io.env[MOUNTED];
  return mounted === undefined ? mountMemory(bytesOf(wanted)) : mountedDisk(mounted);
}
