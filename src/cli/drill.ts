import { exitCodeOf, UsageError } from './command-io.ts';
import type { CommandIo } from './command-io.ts';
import { ApiClient } from './drill/api-client.ts';
import { checkLive } from './drill/check-live.ts';
import type { LiveFindings } from './drill/check-live.ts';
import { database } from './drill/database.ts';
import { DRILL_HELP, parseDrillArguments } from './drill/drill-arguments.ts';
import type { DrillArguments } from './drill/drill-arguments.ts';
import { eachOf } from './drill/each-of.ts';
import { formatReport } from './drill/format-report.ts';
import { HttpClient } from './drill/http-client.ts';
import { kill } from './drill/kill.ts';
import { makeReport } from './drill/report.ts';
import type { DrillReport, Expectation } from './drill/report.ts';
import { startAgain } from './drill/start-again.ts';
import { settle } from './drill/settle.ts';
import { Stage } from './drill/stage.ts';
import { storm } from './drill/storm.ts';
import { syntheticMedia } from './fleet/synthetic-media.ts';
import { TemporaryInstance } from './drill/temporary-instance.ts';

const CHECKED_AT_ONCE = 4;
const PROGRESS_EVERY_MS = 5000;

/** `reprise drill`: a disaster on purpose, and what was lost. Resolves with the exit code. */
export async function runDrill(args: readonly string[], io: CommandIo): Promise<number> {
  const wanted = parseDrillArguments(args, io.env);
  if (wanted === null) {
    io.out(DRILL_HELP);
    return 0;
  }
  if (wanted.drill === 'disk')
    throw new UsageError('the disk drill is not there yet: it needs a small file system of its own to fill');
  const progress = (text: string): void => io.err(`${new Date().toISOString().slice(11, 19)} ${text}\n`);
  try {
    const report = await drill(wanted, io, progress);
    io.out(wanted.json ? `${JSON.stringify(report)}\n` : `\n${formatReport(report)}`);
    return report.ok ? 0 : 1;
  } catch (error) {
    if (!io.signal.aborted) throw error;
    progress('given up; what it made is removed');
    return exitCodeOf(io.signal);
  }
}

async function drill(wanted: DrillArguments, io: CommandIo, progress: (text: string) => void): Promise<DrillReport> {
  const began = performance.now();
  const own = wanted.instance === null ? await startInstance(wanted, io, progress) : null;
  const http = new HttpClient(own?.url ?? wanted.instance?.url ?? '');
  const open: { stage: Stage | null } = { stage: null };
  try {
    const api = await ApiClient.signIn(http, own ?? wanted.instance?.credentials ?? { token: '' });
    const media = syntheticMedia(wanted.bitrate);
    const stage = (open.stage = new Stage({
      http,
      api,
      media,
      rtmpUrl: () => own?.rtmpUrl ?? null,
      signal: io.signal,
      progress,
    }));
    await stage.prepare(wanted.lives, wanted.how === 'abrupt' ? 0 : null);
    progress(`${wanted.lives} lives are made`);
    stage.watch();
    const expected = await run(stage, wanted, own);
    await stage.stopWatching();
    const sessions = await settle(stage, expected.sessions / wanted.lives);
    if (wanted.drill === 'kill' && own !== null) await startAgain(stage, own, sessions);
    const findings = await check(stage, sessions);
    const tookMs = performance.now() - began;
    const drill = wanted.drill === 'kill' ? 'kill' : `${wanted.drill}, ${wanted.how} ends`;
    const { rounds, lives } = wanted;
    const complaints = own?.complaints ?? [];
    const sameClock = own !== null;
    return makeReport({ drill, rounds, lives, bitrate: media.bitrate, tookMs, stage, expected, findings, complaints, sameClock });
  } finally {
    await cleanUp(open.stage, own, progress);
    http.close();
  }
}

/** Reads all replays, and holds them against what was sent. */
async function check(stage: Stage, sessions: Awaited<ReturnType<typeof settle>>): Promise<LiveFindings[]> {
  const { http, media, signal, progress } = stage.options;
  let checked = 0;
  let toldAt = performance.now();
  return eachOf(stage.lives, CHECKED_AT_ONCE, async (each) => {
    signal.throwIfAborted();
    const findings = await checkLive(http, each, sessions.get(each) ?? [], media, stage.world);
    checked += 1;
    if (performance.now() - toldAt > PROGRESS_EVERY_MS || checked === stage.lives.length) {
      toldAt = performance.now();
      progress(`replays of ${checked} of ${stage.lives.length} lives are read`);
    }
    return findings;
  });
}

async function startInstance(
  { drill }: DrillArguments,
  io: CommandIo,
  progress: (text: string) => void,
): Promise<TemporaryInstance> {
  progress('starting a temporary instance');
  return TemporaryInstance.create({ ownDatabase: drill === 'database', env: io.env });
}

function run(stage: Stage, wanted: DrillArguments, own: TemporaryInstance | null): Promise<Expectation> {
  if (wanted.drill === 'storm' || own === null) return storm(stage, wanted);
  return wanted.drill === 'kill' ? kill(stage, wanted, own) : database(stage, wanted, own);
}

async function cleanUp(stage: Stage | null, own: TemporaryInstance | null, progress: (text: string) => void): Promise<void> {
  try {
    if (stage !== null && own === null) {
      progress('removing the lives and replays that were made');
      await stage.clear();
    } else if (stage !== null) {
      stage.world.serverDown = true;
      await stage.stopAll('abrupt');
      await stage.stopWatching();
    }
  } finally {
    await own?.remove();
  }
}
