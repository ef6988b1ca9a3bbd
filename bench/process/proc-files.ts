/** What a line of `/proc/<pid>/stat` tells of a process (proc(5)). */
export interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  /** Time in the kernel and outside of it, in clock ticks. */
  readonly userTicks: number;
  readonly systemTicks: number;
}

/** Parses `/proc/<pid>/stat`; the name in parentheses may hold anything. */
export function parseStat(text: string): ProcessStat {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return {
    pid: Number.parseInt(text, 10),
    parent: Number(fields[1]),
    userTicks: Number(fields[11]),
    systemTicks: Number(fields[12]),
  };
}

/** Nanoseconds on a CPU, of `/proc/<pid>/task/<tid>/schedstat`: the kernel's own sum, and not one of clock ticks. */
export function parseSchedstat(text: string): number {
  return Number(text.slice(0, text.indexOf(' ')));
}

/** Bytes of memory, what is shared counted by share, of `/proc/<pid>/smaps_rollup`. */
export function parsePss(text: string): number {
  return Number(/^Pss: +(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1024;
}

/** All processes below one, and itself: breadth first. */
export function treeOf(root: number, parents: ReadonlyMap<number, number>): number[] {
  const children = new Map<number, number[]>();
  for (const [pid, parent] of parents) children.set(parent, [...(children.get(parent) ?? []), pid]);
  const tree = [root];
  for (const pid of tree) tree.push(...(children.get(pid) ?? []));
  return tree;
}
