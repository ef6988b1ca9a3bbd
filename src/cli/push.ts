import { readFile } from 'node:fs/promises';
import { ProtocolError } from '../errors.ts';
import { parseFlvFile } from '../rtmp/flv-file.ts';
import { FlvReader } from '../rtmp/flv-reader.ts';
import { exitCodeOf, UsageError } from './command-io.ts';
import type { CommandIo } from './command-io.ts';
import { FileSource } from './file-source.ts';
import { LiveSource } from './live-source.ts';
import type { MediaSource } from './media-source.ts';
import type { PublishOutcome } from './publish-once.ts';
import { parsePushArguments, PUSH_EXIT, PUSH_HELP } from './push-arguments.ts';
import type { PushArguments } from './push-arguments.ts';
import { PushReport } from './push-report.ts';
import { isForGood } from './refusal.ts';
import { supervise } from './supervise.ts';

/** `reprise push`: a supervised publisher. Resolves with the exit code. */
export async function runPush(args: readonly string[], io: CommandIo): Promise<number> {
  const wanted = parsePushArguments(args);
  if (wanted === null) {
    io.out(PUSH_HELP);
    return PUSH_EXIT.done;
  }
  const report = new PushReport(wanted.target.shown, wanted.json, io.err);
  const stop = new AbortController();
  const timer = wanted.durationMs === null ? null : setTimeout(() => stop.abort(), wanted.durationMs);
  const signal = AbortSignal.any([io.signal, stop.signal]);
  let published = false;
  const input = wanted.input === '-' ? readStandardInput(io, report) : null;
  try {
    const source = input?.source ?? (await openFile(wanted));
    const over = input === null ? signal : AbortSignal.any([signal, input.ended]);
    const giveUpAt = performance.now() + wanted.withinMs;
    const outcome = await supervise({
      url: wanted.url,
      source,
      signal: over,
      onEvent: (event) => {
        published ||= event.kind === 'published';
        report.event(event);
      },
      mayRetry: ({ refusal, publishedMs }) => {
        if (refusal !== null && isForGood(refusal)) return false;
        return !wanted.once || (publishedMs === 0 && !published && performance.now() < giveUpAt);
      },
    });
    input?.throwIfBad();
    const code = exitCode(outcome, published, io.signal, stop.signal);
    report.done(code, input?.source.dropped ?? 0);
    return code;
  } finally {
    input?.close();
    if (timer !== null) clearTimeout(timer);
  }
}

function exitCode(outcome: PublishOutcome, published: boolean, fromOutside: AbortSignal, byDuration: AbortSignal): number {
  if (fromOutside.aborted) return exitCodeOf(fromOutside);
  if (outcome.refusal !== null && isForGood(outcome.refusal)) return PUSH_EXIT.refused;
  if (!published) return PUSH_EXIT.notInTime;
  return outcome.end === 'ended' || byDuration.aborted || outcome.end === 'stopped' ? PUSH_EXIT.done : PUSH_EXIT.broken;
}

async function openFile({ input, loop }: PushArguments): Promise<MediaSource> {
  try {
    return new FileSource(parseFlvFile(await readFile(input)), { loop });
  } catch (error) {
    if (error instanceof ProtocolError)
      throw new UsageError(`${input}: ${error.message} (make one: ffmpeg -i <source> -c copy -f flv out.flv)`, { cause: error });
    throw new UsageError(`${input} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

/** Standard input as a live source. */
function readStandardInput(io: CommandIo, report: PushReport) {
  const source = new LiveSource((dropping) => report.dropping(dropping));
  const reader = new FlvReader();
  const ended = new AbortController();
  let fault: unknown = null;
  const end = (): void => {
    // While no connection takes it there is nothing to say goodbye to, and no sense in another try.
    if (source.playing) source.end();
    else ended.abort();
  };
  io.stdin.on('data', (bytes: Uint8Array) => {
    if (fault !== null) return;
    try {
      for (const event of reader.push(bytes)) source.push(event);
    } catch (error) {
      fault = error;
      end();
    }
  });
  io.stdin.on('end', end);
  io.stdin.on('error', end);
  return {
    source,
    ended: ended.signal,
    throwIfBad: (): void => {
      if (fault !== null) throw new UsageError(`standard input: ${(fault as Error).message}`, { cause: fault });
    },
    close: (): void => void io.stdin.destroy(),
  };
}
