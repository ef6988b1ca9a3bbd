import { writeSync } from 'node:fs';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { carryOutSync } from './file-order.ts';
import type { FileOrder } from './file-order.ts';
import type { WriterData, WriterMessage } from './writer-thread.ts';
import { WordRing } from './word-ring.ts';

// The thread that writes recordings: what it waits for, nobody else waits for. It has no event loop: it sleeps until there is something to write.
const shared = workerData as WriterData;
const todo = new WordRing(shared.writes);
const done = new WordRing(shared.answers);
const blocks = new Map<number, Uint8Array>();
const orders = new Map<number, FileOrder>();

/** In the place of a descriptor, as WriterThread has it: that module is not for this thread. */
const ORDER = -1;
/** Less was written than there was. */
const SHORT = 1;
const EIO = -5;
/** Memory that nobody writes from any more is let go at the latest after so many writes. */
const WRITES_A_LOOK = 1000;

for (let writes = 0; ; writes += 1) {
  todo.sleep();
  if (writes % WRITES_A_LOOK === 0) takeMessages();
  const number = todo.take();
  const descriptor = todo.take();
  const pieces = todo.take();
  const [first = 0, second = 0] = descriptor === ORDER ? carryOut(number) : [write(descriptor, pieces)];
  done.put(number);
  done.put(first);
  done.put(second);
  done.show();
}

/** Does what was sent under a number; gives the descriptors of the files that were appended to, or an error. */
function carryOut(number: number): number[] {
  if (!orders.has(number)) takeMessages();
  const order = orders.get(number) ?? {};
  orders.delete(number);
  try {
    return carryOutSync(order);
  } catch (error) {
    return [(error as NodeJS.ErrnoException).errno ?? EIO];
  }
}

/** Writes the pieces that follow in the ring; gives the bytes written, or an error when there are none. */
function write(descriptor: number, pieces: number): number {
  let written = 0;
  let failed = 0;
  for (let left = pieces; left > 0; left -= 1) {
    const bytes = block(todo.take());
    const start = todo.take();
    const length = todo.take() - start;
    if (failed !== 0) continue; // taken from the ring all the same
    const count = writeOnce(descriptor, bytes, start, length);
    if (count > 0) written += count;
    if (count < length) failed = count < 0 ? count : SHORT;
  }
  return written === 0 && failed < 0 ? failed : written;
}

function block(number: number): Uint8Array {
  if (!blocks.has(number)) takeMessages();
  return blocks.get(number) ?? new Uint8Array(0);
}

/** Memory to write from comes, and goes, by message. */
function takeMessages(): void {
  if (parentPort === null) return;
  for (let each = receiveMessageOnPort(parentPort); each !== undefined; each = receiveMessageOnPort(parentPort)) {
    const message = each.message as WriterMessage;
    if ('keep' in message) blocks.set(message.keep, message.bytes);
    else if ('order' in message) orders.set(message.order, message.what);
    else blocks.delete(message.forget);
  }
}

function writeOnce(descriptor: number, bytes: Uint8Array, start: number, length: number): number {
  try {
    return writeSync(descriptor, bytes, start, length, null);
  } catch (error) {
    return (error as NodeJS.ErrnoException).errno ?? EIO;
  }
}
