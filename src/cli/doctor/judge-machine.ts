import { failure, formatBytes, ok, warning } from './finding.ts';
import type { Finding, Load } from './finding.ts';
import type { MachineFacts } from './machine-facts.ts';

const NODE_MAJOR = 24;
/** A live has a connection and a recording open, and both of the one before while it restarts. */
const FILES_PER_LIVE = 4;
/** The program, its database connections, the ledger, logs. */
const FILES_BESIDE = 200;
/** Server and built-in PostgreSQL without lives, and a live without its newest media. Estimates. */
const MEMORY_BESIDE_BYTES = 400e6;
const MEMORY_PER_LIVE_BYTES = 1e6;
const MEMORY_WINDOW_S = 20;
/** Measured at about a thousandth of a core a live; the rest is for viewers, PostgreSQL and restarts. */
const LIVES_PER_CORE = 500;

/** What is to be said of the machine. */
export function judgeMachine(machine: MachineFacts, load: Load): Finding[] {
  return [
    judgeNode(machine),
    ...judgeOpenFiles(machine, load),
    judgeMemory(machine, load),
    judgeCores(machine, load),
    ...judgeTime(machine),
    ...judgeQueues(machine, load),
    judgeFfmpeg(machine),
  ];
}

function judgeNode({ nodeVersion }: MachineFacts): Finding {
  const [major, minor] = nodeVersion.split('.').map(Number);
  const advice = `Start it with npm start, which brings Node ${NODE_MAJOR}.`;
  if (major < 22 || (major === 22 && minor < 18))
    return failure('Node.js', nodeVersion, `${advice} Older than 22.18 does not run TypeScript as it is.`);
  return major === NODE_MAJOR
    ? ok('Node.js', nodeVersion)
    : warning('Node.js', nodeVersion, `${advice} It is tested with that one.`);
}

function judgeOpenFiles({ openFiles }: MachineFacts, { lives, viewers }: Load): Finding[] {
  if (openFiles === null) return [];
  const needed = FILES_PER_LIVE * lives + viewers + FILES_BESIDE;
  const { limit, ofServer } = openFiles;
  const text = `limit ${limit === Number.POSITIVE_INFINITY ? 'none' : limit}${ofServer ? ' of the running server' : ''}; ${lives} lives and ${viewers} viewers take about ${needed}`;
  const advice = `Set LimitNOFILE=${Math.max(65_536, 2 * needed)} in the systemd unit (ulimit -n in a shell, --ulimit nofile for a container): past the limit connections are refused, and recordings cannot be opened.`;
  if (limit < needed) return [failure('open files', text, advice)];
  return [limit < 1.5 * needed ? warning('open files', text, advice) : ok('open files', text)];
}

function judgeMemory({ memoryBytes }: MachineFacts, { lives, kbPerSecond }: Load): Finding {
  const needed = MEMORY_BESIDE_BYTES + lives * (MEMORY_PER_LIVE_BYTES + kbPerSecond * 125 * MEMORY_WINDOW_S);
  const text = `${formatBytes(memoryBytes)}; ${lives} lives at ${kbPerSecond} kb/s take about ${formatBytes(needed)}`;
  const advice =
    'Add memory, or spread the lives over more servers: the newest seconds of each live are kept in memory, and a server that runs out of it is killed.';
  if (needed > memoryBytes) return failure('memory', text, advice);
  return needed > 0.7 * memoryBytes ? warning('memory', text, advice) : ok('memory', text);
}

function judgeCores({ cores }: MachineFacts, { lives }: Load): Finding {
  const text = `${cores} for ${lives} lives`;
  if (lives <= cores * LIVES_PER_CORE) return ok('cores', text);
  return warning(
    'cores',
    text,
    `Take ${Math.ceil(lives / LIVES_PER_CORE)} or more: recording and packaging need about a thousandth of one for each live, viewers and restarts the rest.`,
  );
}

function judgeTime({ year, timeZones }: MachineFacts): Finding[] {
  const findings: Finding[] = [];
  if (year < 2026)
    findings.push(
      failure(
        'clock',
        `it is ${year} by this machine`,
        'Set the clock (chrony, systemd-timesyncd): sessions and replays are told by their times.',
      ),
    );
  if (!timeZones)
    findings.push(failure('time zones', 'Node.js has no time zone data', 'Use a Node.js with full ICU, as npm start brings.'));
  return findings;
}

function judgeQueues({ acceptQueue, handshakeQueue }: MachineFacts, { lives }: Load): Finding[] {
  // All publishers come back at once, with some of the viewers.
  const storm = 2 * lives;
  const short = [
    ['net.core.somaxconn', acceptQueue],
    ['net.ipv4.tcp_max_syn_backlog', handshakeQueue],
  ] as const;
  const findings: Finding[] = [];
  for (const [name, value] of short) {
    if (value === null) continue;
    const text = `${name} ${value}`;
    if (value >= storm) findings.push(ok('storms', text));
    else
      findings.push(
        warning(
          'storms',
          text,
          `sysctl -w ${name}=${Math.max(4096, storm)}, and in /etc/sysctl.d: when ${lives} publishers come back in the same moment, those that find the queue full try again only after one second, then three.`,
        ),
      );
  }
  return findings;
}

function judgeFfmpeg({ ffmpeg }: MachineFacts): Finding {
  return ok('ffmpeg', ffmpeg === null ? 'not installed; nothing here needs it' : ffmpeg);
}
