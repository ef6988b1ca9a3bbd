import { availableParallelism, cpus, loadavg } from 'node:os';

/** Where and when something was measured: figures without it are worth nothing. */
export interface Machine {
  readonly date: string;
  readonly cores: number;
  readonly cpu: string;
  readonly node: string;
  /** Load of the last minute, before and after: what else ran. */
  readonly loadBefore: number;
  readonly loadAfter: number;
}

export function readMachine(loadBefore: number): Machine {
  return {
    date: new Date().toISOString().slice(0, 16).replace('T', ' '),
    cores: availableParallelism(),
    cpu: cpus()[0]?.model.trim() ?? '',
    node: process.version,
    loadBefore,
    loadAfter: loadNow(),
  };
}

export function loadNow(): number {
  return Number((loadavg()[0] ?? 0).toFixed(1));
}

export function formatMachine(machine: Machine, peer: string | null): string {
  const { date, cores, cpu, node, loadBefore, loadAfter } = machine;
  const against = peer === null ? 'no peer beside it' : `beside ${peer}`;
  return `${date} UTC, ${cores} cores (${cpu}), Node ${node}, ${against}; load average ${loadBefore} before, ${loadAfter} after.\n`;
}
