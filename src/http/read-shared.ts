import { Socket } from 'node:net';

/** One buffer for the reads of all sockets: what is read is used, or copied, before the next one. */
const READ_BYTES = 65_536;
const shared = Buffer.allocUnsafeSlow(READ_BYTES);

interface UserBufferHandle {
  readonly useUserBuffer?: unknown;
}

/** A socket whose reads are given to a callback. */
export interface SharedReader {
  readonly socket: Socket;
  /** From here on the socket is read as any other, by whoever takes it. */
  readonly release: () => void;
}

/**
 * Reads an accepted socket (of a server with pauseOnConnect and allowHalfOpen) into the shared buffer: `read` gets a view that holds until it returns. Node
 * allocates 64 KiB for an ordinary read, and lets a socket have a buffer of its own only where it is made, so it is made anew on the accepted one's handle, a
 * private field; where that is missing, 'data' events are read.
 */
export function readShared(accepted: Socket, read: (bytes: Buffer) => void): SharedReader {
  const handle = (accepted as unknown as { _handle?: UserBufferHandle | null })._handle;
  if (typeof handle?.useUserBuffer !== 'function') {
    accepted.on('data', read);
    accepted.resume();
    return { socket: accepted, release: () => void accepted.off('data', read) };
  }
  let released = false;
  // False: read no more for now. Once released, only what Node's HTTP parser does not read itself comes here.
  const callback = (count: number): boolean => {
    if (released) return socket.push(Buffer.from(shared.subarray(0, count)));
    read(shared.subarray(0, count));
    return true;
  };
  const options = { handle, allowHalfOpen: true, onread: { buffer: shared, callback } };
  const socket = new Socket(options as unknown as ConstructorParameters<typeof Socket>[0]);
  return { socket, release: () => (released = true) };
}
