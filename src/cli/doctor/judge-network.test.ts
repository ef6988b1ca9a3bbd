import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeNetwork } from './judge-network.ts';
import type { NetworkFacts, PortFacts } from './network-facts.ts';

const HTTP: PortFacts = { setting: 'http', host: '0.0.0.0', port: 9000, code: null, ours: false };
const RTMP: PortFacts = { ...HTTP, setting: 'rtmp', port: 1935 };
const GOOD: NetworkFacts = { ports: [HTTP, RTMP], publicUrl: 'https://live.example.org', rtmpPublicUrl: null, unknownHosts: [] };

const TABLE: readonly { name: string; change: Partial<NetworkFacts>; bad: string[] }[] = [
  { name: 'all right', change: {}, bad: [] },
  { name: 'held by ours', change: { ports: [HTTP, { ...RTMP, code: 'EADDRINUSE', ours: true }] }, bad: [] },
  {
    name: 'held by another',
    change: { ports: [HTTP, { ...RTMP, code: 'EADDRINUSE' }] },
    bad: ['failure rtmp port 0.0.0.0 1935 is in use'],
  },
  {
    name: 'privileged',
    change: { ports: [{ ...HTTP, port: 80, code: 'EACCES' }, RTMP] },
    bad: ['failure http port this user may not listen on 0.0.0.0 80'],
  },
  {
    name: 'no such address',
    change: { ports: [{ ...HTTP, host: '192.0.2.1', code: 'EADDRNOTAVAIL' }, RTMP] },
    bad: ['failure http port 192.0.2.1 9000 cannot'],
  },
  { name: 'any port', change: { ports: [HTTP, { ...RTMP, port: 0 }] }, bad: ['warning rtmp port 0.0.0.0, any free one'] },
  { name: 'no public URL', change: { publicUrl: null }, bad: ['warning public URL not set'] },
  {
    name: 'no public URL, for this machine only',
    change: { publicUrl: null, ports: [{ ...HTTP, host: '127.0.0.1' }, RTMP] },
    bad: [],
  },
  {
    name: 'localhost',
    change: { publicUrl: 'http://localhost:9000' },
    bad: ['warning public URL http://localhost:9000 is this machine'],
  },
  {
    name: 'no HTTPS',
    change: { publicUrl: 'http://live.example.org' },
    bad: ['warning public URL http://live.example.org is not HTTPS'],
  },
  {
    name: 'a path',
    change: { publicUrl: 'https://example.org/live' },
    bad: ['warning public URL https://example.org/live has a path'],
  },
  {
    name: 'RTMP on localhost',
    change: { rtmpPublicUrl: 'rtmp://127.0.0.1/live' },
    bad: ['warning public URL publishers are told rtmp://127.0.0.1/live'],
  },
  { name: 'unknown name', change: { unknownHosts: ['live.example.org'] }, bad: ['warning public URL the name live.example.org'] },
];

for (const { name, change, bad } of TABLE) {
  test(`addresses: ${name}`, () => {
    const findings = judgeNetwork({ ...GOOD, ...change }).filter(({ level }) => level !== 'ok');
    assert.equal(findings.length, bad.length, findings.map(({ text }) => text).join('; '));
    findings.forEach(({ level, check, text }, i) =>
      assert.ok(`${level} ${check} ${text}`.startsWith(bad[i]), `${level} ${check} ${text}`),
    );
  });
}
