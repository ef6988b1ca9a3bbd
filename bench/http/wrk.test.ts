import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseWrk } from './wrk.ts';

test('requests and the time they took are read', () => {
  assert.deepEqual(parseWrk('Running 5s test\n  70213 requests in 5.10s, 6.1GB read\nRequests/sec: 13767\n'), {
    requests: 70213,
    seconds: 5.1,
  });
  assert.deepEqual(parseWrk('  6000 requests in 1.50m, 6.1GB read\n'), { requests: 6000, seconds: 90 });
});
