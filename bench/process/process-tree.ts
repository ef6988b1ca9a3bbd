import { readdirSync, readFileSync } from 'node:fs';
import { parsePss, parseSchedstat, parseStat, treeOf } from './proc-files.ts';

/** A process and all that it started, and that started; as of now. */
export function processTree(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const text = readOrNull(`/proc/${name}/stat`);
    if (text !== null) parents.set(Number(name), parseStat(text).parent);
  }
  return treeOf(root, parents);
}

/** CPU time of some processes at one moment: nanoseconds by task, which do not end with the clock tick, and ticks by mode for their shares. */
export interface CpuReading {
  readonly tasks: ReadonlyMap<string, number>;
  readonly userTicks: number;
  readonly systemTicks: number;
}

export interface CpuTime {
  readonly ns: number;
  /** Of it in the kernel, from 0 to 1: told by clock ticks, and so the coarser the less there was. */
  readonly kernelShare: number;
}

export function readCpu(pids: readonly number[]): CpuReading {
  const tasks = new Map<string, number>();
  let userTicks = 0;
  let systemTicks = 0;
  for (const pid of pids) {
    const stat = readOrNull(`/proc/${pid}/stat`);
    if (stat === null) continue;
    const parsed = parseStat(stat);
    userTicks += parsed.userTicks;
    systemTicks += parsed.systemTicks;
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      const schedstat = readOrNull(`/proc/${pid}/task/${task}/schedstat`);
      if (schedstat !== null) tasks.set(`${pid}/${task}`, parseSchedstat(schedstat));
    }
  }
  return { tasks, userTicks, systemTicks };
}

/** CPU time between two readings. */
export function cpuBetween(before: CpuReading, after: CpuReading): CpuTime {
  let ns = 0;
  for (const [task, time] of after.tasks) ns += time - (before.tasks.get(task) ?? 0);
  const user = after.userTicks - before.userTicks;
  const system = after.systemTicks - before.systemTicks;
  return { ns, kernelShare: user + system === 0 ? 0 : system / (user + system) };
}

/** Memory of some processes in bytes, what they share with others counted by share. */
export function readPss(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + parsePss(readOrNull(`/proc/${pid}/smaps_rollup`) ?? ''), 0);
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null; // it ended meanwhile
  }
}
