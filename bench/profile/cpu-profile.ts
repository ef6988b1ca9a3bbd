import { basename } from 'node:path';

/** A V8 CPU profile (`--cpu-prof`), as far as we read it. Times in microseconds of the machine's monotonic clock. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

export interface SelfTime {
  readonly name: string;
  readonly us: number;
  /** Of the time that the thread was not idle. */
  readonly share: number;
}

export interface ProfileReading {
  readonly wallUs: number;
  readonly busyUs: number;
  readonly gcShare: number;
  /** `(program)`: what is not JavaScript, which is the kernel, libuv and V8 itself. */
  readonly nativeShare: number;
  /** The most expensive first. */
  readonly functions: readonly SelfTime[];
}

const IDLE = '(idle)';
/** The thread that writes recordings has no event loop: this is how it waits. */
const SLEEP = /^sleep word-ring\.ts/;
const GC = '(garbage collector)';
const PROGRAM = '(program)';

/** Time that each function was on top of the stack between two moments of the monotonic clock, in microseconds. */
export function readProfile(profile: CpuProfile, fromUs: number, toUs: number): ProfileReading {
  const names = new Map(profile.nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const self = new Map<string, number>();
  let at = profile.startTime;
  let wallUs = 0;
  profile.samples.forEach((id, i) => {
    // A sample stands for the time until the next one.
    at += profile.timeDeltas[i];
    const lasts = profile.timeDeltas[i + 1] ?? 0;
    if (at < fromUs || at >= toUs) return;
    const called = names.get(id) ?? '';
    const name = SLEEP.test(called) ? IDLE : called;
    self.set(name, (self.get(name) ?? 0) + lasts);
    wallUs += lasts;
  });
  const busyUs = wallUs - (self.get(IDLE) ?? 0);
  const share = (us: number): number => (busyUs === 0 ? 0 : us / busyUs);
  self.delete(IDLE);
  const functions = [...self].map(([name, us]) => ({ name, us, share: share(us) })).sort((a, b) => b.us - a.us);
  return { wallUs, busyUs, gcShare: share(self.get(GC) ?? 0), nativeShare: share(self.get(PROGRAM) ?? 0), functions };
}

function nameOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  if (functionName.startsWith('(') && url === '') return functionName;
  const place = url.startsWith('node:') || url === '' ? url : basename(url);
  return place === '' ? functionName : `${functionName || '(anonymous)'} ${place}:${lineNumber + 1}`;
}
