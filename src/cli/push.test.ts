import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { REFUSALS } from '../errors.ts';
import { UsageError } from './command-io.ts';
import type { CommandIo } from './command-io.ts';
import { parsePushArguments, PUSH_HELP } from './push-arguments.ts';
import { isForGood, refusalCode } from './refusal.ts';
import { runReprise } from './reprise.ts';

const URL = 'rtmp://localhost/live/secret-key-0123';

function io(): { io: CommandIo; out: string[]; err: string[] } {
  const out: string[] = [];
  const err: string[] = [];
  const stdin = Readable.from([]);
  const signal = new AbortController().signal;
  return {
    io: { out: (text) => out.push(text), err: (text) => err.push(text), stdin, terminal: false, env: {}, signal },
    out,
    err,
  };
}

const wrong: [string, string[], RegExp][] = [
  ['nothing', [], /wanted are what to publish and where to/],
  ['an unknown flag', ['a.flv', URL, '--nix'], /unknown option '--nix'/],
  ['no number', ['a.flv', URL, '--duration', 'long'], /--duration must be a number from 0.1 to .*, not "long"/],
  ['looping standard input', ['-', URL, '--loop'], /--loop is for files/],
  ['pulling', ['rtsp://camera/stream', URL], /pulling is left to ffmpeg/],
  ['no address', ['a.flv', 'localhost'], /the address to publish to is not a URL/],
  ['another protocol', ['a.flv', 'rtmps://host/live/key'], /rtmps:\/\/ is not spoken here/],
  ['no key', ['a.flv', 'rtmp://host/live'], /incomplete/],
];
for (const [name, args, message] of wrong) {
  test(`reprise push refuses ${name}, with exit code 2`, async () => {
    assert.throws(
      () => parsePushArguments(args),
      (error) => error instanceof UsageError && message.test(error.message),
    );
    const run = io();
    assert.equal(await runReprise(['push', ...args], run.io), 2);
    assert.match(run.err.join(''), message);
    assert.doesNotMatch(run.err.join(''), /secret-key-0123/);
  });
}

test('reprise push takes times in seconds', () => {
  const parsed = parsePushArguments(['-', URL, '--once', '--within', '2', '--duration', '1.5']);
  assert.deepEqual([parsed?.once, parsed?.withinMs, parsed?.durationMs], [true, 2000, 1500]);
  assert.equal(parsed?.target.shown, 'rtmp://localhost/live/secr…');
});

test('help goes to standard output; an unknown command is told with those there are, exit code 2', async () => {
  const help = io();
  assert.equal(await runReprise(['push', '--help'], help.io), 0);
  assert.deepEqual(help.out, [PUSH_HELP]);
  const unknown = io();
  assert.equal(await runReprise(['nix'], unknown.io), 2);
  assert.match(unknown.err.join(''), /there is no command "nix"[^]*start[^]*push[^]*drill/);
});

test('a refusal is known by status and text, and coming back is of use for some only', () => {
  const told = (code: keyof typeof REFUSALS) => ({ code: REFUSALS[code].rtmp, description: REFUSALS[code].text });
  assert.equal(refusalCode(told('taken_over')), 'taken_over');
  assert.equal(refusalCode({ code: REFUSALS.unknown_key.rtmp, description: 'Stream already publishing' }), null);
  assert.deepEqual(
    (Object.keys(REFUSALS) as (keyof typeof REFUSALS)[]).filter((code) => !isForGood(told(code))),
    [
      'already_publishing',
      'takeover_held_down',
      'taken_over',
      'internal_error',
      'restart_asked',
      'server_closing',
      'too_many_connections',
    ],
  );
  assert.ok(isForGood({ code: 'NetConnection.Connect.InvalidApp', description: '' }));
});
