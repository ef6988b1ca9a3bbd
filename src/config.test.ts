import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, loadConfig, publicAddresses, settingDescriptions } from './config.ts';
import type { Config } from './config.ts';

interface Given {
  argv?: string[];
  env?: Record<string, string>;
  files?: Record<string, string>;
}

function load({ argv = [], env = {}, files = {} }: Given): Config {
  const config = loadConfig({ argv, env, readFile: (path) => files[path] ?? null });
  assert.ok(!('help' in config));
  return config;
}

function problems(given: Given): readonly string[] {
  try {
    load(given);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.problems;
  }
  return [];
}

test('without settings there are the defaults, frozen', () => {
  const config = load({});
  assert.equal(config.dataDir, './data');
  assert.equal(config.httpPort, 9000);
  assert.equal(config.rtmpPort, 1935);
  assert.equal(config.databaseUrl, null);
  assert.ok(Object.isFrozen(config));
});

test('a flag counts before the environment, the environment before the file, the file before the default', () => {
  const files = { 'reprise.yaml': 'http-port: 1\nrtmp-port: 2\nmax-publishers: 3\n' };
  const env = { REPRISE_HTTP_PORT: '11', REPRISE_RTMP_PORT: '12' };
  const config = load({ argv: ['--http-port', '21'], env, files });
  assert.deepEqual([config.httpPort, config.rtmpPort, config.maxPublishers, config.demo], [21, 12, 3, 0]);
});

test('both forms of a flag are read, and an empty variable is as none', () => {
  const config = load({ argv: ['--http-port=0', '--data-dir', '/srv/a=b'], env: { REPRISE_DEMO: '' } });
  assert.deepEqual([config.httpPort, config.dataDir, config.demo], [0, '/srv/a=b', 0]);
});

test('the file is the one that is named, else that of the data directory, else that of the current directory', () => {
  const files = { 'named.yaml': 'demo: 1', '/srv/reprise.yaml': 'demo: 2', 'reprise.yaml': 'demo: 3\ndata-dir: /elsewhere' };
  assert.equal(load({ files, argv: ['--config', 'named.yaml', '--data-dir', '/srv'] }).demo, 1);
  assert.equal(load({ files, env: { REPRISE_CONFIG: 'named.yaml' } }).demo, 1);
  assert.equal(load({ files, argv: ['--data-dir', '/srv'] }).demo, 2);
  assert.deepEqual([load({ files }).demo, load({ files }).dataDir], [3, '/elsewhere']);
  assert.deepEqual(problems({ argv: ['--config', 'gone.yaml'] }), ['config: there is no file gone.yaml']);
  assert.deepEqual(problems({ files: { './data/reprise.yaml': 'data-dir: /elsewhere' } }), [
    'data-dir in ./data/reprise.yaml: the file in a data directory can not name another',
  ]);
});

test('DATABASE_URL is read, and REPRISE_DATABASE_URL counts before it', () => {
  assert.equal(load({ env: { DATABASE_URL: 'postgres://a/b' } }).databaseUrl, 'postgres://a/b');
  const env = { REPRISE_DATABASE_URL: 'postgres://c/d', DATABASE_URL: 'postgres://a/b' };
  assert.equal(load({ env }).databaseUrl, 'postgres://c/d');
});

test('an unknown key is named, with the nearest one', () => {
  assert.deepEqual(problems({ argv: ['--htp-port', '1', 'stop'] }), [
    'unknown flag --htp-port: did you mean --http-port?',
    'unknown argument stop: settings are given as --name value',
  ]);
  assert.deepEqual(problems({ env: { REPRISE_DATADIR: 'x' } }), [
    'unknown environment variable REPRISE_DATADIR: did you mean REPRISE_DATA_DIR?',
  ]);
  assert.deepEqual(problems({ files: { 'reprise.yaml': 'httpPort: 1\nqqqqqqqqqq: 2' } }), [
    'unknown key httpPort in reprise.yaml: did you mean http-port?',
    'unknown key qqqqqqqqqq in reprise.yaml',
  ]);
});

test('what Kubernetes sets beside a service called reprise is not ours', () => {
  const link = { REPRISE_PORT: 'tcp://10.0.0.1:9000', REPRISE_PORT_9000_TCP_ADDR: '10.0.0.1', REPRISE_SERVICE_HOST: '10.0.0.1' };
  assert.deepEqual(problems({ env: { ...link, KUBERNETES_SERVICE_HOST: '10.0.0.1' } }), []);
  assert.equal(problems({ env: link }).length, 3);
});

test('a bad value is told with its key, its limits and itself', () => {
  assert.deepEqual(
    problems({ argv: ['--http-port', '65536', '--rtmp-port'], env: { REPRISE_DEMO: '51', REPRISE_LOG_LEVEL: 'loud' } }),
    [
      '--rtmp-port needs a value: --rtmp-port <value>',
      '--http-port must be a whole number from 0 to 65535, not "65536"',
      'REPRISE_DEMO must be a whole number from 0 to 50, not "51"',
      'REPRISE_LOG_LEVEL must be one of trace, debug, info, warn, error, silent, not "loud"',
    ],
  );
  assert.deepEqual(problems({ files: { 'reprise.yaml': 'public-url: example.org\ndemo: [1]' } }), [
    'demo in reprise.yaml must be one value',
    'public-url in reprise.yaml must be a URL that begins with http:// or https://, not "example.org"',
  ]);
  assert.match(problems({ files: { 'reprise.yaml': 'a: b: c' } })[0], /^reprise\.yaml is not valid YAML: /);
  assert.deepEqual(problems({ argv: ['--segment-min-ms=9000', '--segment-max-ms=8000'] }), [
    'segment-min-ms (9000) must not be more than segment-max-ms (8000)',
  ]);
});

test('secrets are not shown, and a password is not taken from the command line', () => {
  const env = { REPRISE_ROOT_PASSWORD: 'hush', DATABASE_URL: 'mysql://root:hush@host/db' };
  const told = [...problems({ env }), ...problems({ argv: ['--root-password', 'hush-hush'] })];
  assert.equal(told.length, 3);
  assert.ok(!told.join().includes('hush'), told.join());
  assert.equal(load({ env: { REPRISE_ROOT_PASSWORD: 'long enough' } }).rootPassword, 'long enough');
});

test('addresses and networks', () => {
  const read = (text: string): readonly string[] => load({ argv: [`--trusted-proxies=${text}`] }).trustedProxies;
  assert.deepEqual([load({}).trustedProxies, read('')], [[], []]);
  assert.deepEqual(read('127.0.0.1, 10.0.0.0/8,fd00::/8'), ['127.0.0.1', '10.0.0.0/8', 'fd00::/8']);
  assert.deepEqual(load({ files: { 'reprise.yaml': 'trusted-proxies: ::1' } }).trustedProxies, ['::1']);
  for (const wrong of ['proxy', '10.0.0.0/33', '10.0.0.0/0', '10.0.0.0/8/8', '::1/129', '127.0.0.1,', 'true', '1'])
    assert.deepEqual(problems({ argv: ['--trusted-proxies', wrong] }), [
      `--trusted-proxies must be addresses or networks with commas between them, such as 127.0.0.1, 10.0.0.0/8, not "${wrong}"`,
    ]);
});

test('a time of the day and a time zone', () => {
  assert.deepEqual([load({}).restartAt, load({}).restartTimeZone, load({}).restartOverS], [null, null, 600]);
  const files = { 'reprise.yaml': 'restart-at: 04:30\nrestart-time-zone: europe/paris' };
  assert.deepEqual(load({ files }).restartAt, { hour: 4, minute: 30 });
  assert.equal(load({ files }).restartTimeZone, 'Europe/Paris');
  assert.equal(load({ files, argv: ['--restart-at='] }).restartAt, null, 'empty is never');
  for (const [time, minute] of [
    ['0:00', 0],
    ['23:59', 59],
  ] as const)
    assert.equal(load({ argv: ['--restart-at', time] }).restartAt?.minute, minute);
  for (const time of ['24:00', '4', '04:60', '04:30:00', 'noon'])
    assert.deepEqual(problems({ argv: ['--restart-at', time] }), [
      `--restart-at must be a time of the day such as 04:30, or empty, not "${time}"`,
    ]);
  assert.deepEqual(problems({ argv: ['--restart-time-zone', 'Europe/Pari'] }), [
    '--restart-time-zone must be a time zone such as Europe/Paris or UTC, not "Europe/Pari"',
  ]);
});

test('metrics are off unless somebody says who may read them, and their token is no flag', () => {
  assert.deepEqual([load({}).metrics, load({}).metricsToken], ['off', null]);
  const given = { argv: ['--metrics', 'public'], env: { REPRISE_METRICS_TOKEN: 'hush-hush-hush-hush' } };
  assert.deepEqual([load(given).metrics, load(given).metricsToken], ['public', 'hush-hush-hush-hush']);
  const told = [
    ...problems({ argv: ['--metrics-token', 'hush-hush-hush-hush'] }),
    ...problems({ env: { REPRISE_METRICS_TOKEN: 'hush' } }),
  ];
  assert.equal(told.length, 2);
  assert.ok(!told.join().includes('hush'), told.join());
});

test('--help tells every setting with its default and its variable, --version the version', () => {
  const { help } = loadConfig({ argv: ['--help', '--nonsense'], env: {}, readFile: () => null }) as { help: string };
  for (const { key, environment, defaultText, flag } of settingDescriptions()) {
    assert.ok(help.includes(flag ? `--${key} <` : environment), key);
    assert.ok(help.includes(`Default: ${defaultText}.`), key);
    assert.ok(help.includes(environment), key);
  }
  assert.match((loadConfig({ argv: ['--version'], env: {}, readFile: () => null }) as { help: string }).help, /^\d+\.\d+\.\d+/);
});

test('public addresses follow the ports that were opened, and the host of public-url', () => {
  const ports = { http: 4000, rtmp: 4001 };
  assert.deepEqual(publicAddresses(load({}), ports), {
    publicUrl: 'http://localhost:4000',
    rtmpPublicUrl: 'rtmp://localhost:4001/live',
  });
  assert.deepEqual(publicAddresses(load({ argv: ['--public-url', 'https://tv.example/'] }), ports), {
    publicUrl: 'https://tv.example',
    rtmpPublicUrl: 'rtmp://tv.example:4001/live',
  });
});
