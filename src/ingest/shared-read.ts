import { readSync } from 'node:fs';
import { Socket } from 'node:net';
import type { ReadWheel } from './read-wheel.ts';

/** Takes `count` bytes from the start of `bytes`, which is reused; gives how long the socket is to rest then, ms, or `PAUSE`. */
export type ReadCallback = (bytes: Uint8Array, count: number) => number;

/** The socket is not read until it is resumed. */
export const PAUSE = -1;

/** One buffer for the reads of all sockets: each read is used up before the next one. */
const READ_BYTES = 65_536;
// No Buffer: views of it are dearer.
const shared = new Uint8Array(READ_BYTES);

interface ReadableHandle {
  readonly useUserBuffer?: unknown;
  /** -1 where it is closed, and on Windows. */
  readonly fd?: number;
  reading: boolean;
  readStart(): number;
}

/** A socket, and how to go on reading it after `PAUSE`. */
export interface ReadSocket {
  readonly socket: Socket;
  readonly readOn: () => void;
}

/**
 * Begins to read an accepted socket (of a server with pauseOnConnect) into the shared buffer; gives the socket to use in its place.
 * Node lets a socket have its own read buffer only where it is made, so it is made anew on the accepted one's handle, a private field;
 * where that is missing, ordinary 'data' events are read, at the price of an allocation for each, and no socket rests.
 */
export function readShared(accepted: Socket, wheel: ReadWheel, read: ReadCallback): ReadSocket {
  const handle = (accepted as unknown as { _handle?: ReadableHandle | null })._handle;
  if (typeof handle?.useUserBuffer !== 'function') return readData(accepted, read);
  let paused = false;
  const readOn = (): void => {
    paused = false;
    if (socket.destroyed || handle.reading) return;
    handle.reading = true;
    handle.readStart();
  };
  // True: go on reading, now.
  const callback = (count: number, bytes: Uint8Array): boolean => {
    const rest = read(bytes, count);
    paused = rest === PAUSE;
    if (paused) return false;
    if (rest === 0 || count === READ_BYTES) return true; // a full buffer: more is there already
    rests += 1;
    wheel.rest(resting, rest);
    return false;
  };
  let rests = 0;
  const resting = {
    wake: () => {
      rests -= 1;
      if (paused || rests > 0 || handle.reading || socket.destroyed) return; // it was woken before its time
      // It has slept until there is something: the event loop need not be asked first. It tells of all that is not bytes.
      const { fd = -1 } = handle;
      const count = fd < 0 ? 0 : readAtOnce(socket, fd);
      if (count <= 0 || callback(count, shared)) readOn();
    },
    destroy: () => void socket.destroy(),
  };
  const options = { handle, onread: { buffer: shared, callback } };
  const socket = new Socket(options as unknown as ConstructorParameters<typeof Socket>[0]);
  return { socket, readOn };
}

/** Reads what a socket has into the shared buffer; 0 or less: nothing, or its end. */
function readAtOnce(socket: Socket, descriptor: number): number {
  try {
    return readSync(descriptor, shared, 0, READ_BYTES, null);
  } catch (error) {
    // The kernel tells an error once.
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') socket.destroy(error as Error);
    return -1;
  }
}

/** Reads a socket's 'data' events. */
export function readData(socket: Socket, read: ReadCallback): ReadSocket {
  socket.on('data', (bytes: Buffer) => {
    if (read(bytes, bytes.length) === PAUSE) socket.pause();
  });
  const readOn = (): void => void socket.resume();
  readOn();
  return { socket, readOn };
}
