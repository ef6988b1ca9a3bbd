import { numberArgument, parseArguments } from './arguments.ts';
import { UsageError } from './command-io.ts';
import { parseRtmpUrl } from './rtmp-url.ts';
import type { RtmpUrl } from './rtmp-url.ts';

export interface PushArguments {
  /** Path of an FLV file, or `-`. */
  readonly input: string;
  readonly url: string;
  readonly target: RtmpUrl;
  readonly loop: boolean;
  readonly once: boolean;
  readonly durationMs: number | null;
  readonly withinMs: number;
  readonly json: boolean;
}

/** Exit codes of `reprise push`. */
export const PUSH_EXIT = { done: 0, fault: 1, usage: 2, refused: 3, notInTime: 4, broken: 5 } as const;

export const PUSH_HELP = `Usage: reprise push <file.flv | -> rtmp://<host>[:port]/<app>/<stream key>

Publishes an FLV file, or an FLV stream from standard input (-), in real time, and comes back when the connection breaks: the wait before each
try doubles up to 10 s and is drawn at random below that. A file goes on at the keyframe behind the break. What comes in on standard input while
there is no connection, or faster than the network takes it, is dropped up to the next keyframe.

It reads nothing but FLV. For anything else let ffmpeg read, from RTSP, RTMP or a file, and hand it on:

  ffmpeg -rtsp_transport tcp -i rtsp://camera/stream -c copy -f flv - | reprise push - rtmp://localhost/live/<stream key>

  --loop            begin the file again behind its end, for ever
  --once            do not come back when the connection breaks
  --within <s>      with --once: try so long for the first connection (default 10)
  --duration <s>    say goodbye after so many seconds
  --json            changes of state as JSON lines, on standard error
  -h, --help        this text

Exit codes: 0 done, 2 wrong arguments or no FLV, 3 refused for good (such as an unknown key), 4 with --once or at the end of standard input: never
published, 5 with --once: the connection broke, 130 and 143 stopped by Ctrl-C and SIGTERM after a goodbye to the server.
`;

/** The arguments of `reprise push`, or null when help is asked for. Throws UsageError. */
export function parsePushArguments(args: readonly string[]): PushArguments | null {
  const { values, positionals } = parseArguments(args, {
    loop: { type: 'boolean', default: false },
    once: { type: 'boolean', default: false },
    within: { type: 'string', default: '10' },
    duration: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  });
  if (values.help) return null;
  const [input, url] = positionals;
  if (positionals.length !== 2)
    throw new UsageError('wanted are what to publish and where to: reprise push <file.flv | -> <rtmp url>');
  if (/^rt[ms]ps?:/.test(input))
    throw new UsageError('pulling is left to ffmpeg: ffmpeg -i <source> -c copy -f flv - | reprise push - <rtmp url>');
  if (input === '-' && values.loop) throw new UsageError('--loop is for files: standard input comes once');
  let target: RtmpUrl;
  try {
    target = parseRtmpUrl(url);
  } catch (error) {
    throw new UsageError(`the address to publish to is ${(error as Error).message}`, { cause: error });
  }
  const { loop, once, json } = values;
  const durationMs =
    values.duration === undefined ? null : numberArgument('duration', values.duration, 0.1, 10_000_000, false) * 1000;
  return {
    input,
    url,
    target,
    loop,
    once,
    json,
    durationMs,
    withinMs: numberArgument('within', values.within, 0.1, 86_400, false) * 1000,
  };
}
