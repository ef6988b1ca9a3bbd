import { once } from 'node:events';
import { createServer } from 'node:net';

/** The kernel spreads the connections to one port over several sockets that listen on it (SO_REUSEPORT, with the meaning it has on Linux). */
export const PORTS_CAN_BE_SHARED = process.platform === 'linux' || process.platform === 'freebsd';

/** Tries a port that is to be shared alone first: sharing would hide that somebody else has it. Gives the port, found if 0; rejects when it is taken. */
export async function findSharedPort(host: string, port: number): Promise<number> {
  const server = createServer().listen({ host, port });
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' ? (address?.port ?? port) : port;
}
