import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Broadcast, liveRecord } from '../support/broadcast.ts';

const PASSING = { saveReplay: false, replayPrivacy: null };

function timelineOf(broadcast: Broadcast) {
  return broadcast.edge().timeline;
}

test('numbers do not go back when a window is made longer, while the server runs or while it does not', async (t) => {
  const [short, long] = [liveRecord(1, { ...PASSING, dvrWindowS: 0 }), liveRecord(1, { ...PASSING, dvrWindowS: 3600 })];
  const before = await Broadcast.open(t, { lives: [] });
  before.lives.put(short);
  const publisher = await before.publish();
  publisher.send(60);
  publisher.end('disconnected');
  const { first } = timelineOf(before).segments;
  assert.ok(first > 10);
  await before.lives.shelf.settled();

  const settings = await Broadcast.open(t, { from: before, lives: [long] });
  assert.ok(timelineOf(settings).segments.first >= first, 'set while it was down');
  const again = await Broadcast.open(t, { from: settings, lives: [long] });
  assert.ok(timelineOf(again).segments.first >= first, 'and at the start after that');
  assert.ok(timelineOf(again).segments.length > 10);

  before.lives.put(long);
  await before.lives.close();
  const running = await Broadcast.open(t, { from: before, lives: [long] });
  assert.equal(timelineOf(running).segments.first, first, 'set while it ran');
});
