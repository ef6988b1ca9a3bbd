import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newestMedia } from './newest-media.ts';

test('the newest media is the last part, or the last segment', () => {
  assert.equal(newestMedia('#EXTM3U\n#EXTINF:1,\na-1.ts\n#EXTINF:1,\na-2.ts\n', '/hls/a.m3u8'), '/hls/a-2.ts');
  assert.equal(
    newestMedia('#EXTM3U\n#EXTINF:1,\n/media/1.m4s\n#EXT-X-PART:DURATION=0.2,URI="/media/2.m4s"\n', '/0.m3u8'),
    '/media/2.m4s',
  );
  assert.equal(newestMedia('#EXTM3U\n', '/hls/a.m3u8'), null);
});
