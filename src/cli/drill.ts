import { exitCodeOf, UsageError } from './command-io.ts';
import type { CommandIo } from './command-io.ts';
import { ApiClient } from './drill/api-client.ts';
import { database } from './drill/database.ts';
import { DRILL_HELP, parseDrillArguments } from './drill/drill-arguments.ts';
import type { DrillArguments } from './drill/drill-arguments.ts';
import type { DrillPublisher } from './drill/drill-publisher.ts';
import { formatReport } from './drill/format-report.ts';
import { HttpClient } from './drill/http-client.ts';
import { kill } from './drill/kill.ts';
import { makeReport } from './drill/report.ts';
import type { DrillReport, Expectation } from './drill/report.ts';
import { startAgain } from './drill/start-again.ts';
import { Stage } from './drill/stage.ts';
import { storm } from './drill/storm.ts';
import { syntheticMedia } from './fleet/synthetic-media.ts';
import { TemporaryInstance } from './drill/temporary-instance.ts';
import { Verification } from './drill/verification.ts';

const PROGRESS_EVERY_MS = 10_000;

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
    await stage.prepare(wanted.lives, wanted.how === 'abrupt' ? 0 : null);
    progress(`${wanted.lives} lives are made`);
    stage.watch();
    const verification = new Verification(stage);
    open.telling = setInterval(() => progress(howFar(stage, verification)), PROGRESS_EVERY_MS);
    const expected = await run(stage, wanted, own, verification);
    await stage.stopWatching();
    const count = await stage.fleet.count();
    const perLive = expected.sessions / wanted.lives;
    const sessions = await verification.settle(({ publisher }) => Math.min(perLive, publisher.takes.length));
    if (wanted.drill === 'kill' && own !== null) await startAgain(stage, own, sessions);
    await verification.finish(sessions);
    const { findings } = verification;
    const tookMs = performance.now() - began;
    const drill = wanted.drill === 'kill' ? 'kill' : `${wanted.drill}, ${wanted.how} ends`;
    const { rounds, lives } = wanted;
    const complaints = own?.complaints ?? [];
    const sameClock = own !== null;
    const { bitrate } = media;
    return makeReport({ drill, rounds, lives, bitrate, tookMs, stage, expected, findings, complaints, count, sameClock });
  } finally {
    clearInterval(open.telling);
    await cleanUp(open.stage, own, progress);
    http.close();
  }
}

/** What was counted up to now, for a person who waits. */
function howFar({ lives, onAir, world }: Stage, { verified }: Verification): string {
  const sum = (pick: (publisher: DrillPublisher) => number): number =>
    lives.reduce((total, { publisher }) => total + pick(publisher), 0);
  const [accepted, refused] = [sum((each) => each.accepted), sum((each) => each.refusals.length)];
  const [failed, dropped] = [sum((each) => each.failed), sum((each) => each.dropped)];
  return `${onAir} of ${lives.length} on air; accepted ${accepted}, refused ${refused}, failed ${failed}, dropped ${dropped}; replays verified ${verified}; kinds of faults ${world.faults.length}`;
}

async function startInstance(
  { drill, lives }: DrillArguments,
  io: CommandIo,
  progress: (text: string) => void,
): Promise<TemporaryInstance> {
  progress('starting a temporary instance');
  return TemporaryInstance.create({
    ownDatabase: drill === 'database',
    env: io.env,
    settings: { REPRISE_MAX_PUBLISHERS: String(Math.max(2000, 2 * lives)) },
  });
}

function run(
  stage: Stage,
  wanted: DrillArguments,
  own: TemporaryInstance | null,
  verification: Verification,
): Promise<Expectation> {
  if (wanted.drill === 'storm' || own === null) return storm(stage, wanted, verification);
  return wanted.drill === 'kill' ? kill(stage, wanted, own) : database(stage, wanted, own);
}

async function cleanUp(stage: Stage | null, own: TemporaryInstance | null, progress: (text: string) => void): Promise<void> {
  try {
    if (stage !== null && own === null) {
      progress('removing the lives and replays that were made');
      await stage.clear();
    }
  } finally {
    await stage?.close();
    await own?.remove();
  }
}
