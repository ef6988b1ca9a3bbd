import { test } from 'node:test';
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { decodeShortUuid, encodeShortUuid } from './short-uuid.ts';

const TABLE = [
  { name: 'the smallest', uuid: '00000000-0000-0000-0000-000000000000', short: '1111111111111111111111' },
  { name: 'one', uuid: '00000000-0000-0000-0000-000000000001', short: '1111111111111111111112' },
  { name: 'the largest', uuid: 'ffffffff-ffff-ffff-ffff-ffffffffffff', short: 'xBuEXKpA6iqZQK5Kf2TnkV' },
  // A public video of a PeerTube server, under both of its addresses.
  { name: 'one of PeerTube', uuid: '9c9de5e8-0a1e-484a-b099-e80766180a6d', short: 'kkGMgK9ZtnKfYAgnEtQxbv' },
];

for (const { name, uuid, short } of TABLE) {
  test(`short uuid: ${name}`, () => {
    assert.equal(encodeShortUuid(uuid), short);
    assert.equal(decodeShortUuid(short), uuid);
  });
}

test('short uuid: a round trip of random ones', () => {
  for (let round = 0; round < 200; round++) {
    const uuid = randomUUID();
    assert.equal(decodeShortUuid(encodeShortUuid(uuid)), uuid);
  }
});

test('short uuid: what is none is refused', () => {
  for (const text of [
    '',
    'kkGMgK9ZtnKfYAgnEtQxb',
    'kkGMgK9ZtnKfYAgnEtQxbvv',
    'kkGMgK9ZtnKfYAgnEtQxb0',
    'ZZZZZZZZZZZZZZZZZZZZZZ',
    'kkGMgK9ZtnKfYAgnEtQx-v',
  ]) {
    assert.equal(decodeShortUuid(text), null, text);
  }
});
