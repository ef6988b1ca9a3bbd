import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { http } from './http.ts';
import { makeCertificate } from './certificate.ts';
import { until } from './until.ts';

const CONFIGURATION = fileURLToPath(new URL('../../deploy/nginx.conf', import.meta.url));

const running = new Set<ChildProcess>();

// Not SIGKILL: a master that is killed leaves its workers behind.
process.on('exit', () => {
  for (const child of running) child.kill('SIGTERM');
});

export interface NginxOptions {
  readonly nginx: string;
  readonly openssl: string;
  /** Where Reprise listens on the loopback interface. */
  readonly originPort: number;
  /** What else is another text than in the file. */
  readonly changes?: readonly (readonly [from: string, to: string])[];
}

/** nginx with the configuration that is shipped, on ports, a certificate and a directory of its own. Everything goes with the test. */
export class Nginx {
  /** Of the certificate, for clients. */
  readonly ca: string;
  readonly url: string;
  readonly httpUrl: string;
  readonly #directory: string;
  readonly #child: ChildProcess;

  static async start(t: TestContext, { nginx, openssl, originPort, changes = [] }: NginxOptions): Promise<Nginx> {
    const directory = await mkdtemp(join(tmpdir(), 'reprise-nginx-'));
    let stop = (): Promise<unknown> => Promise.resolve();
    t.after(async () => {
      await stop(); // what still runs would write again to what is removed
      const complaints = await readFile(join(directory, 'error.log'), 'utf8').catch(() => '');
      if (complaints !== '') t.diagnostic(`nginx complained:\n${complaints}`);
      await rm(directory, { recursive: true, force: true });
    });
    const [httpPort, httpsPort] = await freePorts(2);
    const configuration = substitute(await readFile(CONFIGURATION, 'utf8'), [
      // The directory is nobody else's.
      ['user www-data;', process.getuid?.() === 0 ? 'user root;' : ''],
      ['/run/nginx.pid', `${directory}/nginx.pid`],
      ['/var/log/nginx/', `${directory}/`],
      ['/var/cache/nginx/reprise', `${directory}/cache`],
      ['/etc/letsencrypt/live/tv.example.org/', `${directory}/`],
      ['listen 80;', `listen 127.0.0.1:${httpPort};`],
      ['listen [::]:80;', ''],
      ['listen 443 ssl http2;', `listen 127.0.0.1:${httpsPort} ssl http2;`],
      ['listen [::]:443 ssl http2;', ''],
      ['server 127.0.0.1:9000;', `server 127.0.0.1:${originPort};`],
      ['http {\n', `http {\n${temporaryPaths(directory)}`],
      ...changes,
    ]);
    await mkdir(join(directory, 'temp'));
    await writeFile(join(directory, 'nginx.conf'), configuration);
    await makeCertificate(openssl, directory);
    const args = ['-c', join(directory, 'nginx.conf'), '-e', join(directory, 'error.log'), '-g', 'daemon off;'];
    const child = spawn(nginx, args, { stdio: 'ignore' });
    running.add(child);
    const ended = once(child, 'exit').finally(() => running.delete(child));
    stop = () => {
      child.kill('SIGTERM');
      return ended;
    };
    const server = new Nginx(child, directory, {
      httpPort,
      httpsPort,
      ca: await readFile(join(directory, 'fullchain.pem'), 'utf8'),
    });
    await server.#ready();
    return server;
  }

  private constructor(child: ChildProcess, directory: string, at: { httpPort: number; httpsPort: number; ca: string }) {
    this.#child = child;
    this.#directory = directory;
    this.ca = at.ca;
    this.url = `https://127.0.0.1:${at.httpsPort}`;
    this.httpUrl = `http://127.0.0.1:${at.httpPort}`;
  }

  /** The keys of all that is in the cache. */
  async cachedKeys(): Promise<string[]> {
    const entries = await readdir(join(this.#directory, 'cache'), { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    // One that is just written has another name yet, and may be gone.
    const contents = await Promise.all(files.map((file) => readFile(file, 'latin1').catch(() => '')));
    return contents.flatMap((content) => /\nKEY: (.*)\n/.exec(content)?.[1] ?? []);
  }

  async #ready(): Promise<void> {
    const answers = (): Promise<boolean> => http(this.httpUrl).then(({ status }) => status === 308);
    await until('nginx answers', () => this.#child.exitCode !== null || answers());
    if (this.#child.exitCode !== null) throw new Error('nginx did not start: it has said why');
  }
}

/** Every text that is to be another one must be there: a test of another configuration than the one that is shipped would tell nothing. */
function substitute(configuration: string, changes: readonly (readonly [from: string, to: string])[]): string {
  return changes.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`deploy/nginx.conf has no ${from}`);
    return text.replaceAll(from, to);
  }, configuration);
}

/** Where nginx would write as it was built. */
function temporaryPaths(directory: string): string {
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return kinds.map((kind) => `  ${kind}_temp_path ${directory}/temp/${kind};\n`).join('');
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  return ports;
}
