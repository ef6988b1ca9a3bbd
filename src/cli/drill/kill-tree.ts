import { readdir, readFile } from 'node:fs/promises';

/** SIGKILL for a process and its children, who do not get to do anything about it. */
export async function killTree(pid: number): Promise<void> {
  const victims = [pid, ...(await childrenOf(pid))];
  for (const victim of victims) {
    try {
      process.kill(victim, 'SIGKILL');
    } catch {
      // gone already
    }
  }
}

async function childrenOf(parent: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found: number[] = [];
  for (const pid of pids) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    // Behind the name in parentheses, which may hold anything: state and parent (proc(5)).
    if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent) found.push(pid);
  }
  return found;
}
