import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ConfigError, loadConfig } from '../config.ts';
import type { Config } from '../config.ts';
import { dataDirectoryHolder } from '../data-directory.ts';
import { inspectEmbedded } from '../database/inspect-embedded.ts';
import { explainUnreachable, inspectDatabase } from '../database/inspect.ts';
import { UsageError } from './command-io.ts';
import type { CommandIo } from './command-io.ts';
import { parseDoctorArguments, DOCTOR_HELP } from './doctor/arguments.ts';
import { readDisk } from './doctor/disk-facts.ts';
import { failure, ok } from './doctor/finding.ts';
import type { Finding, Load } from './doctor/finding.ts';
import { judgeDatabase, judgeEmbedded } from './doctor/judge-database.ts';
import { judgeDatabaseDisk, judgeDisk } from './doctor/judge-disk.ts';
import { judgeMachine } from './doctor/judge-machine.ts';
import { judgeNetwork } from './doctor/judge-network.ts';
import { readMachine } from './doctor/machine-facts.ts';
import { readNetwork } from './doctor/network-facts.ts';
import { formatFindings } from './doctor/print-findings.ts';

/** `reprise doctor`: looks at what the server will stand on. Resolves with 0, or 1 when something is wrong. */
export async function runDoctor(args: readonly string[], io: Pick<CommandIo, 'out' | 'env'>): Promise<number> {
  const wanted = parseDoctorArguments(args);
  if (wanted === null) {
    io.out(DOCTOR_HELP);
    return 0;
  }
  const findings = await examine(wanted.settings, wanted.load, io.env);
  const bad = findings.some(({ level }) => level === 'failure' || (wanted.strict && level === 'warning'));
  io.out(wanted.json ? `${JSON.stringify({ ok: !bad, load: wanted.load, findings }, null, 2)}\n` : formatFindings(findings));
  return bad ? 1 : 0;
}

async function examine(settings: readonly string[], load: Load, env: CommandIo['env']): Promise<Finding[]> {
  let config: Config | { help: string };
  try {
    config = loadConfig({ argv: settings, env, readFile: (path) => (existsSync(path) ? readFileSync(path, 'utf8') : null) });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((problem) =>
      failure('settings', problem, 'The server does not start with it; docs/configure.md lists what there is.'),
    );
  }
  if ('help' in config) throw new UsageError('the version is told by reprise --version');
  const directory = resolve(config.dataDir);
  const server = dataDirectoryHolder(directory);
  const disk = await readDisk(directory);
  const findings = [
    ...judgeMachine(await readMachine(server, env), load),
    judgeHolder(directory, server),
    ...judgeDisk(disk, load),
  ];
  if (config.databaseUrl !== null) findings.push(...(await examineDatabase(config.databaseUrl)));
  else if (disk.problem === null) findings.push(...(await examineEmbedded(directory)));
  findings.push(...judgeNetwork(await readNetwork(config, server)));
  return findings;
}

function judgeHolder(directory: string, server: number | null): Finding {
  const text =
    server === null
      ? 'no Reprise runs in it'
      : `a Reprise runs in ${directory} as process ${server}; a second one would not start`;
  return ok('data directory', text);
}

async function examineDatabase(databaseUrl: string): Promise<Finding[]> {
  try {
    const facts = await inspectDatabase(databaseUrl);
    return [...judgeDatabase(facts), ...(facts.directory === null ? [] : await examineDatabaseDisk(facts.directory))];
  } catch (error) {
    const { host, pathname } = new URL(databaseUrl);
    return [
      failure(
        'PostgreSQL',
        `the database ${pathname.slice(1)} at ${host} cannot be used: ${explainUnreachable(error)}`,
        'Check address, name, user and password, pg_hba.conf and the firewall. Broadcasts go on while it is away, but the server starts only with it.',
      ),
    ];
  }
}

async function examineDatabaseDisk(directory: string): Promise<Finding[]> {
  try {
    return judgeDatabaseDisk(await readDisk(directory));
  } catch {
    return []; // another user's
  }
}

async function examineEmbedded(directory: string): Promise<Finding[]> {
  const made = await mkdir(directory, { recursive: true });
  try {
    const embedded = await inspectEmbedded(directory);
    return [...judgeEmbedded(embedded), ...(embedded.facts === null ? [] : judgeDatabase(embedded.facts))];
  } finally {
    // It is the server that makes the directory.
    if (made !== undefined) await rm(made, { recursive: true, force: true });
  }
}
