import assert from 'node:assert/strict';
import { test } from 'node:test';
import { posterLines } from './poster-lines.ts';

const uuids = Array.from({ length: 200 }, (_, i) => `9c9de5e8-0a1e-484a-b099-${String(i).padStart(12, '0')}`);

test('the same video has the same poster, another has another', () => {
  assert.deepEqual(posterLines(uuids[0] ?? ''), posterLines(uuids[0] ?? ''));
  assert.notDeepEqual(posterLines(uuids[0] ?? ''), posterLines(uuids[1] ?? ''));
});

test('hues are spread and paths stay in the box', () => {
  const posters = uuids.map(posterLines);
  assert.ok(new Set(posters.map(({ hue }) => Math.floor(hue / 30))).size === 12);
  for (const { paths } of posters) {
    const numbers =
      paths
        .join(' ')
        .match(/-?\d+(\.\d+)?/g)
        ?.map(Number) ?? [];
    assert.ok(numbers.every((value) => value >= -20 && value <= 330));
  }
});
