import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMediaPlaylist } from './playlist-reader.ts';

const LIVE = `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:2
#EXT-X-MEDIA-SEQUENCE:41
#EXT-X-DISCONTINUITY-SEQUENCE:3
#EXT-X-MAP:URI="/media/a/000001/0-700.mp4"
#EXTINF:1.00000,
/media/a/000001/700-900.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="/media/a/000002/0-700.mp4"
#EXT-X-PART:DURATION=0.20000,URI="/media/a/000002/700.m4s",INDEPENDENT=YES
#EXTINF:1.00000,
/media/a/000002/700-900.m4s
#EXT-X-PART:DURATION=0.20000,URI="/media/a/000002/900.m4s"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="/media/a/000002/950.m4s"
`;

test('a live playlist, as far as the drill asks', () => {
  assert.deepEqual(parseMediaPlaylist(LIVE), {
    mediaSequence: 41,
    discontinuitySequence: 3,
    ended: false,
    segments: [
      { uri: '/media/a/000001/700-900.m4s', initUri: '/media/a/000001/0-700.mp4', discontinuity: false },
      { uri: '/media/a/000002/700-900.m4s', initUri: '/media/a/000002/0-700.mp4', discontinuity: true },
    ],
    parts: ['/media/a/000002/700.m4s', '/media/a/000002/900.m4s'],
    openParts: 1,
  });
});

test('the end is seen, and what is no playlist', () => {
  assert.equal(parseMediaPlaylist(`${LIVE}#EXT-X-ENDLIST\n`)?.ended, true);
  assert.equal(parseMediaPlaylist('<!doctype html>'), null);
});
