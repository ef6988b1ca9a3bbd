import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cuts, hex } from '../../test/support/cuts.ts';
import { fuzz, seededRandom } from '../../test/support/fuzz.ts';
import { ChunkReader } from './chunk-reader.ts';
import type { ChunkStream } from './chunk-stream.ts';
import { ChunkWriter } from './chunk-writer.ts';
import { encodeTags } from './encode-tags.ts';
import type { FlvTag } from './flv-file.ts';

interface Message {
  csid: number;
  type: number;
  timestamp: number;
  stream: number;
  payload: string;
}

/** Puts messages together again, and obeys Set Chunk Size (1) and Abort (2). */
class Collector {
  readonly messages: Message[] = [];
  readonly reader: ChunkReader;
  readonly #open = new Map<ChunkStream, string>();

  constructor(chunkStreams = 8) {
    this.reader = new ChunkReader(this, { chunkStreams });
  }

  feed(pieces: readonly Uint8Array[]): Message[] {
    for (const piece of pieces) assert.equal(this.reader.push(piece, 0, piece.length), piece.length);
    return this.messages;
  }

  beginMessage(stream: ChunkStream): void {
    this.#open.set(stream, '');
  }

  messageBytes(stream: ChunkStream, bytes: Uint8Array, offset: number, count: number): void {
    assert.ok(count > 0 && offset + count <= bytes.length);
    this.#open.set(stream, this.#open.get(stream) + Buffer.from(bytes.subarray(offset, offset + count)).toString('hex'));
  }

  endMessage(stream: ChunkStream): void {
    const payload = this.#open.get(stream) ?? '';
    assert.equal(payload.length, stream.length * 2);
    this.messages.push({
      csid: stream.id,
      type: stream.type,
      timestamp: stream.timestamp,
      stream: stream.messageStreamId,
      payload,
    });
    if (stream.type === 1) this.reader.chunkSize = parseInt(payload, 16);
    if (stream.type === 2) this.reader.abort(parseInt(payload, 16));
  }
}

const setChunkSize4 = '02 000000 000004 01 00000000 00000004';
const four: Message = { csid: 2, type: 1, timestamp: 0, stream: 0, payload: '00000004' };

const table: { name: string; bytes: string; messages: Message[] }[] = [
  {
    name: 'type 0, 1, 2 and 3 headers',
    bytes: `04 000064 000002 08 01000000 aabb
            44 000014 000001 09 cc
            84 00000a dd
            c4 ee`,
    messages: [
      { csid: 4, type: 8, timestamp: 100, stream: 1, payload: 'aabb' },
      { csid: 4, type: 9, timestamp: 120, stream: 1, payload: 'cc' },
      { csid: 4, type: 9, timestamp: 130, stream: 1, payload: 'dd' },
      { csid: 4, type: 9, timestamp: 140, stream: 1, payload: 'ee' },
    ],
  },
  {
    name: 'a type 3 header behind a type 0 repeats its timestamp as the delta',
    bytes: '04 000017 000001 08 01000000 aa c4 bb',
    messages: [
      { csid: 4, type: 8, timestamp: 23, stream: 1, payload: 'aa' },
      { csid: 4, type: 8, timestamp: 46, stream: 1, payload: 'bb' },
    ],
  },
  {
    name: 'a type 1 header on a new chunk stream counts from 0',
    bytes: '44 000005 000001 08 aa',
    messages: [{ csid: 4, type: 8, timestamp: 5, stream: 0, payload: 'aa' }],
  },
  {
    name: 'chunk streams 64, 319, 320 and 65599',
    bytes: `00 00 000000 000001 08 00000000 aa
            00 ff 000000 000001 08 00000000 bb
            01 0001 000000 000001 08 00000000 cc
            01 ffff 000000 000001 08 00000000 dd`,
    messages: [
      { csid: 64, type: 8, timestamp: 0, stream: 0, payload: 'aa' },
      { csid: 319, type: 8, timestamp: 0, stream: 0, payload: 'bb' },
      { csid: 320, type: 8, timestamp: 0, stream: 0, payload: 'cc' },
      { csid: 65_599, type: 8, timestamp: 0, stream: 0, payload: 'dd' },
    ],
  },
  {
    name: 'messages in chunks, two chunk streams in turn',
    bytes: `${setChunkSize4}
            06 000001 000009 09 01000000 01020304
            04 000002 000005 08 01000000 a1a2a3a4
            c6 05060708  c4 a5  c6 09`,
    messages: [
      four,
      { csid: 4, type: 8, timestamp: 2, stream: 1, payload: 'a1a2a3a4a5' },
      { csid: 6, type: 9, timestamp: 1, stream: 1, payload: '010203040506070809' },
    ],
  },
  {
    name: 'extended timestamps, repeated in the chunks behind',
    bytes: `${setChunkSize4}
            06 ffffff 000006 09 01000000 01000000 01020304 c6 01000000 0506
            86 ffffff 01000001 01020304 c6 01000001 0708`,
    messages: [
      four,
      { csid: 6, type: 9, timestamp: 0x1000000, stream: 1, payload: '010203040506' },
      { csid: 6, type: 9, timestamp: 0x2000001, stream: 1, payload: '010203040708' },
    ],
  },
  {
    name: 'a type 3 header that begins a message has the extended delta too',
    bytes: '06 ffffff 000001 09 01000000 01000000 aa c6 01000000 bb',
    messages: [
      { csid: 6, type: 9, timestamp: 0x1000000, stream: 1, payload: 'aa' },
      { csid: 6, type: 9, timestamp: 0x2000000, stream: 1, payload: 'bb' },
    ],
  },
  {
    name: 'an extended timestamp left out of the chunks behind, as some encoders do',
    bytes: `${setChunkSize4}
            06 ffffff 00000a 09 01000000 01000000 01020304 c6 05060708 c6 010a
            06 000001 000001 09 01000000 aa`,
    messages: [
      four,
      { csid: 6, type: 9, timestamp: 0x1000000, stream: 1, payload: '0102030405060708010a' },
      { csid: 6, type: 9, timestamp: 1, stream: 1, payload: 'aa' },
    ],
  },
  {
    name: 'timestamps wrap around',
    bytes: '04 ffffff 000001 08 01000000 fffffff0 aa 84 000020 bb',
    messages: [
      { csid: 4, type: 8, timestamp: 0xfffffff0, stream: 1, payload: 'aa' },
      { csid: 4, type: 8, timestamp: 0x10, stream: 1, payload: 'bb' },
    ],
  },
  {
    name: 'messages without payload',
    bytes: '04 000001 000000 09 01000000 c4 84 000002 c4',
    messages: [1, 2, 4, 6].map((timestamp) => ({ csid: 4, type: 9, timestamp, stream: 1, payload: '' })),
  },
  {
    name: 'an aborted message, and another on its chunk stream',
    bytes: `${setChunkSize4}
            06 000001 000009 09 01000000 01020304
            02 000000 000004 02 00000000 00000006
            06 000002 000002 09 01000000 0506`,
    messages: [
      four,
      { csid: 2, type: 2, timestamp: 0, stream: 0, payload: '00000006' },
      { csid: 6, type: 9, timestamp: 2, stream: 1, payload: '0506' },
    ],
  },
];

for (const { name, bytes, messages } of table) {
  test(`chunks: ${name}`, () => {
    for (const cut of cuts(hex(bytes))) assert.deepEqual(new Collector().feed(cut.pieces), messages, cut.name);
  });
}

for (const [name, bytes, reason] of [
  ['a type 3 chunk on a new chunk stream', 'c4', 'chunk_without_header'],
  ['a type 2 chunk on a new chunk stream', '84 000001', 'chunk_without_header'],
  [
    'a message inside another on one chunk stream',
    '04 000000 0000ff 08 01000000' + 'aa'.repeat(128) + '04 000000 000001 08 01000000 aa',
    'message_interrupted',
  ],
  [
    'a ninth chunk stream',
    Array.from({ length: 9 }, (_, i) => `0${(i + 3).toString(16)} 000000 000000 08 00000000`).join(' '),
    'too_many_chunk_streams',
  ],
] as const) {
  test(`chunks: refuses ${name}`, () => {
    assert.throws(() => new Collector().feed([hex(bytes)]), { name: 'ProtocolError', reason });
  });
}

test('chunks: a stopped reader stands behind the message that stopped it', () => {
  const bytes = hex('04 000000 000001 08 01000000 aa 84 000001 bb');
  const collector = new Collector();
  collector.reader.push(bytes, 0, 3);
  collector.endMessage = () => (collector.reader.stopped = true);
  assert.equal(collector.reader.push(bytes, 3, bytes.length), 13);
  assert.equal(collector.reader.push(bytes, 13, bytes.length), 13);
});

test('what the chunk writer writes the chunk reader reads, at any chunk size', () => {
  const random = seededRandom(7);
  for (const chunkSize of [1, 2, 127, 128, 4096]) {
    const writer = new ChunkWriter();
    writer.setChunkSize(chunkSize);
    const messages: Message[] = [];
    for (let i = 0; i < 20; i += 1) {
      const payload = Uint8Array.from({ length: random(300) }, () => random(256));
      const timestamp = random(3) === 0 ? 0xfffffe + random(4) : random(2 ** 32);
      writer.message(4 + random(3), 9, 1 + random(5), timestamp, payload);
      messages.push({ csid: 0, type: 9, timestamp, stream: 0, payload: Buffer.from(payload).toString('hex') });
    }
    const bytes = writer.take();
    for (const cut of cuts(bytes, 3)) {
      const read = new Collector().feed(cut.pieces).slice(1);
      assert.deepEqual(
        read.map((message) => ({ ...message, csid: 0, stream: 0 })),
        messages,
        `${chunkSize}, ${cut.name}`,
      );
    }
  }
});

test('tags for a publication are the chunks they should be, behind 2^24 ms and around 2^32 too', () => {
  const body = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte);
  const tags: FlvTag[] = [
    { type: 9, timestampMs: 0, body: body(300, 1) },
    { type: 8, timestampMs: 5, body: body(128, 2) },
    { type: 9, timestampMs: 40, body: body(129, 3) },
  ];
  for (const shift of [0, 0xfffffa, 0xfffffff0]) {
    const bytes = encodeTags(tags, 0, 3, shift, 1, 128, (size) => new Uint8Array(size));
    assert.deepEqual(
      new Collector().feed([bytes]).map(({ type, timestamp, payload }) => [type, timestamp, payload.length / 2]),
      tags.map((tag) => [tag.type, (tag.timestampMs + shift) % 2 ** 32, tag.body.length]),
    );
  }
});

test('any bytes are chunks or a ProtocolError', () => {
  for (const { bytes } of table) fuzz(hex(bytes), (corrupt) => new Collector().feed([corrupt]), 200);
});
