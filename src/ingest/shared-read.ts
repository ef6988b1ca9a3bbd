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
  const resting = {
    wake: () => {
      if (!paused) readOn();
    },
    destroy: () => void socket.destroy(),
  };
  const callback = (count: number, bytes: Uint8Array): boolean => {
    const rest = read(bytes, count);
    paused = rest === PAUSE;
    if (paused) return false;
    if (rest === 0 || count === READ_BYTES) return true; // a full buffer: more is there already
    wheel.rest(resting, rest);
    return false;
  };
  const options = { handle, onread: { buffer: shared, callback } };
  const socket = new Socket(options as unknown as ConstructorParameters<typeof Socket>[0]);
  return { socket, readOn };
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
