import { parse as parseYaml } from 'yaml';
import { ConfigError } from './config-error.ts';
import { keyName } from './names.ts';
import { nearest } from './nearest.ts';

/** A text somebody gave for a setting, and where, in words: `--http-port`, `REPRISE_HTTP_PORT`, `http-port in reprise.yaml`. */
export interface Given {
  readonly text: string;
  readonly where: string;
}

/** What one place says, by the setting's key (`http-port`), and what is wrong there. */
export interface Source {
  readonly given: ReadonlyMap<string, Given>;
  readonly problems: readonly string[];
}

/** Reads `--key value` and `--key=value`. `--help` and `--version` are in `asked`, which then is all that counts. */
export function readFlags(
  argv: readonly string[],
  keys: readonly string[],
): Source & { readonly asked: 'help' | 'version' | null } {
  const given = new Map<string, Given>();
  const problems: string[] = [];
  let asked: 'help' | 'version' | null = null;
  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i];
    if (argument === '--help' || argument === '-h') asked = 'help';
    else if (argument === '--version' || argument === '-v') asked ??= 'version';
    else if (!argument.startsWith('--')) problems.push(`unknown argument ${argument}: settings are given as --name value`);
    else {
      const [flag, ...rest] = argument.split('=');
      const key = flag.slice(2);
      if (!keys.includes(key)) {
        problems.push(
          unknown(
            'flag',
            flag,
            keys.map((each) => `--${each}`),
          ),
        );
        if (rest.length === 0 && i + 1 < argv.length && !argv[i + 1].startsWith('--')) i++;
      } else if (rest.length > 0) given.set(key, { text: rest.join('='), where: flag });
      else if (i + 1 < argv.length && !argv[i + 1].startsWith('--')) given.set(key, { text: argv[++i], where: flag });
      else problems.push(`${flag} needs a value: ${flag} <value>`);
    }
  }
  return { given, problems, asked };
}

/** What Kubernetes sets in every pod beside a service called `reprise`. */
const SERVICE_LINK = /^REPRISE_(SERVICE_(HOST|PORT)(_\w+)?|PORT(_\d+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)?)$/;

/** Reads `REPRISE_…`, and `DATABASE_URL`, which many hosts set. An empty value is as none. */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>, keys: readonly string[]): Source {
  const given = new Map<string, Given>();
  const problems: string[] = [];
  const names = new Map(keys.map((key) => [`REPRISE_${key.replaceAll('-', '_').toUpperCase()}`, key]));
  if (env['DATABASE_URL'] && keys.includes('database-url')) {
    given.set('database-url', { text: env['DATABASE_URL'], where: 'DATABASE_URL' });
  }
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith('REPRISE_')) continue;
    const key = names.get(name);
    if (key !== undefined) {
      if (text) given.set(key, { text, where: name });
    } else if (!(env['KUBERNETES_SERVICE_HOST'] && SERVICE_LINK.test(name))) {
      problems.push(unknown('environment variable', name, [...names.keys()]));
    }
  }
  return { given, problems };
}

/** Reads a YAML file of `key: value` lines. */
export function readYaml(file: string, content: string, keys: readonly string[]): Source {
  const given = new Map<string, Given>();
  const problems: string[] = [];
  let document: unknown;
  try {
    document = parseYaml(content) ?? {};
  } catch (cause) {
    throw new ConfigError([`${file} is not valid YAML: ${(cause as Error).message.split('\n')[0]}`], { cause });
  }
  if (typeof document !== 'object' || Array.isArray(document)) throw new ConfigError([`${file} must be lines of "key: value"`]);
  for (const [key, value] of Object.entries(document as Record<string, unknown>)) {
    const where = `${key} in ${file}`;
    if (!keys.includes(key)) problems.push(unknown('key', where, keys, keyName(key)));
    else if (value === null) continue;
    else if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      given.set(key, { text: `${value}`, where });
    else problems.push(`${where} must be one value`);
  }
  return { given, problems };
}

function unknown(what: string, name: string, names: readonly string[], wrong: string = name): string {
  const meant = nearest(wrong, names);
  return `unknown ${what} ${name}${meant === null ? '' : `: did you mean ${meant}?`}`;
}
