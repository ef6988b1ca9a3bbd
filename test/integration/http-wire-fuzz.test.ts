import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { Exchange } from '../../src/http/exchange.ts';
import { HttpListener } from '../../src/http/http-listener.ts';
import { NodeExchange } from '../../src/http/node-exchange.ts';
import { createLog } from '../../src/log.ts';
import { seededRandom } from '../support/fuzz.ts';
import { requestStream } from '../support/request-streams.ts';

const ROUNDS = 1200;
const READ = ['range', 'if-range', 'if-none-match', 'authorization', 'accept-encoding'];

/** What came to the handlers of a server: one connection at a time. */
class Diary {
  requests: string[] = [];
  bodies: string[] = [];

  /** Answers what is under /own, at once. */
  readonly first = (exchange: Exchange): boolean => {
    const { method, url } = exchange;
    if (!url.startsWith('/own')) return false;
    const body = Buffer.from(JSON.stringify([method, url, READ.map((name) => exchange.header(name) ?? null)]));
    this.requests.push(body.toString());
    exchange.send(200, ['Content-Length', `${body.length}`, 'X-Method', method], body);
    return true;
  };

  /** Answers the rest, at once, and reads what came with it. */
  readonly rest = (request: IncomingMessage, response: ServerResponse): void => {
    const { method = '', url = '' } = request;
    const { bodies } = this;
    let text = `${method} ${url} `;
    request.setEncoding('latin1').on('data', (piece: string) => (text += piece));
    request.on('end', () => bodies.push(text)).on('error', () => {});
    const body = Buffer.from(`app ${method} ${url}`);
    this.requests.push(body.toString());
    response.writeHead(200, { 'Content-Length': body.length, 'X-Method': method });
    response.end(body);
  };
}

interface Heard {
  readonly requests: readonly string[];
  readonly bodies: readonly string[];
  /** Status and body of each. */
  readonly answers: readonly string[];
}

interface Server {
  readonly port: number;
  readonly diary: Diary;
}

/** Sends the bytes in pieces, and nothing more after that if it `ends`; reads until the server closes. */
async function ask({ port, diary }: Server, stream: string, cuts: readonly number[], ends: boolean): Promise<Heard> {
  diary.requests = [];
  diary.bodies = [];
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const received: Buffer[] = [];
  socket.on('data', (bytes: Buffer) => received.push(bytes)).on('error', () => {});
  const closed = new Promise((resolve) => socket.on('close', resolve));
  let at = 0;
  for (const end of [...cuts, stream.length]) {
    socket.write(stream.slice(at, end), 'latin1');
    at = end;
    await new Promise(setImmediate);
  }
  if (ends) socket.end();
  await closed;
  const { requests, bodies } = diary;
  return { requests, bodies, answers: parseAnswers(Buffer.concat(received).toString('latin1')) };
}

function parseAnswers(text: string): string[] {
  const answers: string[] = [];
  for (let at = 0; at < text.length;) {
    const end = text.indexOf('\r\n\r\n', at);
    assert.ok(end >= 0, `half a head: ${text.slice(at)}`);
    const head = text.slice(at, end);
    const status = /^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1];
    assert.ok(status, `no head at ${at} of ${text}`);
    const length = /\r\nX-Method: HEAD/.test(head) ? 0 : Number(/\r\nContent-Length: (\d+)/i.exec(head)?.[1] ?? 0);
    at = end + 4 + length;
    if (status === '100') continue;
    if (/\r\nTransfer-Encoding: chunked/i.test(head) && text.startsWith('0\r\n\r\n', at)) at += 5; // of Node's own 417
    answers.push(`${status} ${text.slice(end + 4, end + 4 + length)}`);
  }
  if (answers.at(-1) === '400 ') answers.pop();
  return answers;
}

async function openServers(t: TestContext): Promise<{ ours: Server; nodes: Server }> {
  const [ours, nodes] = [new Diary(), new Diary()];
  const listener = new HttpListener({ host: '127.0.0.1', port: 0, first: ours.first, log: createLog('silent') });
  listener.serve(ours.rest);
  await listener.start();
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    if (!nodes.first(new NodeExchange(request, response))) nodes.rest(request, response);
  };
  const server = createServer(answer);
  server.on('checkContinue', answer); // its 100 would land within another answer
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    server.close();
    server.closeAllConnections();
    await listener.close();
  });
  return {
    ours: { port: listener.port, diary: ours },
    nodes: { port: (server.address() as AddressInfo).port, diary: nodes },
  };
}

test('any bytes, cut anywhere, are read as Node reads them', async (t) => {
  const { ours, nodes } = await openServers(t);
  let [whole, refused, readByUs] = [0, 0, 0];
  for (let seed = 0; seed < ROUNDS; seed += 1) {
    const random = seededRandom(seed);
    const requests = requestStream(random);
    const ends = random(6) === 0;
    const stream = ends ? requests.slice(0, 1 + random(requests.length)) : requests;
    const cuts = Array.from({ length: random(8) }, () => random(stream.length)).sort((a, b) => a - b);
    const [own, node] = await Promise.all([ask(ours, stream, cuts, ends), ask(nodes, stream, [], ends)]);
    const told = `seed ${seed}: ${JSON.stringify(stream.slice(0, 2000))} cut at ${cuts.join()}`;
    const isWhole = node.answers.at(-1)?.includes('/own/last') ?? false;
    // Where it is refused Node reads on in the piece that it has, and the last answers are lost if they are not out already.
    assert.deepEqual(own.requests, isWhole ? node.requests : node.requests.slice(0, own.requests.length), told);
    assert.deepEqual(own.bodies, isWhole ? node.bodies : node.bodies.slice(0, own.bodies.length), told);
    const length = isWhole ? Infinity : Math.min(own.answers.length, node.answers.length);
    assert.deepEqual(own.answers.slice(0, length), node.answers.slice(0, length), told);
    if (isWhole) whole += 1;
    else refused += 1;
    readByUs += Number(node.requests[0]?.startsWith('["GET') ?? false);
  }
  assert.ok(
    whole > ROUNDS / 4 && refused > ROUNDS / 4 && readByUs > ROUNDS / 4,
    `${whole} whole, ${refused} refused, ${readByUs} by us`,
  );
});
