import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cuts } from '../../test/support/cuts.ts';
import { ChunkStream } from './chunk-stream.ts';
import { MessageAssembler } from './message-assembler.ts';

function push(messages: MessageAssembler, stream: ChunkStream, bytes: Uint8Array, offset = 0, count = bytes.length): void {
  stream.received += count;
  if (stream.payload !== null) messages.push(stream, stream.payload, bytes, offset, count);
}

function begin(messages: MessageAssembler, id: number, length: number): ChunkStream {
  const stream = new ChunkStream(id);
  stream.length = length;
  messages.begin(stream);
  return stream;
}

test('a message comes out as it went in, however it is cut', () => {
  const message = Uint8Array.from({ length: 3000 }, (_, i) => (i * 31) & 0xff);
  for (const { name, pieces } of cuts(message)) {
    const messages = new MessageAssembler(4000);
    const stream = begin(messages, 3, message.length);
    for (const piece of pieces) push(messages, stream, Uint8Array.from([9, 9, ...piece, 9]), 2, piece.length);
    assert.deepEqual(messages.end(stream), message, name);
    assert.equal(stream.payload, null);
  }
});

test('only what is open counts: a thousand messages may follow one another, two at once may be too much', () => {
  const messages = new MessageAssembler(1000);
  for (let i = 0; i < 1000; i += 1) {
    const stream = begin(messages, 3, 600);
    push(messages, stream, new Uint8Array(600));
    messages.end(stream);
  }
  begin(messages, 4, 600);
  assert.throws(() => begin(messages, 5, 600), { reason: 'too_much_open' });
});

test('memory follows the bytes that came, not the length announced', () => {
  const messages = new MessageAssembler(1_000_000);
  const stream = begin(messages, 3, 900_000);
  push(messages, stream, new Uint8Array(100));
  assert.ok((stream.payload?.length ?? Infinity) <= 512);
});
