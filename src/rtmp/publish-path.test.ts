import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePublishPath } from './publish-path.ts';

for (const [app, streamName, expected] of [
  ['live', 'key', { app: 'live', streamKey: 'key' }],
  ['live/', 'key', { app: 'live', streamKey: 'key' }],
  ['/live', '/key/', { app: 'live', streamKey: 'key' }],
  ['live', 'key?token=a/b', { app: 'live', streamKey: 'key' }],
  ['live?x=y', 'key', { app: 'live', streamKey: 'key' }],
  ['live/key', '', { app: 'live', streamKey: 'key' }],
  ['live/key/', '', { app: 'live', streamKey: 'key' }],
  ['live', '', { app: 'live', streamKey: '' }],
  ['', 'live/key', { app: 'live', streamKey: 'key' }],
  ['', '', { app: '', streamKey: '' }],
  ['live/a', 'b', null],
  ['live', 'a/b', null],
] as const) {
  test(`publish path of app '${app}' and stream '${streamName}'`, () => {
    assert.deepEqual(parsePublishPath(app, streamName), expected);
  });
}
