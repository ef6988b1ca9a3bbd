import packageJson from '../package.json' with { type: 'json' };
import { ConfigError } from './config/config-error.ts';
import { describeSettings, formatHelp } from './config/help.ts';
import type { SettingDescription } from './config/help.ts';
import { keyName } from './config/names.ts';
import {
  networks,
  oneOf,
  optionalWholeNumber,
  port,
  password,
  text,
  timeOfDay,
  timeZone,
  url,
  wholeNumber,
} from './config/setting.ts';
import type { Setting } from './config/setting.ts';
import { readEnvironment, readFlags, readYaml } from './config/sources.ts';
import type { Given, Source } from './config/sources.ts';

export { ConfigError };

/** Every setting there is: default, limits and help. `httpPort` is `--http-port`, `REPRISE_HTTP_PORT` and `http-port:` in the file. */
const SETTINGS = {
  config: text(null, '<file>', 'The YAML file with the settings.', {
    defaultText: 'reprise.yaml in the data directory, else ./reprise.yaml',
  }),
  dataDir: text('./data', '<directory>', 'Where everything is kept: recordings, the ledger, the embedded PostgreSQL.'),
  httpHost: text('0.0.0.0', '<address>', 'Address that pages, players and the API are served on.'),
  httpPort: port(9000, 'Port of the same.'),
  tlsCert: text(
    null,
    '<file>',
    'Certificate (PEM, with its chain) of the HTTP port, which then speaks HTTP/2 and HTTP/1.1 over TLS; read again when it is renewed.',
    {
      defaultText: 'none: HTTP without TLS',
    },
  ),
  tlsKey: text(null, '<file>', 'Private key of that certificate (PEM).', { defaultText: 'none' }),
  deliveryThreads: optionalWholeNumber(
    0,
    64,
    'Threads that answer players; with 0 everything is on one thread.',
    'by cores: 0 with one, else 1 for every four',
  ),
  publicUrl: url(['http', 'https'], 'Address that viewers use; set it behind a proxy.', 'http://localhost:<http-port>'),
  trustedProxies: networks(
    'Proxies whose X-Forwarded-For is believed: calls are then counted by the address of who asks, not by that of the proxy.',
  ),
  rtmpHost: text('0.0.0.0', '<address>', 'Address that publishers are received on.'),
  rtmpPort: port(1935, 'Port of the same.'),
  rtmpPublicUrl: url(
    ['rtmp', 'rtmps'],
    'Address that publishers are told to use.',
    'rtmp://<host of public-url>:<rtmp-port>/live',
  ),
  ingestThreads: optionalWholeNumber(
    0,
    64,
    'Threads that receive publishers and package what they send; with 0 the main thread does.',
    'by cores: 0 with up to three, else 1 for every two',
  ),
  databaseUrl: url(
    ['postgres', 'postgresql'],
    'A PostgreSQL server of your own; DATABASE_URL is read too.',
    'the embedded PostgreSQL',
    { secret: true },
  ),
  rootPassword: password(6, 'Password that the user root gets on the very first start.', 'generated, and shown once'),
  demo: wholeNumber(0, 0, 50, 'How many built-in synthetic publishers to run, each on a live of its own.'),
  logLevel: oneOf('info', ['trace', 'debug', 'info', 'warn', 'error', 'silent'], 'The least of what is logged.'),
  partDurationMs: wholeNumber(200, 100, 1000, 'Wanted length of a part of low-latency HLS.'),
  segmentMinMs: wholeNumber(1000, 500, 10_000, 'A segment ends at the first keyframe after this time.'),
  segmentMaxMs: wholeNumber(10_000, 1000, 60_000, 'A segment ends after this time even without a keyframe.'),
  recordingSyncMs: wholeNumber(
    1000,
    0,
    60_000,
    'How often recordings are made safe from a power cut, which costs so much at the most; 0 leaves it to the operating system.',
  ),
  playlistWindowS: wholeNumber(30, 10, 3600, 'Time that a live playlist lists, for lives without a DVR window.'),
  dvrMaxWindowS: wholeNumber(3600, 0, 86_400, 'Longest DVR window a live may have; 0 turns DVR off.'),
  reconnectWindowMs: wholeNumber(
    15_000,
    0,
    3_600_000,
    'How long a session waits for a publisher that vanished, unless its live says otherwise.',
  ),
  rtmpHandshakeTimeoutMs: wholeNumber(10_000, 1000, 60_000, 'A connection that does not publish within this time is closed.'),
  rtmpReadTimeoutMs: wholeNumber(30_000, 1000, 600_000, 'A publisher silent for this time is closed.'),
  maxPublishers: wholeNumber(
    2000,
    1,
    100_000,
    'Publisher connections at once; more are refused, but for those that come in the place of one.',
  ),
  restartAt: timeOfDay('When the sessions of all permanent lives on air end and begin anew, once a day.'),
  restartTimeZone: timeZone('Whose clocks restart-at means.'),
  restartOverS: wholeNumber(600, 0, 86_400, 'Time over which these restarts are spread.'),
  metrics: oneOf(
    'off',
    ['off', 'local', 'public'],
    'Who may read GET /metrics: nobody, this machine (not through a proxy that says that it is one), or all who reach the HTTP port.',
  ),
  metricsToken: password(16, 'A bearer token that whoever reads the metrics must send, from this machine too.', 'none'),
} satisfies Record<string, Setting<unknown>>;

type Value<S> = S extends Setting<infer T> ? T : never;

/** All settings, typed and frozen. A null is what the help tells of its default; see {@link publicAddresses}. */
export type Config = { readonly [Name in Exclude<keyof typeof SETTINGS, 'config'>]: Value<(typeof SETTINGS)[Name]> };

export interface ConfigInput {
  /** Arguments after the program's name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The text of a file, or null if there is none. */
  readonly readFile: (path: string) => string | null;
}

const FILE_NAME = 'reprise.yaml';

/** The settings from flags, environment, file and defaults, in this order, or the text that was asked for instead. Throws {@link ConfigError}. */
export function loadConfig({ argv, env, readFile }: ConfigInput): Config | { help: string } {
  const keys = Object.keys(SETTINGS).map(keyName);
  const flags = readFlags(argv, keys);
  if (flags.asked === 'version') return { help: packageJson.version };
  if (flags.asked === 'help') return { help: formatHelp(settingDescriptions(), packageJson.version) };

  const environment = readEnvironment(env, keys);
  const file = openFile([flags, environment], keys, readFile);
  const problems = [flags, environment, file].flatMap((source) => source.problems);
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries<Setting<unknown>>(SETTINGS)) {
    if (name === 'config') continue;
    const key = keyName(name);
    if (setting.noFlag && flags.given.has(key))
      problems.push(`--${key} would be seen by others on this machine: set it in the environment`);
    const given = flags.given.get(key) ?? environment.given.get(key) ?? file.given.get(key);
    values[name] = given === undefined ? setting.default : valueOf(setting, given, problems);
  }
  const config = values as unknown as Config;
  if (problems.length === 0 && config.segmentMinMs > config.segmentMaxMs) {
    problems.push(`segment-min-ms (${config.segmentMinMs}) must not be more than segment-max-ms (${config.segmentMaxMs})`);
  }
  if (problems.length === 0 && (config.tlsCert === null) !== (config.tlsKey === null))
    problems.push('tls-cert and tls-key belong together: set both, or none');
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze(config);
}

/** The addresses to tell people, with the ports that were really opened. */
export function publicAddresses(
  config: Config,
  ports: { readonly http: number; readonly rtmp: number },
): { publicUrl: string; rtmpPublicUrl: string } {
  const publicUrl = config.publicUrl ?? `${config.tlsCert === null ? 'http' : 'https'}://localhost:${ports.http}`;
  return { publicUrl, rtmpPublicUrl: config.rtmpPublicUrl ?? `rtmp://${new URL(publicUrl).hostname}:${ports.rtmp}/live` };
}

/** The table in words, for the help and docs/configure.md. */
export function settingDescriptions(): SettingDescription[] {
  return describeSettings(SETTINGS);
}

function openFile(sources: readonly Source[], keys: readonly string[], readFile: ConfigInput['readFile']): Source {
  const told = (key: string): string | undefined =>
    sources.map((source) => source.given.get(key)?.text).find((each) => each !== undefined);
  const named = told('config');
  const dataDir = told('data-dir') ?? SETTINGS.dataDir.default;
  for (const path of named === undefined ? [`${dataDir}/${FILE_NAME}`, FILE_NAME] : [named]) {
    const content = readOrRefuse(path, readFile);
    if (content === null) continue;
    const source = readYaml(
      path,
      content,
      keys.filter((key) => key !== 'config'),
    );
    if (path === FILE_NAME || path === named || !source.given.has('data-dir')) return source;
    throw new ConfigError([`data-dir in ${path}: the file in a data directory can not name another`]);
  }
  if (named !== undefined) throw new ConfigError([`config: there is no file ${named}`]);
  return { given: new Map(), problems: [] };
}

function readOrRefuse(path: string, readFile: ConfigInput['readFile']): string | null {
  try {
    return readFile(path);
  } catch (cause) {
    throw new ConfigError([`config: ${path} can not be read: ${(cause as Error).message}`], { cause });
  }
}

function valueOf<T>(setting: Setting<T>, { text, where }: Given, problems: string[]): T {
  try {
    return setting.parse(text);
  } catch (error) {
    problems.push(`${where} ${(error as Error).message}${setting.secret ? '' : `, not ${JSON.stringify(text)}`}`);
    return setting.default;
  }
}
