import { writevSync } from 'node:fs';
import type { Socket } from 'node:net';

interface DescriptorHandle {
  readonly fd?: number;
}

/**
 * Writes pieces to a plain socket, in one system call as far as the kernel takes them, and the rest as a stream does; `written` is called when the kernel
 * has all of it, or never will: before this returns, mostly. Gives the bytes that went past the stream, which it does not count. What a stream does for
 * each write costs more than an answer of some kilobytes. The descriptor is in a private field; where that is missing all goes through the stream.
 */
export function writeAtOnce(socket: Socket, pieces: readonly Uint8Array[], written: () => void): number {
  const descriptor = (socket as unknown as { _handle?: DescriptorHandle | null })._handle?.fd;
  let atOnce = 0;
  if (descriptor !== undefined && descriptor >= 0 && socket.writable && socket.writableLength === 0) {
    try {
      atOnce = writevSync(descriptor, pieces);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') {
        socket.destroy(error as Error);
        written();
        return 0;
      }
    }
  }
  let at = atOnce;
  let unwritten: Uint8Array | null = null;
  // Who is told writes the next answer, or throws: not while the stream holds back.
  socket.cork();
  for (const piece of pieces) {
    if (at >= piece.length) {
      at -= piece.length;
      continue;
    }
    if (unwritten !== null) socket.write(unwritten);
    unwritten = at === 0 ? piece : piece.subarray(at);
    at = 0;
  }
  if (unwritten !== null) socket.write(unwritten, written);
  socket.uncork();
  if (unwritten === null) written();
  return atOnce;
}
