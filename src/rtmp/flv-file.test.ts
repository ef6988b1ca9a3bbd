import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { hex } from '../../test/support/cuts.ts';
import { fuzz } from '../../test/support/fuzz.ts';
import { fixtureBytes } from '../../test/support/rtmp-wire.ts';
import { parseFlvFile } from './flv-file.ts';

const header = '464c5601 05 00000009 00000000';
const tag = (type: string, time: string, body: string): string => {
  const size = hex(body).length;
  return `${type} ${size.toString(16).padStart(6, '0')} ${time} 00 000000 ${body} ${(size + 11).toString(16).padStart(8, '0')}`;
};
const config = tag('09', '000000', '17 00 000000 aa');
const frame = (time: string): string => tag('09', time, '27 01 000000 bb');

test('configurations are told from frames, and what is neither is left out', () => {
  const endOfSequence = tag('09', '000050', '17 02 000000');
  const file = parseFlvFile(
    hex(header + tag('12', '000000', '02 0000') + config + frame('000000') + frame('000028') + endOfSequence),
  );
  assert.deepEqual(file.metadata, hex('02 0000'));
  assert.deepEqual(
    file.configs.map(({ body }) => body),
    [hex('17 00 000000 aa')],
  );
  assert.deepEqual(
    file.frames.map(({ type, timestampMs }) => [type, timestampMs]),
    [
      [9, 0],
      [9, 40],
    ],
  );
  assert.equal(file.durationMs, 80);
});

test('a torn last tag is left out', () => {
  assert.equal(parseFlvFile(hex(header + config + frame('000000')).slice(0, -4)).frames.length, 1);
  assert.throws(() => parseFlvFile(hex(header + config + frame('000000')).slice(0, -5)), { reason: 'bad_flv' });
});

test('timestamps begin at 0 whatever they were', () => {
  const file = parseFlvFile(hex(header + frame('000100') + frame('000128')));
  assert.deepEqual(
    file.frames.map(({ timestampMs }) => timestampMs),
    [0, 40],
  );
});

test('the sample of the demo publishers lasts 8 s, as it must to go round without a seam', () => {
  const file = parseFlvFile(new Uint8Array(readFileSync(new URL('../cli/sample.flv', import.meta.url))));
  assert.deepEqual([file.durationMs, file.configs.length, file.frames.length], [8000, 2, 240 + 375]);
});

test('what is no FLV is refused, and any bytes are a file or a ProtocolError', () => {
  assert.throws(() => parseFlvFile(hex('52494646 00000000 00000000 00')), { reason: 'bad_flv' });
  assert.throws(() => parseFlvFile(hex(header)), { reason: 'bad_flv' });
  fuzz(fixtureBytes.slice(0, 3000), parseFlvFile, 200);
});
