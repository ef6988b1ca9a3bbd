import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { decodeAmf0 } from '../../src/rtmp/amf0.ts';
import type { Amf0Value } from '../../src/rtmp/amf0.ts';
import { ChunkReader } from '../../src/rtmp/chunk-reader.ts';
import type { ChunkStream } from '../../src/rtmp/chunk-stream.ts';
import { ChunkWriter } from '../../src/rtmp/chunk-writer.ts';
import { RtmpClientConnection } from '../../src/rtmp/client-connection.ts';
import { encodeCommand } from '../../src/rtmp/command.ts';
import { parseFlvFile } from '../../src/rtmp/flv-file.ts';
import type { FlvFile } from '../../src/rtmp/flv-file.ts';
import { ClientHandshake, HANDSHAKE_BYTES } from '../../src/rtmp/handshake.ts';
import { DEFAULT_RTMP_LIMITS } from '../../src/rtmp/limits.ts';
import type { RtmpLimits } from '../../src/rtmp/limits.ts';
import { RtmpServerConnection } from '../../src/rtmp/server-connection.ts';
import { hex } from './cuts.ts';
import { FrameDiary } from './frame-diary.ts';

/** An FLV file with everything: B-frames, High profile, mono sound. */
export const fixture = new URL('../fixtures/h264-high-b-frames-25fps-aac-44100-mono.flv', import.meta.url);
export const fixtureBytes = new Uint8Array(readFileSync(fixture));

/** A message that a server wrote: a command's values, or the payload in hexadecimal digits. */
export interface Answer {
  type: number;
  stream: number;
  values: Amf0Value[] | string;
}

/** A server connection, what it answers, and a diary for a sink. */
export class TestServer {
  readonly writes: Uint8Array[] = [];
  readonly requests: { streamKey: string; encoder: string | null }[] = [];
  readonly warnings: string[] = [];
  readonly frames = new FrameDiary();
  unpublishedCount = 0;
  /** Whether requests to publish are granted in place. */
  granting = true;
  readonly connection: RtmpServerConnection;

  constructor(limits: Partial<RtmpLimits> = {}) {
    this.connection = new RtmpServerConnection({
      app: 'live',
      limits: { ...DEFAULT_RTMP_LIMITS, ...limits },
      secrets: {
        hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest(),
        randomBytes: (size) => new Uint8Array(size).fill(7),
      },
      handler: {
        write: (bytes) => this.writes.push(bytes),
        publish: (streamKey, encoder) => {
          this.requests.push({ streamKey, encoder });
          if (this.granting) this.connection.accept(this.frames);
        },
        unpublished: () => (this.unpublishedCount += 1),
        warn: (warning, detail) => this.warnings.push(`${warning}: ${detail}`),
      },
    });
  }

  feed(bytes: Uint8Array): number {
    return this.connection.push(bytes, 0, bytes.length);
  }

  /** What was answered behind the handshake. */
  answers(): Answer[] {
    const reader = new AnswerReader();
    const bytes = Buffer.concat(this.writes);
    reader.chunks.push(bytes, 1 + 2 * HANDSHAKE_BYTES, bytes.length);
    return reader.answers;
  }

  /** The codes of status objects in commands of a name. */
  codes(name: string): unknown[] {
    const commands = this.answers().filter(({ values }) => values[0] === name);
    return commands.map(({ values }) => (values[3] as { code?: string } | undefined)?.code);
  }
}

class AnswerReader {
  readonly answers: Answer[] = [];
  readonly chunks = new ChunkReader(this, { chunkStreams: 8 });
  #payload: Buffer[] = [];

  beginMessage(): void {
    this.#payload = [];
  }
  messageBytes(_: ChunkStream, bytes: Uint8Array, offset: number, count: number): void {
    this.#payload.push(Buffer.from(bytes.subarray(offset, offset + count)));
  }
  endMessage({ type, messageStreamId }: ChunkStream): void {
    const payload = Buffer.concat(this.#payload);
    if (type === 1) this.chunks.chunkSize = payload.readUInt32BE();
    this.answers.push({ type, stream: messageStreamId, values: type === 20 ? decodeAmf0(payload) : payload.toString('hex') });
  }
}

/** C0, C1 and C2. */
export const greeting = Buffer.concat([ClientHandshake.hello(), new Uint8Array(HANDSHAKE_BYTES)]);

/** Bytes of a client, message by message. */
export class TestClient {
  readonly writer = new ChunkWriter();

  command(name: string, transaction: number, ...values: Amf0Value[]): this {
    this.writer.command(name === 'publish' || name === 'play' ? 1 : 0, encodeCommand(name, transaction, ...values));
    return this;
  }
  connect(app = 'live', more: { [name: string]: Amf0Value } = {}): this {
    return this.command('connect', 1, { app, flashVer: 'test/1', tcUrl: `rtmp://localhost/${app}`, ...more });
  }
  publish(key = 'key'): this {
    return this.connect().command('createStream', 2, null).command('publish', 3, null, key, 'live');
  }
  message(type: number, payload: string, timestamp = 0, chunkStream = 6): this {
    this.writer.message(chunkStream, type, 1, timestamp, hex(payload));
    return this;
  }
  bytes(): Uint8Array {
    return Buffer.concat([greeting, this.writer.take()]);
  }
}

const configs = parseFlvFile(fixtureBytes).configs;
/** The video configuration of the fixture as a message's payload, in hexadecimal digits. */
export const avcConfig = Buffer.from(configs.find(({ type }) => type === 9)?.body ?? []).toString('hex');

/** All that our own client writes to publish a file whole, played against a server in place. */
export function recordPublication(file: FlvFile): Uint8Array {
  const server = new TestServer();
  const written: Uint8Array[] = [];
  let published = false;
  const client = new RtmpClientConnection({
    app: 'live',
    tcUrl: 'rtmp://localhost/live',
    streamKey: 'key?token=1',
    flashVer: 'Reprise',
    handler: {
      write: (bytes) => void written.push(bytes),
      published: () => (published = true),
      failed: (code) => assert.fail(code),
    },
  });
  client.start();
  let [sent, received] = [0, 0];
  const exchange = (): void => {
    while (sent < written.length || received < server.writes.length) {
      while (sent < written.length) server.feed(written[sent++]);
      while (received < server.writes.length) client.push(server.writes[received++]);
    }
  };
  exchange();
  assert.ok(published);
  if (file.metadata !== null) client.writeMetadata(file.metadata);
  client.writeTags(file.configs, 0, file.configs.length, 0);
  client.writeTags(file.frames, 0, file.frames.length, 0);
  client.unpublish();
  exchange();
  return Buffer.concat(written);
}
