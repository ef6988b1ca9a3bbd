import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cuts, hex } from '../../test/support/cuts.ts';
import { intact } from '../../test/support/frame-diary.ts';
import { readFlv } from '../../test/support/flv.ts';
import {
  avcConfig,
  fixture,
  fixtureBytes,
  greeting,
  recordPublication,
  TestClient,
  TestServer,
} from '../../test/support/rtmp-wire.ts';
import { Refused } from '../errors.ts';
import type { Amf0Value } from './amf0.ts';
import { encodeCommand } from './command.ts';
import { parseFlvFile } from './flv-file.ts';
import { HANDSHAKE_BYTES } from './handshake.ts';

test('our client publishes to our server: frames in are frames out, however the bytes come', () => {
  const expected = readFlv(fixture);
  const bytes = recordPublication(parseFlvFile(fixtureBytes));
  for (const cut of cuts(bytes, 6)) {
    const server = new TestServer();
    // One shared buffer, as ingest has it: whoever keeps a view of it is found out.
    const shared = new Uint8Array(bytes.length);
    for (const piece of cut.pieces) {
      shared.set(piece);
      assert.equal(server.connection.push(shared, 0, piece.length), piece.length);
      shared.fill(0xee, 0, piece.length);
    }
    const { frames } = server;
    assert.deepEqual(server.requests, [{ streamKey: 'key', encoder: 'Reprise' }], cut.name);
    assert.deepEqual([frames.videoConfigs, frames.audioConfigs], [[expected.videoConfig], [expected.audioConfig]]);
    for (const track of ['video', 'audio'] as const) {
      const wanted = expected[track].map(({ dtsMs, compositionOffsetMs, keyframe, data }) => {
        return { dts: dtsMs * 90, compositionOffset: compositionOffsetMs * 90, keyframe, data };
      });
      assert.equal(frames[track].length, wanted.length);
      assert.deepEqual(frames[track], wanted, `${track}, ${cut.name}`);
      assert.ok(frames[track].every(intact));
    }
    assert.deepEqual([server.unpublishedCount, frames.abandoned, frames.announced], [1, 0, [[true, true]]]);
    assert.equal(server.connection.state, 'connected');
  }
});

test('answers come in one write each: handshake, connect, publish', () => {
  const server = new TestServer();
  server.feed(greeting);
  assert.equal(server.writes.length, 1);
  assert.equal(server.writes[0].length, 1 + 2 * HANDSHAKE_BYTES);
  server.feed(new TestClient().connect().writer.take());
  assert.equal(server.writes.length, 2);
  server.feed(
    new TestClient()
      .command('releaseStream', 2, null, 'key')
      .command('FCPublish', 3, null, 'key')
      .command('createStream', 4, null)
      .writer.take(),
  );
  assert.equal(server.writes.length, 3);
  server.feed(new TestClient().command('publish', 5, null, 'key', 'live').writer.take());
  assert.equal(server.writes.length, 4);
  const told = server.answers().map(({ type, values }) => (typeof values === 'string' ? [type, values] : values.slice(0, 2)));
  assert.deepEqual(told, [
    [5, '004c4b40'],
    [6, '004c4b4002'],
    [1, '00010000'],
    ['_result', 1],
    ['_result', 2],
    ['_result', 3],
    ['_result', 4],
    [4, '000000000001'],
    ['onFCPublish', 0],
    ['onStatus', 0],
  ]);
  assert.deepEqual(server.codes('onStatus'), ['NetStream.Publish.Start']);
});

test('what comes behind a request to publish is left until it is answered', () => {
  const server = new TestServer();
  server.granting = false;
  const before = new TestClient().publish().bytes();
  const behind = new TestClient()
    .message(9, avcConfig)
    .message(9, '17 01 000000 aabb')
    .command('deleteStream', 4, null, 1)
    .writer.take();
  const bytes = Buffer.concat([before, behind]);
  assert.equal(server.feed(bytes), before.length);
  assert.equal(server.connection.state, 'pending');
  assert.equal(server.connection.push(bytes, before.length, bytes.length), before.length);
  server.connection.accept(server.frames);
  assert.equal(server.connection.push(bytes, before.length, bytes.length), bytes.length);
  assert.deepEqual([server.frames.videoConfigs.length, server.frames.video.length, server.unpublishedCount], [1, 1, 1]);
});

test('a publisher that is refused, or closed later, is told why, and what it sends is discarded', () => {
  for (const accepted of [false, true]) {
    const server = new TestServer();
    server.granting = accepted;
    server.feed(new TestClient().publish().bytes());
    server.connection.close('taken_over');
    server.connection.close('taken_over');
    assert.deepEqual(server.codes('onStatus').slice(-1), ['NetStream.Publish.BadName']);
    assert.equal(server.feed(hex('ffffffffffffffff')), 8);
    assert.equal(server.connection.state, 'closed');
  }
});

test('media that is stopped leaves the memory of its frames alone, from any byte on, and a goodbye is still heard', () => {
  const bytes = recordPublication(parseFlvFile(fixtureBytes));
  for (let at = 4000; at < bytes.length; at += 1009) {
    const server = new TestServer();
    server.feed(bytes.subarray(0, at));
    const { frames } = server;
    const { target } = frames;
    const before = Buffer.from(target);
    server.connection.stopMedia();
    server.feed(bytes.subarray(at));
    assert.ok(frames.target === target && before.equals(target), `byte ${at}`);
    assert.deepEqual([server.unpublishedCount, server.connection.state], [1, 'connected']);
  }
});

for (const [name, client, code, answer] of [
  ['another application', new TestClient().connect('vod'), 'wrong_app', ['_error', 'NetConnection.Connect.Rejected']],
  [
    'an application with too many parts',
    new TestClient().connect('live/a/b'),
    'wrong_app',
    ['_error', 'NetConnection.Connect.Rejected'],
  ],
  ['no stream key', new TestClient().publish(''), 'unknown_key', ['onStatus', 'NetStream.Publish.BadName']],
  ['a stream key of two parts', new TestClient().publish('a/b'), 'unknown_key', ['onStatus', 'NetStream.Publish.BadName']],
  [
    'play',
    new TestClient().connect().command('play', 3, null, 'key'),
    'play_not_supported',
    ['onStatus', 'NetStream.Play.Failed'],
  ],
] as const) {
  test(`${name} is refused with ${code}`, () => {
    const server = new TestServer();
    assert.throws(
      () => server.feed(client.bytes()),
      (error) => error instanceof Refused && error.code === code,
    );
    assert.deepEqual(server.codes(answer[0]), [answer[1]]);
    assert.equal(server.connection.state, 'closed');
  });
}

for (const [app, name] of [
  ['live', 'key'],
  ['live/key', ''],
  ['live/', 'key/'],
  ['live', 'key?a=b'],
]) {
  test(`application '${app}' and stream '${name}' publish to 'key'`, () => {
    const server = new TestServer();
    server.feed(new TestClient().connect(app).command('publish', 3, null, name, 'live').bytes());
    assert.deepEqual(server.requests, [{ streamKey: 'key', encoder: 'test/1' }]);
  });
}

for (const goodbye of ['FCUnpublish', 'deleteStream', 'closeStream']) {
  test(`${goodbye} is the clean end, once, and another publication may follow`, () => {
    const server = new TestServer();
    server.feed(new TestClient().publish().command(goodbye, 0, null, 1).command('deleteStream', 0, null, 1).bytes());
    assert.deepEqual([server.unpublishedCount, server.connection.state], [1, 'connected']);
    server.feed(new TestClient().command('publish', 6, null, 'other', 'live').writer.take());
    assert.deepEqual([server.requests[1]?.streamKey, server.connection.state], ['other', 'publishing']);
  });
}

test('commands in AMF3 messages, unknown commands and data in AMF3 messages are taken', () => {
  const server = new TestServer();
  const wrapped = (name: string, ...values: Amf0Value[]): string =>
    '00' + Buffer.from(encodeCommand(name, 4, null, ...values)).toString('hex');
  const client = new TestClient()
    .connect('live', { objectEncoding: 3 })
    .command('getStreamLength', 2, null, 'key')
    .command('_checkbw', 3, null);
  client.message(17, wrapped('createStream'), 0, 3).message(17, wrapped('publish', 'key', 'live'), 0, 3);
  server.feed(
    client.message(15, '00 02 000a 6f6e4d65746144617461 08 00000000 0005 7769647468 00 4084000000000000 000009').bytes(),
  );
  assert.deepEqual(
    server.requests.map((request) => request.streamKey),
    ['key'],
  );
  assert.deepEqual(server.frames.announced, [[true, false]]);
});

test('metadata that cannot be read end nothing', () => {
  const server = new TestServer();
  server.feed(new TestClient().publish().message(18, '02 0005 61').message(18, '02 0001 61').bytes());
  assert.deepEqual(server.warnings, ['bad_metadata: 5 bytes wanted, 1 left']);
});

test('a ping is answered, and acknowledgements come as the client asked for them', () => {
  const server = new TestServer();
  server.feed(new TestClient().publish().message(4, '0006 00000abc', 0, 2).message(5, '00000400', 0, 2).bytes());
  server.feed(new TestClient().message(18, '02 0001 61' + '05'.repeat(900)).writer.take());
  const control = server.answers().slice(-3);
  assert.deepEqual(control.find(({ type }) => type === 4)?.values, '000700000abc');
  assert.equal(control.filter(({ type }) => type === 3).length, 1);
});

test('ffmpeg is sent no acknowledgements: one unread when it closes would cost its goodbye', () => {
  const server = new TestServer();
  const client = new TestClient().connect('live', { flashVer: 'FMLE/3.0 (compatible; Lavf59.27.100)' });
  server.feed(client.command('publish', 3, null, 'key', 'live').message(5, '00000400', 0, 2).bytes());
  server.feed(new TestClient().message(18, '02 0001 61' + '05'.repeat(2000)).writer.take());
  assert.ok(server.answers().every(({ type }) => type !== 3));
});

test('clients of Enhanced RTMP are told what is carried, others are not', () => {
  const answerTo = (more: { [name: string]: Amf0Value }): { [name: string]: unknown } => {
    const server = new TestServer();
    server.feed(new TestClient().connect('live', more).bytes());
    return server.answers()[3].values[3] as { [name: string]: unknown };
  };
  assert.deepEqual(answerTo({ fourCcList: ['hvc1', 'avc1'] })['fourCcList'], ['avc1', 'mp4a']);
  assert.equal(answerTo({ capsEx: 15 })['capsEx'], 12);
  assert.equal(answerTo({})['fourCcList'], undefined);
});
