import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createLog } from '../log.ts';
import { PreparedAnswer } from './exchange.ts';
import type { Exchange } from './exchange.ts';
import { HttpListener } from './http-listener.ts';

/** Answers: itself for what is under /own, later for /later, nothing for /never, and leaves the rest to Node's server, which says what it got. */
class Rig {
  readonly listener: HttpListener;
  readonly waiting: Exchange[] = [];

  static async open(t: TestContext): Promise<Rig> {
    const rig = new Rig();
    await rig.listener.start();
    t.after(() => rig.listener.close());
    return rig;
  }

  private constructor() {
    this.listener = new HttpListener({
      host: '127.0.0.1',
      port: 0,
      first: (each) => this.#answer(each),
      log: createLog('silent'),
    });
    this.listener.serve((request, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (bytes: Buffer) => pieces.push(bytes));
      request.on('end', () => {
        const body = Buffer.from(`node ${request.method} ${request.url} ${Buffer.concat(pieces).toString()}`);
        response.writeHead(200, { 'Content-Length': body.length }).end(body);
      });
    });
  }

  #answer(exchange: Exchange): boolean {
    const { url } = exchange;
    if (url.startsWith('/own')) send(exchange, [`own ${url} `, exchange.header('range') ?? 'whole']);
    else if (url === '/prepared')
      exchange.sendPrepared(new PreparedAnswer(200, ['Content-Length', '8'], Buffer.from('prepared')));
    else if (url === '/later' || url === '/never') this.waiting.push(exchange);
    else return false;
    return true;
  }

  connect(): Client {
    return new Client(connect({ port: this.listener.port, host: '127.0.0.1', allowHalfOpen: true }));
  }
}

function send(exchange: Exchange, texts: readonly string[]): void {
  const body = texts.map((text) => Buffer.from(text));
  exchange.send(200, ['Content-Length', String(Buffer.concat(body).length)], body);
}

/** Sends bytes as told, and reads whole answers. */
class Client {
  readonly socket: Socket;
  #text = '';

  constructor(socket: Socket) {
    this.socket = socket.on('error', () => {});
    socket.on('data', (bytes: Buffer) => (this.#text += bytes.toString('latin1')));
  }

  async body(): Promise<string> {
    for (;;) {
      const head = this.#text.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(this.#text.slice(0, head))?.[1]);
      if (head >= 0 && this.#text.length >= head + 4 + length) {
        const body = this.#text.slice(head + 4, head + 4 + length);
        assert.match(this.#text, /^HTTP\/1\.1 200 OK\r\n[^]*\r\nDate: /i);
        this.#text = this.#text.slice(head + 4 + length);
        return body;
      }
      await once(this.socket, 'data');
    }
  }
}

const get = (path: string, fields = ''): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n${fields}\r\n`;

test('requests of one connection are answered in order, whole, byte by byte and cut anywhere', async (t) => {
  const rig = await Rig.open(t);
  const requests = get('/own/1') + get('/prepared') + get('/own/2', 'Range: bytes=0-\r\n') + get('/own/3');
  const answers = ['own /own/1 whole', 'prepared', 'own /own/2 bytes=0-', 'own /own/3 whole'];
  for (let cut = 1; cut <= requests.length; cut += cut < 40 ? 1 : 17) {
    const client = rig.connect().socket.setNoDelay();
    const reader = new Client(client);
    for (let at = 0; at < requests.length; at += cut) {
      client.write(requests.slice(at, at + cut));
      if (cut < 40) await new Promise(setImmediate);
    }
    for (const answer of answers) assert.equal(await reader.body(), answer, `cut at ${cut}`);
    client.destroy();
  }
});

test('what is not for us goes to Node, with every byte, and so does what follows on that connection', async (t) => {
  const rig = await Rig.open(t);
  const post = 'POST /api HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello';
  for (const cut of [1, 7, 30, 60, 1000]) {
    const { socket } = rig.connect();
    const client = new Client(socket.setNoDelay());
    const text = get('/own/1') + post + get('/own/2') + get('/page');
    for (let at = 0; at < text.length; at += cut) {
      socket.write(text.slice(at, at + cut));
      if (cut < 100) await new Promise(setImmediate);
    }
    assert.deepEqual(
      [await client.body(), await client.body(), await client.body(), await client.body()],
      ['own /own/1 whole', 'node POST /api hello', 'own /own/2 whole', 'node GET /page '],
      `cut at ${cut}`,
    );
    socket.destroy();
  }
});

test('requests that come before the one before them is answered wait for it', async (t) => {
  const rig = await Rig.open(t);
  const client = rig.connect();
  client.socket.write(get('/later') + get('/own/1'));
  while (rig.waiting.length === 0) await new Promise(setImmediate);
  // More than is kept unread: the socket is not read on.
  client.socket.write(get('/own/2', `A: ${'a'.repeat(5000)}\r\n`).repeat(20));
  send(rig.waiting[0], ['later']);
  assert.deepEqual([await client.body(), await client.body()], ['later', 'own /own/1 whole']);
  for (let i = 0; i < 20; i += 1) assert.equal(await client.body(), 'own /own/2 whole');
  client.socket.destroy();
});

test('what a connection has not finished saying is not lost while others are read', async (t) => {
  const rig = await Rig.open(t);
  const texts = [
    get('/own/1') + get('/own/2').slice(0, 9),
    get('/own/1') + 'POST /api HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe',
  ];
  const rests = [get('/own/2').slice(9), 'llo'];
  const answers = ['own /own/2 whole', 'node POST /api hello'];
  const clients = texts.map(() => rig.connect());
  for (const [i, client] of clients.entries()) {
    client.socket.write(texts[i]);
    assert.equal(await client.body(), 'own /own/1 whole');
  }
  const other = rig.connect();
  other.socket.write(get('/own/other').repeat(5));
  for (let i = 0; i < 5; i += 1) assert.equal(await other.body(), 'own /own/other whole');
  for (const [i, client] of clients.entries()) {
    client.socket.write(rests[i]);
    assert.equal(await client.body(), answers[i]);
    client.socket.destroy();
  }
  other.socket.destroy();
});

test('whoever holds bytes for an answer is told once: when they are out, or the client has gone', async (t) => {
  const rig = await Rig.open(t);
  const [stays, leaves, half] = [rig.connect(), rig.connect(), rig.connect()];
  const told: string[] = [];
  for (const [name, client] of Object.entries({ stays, leaves, half })) {
    client.socket.write(get('/later'));
    while (rig.waiting.length === 0) await new Promise(setImmediate);
    rig.waiting.pop()?.onEnd(() => told.push(name));
  }
  stays.socket.write(get('/own'));
  leaves.socket.resetAndDestroy();
  half.socket.end();
  while (told.length < 2) await new Promise(setImmediate);
  assert.deepEqual(told.sort(), ['half', 'leaves']);
});

test('HEAD has the head alone, and a connection that says nothing is closed at the end', async (t) => {
  const rig = await Rig.open(t);
  const client = rig.connect();
  client.socket.write(`HEAD /own HTTP/1.1\r\nHost: x\r\n\r\n${get('/prepared')}`);
  const [bytes] = (await once(client.socket, 'data')) as [Buffer];
  assert.match(bytes.toString(), /^HTTP\/1\.1 200 OK\r\nContent-Length: 14\r\nDate: [^\r]+ GMT\r\n\r\n(HTTP|$)/);
  assert.equal(rig.listener.connectionCount, 1);
  await rig.listener.close();
  while (rig.listener.connectionCount > 0) await new Promise(setImmediate);
});
