import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readProfile } from './cpu-profile.ts';

const frame = (functionName: string, url = '', lineNumber = -1) => ({ functionName, url, lineNumber });

test('self time is that of the samples between two moments, and shares are of what was not idle', () => {
  const reading = readProfile(
    {
      nodes: [
        { id: 1, callFrame: frame('(idle)') },
        { id: 2, callFrame: frame('(garbage collector)') },
        { id: 3, callFrame: frame('push', 'file:///a/src/rtmp/chunk-reader.ts', 54) },
        { id: 4, callFrame: frame('sleep', 'file:///a/src/recording/word-ring.ts', 54) },
      ],
      startTime: 1000,
      samples: [3, 1, 2, 3, 4, 1, 1],
      timeDeltas: [0, 100, 100, 50, 150, 70, 0],
    },
    1100,
    2000,
  );
  assert.deepEqual(reading, {
    wallUs: 370,
    busyUs: 200,
    gcShare: 0.25,
    nativeShare: 0,
    functions: [
      { name: 'push chunk-reader.ts:55', us: 150, share: 0.75 },
      { name: '(garbage collector)', us: 50, share: 0.25 },
    ],
  });
});
