import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cuts, hex } from '../../test/support/cuts.ts';
import { avcConfig, TestClient, TestServer } from '../../test/support/rtmp-wire.ts';
import { ByteWriter } from '../bytes/byte-writer.ts';

test('aggregate messages are taken apart, their timestamps count from the message', () => {
  const server = new TestServer();
  const tag = (type: number, time: number, body: string): string => {
    const bytes = hex(body);
    const head = new ByteWriter()
      .u8(type)
      .u24(bytes.length)
      .u24(time & 0xffffff)
      .u8(time >>> 24)
      .u24(0)
      .bytes(bytes)
      .u32(bytes.length + 11);
    return Buffer.from(head.take()).toString('hex');
  };
  const inner =
    tag(9, 5000, avcConfig) +
    tag(8, 5000, 'af 00 1190') +
    tag(9, 5000, '17 01 000000 aabb') +
    tag(18, 5000, '') +
    tag(8, 5021, 'af 01 cc');
  const bytes = new TestClient().publish().message(22, inner, 1000).bytes();
  for (const cut of cuts(bytes, 5)) {
    const each = new TestServer();
    for (const piece of cut.pieces) each.feed(piece);
    assert.deepEqual(
      each.frames.video.map(({ dts, data }) => [dts, [...data]]),
      [[90_000, [0xaa, 0xbb]]],
    );
    assert.deepEqual(
      each.frames.audio.map(({ dts, data }) => [dts, [...data]]),
      [[91_890, [0xcc]]],
    );
  }
  const torn = new TestClient().publish().message(22, '09 0000ff 000000 00 000000 aa').bytes();
  assert.throws(() => server.feed(torn), { reason: 'bad_aggregate' });
});

test('a configuration that changes and one that is repeated both come through', () => {
  const server = new TestServer();
  const frame = '17 01 000000 aabb';
  server.feed(
    new TestClient()
      .publish()
      .message(9, avcConfig)
      .message(9, frame)
      .message(9, avcConfig)
      .message(9, '17 02 000000')
      .message(9, frame)
      .bytes(),
  );
  assert.deepEqual([server.frames.videoConfigs.length, server.frames.video.length], [2, 2]);
});

test('frames in front of a configuration are dropped with one warning', () => {
  const server = new TestServer();
  server.feed(
    new TestClient().publish().message(9, '17 01 000000 aa').message(9, '27 01 000000 aa').message(8, 'af 01 aa').bytes(),
  );
  assert.deepEqual(server.warnings, ['frame_without_config: video avc1']);
  assert.deepEqual([server.frames.video.length, server.frames.audio.length], [0, 0]);
});

test('a codec that is not carried is dropped with one warning while the other track goes on', () => {
  const server = new TestServer();
  const client = new TestClient().publish().message(8, 'af 00 1190');
  for (let i = 0; i < 400; i += 1) client.message(9, '93 76703039 aabb', i * 40).message(8, 'af 01 cc', i * 40, 4);
  server.feed(client.bytes());
  assert.deepEqual(server.warnings, ['unsupported_codec: video vp09']);
  assert.equal(server.frames.audio.length, 400);
});

test('when neither track can be carried the connection ends with unsupported_codec', () => {
  const both = new TestClient().publish().message(9, '93 76703039 aabb').message(8, '2f aabb', 0, 4);
  assert.throws(() => new TestServer().feed(both.bytes()), { reason: 'unsupported_codec' });
  const alone = new TestClient().publish();
  for (let i = 0; i < 400; i += 1) alone.message(9, '93 76703039 aabb', i * 40);
  assert.throws(() => new TestServer().feed(alone.bytes()), { reason: 'unsupported_codec' });
});

test('an aborted frame is given up, and the next one is whole', () => {
  const server = new TestServer();
  const client = new TestClient().publish().message(9, avcConfig);
  client.writer.message(2, 1, 0, 0, hex('00000080'));
  const frame = hex(`06 000000 0000ff 09 01000000 17 01 000000 ${'aa'.repeat(123)}`);
  const rest = new TestClient().message(2, '00000006', 0, 2).message(9, '17 01 000000 bb').writer.take();
  server.feed(Buffer.concat([client.bytes(), frame, rest]));
  assert.deepEqual([server.frames.abandoned, server.frames.video.length], [1, 1]);
});
