import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Where the time of a process goes, as `perf record` samples it: shares of its CPU time. */
export interface PerfReading {
  readonly kernelShare: number;
  /** By thread and object (kernel, node, libc, JavaScript), the most expensive first. */
  readonly objects: readonly { readonly thread: string; readonly object: string; readonly share: number }[];
  /** Functions of the kernel and of native code. */
  readonly symbols: readonly { readonly symbol: string; readonly share: number }[];
}

const SAMPLES_PER_SECOND = 997;
const SYSCALLS = [
  ...['read', 'readv', 'recvfrom', 'recvmsg', 'write', 'writev', 'pwrite64', 'pwritev', 'pwritev2', 'sendto', 'sendmsg'],
  ...['epoll_wait', 'epoll_pwait', 'epoll_ctl', 'futex', 'openat', 'close', 'madvise', 'mprotect', 'munmap', 'mmap'],
];
const KERNEL = '[kernel.kallsyms]';

/** Linux's perf (Debian: linux-perf) is there and may look at other processes. */
export function hasPerf(): boolean {
  try {
    execFileSync('perf', ['stat', '-e', 'raw_syscalls:sys_enter', '-p', String(process.pid), '--', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Samples a process for so many seconds; its file goes to `directory`. */
export async function perfRecord(pid: number, seconds: number, directory: string): Promise<PerfReading> {
  const file = join(directory, 'perf.data');
  const sample = ['-e', 'cpu-clock', '-F', String(SAMPLES_PER_SECOND), '-p', String(pid), '-o', file];
  await run('perf', ['record', ...sample, '--', 'sleep', String(seconds)]);
  const report = (sort: string): Promise<string> =>
    run('perf', ['report', '-i', file, '--stdio', '--sort', sort, '-t', ';', '--percent-limit', '0.3']);
  const objects = parseReport(await report('comm,dso')).map(([share, thread, object]) => ({ thread, object, share }));
  const symbols = parseReport(await report('sym')).map(([share, symbol]) => ({ symbol, share }));
  const kernelShare = objects.reduce((sum, { object, share }) => (object === KERNEL ? sum + share : sum), 0);
  return { kernelShare, objects, symbols };
}

/** Counts the system calls of a process for so many seconds, by name; `all` is their sum and that of those not named. */
export async function countSyscalls(pid: number, seconds: number): Promise<Map<string, number>> {
  const events = ['raw_syscalls:sys_enter', ...SYSCALLS.map((name) => `syscalls:sys_enter_${name}`)].flatMap((name) => [
    '-e',
    name,
  ]);
  return parseCounts(await run('perf', ['stat', '-x', ';', ...events, '-p', String(pid), '--', 'sleep', String(seconds)]));
}

/** The rows of `perf report -t ';'`: a share, and what it is of. */
export function parseReport(text: string): [number, ...string[]][] {
  return text
    .split('\n')
    .filter((line) => /^ *[0-9.]+%/.test(line))
    .map((line) => {
      const [share, ...names] = line.split(';').map((cell) => cell.trim());
      return [Number.parseFloat(share) / 100, ...names];
    });
}

/** The counts of `perf stat -x ';'` that are not 0. */
export function parseCounts(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [count, , event] = line.split(';');
    const name = /sys_enter_?(\w*)$/.exec(event ?? '')?.[1];
    if (name !== undefined && Number(count) > 0) counts.set(name === '' ? 'all' : name, Number(count));
  }
  return counts;
}

/** Both streams of a program's words; perf stat speaks on the second. */
function run(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { maxBuffer: 64 * 1024 * 1024 }, (error, out, err) =>
      error === null ? resolve(out + err) : reject(new Error(`${program} ${args[0]}: ${err}`, { cause: error })),
    );
  });
}
