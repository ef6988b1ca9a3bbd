import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../test/support/fuzz.ts';
import { SegmentColumns } from './segment-columns.ts';
import type { SegmentRow } from './segment-columns.ts';

test('rows keep their numbers and their fields over trims, growth and moves', () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const random = seededRandom(seed);
    const columns = new SegmentColumns();
    columns.first = columns.next = random(1_000_000);
    const kept = new Map<number, SegmentRow>();
    const longest = 10 + random(300);
    for (let step = 0; step < 2000; step += 1) {
      const row: SegmentRow = {
        start: random(2 ** 30) * 1000,
        end: random(2 ** 30) * 2000,
        duration: random(2 ** 31),
        programDateTimeMs: 1.7e12 + random(2 ** 30),
        videoFrames: random(1000),
        independent: random(2) === 0,
        run: random(100),
      };
      kept.set(columns.next, row);
      columns.add(row);
      if (columns.length > longest || random(50) === 0) {
        columns.trim(columns.first + random(columns.length + 5));
        for (const number of kept.keys()) if (number < columns.first) kept.delete(number);
      }
      if (step % 50 === 0) assertSame(columns, kept);
    }
    assertSame(columns, kept);
  }
});

test('a row that is not there is a fault', () => {
  const columns = new SegmentColumns();
  assert.throws(() => columns.start(0), RangeError);
  columns.add({ start: 0, end: 1, duration: 1, programDateTimeMs: 0, videoFrames: 0, independent: true, run: 1 });
  columns.trim(1);
  columns.trim(0);
  assert.throws(() => columns.start(0), RangeError);
  assert.deepEqual([columns.first, columns.next, columns.length], [1, 1, 0]);
});

function assertSame(columns: SegmentColumns, kept: ReadonlyMap<number, SegmentRow>): void {
  assert.equal(columns.length, kept.size);
  for (const [number, row] of kept) {
    assert.deepEqual(
      {
        start: columns.start(number),
        end: columns.end(number),
        duration: columns.duration(number),
        programDateTimeMs: columns.programDateTimeMs(number),
        videoFrames: columns.videoFrames(number),
        independent: columns.independent(number),
        run: columns.run(number),
      },
      row,
    );
  }
}
