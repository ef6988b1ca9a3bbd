import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readEdgePlaylist } from './edge-playlist.ts';

test('a delta update tells what comes next and which parts there are', () => {
  const text = `#EXTM3U
#EXT-X-MEDIA-SEQUENCE:10
#EXT-X-SKIP:SKIPPED-SEGMENTS=5
#EXT-X-PART:DURATION=0.20000,URI="/media/1.m4s",INDEPENDENT=YES
#EXTINF:0.20000,
/media/1-2.m4s
#EXT-X-PART:DURATION=0.20000,URI="/media/2.m4s"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="/media/3.m4s"
`;
  const media = [
    { uri: '/media/1.m4s', durationMs: 200 },
    { uri: '/media/2.m4s', durationMs: 200 },
  ];
  assert.deepEqual(readEdgePlaylist(text), { nextSequence: 16, nextPart: 1, media });
});

test('without parts it is segments', () => {
  assert.deepEqual(readEdgePlaylist('#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:3\n#EXTINF:1.000,\na-3.ts\n'), {
    nextSequence: 4,
    nextPart: 0,
    media: [{ uri: 'a-3.ts', durationMs: 1000 }],
  });
});
