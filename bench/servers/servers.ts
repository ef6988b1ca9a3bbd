import { findNginx } from './find-nginx.ts';
import type { MeasuredServer } from './measured-server.ts';
import { NginxServer } from './nginx-server.ts';
import { RepriseServer } from './reprise-server.ts';
import type { RepriseServerOptions } from './reprise-server.ts';

/** Ours and, where it is installed, the peer. */
export interface Servers {
  readonly ours: RepriseServer;
  readonly peer: NginxServer | null;
  /** What the peer is, for people. */
  readonly peerName: string | null;
}

let toldMissing = false;

/** Starts both servers for `work`, and ends them whatever comes of it. */
export async function withServers<Result>(
  options: RepriseServerOptions,
  work: (servers: Servers) => Promise<Result>,
): Promise<Result> {
  const nginx = findNginx();
  if (typeof nginx === 'string' && !toldMissing) {
    toldMissing = true;
    process.stderr.write(`NO PEER: ${nginx}. Ours is measured alone, and there are no ratios.\n`);
  }
  const peer = typeof nginx === 'string' ? null : await NginxServer.start(nginx, options.parent);
  try {
    const ours = await RepriseServer.start(options);
    try {
      const peerName = typeof nginx === 'string' ? null : `nginx ${nginx.version} with its rtmp module, 1 worker`;
      return await work({ ours, peer, peerName });
    } finally {
      await ours.close();
    }
  } finally {
    await peer?.close();
  }
}

/** The servers as a list: ours is the first. */
export function listServers({ ours, peer }: Servers): MeasuredServer[] {
  return peer === null ? [ours] : [ours, peer];
}
