import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PlayerClock } from './player-clock.ts';

test('a player that gets its media in time does not stall', () => {
  const player = new PlayerClock(800);
  for (let part = 0; part < 50; part += 1) player.received(1000 + part * 200, 200);
  assert.equal(player.stalls, 0);
});

test('what comes later than the player was behind is a stall', () => {
  const player = new PlayerClock(800);
  player.received(1000, 200);
  player.received(1999, 200);
  assert.equal(player.stalls, 0);
  player.received(2500, 200);
  assert.equal(player.stalls, 1);
});
