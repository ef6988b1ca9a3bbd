import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cuts, hex } from '../../test/support/cuts.ts';
import { fuzz } from '../../test/support/fuzz.ts';
import { MediaReader } from './media-reader.ts';
import type { TrackReceiver } from './media-reader.ts';

/** Writes down what a media reader tells, frames as `frame codec [key] offset+ns: bytes`. */
class Notes implements TrackReceiver {
  readonly lines: string[] = [];
  target = new Uint8Array(64);
  targetOffset = 8;
  #size = 0;
  #line = '';

  config(codec: string, record: Uint8Array): void {
    this.lines.push(`config ${codec}: ${Buffer.from(record).toString('hex')}`);
  }

  begin: TrackReceiver['begin'] = (tag, timestampMs, size) => {
    this.target = new Uint8Array(size + 16);
    this.#size = size;
    this.#line = `frame ${tag.codec} ${tag.keyframe ? 'key ' : ''}${timestampMs}ms ${tag.compositionOffsetMs}ms ${tag.nanoseconds}ns: `;
    return true;
  };

  end(): void {
    assert.ok(this.target.subarray(0, 8).every((byte) => byte === 0));
    this.lines.push(this.#line + Buffer.from(this.target.subarray(8, 8 + this.#size)).toString('hex'));
  }
}

const hvc1 = '68766331';
const av01 = '61763031';
const avc1 = '61766331';
const opus = '4f707573';

const table: { name: string; kind: 'audio' | 'video'; bytes: string; lines: string[] }[] = [
  { name: 'AVC configuration', kind: 'video', bytes: '17 00 000000 01020304', lines: ['config avc1: 01020304'] },
  { name: 'AVC keyframe', kind: 'video', bytes: '17 01 000050 aabbcc', lines: ['frame avc1 key 7ms 80ms 0ns: aabbcc'] },
  { name: 'AVC frame with a negative offset', kind: 'video', bytes: '27 01 ffffd8 aa', lines: ['frame avc1 7ms -40ms 0ns: aa'] },
  { name: 'AVC end of sequence', kind: 'video', bytes: '17 02 000000', lines: [] },
  { name: 'AVC frame without bytes', kind: 'video', bytes: '27 01 000000', lines: [] },
  { name: 'AVC configuration without bytes', kind: 'video', bytes: '17 00 000000', lines: [] },
  { name: 'a video message cut short', kind: 'video', bytes: '17 01 00', lines: [] },
  { name: 'no bytes at all', kind: 'video', bytes: '', lines: [] },
  { name: 'a video command frame', kind: 'video', bytes: '57 00', lines: [] },
  { name: 'HEVC by its unofficial id', kind: 'video', bytes: '1c 01 000000 aa', lines: ['frame hvc1 key 7ms 0ms 0ns: aa'] },
  { name: 'VP6', kind: 'video', bytes: '14 aabb', lines: ['frame video 4 key 7ms 0ms 0ns: aabb'] },
  { name: 'enhanced: HEVC configuration', kind: 'video', bytes: `90 ${hvc1} 0102`, lines: ['config hvc1: 0102'] },
  {
    name: 'enhanced: HEVC frame with an offset',
    kind: 'video',
    bytes: `a1 ${hvc1} 000021 aabb`,
    lines: ['frame hvc1 7ms 33ms 0ns: aabb'],
  },
  {
    name: 'enhanced: HEVC frame without an offset',
    kind: 'video',
    bytes: `93 ${hvc1} aabb`,
    lines: ['frame hvc1 key 7ms 0ms 0ns: aabb'],
  },
  {
    name: 'enhanced: AVC frame with an offset',
    kind: 'video',
    bytes: `91 ${avc1} 000021 aabb`,
    lines: ['frame avc1 key 7ms 33ms 0ns: aabb'],
  },
  { name: 'enhanced: AV1 has no offset', kind: 'video', bytes: `91 ${av01} aabb`, lines: ['frame av01 key 7ms 0ms 0ns: aabb'] },
  {
    name: 'enhanced: a code we do not know',
    kind: 'video',
    bytes: '93 01020304 aa',
    lines: ['frame code 01020304 key 7ms 0ms 0ns: aa'],
  },
  { name: 'enhanced: metadata', kind: 'video', bytes: `94 ${hvc1} 02 0009 636f6c6f72496e666f`, lines: [] },
  { name: 'enhanced: end of sequence', kind: 'video', bytes: `92 ${hvc1}`, lines: [] },
  { name: 'enhanced: a command frame', kind: 'video', bytes: 'd1 00', lines: [] },
  {
    name: 'enhanced: nanoseconds',
    kind: 'video',
    bytes: `97 02 03d090 01 ${avc1} 000000 aa`,
    lines: ['frame avc1 key 7ms 0ms 250000ns: aa'],
  },
  {
    name: 'enhanced: a modifier we do not know, of 300 bytes, and nanoseconds behind it',
    kind: 'video',
    bytes: `97 ff 012b ${'ee'.repeat(300)} f7 02 000001 03 ${avc1} aa`,
    lines: ['frame avc1 key 7ms 0ms 1ns: aa'],
  },
  {
    name: 'enhanced: one track told',
    kind: 'video',
    bytes: `96 01 ${avc1} 00 000005 aabb`,
    lines: ['frame avc1 key 7ms 5ms 0ns: aabb'],
  },
  {
    name: 'enhanced: many tracks of one codec, the first is taken',
    kind: 'video',
    bytes: `96 13 ${avc1} 01 000003 010203 00 000002 aabb 02 000001 04`,
    lines: ['frame avc1 key 7ms 0ms 0ns: aabb'],
  },
  {
    name: 'enhanced: many tracks of many codecs, the first is taken, with its own offset',
    kind: 'video',
    bytes: `96 21 ${av01} 01 000003 010203 ${hvc1} 00 000005 000010 aabb ${av01} 02 000001 04`,
    lines: ['frame hvc1 key 7ms 16ms 0ns: aabb'],
  },
  { name: 'enhanced: tracks without the first', kind: 'video', bytes: `96 13 ${avc1} 01 000000 02 000001 aa`, lines: [] },
  { name: 'AAC configuration', kind: 'audio', bytes: 'af 00 1190', lines: ['config mp4a: 1190'] },
  { name: 'AAC frame', kind: 'audio', bytes: 'af 01 aabb', lines: ['frame mp4a 7ms 0ms 0ns: aabb'] },
  { name: 'AAC frame without bytes', kind: 'audio', bytes: 'af 01', lines: [] },
  { name: 'MP3', kind: 'audio', bytes: '2f aabb', lines: ['frame audio 2 7ms 0ms 0ns: aabb'] },
  { name: 'enhanced: Opus configuration', kind: 'audio', bytes: `90 ${opus} 4f70`, lines: ['config Opus: 4f70'] },
  {
    name: 'enhanced: Opus frame with nanoseconds',
    kind: 'audio',
    bytes: `97 02 000064 01 ${opus} aabb`,
    lines: ['frame Opus 7ms 0ms 100ns: aabb'],
  },
  {
    name: 'enhanced: many audio tracks',
    kind: 'audio',
    bytes: `95 11 ${opus} 00 000002 aabb 01 000001 cc`,
    lines: ['frame Opus 7ms 0ms 0ns: aabb'],
  },
  { name: 'enhanced: multichannel configuration', kind: 'audio', bytes: `94 ${opus} 00 02`, lines: [] },
  { name: 'enhanced: audio end of sequence', kind: 'audio', bytes: `92 ${opus}`, lines: [] },
];

function read(kind: 'audio' | 'video', message: Uint8Array, pieces: readonly Uint8Array[] = [message]): string[] {
  const notes = new Notes();
  const reader = new MediaReader(kind, notes, 32);
  reader.begin(7, message.length);
  for (const piece of pieces) reader.push(piece, 0, piece.length);
  return notes.lines;
}

for (const { name, kind, bytes, lines } of table) {
  test(`${kind} message: ${name}`, () => {
    const message = hex(bytes);
    for (const cut of cuts(message)) assert.deepEqual(read(kind, message, cut.pieces), lines, cut.name);
  });
}

test('one reader reads one message after the other, and gives up one that is not whole', () => {
  const notes = new Notes();
  const reader = new MediaReader('video', notes, 32);
  for (const { bytes } of table.filter((row) => row.kind === 'video')) {
    const message = hex(bytes);
    reader.begin(7, message.length);
    reader.push(message, 0, Math.max(0, message.length - 1));
    reader.begin(7, message.length);
    reader.push(message, 0, message.length);
  }
  const whole = table.filter((row) => row.kind === 'video').flatMap((row) => row.lines);
  assert.deepEqual(
    notes.lines.filter((line, i) => line !== notes.lines[i - 1]),
    // The frame cut by its last byte is a whole one of many tracks where the last track is another.
    whole.filter((line, i) => line !== whole[i - 1]),
  );
});

test('a frame the receiver does not want is passed over', () => {
  const notes = new Notes();
  notes.begin = () => false;
  const reader = new MediaReader('video', notes, 32);
  const message = hex('17 01 000000 aabbcc');
  reader.begin(0, message.length);
  reader.push(message, 0, message.length);
  assert.deepEqual(notes.lines, []);
});

for (const [name, bytes, reason] of [
  ['a configuration beyond the limit', '17 00 000000' + '00'.repeat(33), 'config_too_long'],
  ['a track longer than its message', `96 13 ${avc1} 00 0000ff aa`, 'bad_media_tag'],
  ['an unknown kind of multitrack', `96 33 ${avc1}`, 'bad_media_tag'],
  ['modifiers without end', '97' + '00 aa f7'.repeat(300), 'bad_media_tag'],
] as const) {
  test(`a video message with ${name} is refused`, () => {
    assert.throws(() => read('video', hex(bytes)), { name: 'ProtocolError', reason });
  });
}

test('any bytes are media or a ProtocolError', () => {
  for (const { kind, bytes } of table) {
    const message = hex(bytes);
    if (message.length > 0) fuzz(message, (corrupt) => read(kind, corrupt), 100);
  }
});
