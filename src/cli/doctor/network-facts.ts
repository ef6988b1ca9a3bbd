import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** An address that is to be listened on. */
export interface PortFacts {
  readonly setting: 'http' | 'rtmp';
  readonly host: string;
  readonly port: number;
  /** What listening on it failed with, such as `EADDRINUSE`, or null. */
  readonly code: string | null;
  /** It is in use by the Reprise that runs on this data directory. */
  readonly ours: boolean;
}

export interface NetworkFacts {
  readonly ports: readonly PortFacts[];
  readonly publicUrl: string | null;
  readonly rtmpPublicUrl: string | null;
  /** Hosts of these that no name server knows. */
  readonly unknownHosts: readonly string[];
}

export interface NetworkInput {
  readonly httpHost: string;
  readonly httpPort: number;
  readonly rtmpHost: string;
  readonly rtmpPort: number;
  readonly publicUrl: string | null;
  readonly rtmpPublicUrl: string | null;
}

const LOOKUP_WITHIN_MS = 3_000;

/** Tries the ports for a moment and looks the public names up; `server` is the process id of a Reprise that runs. */
export async function readNetwork(input: NetworkInput, server: number | null): Promise<NetworkFacts> {
  const { httpHost, httpPort, rtmpHost, rtmpPort, publicUrl, rtmpPublicUrl } = input;
  const ports = [await tryPort('http', httpHost, httpPort, server), await tryPort('rtmp', rtmpHost, rtmpPort, server)];
  const hosts = [publicUrl, rtmpPublicUrl].flatMap((url) =>
    url === null ? [] : [new URL(url).hostname.replace(/^\[(.*)\]$/, '$1')],
  );
  const known = await Promise.all(hosts.map(isKnown));
  return { ports, publicUrl, rtmpPublicUrl, unknownHosts: [...new Set(hosts.filter((_, i) => !known[i]))] };
}

async function tryPort(setting: 'http' | 'rtmp', host: string, port: number, server: number | null): Promise<PortFacts> {
  const listener = createServer();
  try {
    listener.listen({ host, port, exclusive: true });
    await once(listener, 'listening');
    return { setting, host, port, code: null, ours: false };
  } catch (error) {
    const code = String((error as NodeJS.ErrnoException).code ?? error);
    return { setting, host, port, code, ours: code === 'EADDRINUSE' && server !== null && (await listensOn(server, port)) };
  } finally {
    if (listener.listening) await new Promise((resolve) => listener.close(resolve));
  }
}

async function isKnown(host: string): Promise<boolean> {
  const late = new AbortController();
  const answer = lookup(host).then(
    () => true,
    () => false,
  );
  // Whoever cannot be asked in time is not spoken of.
  const known = await Promise.race([answer, sleep(LOOKUP_WITHIN_MS, true, { signal: late.signal }).catch(() => true)]);
  late.abort();
  return known;
}

/** Whether the process has a socket that listens on the port: proc(5), net/tcp, state 0A. */
async function listensOn(pid: number, port: number): Promise<boolean> {
  const tables = await Promise.all(['tcp', 'tcp6'].map((name) => readFile(`/proc/${pid}/net/${name}`, 'utf8').catch(() => '')));
  const inodes = new Set<string>();
  for (const line of tables.join('\n').split('\n')) {
    const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
    if (state === '0A' && Number.parseInt(local.split(':')[1], 16) === port) inodes.add(inode);
  }
  for (const each of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
    const target = await readlink(`/proc/${pid}/fd/${each}`).catch(() => '');
    if (inodes.has(/^socket:\[(\d+)\]$/.exec(target)?.[1] ?? '')) return true;
  }
  return false;
}
