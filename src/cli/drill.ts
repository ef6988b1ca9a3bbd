import { exitCodeOf } from './command-io.ts';
import type { CommandIo } from './command-io.ts';
import { ApiClient } from './drill/api-client.ts';
import { database } from './drill/database.ts';
import { DRILL_HELP, parseDrillArguments } from './drill/drill-arguments.ts';
import type { DrillArguments } from './drill/drill-arguments.ts';
import { checkGapped } from './drill/check-gapped.ts';
import { checkLive, IN_FLIGHT_MS } from './drill/check-live.ts';
import { disk } from './drill/disk.ts';
import { bytesOf, prepareGround } from './drill/ground.ts';
import type { Ground } from './drill/ground.ts';
import { howFar } from './drill/how-far.ts';
import { drillInNamespace, MOUNTED } from './drill/in-namespace.ts';
import { CannotDrill } from './drill/own-disk.ts';
import { formatReport } from './drill/format-report.ts';
import { HttpClient } from './drill/http-client.ts';
import { kill } from './drill/kill.ts';
import { makeReport } from './drill/report.ts';
import type { DrillReport, Expectation } from './drill/report.ts';
import { startAgain } from './drill/start-again.ts';
import { Stage } from './drill/stage.ts';
import { storm } from './drill/storm.ts';
import { NotStarted } from './drill/temporary-instance.ts';
import { syntheticMedia } from './fleet/synthetic-media.ts';
import { Verification } from './drill/verification.ts';
import type { Check } from './drill/verification.ts';

/** Exit code: this machine does not allow what the drill needs. */
const CANNOT = 3;
/** What a power cut may cost: recording-sync-ms, a part, and what was in flight. */
const POWER_CUT_LOSS_MS = 1000 + 200 + IN_FLIGHT_MS;
const KILL_WINDOW_S = 120;
const PROGRESS_EVERY_MS = 10_000;

/** `reprise drill`: a disaster on purpose, and what was lost. Resolves with the exit code. */
export async function runDrill(args: readonly string[], io: CommandIo): Promise<number> {
  const wanted = parseDrillArguments(args, io.env);
  if (wanted === null) {
    io.out(DRILL_HELP);
    return 0;
  }
  const progress = (text: string): void => io.err(`${new Date().toISOString().slice(11, 19)} ${text}\n`);
  try {
    if (wanted.drill === 'disk' && process.getuid?.() !== 0 && io.env[MOUNTED] === undefined)
      return await drillInNamespace(args, bytesOf(wanted), io);
    const report = await drill(wanted, io, progress);
    io.out(wanted.json ? `${JSON.stringify(report)}\n` : `\n${formatReport(report)}`);
    return report.ok ? 0 : 1;
  } catch (error) {
    if (error instanceof CannotDrill) {
      io.err(`reprise drill: ${error.message}\n`);
      return CANNOT;
    }
    if (error instanceof NotStarted && !io.signal.aborted) {
      io.err(`reprise drill: given up, and what it made is removed: ${error.message}\n`);
      return 1;
    }
    if (!io.signal.aborted) throw error;
    progress('given up; what it made is removed');
    return exitCodeOf(io.signal);
  }
}

async function drill(wanted: DrillArguments, io: CommandIo, progress: (text: string) => void): Promise<DrillReport> {
  const began = performance.now();
  if (wanted.instance === null) progress('starting a temporary instance');
  const ground = wanted.instance === null ? await prepareGround(wanted, io) : null;
  const own = ground?.instance ?? null;
  // A running instance is left as it was: that takes calls after Ctrl-C too.
  const http = new HttpClient(own?.url ?? wanted.instance?.url ?? '', own === null ? null : io.signal);
  const open: { stage: Stage | null; telling?: NodeJS.Timeout } = { stage: null };
  try {
    const api = await ApiClient.signIn(http, own ?? wanted.instance?.credentials ?? { token: '' });
    const media = syntheticMedia(wanted.bitrate);
    const stage = (open.stage = new Stage({
      http,
      api,
      media,
      bitrate: wanted.bitrate,
      rtmpUrl: () => own?.rtmpUrl ?? null,
      signal: io.signal,
      progress,
    }));
    await stage.prepare(wanted.lives, windowOf(wanted));
    progress(`${wanted.lives} lives are made`);
    stage.watch();
    const verification = new Verification(stage, checkOf(wanted));
    open.telling = setInterval(() => progress(howFar(stage, verification)), PROGRESS_EVERY_MS);
    const expected = await run(stage, wanted, ground, verification);
    await stage.stopWatching();
    const count = await stage.fleet.count();
    const perLive = expected.sessions / wanted.lives;
    const sessions = await verification.settle(({ publisher }) => Math.min(perLive, publisher.takes.length));
    if (wanted.drill === 'kill' && own !== null) await startAgain(stage, own, sessions);
    await verification.finish(sessions);
    const { findings } = verification;
    const tookMs = performance.now() - began;
    const drill = titleOf(wanted);
    const { rounds, lives } = wanted;
    const complaints = own?.complaints ?? [];
    const sameClock = own !== null;
    const { bitrate } = media;
    return makeReport({ drill, rounds, lives, bitrate, tookMs, stage, expected, findings, complaints, count, sameClock });
  } finally {
    clearInterval(open.telling);
    await cleanUp(open.stage, ground, progress);
    http.close();
  }
}

function run(stage: Stage, wanted: DrillArguments, ground: Ground | null, verification: Verification): Promise<Expectation> {
  if (wanted.drill === 'storm' || ground === null) return storm(stage, wanted, verification);
  if (wanted.drill === 'kill') return kill(stage, wanted, ground.instance, ground.image);
  if (wanted.drill === 'disk' && ground.disk !== null) return disk(stage, wanted, ground.disk);
  return database(stage, wanted, ground.instance);
}

function checkOf({ drill, powerCut }: DrillArguments): Check {
  if (drill === 'disk') return checkGapped;
  return powerCut ? (...of) => checkLive(...of, POWER_CUT_LOSS_MS) : checkLive;
}

/** The reconnect window of the lives: whether a session outlives a kill is not to depend on how fast this machine starts a server. */
function windowOf({ drill, how }: DrillArguments): number | null {
  if (drill === 'kill') return KILL_WINDOW_S;
  return how === 'abrupt' ? 0 : null;
}

function titleOf({ drill, powerCut, how }: DrillArguments): string {
  if (drill === 'kill') return powerCut ? 'kill with a power cut' : drill;
  return drill === 'disk' ? drill : `${drill}, ${how} ends`;
}

async function cleanUp(stage: Stage | null, ground: Ground | null, progress: (text: string) => void): Promise<void> {
  try {
    if (stage !== null && ground === null) {
      progress('removing the lives and replays that were made');
      await stage.clear();
    }
  } finally {
    await stage?.close();
    await ground?.remove();
  }
}
