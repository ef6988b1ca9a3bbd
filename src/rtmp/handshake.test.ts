import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { cuts } from '../../test/support/cuts.ts';
import { seededRandom } from '../../test/support/fuzz.ts';
import { ClientHandshake, ServerHandshake } from './handshake.ts';
import type { HandshakeSecrets } from './handshake.ts';

const SIZE = 1536;
const DIGEST = 32;
const hmac = (key: Uint8Array | string, data: Uint8Array): Uint8Array => createHmac('sha256', key).update(data).digest();
const random = seededRandom(3);
const secrets: HandshakeSecrets = {
  hmacSha256: hmac,
  randomBytes: (size) => Uint8Array.from({ length: size }, () => random(256)),
};
const flashTail = Buffer.from('f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae', 'hex');

/** C0 and C1 as Flash Player and ffmpeg make them, with the digest at the place its layout tells; C2 behind. */
function digestHello(layout: number): Uint8Array {
  const c1 = secrets.randomBytes(SIZE);
  c1.set([0, 0, 0, 0, 9, 0, 124, 2]);
  const place = placeOf(c1, layout);
  c1.set(hmac('Genuine Adobe Flash Player 001', without(c1, place)), place);
  return Buffer.concat([Uint8Array.of(3), c1, new Uint8Array(SIZE)]);
}

function placeOf(block: Uint8Array, layout: number): number {
  return ((block[layout] + block[layout + 1] + block[layout + 2] + block[layout + 3]) % 728) + layout + 4;
}

function without(block: Uint8Array, place: number): Uint8Array {
  return Buffer.concat([block.subarray(0, place), block.subarray(place + DIGEST)]);
}

function answerTo(hello: Uint8Array, pieces: readonly Uint8Array[] = [hello]): Uint8Array {
  const server = new ServerHandshake(secrets);
  let answer: Uint8Array | null = null;
  for (const piece of pieces) {
    assert.equal(server.done, false);
    assert.equal(server.push(piece, 0, piece.length), piece.length);
    answer = server.takeAnswer() ?? answer;
  }
  assert.equal(server.done, true);
  assert.ok(answer !== null && answer.length === 1 + 2 * SIZE && answer[0] === 3);
  return answer;
}

test('the simple handshake: S2 repeats C1, however the bytes come', () => {
  const hello = Buffer.concat([ClientHandshake.hello(), new Uint8Array(SIZE).fill(9)]);
  for (const { pieces } of cuts(hello, 5)) {
    const answer = answerTo(hello, pieces);
    assert.deepEqual(Buffer.from(answer.subarray(1 + SIZE)), Buffer.from(hello.subarray(1, 1 + SIZE)));
    assert.deepEqual([...answer.subarray(5, 9)], [0, 0, 0, 0]);
  }
});

for (const layout of [8, 772]) {
  test(`a client with a digest (layout ${layout}) finds the server's digest and signature`, () => {
    const hello = digestHello(layout);
    const c1 = hello.subarray(1, 1 + SIZE);
    const answer = answerTo(hello);
    const s1 = answer.subarray(1, 1 + SIZE);
    const s2 = answer.subarray(1 + SIZE);
    const place = placeOf(s1, layout);
    const digest = hmac('Genuine Adobe Flash Media Server 001', without(s1, place));
    assert.deepEqual(Buffer.from(s1.subarray(place, place + DIGEST)), Buffer.from(digest));
    const clientPlace = placeOf(c1, layout);
    const wholeKey = Buffer.concat([Buffer.from('Genuine Adobe Flash Media Server 001'), flashTail]);
    const signed = hmac(hmac(wholeKey, c1.subarray(clientPlace, clientPlace + DIGEST)), s2.subarray(0, SIZE - DIGEST));
    assert.deepEqual(Buffer.from(s2.subarray(SIZE - DIGEST)), Buffer.from(signed));
    assert.ok(s1[4] !== 0);
  });
}

test('a client with a version and a wrong digest gets the simple handshake', () => {
  const hello = digestHello(8);
  hello[1 + 1535] ^= 1;
  const answer = answerTo(hello);
  assert.deepEqual(Buffer.from(answer.subarray(1 + SIZE)), Buffer.from(hello.subarray(1, 1 + SIZE)));
});

test('bytes behind the handshake are left', () => {
  const server = new ServerHandshake(secrets);
  const bytes = Buffer.concat([ClientHandshake.hello(), new Uint8Array(SIZE), Uint8Array.of(1, 2, 3)]);
  assert.equal(server.push(bytes, 0, bytes.length), 1 + 2 * SIZE);
  assert.equal(server.done, true);
});

for (const version of [0, 2, 6, 0x16, 0x47]) {
  test(`the first byte ${version} is no RTMP`, () => {
    assert.throws(() => new ServerHandshake(secrets).push(Uint8Array.of(version), 0, 1), { reason: 'bad_handshake' });
    assert.throws(() => new ClientHandshake().push(Uint8Array.of(version), 0, 1), { reason: 'bad_handshake' });
  });
}
