import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../command-io.ts';
import { parseDrillArguments } from './drill-arguments.ts';

const wrong: [string, string[], RegExp][] = [
  ['no drill', [], /which drill\? one of storm/],
  ['an unknown drill', ['flood'], /which drill/],
  ['both ways to end', ['storm', '--clean', '--abrupt'], /not both/],
  ['no lives', ['storm', '--lives', '0'], /--lives must be a whole number from 1 to 2000, not "0"/],
  ['half a round', ['storm', '--rounds', '1.5'], /--rounds must be a whole number/],
  ['breaking a running instance', ['kill', '--url', 'http://localhost:9000', '--token', 'x'], /--url is for storm/],
  ['an instance without a key to it', ['storm', '--url', 'http://localhost:9000'], /wants --token, or --user and --password/],
  ['a power cut of what is not killed', ['storm', '--power-cut'], /--power-cut is for kill/],
  ['a full disk for one live', ['disk', '--lives', '1'], /--lives must be a whole number from 2/],
  ['connections that a full disk resets', ['disk', '--abrupt'], /--abrupt is for storm and database/],
  ['an address that is none', ['storm', '--url', 'localhost:9000', '--token', 'x'], /must begin with http/],
  ['an unknown flag', ['storm', '--nix'], /unknown option '--nix'/],
];
for (const [name, args, message] of wrong) {
  test(`reprise drill refuses ${name}`, () => {
    assert.throws(
      () => parseDrillArguments(args, {}),
      (error) => error instanceof UsageError && message.test(error.message),
    );
  });
}

test('reprise drill: defaults, and what may come from the environment', () => {
  const storm = parseDrillArguments(['storm'], {});
  assert.deepEqual([storm?.lives, storm?.rounds, storm?.how, storm?.seconds, storm?.instance], [10, 3, 'clean', 5, null]);
  assert.equal(parseDrillArguments(['database'], {})?.rounds, 1);
  const disk = parseDrillArguments(['disk', '--full', '30'], {});
  assert.deepEqual([disk?.rounds, disk?.fullSeconds, disk?.powerCut], [1, 30, false]);
  assert.equal(parseDrillArguments(['kill', '--power-cut'], {})?.powerCut, true);
  assert.equal(parseDrillArguments(['storm', '--help'], {}), null);
  const url = 'https://live.example';
  const withPassword = parseDrillArguments(['storm', '--url', url, '--user', 'ada'], { REPRISE_PASSWORD: 'correct horse' });
  assert.deepEqual(withPassword?.instance, { url, credentials: { user: 'ada', password: 'correct horse' } });
  const withToken = parseDrillArguments(['storm', '--url', url, '--token', 'abc'], {});
  assert.deepEqual(withToken?.instance, { url, credentials: { token: 'abc' } });
});
