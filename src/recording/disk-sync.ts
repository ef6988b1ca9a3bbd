import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Logger } from '../log.ts';

/** One call of syncfs(2) for each line read: of all files at once it is a tenth of the work that one call for each file is. */
const SCRIPT = 'while read -r _; do if sync -f "$0"; then echo synced; else echo failed; fi; done';

type Shell = ChildProcessByStdio<Writable, Readable, null>;

export interface DiskSyncOptions {
  /** What lies on the same file system as this is synced. */
  readonly directory: string;
  /** How often; 0 never. */
  readonly everyMs: number;
  readonly log: Logger;
}

/**
 * Brings recordings to the disk at an interval, whole file systems at a time: a power cut costs what was written since the last time, and nothing before. Only
 * when something was written. A disk that cannot is said once, and tried again.
 */
export class DiskSync {
  readonly #options: DiskSyncOptions;
  #shell: Shell | null = null;
  #answer: ((synced: boolean) => void) | null = null;
  #timer: NodeJS.Timeout | null = null;
  #dirty = false;
  #failing = false;
  #syncing: Promise<void> = Promise.resolve();
  #closed = false;
  /** How long the last sync took. */
  lastMs = 0;

  constructor(options: DiskSyncOptions) {
    this.#options = options;
  }

  /** True while the disk does not sync. */
  get failing(): boolean {
    return this.#failing;
  }

  /** Something was handed to the kernel, and is to be synced. */
  wrote(): void {
    if (this.#dirty) return;
    this.#dirty = true;
    this.#schedule(this.#options.everyMs);
  }

  /** Syncs what is not yet; resolves when that is done. Never rejects. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#syncing;
    if (this.#dirty && this.#options.everyMs > 0) await this.#sync();
    this.#shell?.stdin.end();
  }

  #schedule(inMs: number): void {
    if (this.#closed || this.#options.everyMs === 0 || this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#syncing = this.#sync().then(() => {
        this.#timer = null;
        if (this.#dirty) this.#schedule(Math.max(0, this.#options.everyMs - this.lastMs));
      });
    }, inMs);
  }

  async #sync(): Promise<void> {
    this.#dirty = false;
    let synced = false;
    let failure: unknown;
    try {
      const began = performance.now();
      synced = await this.#ask();
      this.lastMs = performance.now() - began;
    } catch (error) {
      failure = error; // of a process that can not be started, or a bug
    }
    if (!synced) this.#dirty = true;
    if (synced === !this.#failing) return;
    this.#failing = !synced;
    const { directory, log } = this.#options;
    if (synced) log.info({ directory }, 'recordings are synced again');
    else log.error({ directory, err: failure }, 'recordings can not be synced: a power cut may cost more of them than it should');
  }

  #ask(): Promise<boolean> {
    return new Promise((resolve) => {
      this.#answer = resolve;
      this.#shell ??= this.#start();
      this.#shell.stdin.write('\n');
    });
  }

  /** Ends by itself when this process does, however it does: there is nothing to read any more. */
  #start(): Shell {
    const shell = spawn('sh', ['-c', SCRIPT, this.#options.directory], { stdio: ['pipe', 'pipe', 'ignore'] });
    const over = (): void => {
      if (this.#shell === shell) this.#shell = null;
      this.#answer?.(false);
    };
    shell.on('error', over);
    shell.on('exit', over);
    shell.stdin.on('error', over);
    createInterface(shell.stdout).on('line', (line) => this.#answer?.(line === 'synced'));
    return shell;
  }
}
