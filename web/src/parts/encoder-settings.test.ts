import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ffmpegCommand, publishAddress } from './encoder-settings.ts';

test('the key follows the server, whatever its last slash', () => {
  assert.equal(publishAddress('rtmp://host:1935/live', 'k'), 'rtmp://host:1935/live/k');
  assert.equal(publishAddress('rtmp://host:1935/live/', 'k'), 'rtmp://host:1935/live/k');
});

test('the command ends with the address, quoted when a shell would read it', () => {
  assert.ok(ffmpegCommand('rtmp://host:1935/live/8a5f-1').endsWith('-f flv rtmp://host:1935/live/8a5f-1'));
  assert.ok(ffmpegCommand('rtmp://[::1]:1935/live/a').endsWith("-f flv 'rtmp://[::1]:1935/live/a'"));
  assert.ok(ffmpegCommand("rtmp://h/live/a'b;c").endsWith(`-f flv 'rtmp://h/live/a'\\''b;c'`));
});
