import { Socket } from 'node:net';

/** Takes `count` bytes from the start of `bytes`, which is reused; false: pause the socket. */
export type ReadCallback = (bytes: Uint8Array, count: number) => boolean;

/** One buffer for the reads of all sockets: each read is used up before the next one. */
const READ_BYTES = 65_536;
// No Buffer: views of it are dearer.
const shared = new Uint8Array(READ_BYTES);

interface ReadableHandle {
  readonly useUserBuffer?: unknown;
}

/**
 * Begins to read an accepted socket (of a server with pauseOnConnect) into the shared buffer; returns the socket to use in its place.
 * Node lets a socket have its own read buffer only where it is made, so it is made anew on the accepted one's handle, a private field;
 * where that is missing, ordinary 'data' events are read, at the price of an allocation for each.
 */
export function readShared(accepted: Socket, read: ReadCallback): Socket {
  const handle = (accepted as unknown as { _handle?: ReadableHandle | null })._handle;
  if (typeof handle?.useUserBuffer !== 'function') return readData(accepted, read);
  const options = {
    handle,
    onread: { buffer: shared, callback: (count: number, bytes: Uint8Array) => read(bytes, count) },
  };
  return new Socket(options as unknown as ConstructorParameters<typeof Socket>[0]);
}

/** Reads a socket's 'data' events. */
export function readData(socket: Socket, read: ReadCallback): Socket {
  socket.on('data', (bytes: Buffer) => {
    if (!read(bytes, bytes.length)) socket.pause();
  });
  return socket.resume();
}
