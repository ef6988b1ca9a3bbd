import assert from 'node:assert/strict';
import { test } from 'node:test';
import { growthLimit, pictureOfLive, type LiveFacts, type Picture } from './picture.ts';

const playing: LiveFacts = {
  said: 'on-air',
  playlist: 'present',
  open: true,
  shown: true,
  sinceGrowthMs: 100,
  growthLimitMs: 2000,
  aheadSeconds: 1,
};

const table: [name: string, facts: Partial<LiveFacts>, picture: Picture][] = [
  ['on air', {}, 'playing'],
  ['a short stall is the spinner’s business', { aheadSeconds: 0 }, 'playing'],
  ['opened, no frame yet', { shown: false, aheadSeconds: 0 }, 'loading'],
  ['before the first broadcast', { open: false, playlist: 'absent', said: 'waiting' }, 'waiting'],
  ['on air by the API, no playlist yet', { open: false, playlist: 'absent' }, 'waiting'],
  ['not looked yet', { open: false, playlist: 'unknown', said: 'waiting' }, 'loading'],
  ['an old playlist of a live that waits', { open: false, playlist: 'present', said: 'waiting' }, 'offline'],
  ['publisher gone, nothing left to show', { sinceGrowthMs: 5000, aheadSeconds: 0.1 }, 'offline'],
  ['publisher gone, the buffer lasts', { sinceGrowthMs: 5000, aheadSeconds: 3 }, 'playing'],
  ['server gone, the buffer lasts', { playlist: 'unreachable', sinceGrowthMs: 5000, aheadSeconds: 3 }, 'playing'],
  ['server gone', { playlist: 'unreachable', sinceGrowthMs: 5000, aheadSeconds: 0 }, 'reconnecting'],
  ['ended, the last seconds are shown', { said: 'ended', aheadSeconds: 2 }, 'playing'],
  ['ended', { said: 'ended', aheadSeconds: 0 }, 'ended'],
  ['forbidden', { open: false, playlist: 'forbidden' }, 'forbidden'],
];

for (const [name, facts, picture] of table) {
  test(`${name}: ${picture}`, () => assert.equal(pictureOfLive({ ...playing, ...facts }), picture));
}

test('a playlist may stand still for a few parts, or segments', () => {
  assert.equal(growthLimit(1, 0.2), 2000);
  assert.equal(growthLimit(4, 1), 5000);
  assert.equal(growthLimit(4, null), 10000);
  assert.equal(growthLimit(1, null), 3000);
});
