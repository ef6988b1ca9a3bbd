import type { DiskFacts } from './disk-facts.ts';
import { bytesPerHour, failure, formatBytes, ok, warning } from './finding.ts';
import type { Finding, Load } from './finding.ts';

const CHECK = 'data directory';
const LEAST_FREE_BYTES = 1e9;
/** A recording has a volume, an index and a description; a broken session has another volume. */
const FILES_PER_SESSION = 4;

const NETWORK = new Set(['nfs', 'cifs', 'smb2', '9p', 'ceph']);

/** What is to be said of the data directory's file system. */
export function judgeDisk(disk: DiskFacts, load: Load): Finding[] {
  if (disk.problem !== null) {
    return [
      failure(
        CHECK,
        `${disk.directory} cannot be written: ${disk.problem}`,
        'Give it to the user that Reprise runs as (chown), or choose another with --data-dir.',
      ),
    ];
  }
  return [judgeType(disk), judgeSpace(disk, load), ...judgeFiles(disk, load), judgeSync(disk)];
}

/** What is to be said of the disk of a PostgreSQL of the user's own on this machine. We may not be able to write there. */
export function judgeDatabaseDisk({ directory, freeBytes, totalBytes }: DiskFacts): Finding[] {
  const text = `${formatBytes(freeBytes)} of ${formatBytes(totalBytes)} free for PostgreSQL in ${directory}`;
  if (freeBytes >= LEAST_FREE_BYTES) return [ok('disk space', text)];
  return [
    failure('disk space', text, 'Make room: when its disk is full PostgreSQL writes nothing, and the catalogue falls behind.'),
  ];
}

function judgeType({ directory, exists, type }: DiskFacts): Finding {
  const text = `${directory}${exists ? '' : ' (to be made)'} is on ${type}`;
  if (type === 'tmpfs' || type === 'ramfs')
    return failure(
      CHECK,
      text,
      'It is memory: everything recorded is gone after a restart of the machine. Choose a disk with --data-dir.',
    );
  if (NETWORK.has(type))
    return warning(
      CHECK,
      text,
      'Put it on a local disk: when the network stands still so do recordings and the ledger, and what a network file system has confirmed may not be durable.',
    );
  if (type === 'overlay')
    return warning(CHECK, text, 'It is the writable layer of a container and goes away with it: mount a volume there.');
  if (type === 'vfat') return warning(CHECK, text, 'Its files end at 4 GB: a long recording would not fit. Use ext4 or xfs.');
  if (type === 'fuse')
    return warning(CHECK, text, 'Put it on a local disk: many of these file systems confirm writes that are not durable.');
  return ok(CHECK, text);
}

function judgeSpace({ freeBytes, totalBytes }: DiskFacts, load: Load): Finding {
  const perHour = bytesPerHour(load);
  const hours = freeBytes / perHour;
  const time = hours < 100 ? `${hours.toFixed(hours < 10 ? 1 : 0)} hours` : `${Math.floor(hours / 24)} days`;
  const text = `${formatBytes(freeBytes)} of ${formatBytes(totalBytes)} free: ${time} of ${load.lives} lives at ${load.kbPerSecond} kb/s`;
  const advice = `Make room: an hour takes ${formatBytes(perHour)}. When the disk is full recordings end, and PostgreSQL too if it is on the same disk.`;
  if (freeBytes < LEAST_FREE_BYTES || hours < 1) return failure('disk space', text, advice);
  return hours < 24 ? warning('disk space', text, advice) : ok('disk space', text);
}

function judgeFiles({ freeFiles }: DiskFacts, { lives }: Load): Finding[] {
  // A restart of all lives an hour, for a month.
  const needed = lives * FILES_PER_SESSION * 24 * 30;
  if (freeFiles === null || freeFiles >= needed) return [];
  return [
    warning(
      'disk space',
      `only ${freeFiles} more files can be made (inodes)`,
      `Make the file system with more inodes: with a restart an hour, ${lives} lives make ${needed} files a month.`,
    ),
  ];
}

function judgeSync({ syncMs }: DiskFacts): Finding {
  if (syncMs === null) return ok('disk sync', 'not measured');
  const text = `${syncMs.median.toFixed(1)} ms, longest ${syncMs.longest.toFixed(1)} ms, to make 4 kB durable`;
  const advice =
    'Use an SSD, or leave the disk to Reprise: each batch of facts is made durable once in the ledger and once in PostgreSQL, and recordings are synced all the time.';
  if (syncMs.median > 500) return failure('disk sync', text, advice);
  return syncMs.median > 30 || syncMs.longest > 1000 ? warning('disk sync', text, advice) : ok('disk sync', text);
}
