import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { processTree } from '../process/process-tree.ts';
import type { Processes } from '../process/processes.ts';
import type { NginxBinary } from './find-nginx.ts';
import { freePorts } from './free-ports.ts';
import type { MeasuredServer, MeasuredStream } from './measured-server.ts';
import { nginxConfig } from './nginx-config.ts';
import { lastVideoTimeMs } from './transport-stream.ts';

const READY_WITHIN_MS = 5000;
/** The module's clock in MPEG-TS is that of RTMP and so much more (NGX_RTMP_HLS_DELAY). */
const CLOCK_AHEAD_MS = 700;

/** The peer: nginx-rtmp in a directory of its own, on free ports. */
export class NginxServer implements MeasuredServer {
  readonly name = 'nginx-rtmp';
  readonly directory: string;
  readonly httpPort: number;
  readonly #rtmpPort: number;
  readonly #child: ChildProcess;

  static async start({ rtmpModule }: NginxBinary, parent = tmpdir()): Promise<NginxServer> {
    const directory = await mkdtemp(join(parent, 'reprise-bench-nginx-'));
    for (const name of ['hls', 'record', 'temp', 'files']) await mkdir(join(directory, name));
    const [httpPort, rtmpPort] = await freePorts(2);
    const config = nginxConfig({ directory, rtmpModule, httpPort, rtmpPort, asRoot: process.getuid?.() === 0 });
    await writeFile(join(directory, 'nginx.conf'), config);
    const args = ['-p', directory, '-c', join(directory, 'nginx.conf'), '-e', join(directory, 'error.log')];
    // A process group of its own: Ctrl-C is for us.
    const child = spawn('nginx', args, { stdio: 'ignore', detached: true });
    const server = new NginxServer(directory, httpPort, rtmpPort, child);
    try {
      await server.#ready();
    } catch (error) {
      await server.close();
      throw error;
    }
    return server;
  }

  private constructor(directory: string, httpPort: number, rtmpPort: number, child: ChildProcess) {
    this.directory = directory;
    this.httpPort = httpPort;
    this.#rtmpPort = rtmpPort;
    this.#child = child;
  }

  processes(): Processes {
    return { server: processTree(this.#child.pid as number), database: [] };
  }

  async prepare(count: number): Promise<MeasuredStream[]> {
    return Array.from({ length: count }, (_, i) => ({
      publishUrl: `rtmp://127.0.0.1:${this.#rtmpPort}/live/stream-${i + 1}`,
      playlistPath: `/hls/stream-${i + 1}.m3u8`,
    }));
  }

  broadcastOf(): null {
    return null;
  }

  lastFrameMs(media: Buffer): number | null {
    const timeMs = lastVideoTimeMs(media);
    return timeMs === null ? null : timeMs - CLOCK_AHEAD_MS;
  }

  async dropMedia(): Promise<void> {
    for (const name of ['hls', 'record']) {
      const directory = join(this.directory, name);
      for (const file of await readdir(directory)) await rm(join(directory, file), { recursive: true, force: true });
    }
  }

  async close(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null && this.#child.pid !== undefined) {
      const exited = once(this.#child, 'exit');
      this.#child.kill('SIGTERM');
      await exited;
    }
    await rm(this.directory, { recursive: true, force: true });
  }

  async #ready(): Promise<void> {
    const deadline = performance.now() + READY_WITHIN_MS;
    while (!(await answers(this.#rtmpPort))) {
      if (this.#child.exitCode !== null || performance.now() > deadline) {
        const log = await readFile(join(this.directory, 'error.log'), 'utf8').catch(() => '');
        throw new Error(`nginx did not start:\n${log}`);
      }
      await sleep(50);
    }
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
