import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeMachine } from './judge-machine.ts';
import type { MachineFacts } from './machine-facts.ts';

const LOAD = { lives: 200, viewers: 1000, kbPerSecond: 3000 };
const GOOD: MachineFacts = {
  nodeVersion: '24.21.0',
  openFiles: { limit: 65_536, ofServer: false },
  memoryBytes: 8e9,
  cores: 4,
  year: 2026,
  timeZones: true,
  ffmpeg: null,
  acceptQueue: 4096,
  handshakeQueue: 512,
};

const TABLE: readonly { name: string; change: Partial<MachineFacts>; bad: string[] }[] = [
  { name: 'a good one', change: {}, bad: [] },
  { name: 'that tells nothing', change: { openFiles: null, acceptQueue: null, handshakeQueue: null, ffmpeg: '7.1' }, bad: [] },
  { name: 'old Node', change: { nodeVersion: '22.17.9' }, bad: ['failure Node.js 22.17.9'] },
  { name: 'another Node', change: { nodeVersion: '22.18.0' }, bad: ['warning Node.js 22.18.0'] },
  {
    name: 'few open files',
    change: { openFiles: { limit: 1024, ofServer: true } },
    bad: ['failure open files limit 1024 of the running server; 200 lives and 1000 viewers take about 2000'],
  },
  { name: 'just enough open files', change: { openFiles: { limit: 2048, ofServer: false } }, bad: ['warning open files'] },
  { name: 'open files without a limit', change: { openFiles: { limit: Number.POSITIVE_INFINITY, ofServer: false } }, bad: [] },
  {
    name: 'too little memory',
    change: { memoryBytes: 1e9 },
    bad: ['failure memory 1.0 GB; 200 lives at 3000 kb/s take about 2.1 GB'],
  },
  { name: 'little memory', change: { memoryBytes: 2.5e9 }, bad: ['warning memory'] },
  { name: 'a clock that was never set', change: { year: 1970 }, bad: ['failure clock it is 1970'] },
  { name: 'no time zones', change: { timeZones: false }, bad: ['failure time zones'] },
  {
    name: 'short queues',
    change: { acceptQueue: 128, handshakeQueue: 256 },
    bad: ['warning storms net.core.somaxconn 128', 'warning storms net.ipv4.tcp_max_syn_backlog 256'],
  },
];

for (const { name, change, bad } of TABLE) {
  test(`machine: ${name}`, () => {
    const findings = judgeMachine({ ...GOOD, ...change }, LOAD).filter(({ level }) => level !== 'ok');
    assert.equal(findings.length, bad.length, findings.map(({ text }) => text).join('; '));
    findings.forEach(({ level, check, text }, i) =>
      assert.ok(`${level} ${check} ${text}`.startsWith(bad[i]), `${level} ${check} ${text}`),
    );
  });
}

test('machine: too few cores', () => {
  const findings = judgeMachine(GOOD, { lives: 2001, viewers: 0, kbPerSecond: 300 });
  assert.match(findings.find(({ check }) => check === 'cores')?.advice ?? '', /^Take 5 or more/);
});
