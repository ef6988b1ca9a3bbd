import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DiskFacts } from './disk-facts.ts';
import { judgeDisk } from './judge-disk.ts';

const LOAD = { lives: 50, viewers: 500, kbPerSecond: 4000 };
/** 50 lives of half a megabyte a second: 90 GB an hour. */
const HOUR = 90e9;
const GOOD: DiskFacts = {
  directory: '/data',
  exists: true,
  problem: null,
  type: 'ext4',
  freeBytes: 30 * HOUR,
  totalBytes: 40 * HOUR,
  freeFiles: 1e9,
  syncMs: { median: 2, longest: 9 },
};

const TABLE: readonly { name: string; change: Partial<DiskFacts>; bad: string[] }[] = [
  { name: 'a good one', change: {}, bad: [] },
  { name: 'without a limit of files', change: { freeFiles: null, type: 'btrfs' }, bad: [] },
  { name: 'unknown type', change: { type: '0x1234' }, bad: [] },
  { name: 'not to be written', change: { problem: 'EACCES' }, bad: ['failure /data cannot be written'] },
  { name: 'memory', change: { type: 'tmpfs' }, bad: ['failure /data is on tmpfs'] },
  { name: 'network', change: { type: 'nfs' }, bad: ['warning /data is on nfs'] },
  { name: 'container', change: { type: 'overlay', exists: false }, bad: ['warning /data (to be made) is on overlay'] },
  {
    name: 'less than a day',
    change: { freeBytes: 23 * HOUR },
    bad: ['warning 2.1 TB of 3.6 TB free: 23 hours of 50 lives at 4000 kb/s'],
  },
  { name: 'less than an hour', change: { freeBytes: HOUR / 2 }, bad: ['failure 45 GB of 3.6 TB free: 0.5 hours'] },
  { name: 'nothing', change: { freeBytes: 0 }, bad: ['failure 0 bytes'] },
  { name: 'few inodes', change: { freeFiles: 1000 }, bad: ['warning only 1000 more files'] },
  { name: 'slow', change: { syncMs: { median: 80, longest: 200 } }, bad: ['warning 80.0 ms'] },
  { name: 'now and then slow', change: { syncMs: { median: 2, longest: 3000 } }, bad: ['warning 2.0 ms, longest 3000.0 ms'] },
  { name: 'hardly moving', change: { syncMs: { median: 800, longest: 900 } }, bad: ['failure 800.0 ms'] },
];

for (const { name, change, bad } of TABLE) {
  test(`disk: ${name}`, () => {
    const findings = judgeDisk({ ...GOOD, ...change }, LOAD).filter(({ level }) => level !== 'ok');
    assert.equal(findings.length, bad.length, findings.map(({ text }) => text).join('; '));
    findings.forEach(({ level, text }, i) => assert.ok(`${level} ${text}`.startsWith(bad[i]), `${level} ${text}`));
  });
}
