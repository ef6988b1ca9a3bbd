import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstMediaPlaylist, isAfter, parseMark } from './playlist-mark.ts';

const playlist = `#EXTM3U
#EXT-X-TARGETDURATION:1
#EXT-X-PART-INF:PART-TARGET=0.2
#EXT-X-MEDIA-SEQUENCE:41
#EXT-X-PART:DURATION=0.2,URI="a.m4s"
#EXTINF:1,
s41.m4s
#EXTINF:1,
s42.m4s
#EXT-X-PART:DURATION=0.2,URI="b.m4s"
#EXT-X-PART:DURATION=0.2,URI="c.m4s"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="d.m4s"
`;

test('the mark counts segments from the sequence number, and the parts after the last of them', () => {
  assert.deepEqual(parseMark(playlist), { segments: 43, parts: 2, listed: 2, ended: false });
  assert.equal(parseMark(`${playlist}#EXT-X-ENDLIST\n`).ended, true);
});

test('a mark is after another by segments, then parts', () => {
  const mark = { segments: 43, parts: 2, listed: 2, ended: false };
  assert.equal(isAfter({ ...mark, parts: 3 }, mark), true);
  assert.equal(isAfter({ ...mark, segments: 44, parts: 0 }, mark), true);
  assert.equal(isAfter(mark, mark), false);
  assert.equal(isAfter({ ...mark, segments: 42, parts: 9 }, mark), false);
});

test('the first media playlist is the first line that is no tag', () => {
  assert.equal(firstMediaPlaylist('#EXTM3U\r\n#EXT-X-STREAM-INF:BANDWIDTH=1\r\n0.m3u8\r\n1.m3u8\r\n'), '0.m3u8');
  assert.equal(firstMediaPlaylist('#EXTM3U\n'), null);
});
