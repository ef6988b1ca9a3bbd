import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hex } from '../../test/support/cuts.ts';
import { greeting } from '../../test/support/rtmp-wire.ts';
import { ByteWriter } from '../bytes/byte-writer.ts';
import { encodeAmf0 } from './amf0.ts';
import type { Amf0Value } from './amf0.ts';
import { ChunkWriter } from './chunk-writer.ts';
import { RtmpClientConnection } from './client-connection.ts';

test('what a client cannot expect from a server ends with failed or a ProtocolError', () => {
  const failures: string[] = [];
  const client = (): RtmpClientConnection =>
    new RtmpClientConnection({
      app: 'live',
      tcUrl: 'rtmp://localhost/live',
      streamKey: 'key',
      flashVer: 'Reprise',
      handler: { write: () => {}, published: () => {}, failed: (code, description) => failures.push(`${code} ${description}`) },
    });
  const answer = (name: string, information: Amf0Value): Uint8Array => {
    const payload = new ByteWriter();
    for (const value of [name, name === 'onStatus' ? 0 : 1, null, information]) encodeAmf0(payload, value);
    return Buffer.concat([greeting, new ChunkWriter().command(0, payload.take()).take()]);
  };
  client().push(answer('_error', { code: 'NetConnection.Connect.Rejected', description: 'no' }));
  client().push(answer('onStatus', { level: 'error', code: 'NetStream.Publish.BadName', description: 'no key' }));
  assert.deepEqual(failures, ['NetConnection.Connect.Rejected no', 'NetStream.Publish.BadName no key']);
  assert.throws(() => client().push(Buffer.concat([greeting, hex('02 000000 ffffff 14 00000000')])), {
    reason: 'message_too_long',
  });
});
