import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hex } from '../../test/support/cuts.ts';
import { intact } from '../../test/support/frame-diary.ts';
import { seededRandom } from '../../test/support/fuzz.ts';
import { avcConfig, fixtureBytes, greeting, recordPublication, TestClient, TestServer } from '../../test/support/rtmp-wire.ts';
import { ProtocolError, Refused } from '../errors.ts';
import { parseFlvFile } from './flv-file.ts';
import { HANDSHAKE_BYTES } from './handshake.ts';

const long = (length: string, type: string): Uint8Array =>
  Buffer.concat([new TestClient().publish().bytes(), hex(`06 000000 ${length} ${type} 01000000`)]);
for (const [name, bytes, reason] of [
  ['a video message of 16 MiB less one', long('ffffff', '09'), 'message_too_long'],
  ['an aggregate message of 16 MiB less one', long('ffffff', '16'), 'message_too_long'],
  ['a command of 64 KiB and one', long('010001', '14'), 'message_too_long'],
  ['metadata of 256 KiB and one', long('040001', '12'), 'message_too_long'],
  ['a control message of 65 bytes', long('000041', '05'), 'message_too_long'],
  ['an unknown message type', long('000001', '63'), 'unknown_message_type'],
  [
    'commands begun and not ended',
    Buffer.concat([greeting, ...[4, 5, 6, 7, 8, 9].map((id) => hex(`0${id} 000000 010000 14 00000000 ${'02'.repeat(128)}`))]),
    'too_much_open',
  ],
  ['chunk size 0', new TestClient().message(1, '00000000', 0, 2).bytes(), 'bad_chunk_size'],
  ['chunk size 16 MiB and one', new TestClient().message(1, '01000001', 0, 2).bytes(), 'bad_chunk_size'],
  ['a chunk size with its first bit set', new TestClient().message(1, '80000080', 0, 2).bytes(), 'bad_chunk_size'],
  ['a chunk size cut short', new TestClient().message(1, '0001', 0, 2).bytes(), 'truncated'],
  ['a command before connect', new TestClient().command('createStream', 1, null).bytes(), 'not_connected'],
  ['a second connect', new TestClient().connect().connect().bytes(), 'connected_twice'],
  ['a second publish', new TestClient().publish().command('publish', 4, null, 'key', 'live').bytes(), 'published_twice'],
  ['a command without a name', new TestClient().message(20, '05', 0, 3).bytes(), 'bad_command'],
  ['a codec configuration of nonsense', new TestClient().publish().message(9, '17 00 000000 0101').bytes(), 'truncated'],
  [
    'two video messages at once',
    Buffer.concat([
      new TestClient().publish().bytes(),
      hex(`06 000000 0000ff 09 01000000 17 01 000000 ${'aa'.repeat(123)} 07 000000 0000ff 09 01000000`),
    ]),
    'interleaved_messages',
  ],
  [
    'garbage behind the handshake',
    Buffer.concat([greeting, Uint8Array.from({ length: 4096 }, (_, i) => (i * 151 + 77) & 0xff)]),
    null,
  ],
] as const) {
  test(`${name} ends the connection${reason === null ? '' : ` with ${reason}`}`, () => {
    assert.throws(() => new TestServer().feed(bytes), reason === null ? ProtocolError : { name: 'ProtocolError', reason });
  });
}

test('16 MiB chunks and 8 MiB frames are within the limits', () => {
  const server = new TestServer();
  const client = new TestClient().publish().message(9, avcConfig);
  client.writer.setChunkSize(16 * 1024 * 1024);
  const size = 8 * 1024 * 1024;
  const payload = new Uint8Array(size);
  payload.set(hex('17 01 000000'));
  client.writer.message(6, 9, 1, 0, payload);
  server.feed(client.bytes());
  assert.equal(server.frames.video[0]?.data.length, size - 5);
});

test('any bytes are a publication, a refusal or a ProtocolError, and never a frame with bytes out of place', () => {
  const file = parseFlvFile(fixtureBytes);
  const good = recordPublication({ ...file, frames: file.frames.slice(0, 12) });
  const random = seededRandom(11);
  const behindHandshake = 1 + 2 * HANDSHAKE_BYTES;
  for (let round = 0; round < 300; round += 1) {
    const bytes = good.slice();
    for (let change = random(6); change >= 0; change -= 1)
      bytes[behindHandshake + random(bytes.length - behindHandshake)] = random(256);
    const server = new TestServer();
    try {
      server.feed(bytes);
    } catch (error) {
      assert.ok(error instanceof ProtocolError || error instanceof Refused, String((error as Error).stack));
    }
    assert.ok([...server.frames.video, ...server.frames.audio].every(intact));
  }
});
