import { writevSync } from 'node:fs';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { WriterData, WriterMessage } from './writer-thread.ts';
import { WordRing } from './word-ring.ts';

// The thread that writes recordings: what it waits for, nobody else waits for. It has no event loop: it sleeps until there is something to write.
const shared = workerData as WriterData;
const todo = new WordRing(shared.writes);
const done = new WordRing(shared.answers);
const blocks = new Map<number, Uint8Array>();

/** Memory that nobody writes from any more is let go at the latest after so many writes. */
const WRITES_A_LOOK = 1000;

for (let writes = 0; ; writes += 1) {
  if (todo.isEmpty) todo.sleep();
  if (writes % WRITES_A_LOOK === 0) takeMessages();
  const write = todo.take();
  const descriptor = todo.take();
  const pieces: Uint8Array[] = [];
  for (let left = todo.take(); left > 0; left -= 1) {
    const bytes = block(todo.take());
    const start = todo.take();
    pieces.push(bytes.subarray(start, todo.take()));
  }
  done.put(write);
  done.put(writeOnce(descriptor, pieces));
  done.show();
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
    else blocks.delete(message.forget);
  }
}

function writeOnce(descriptor: number, pieces: readonly Uint8Array[]): number {
  try {
    return writevSync(descriptor, pieces);
  } catch (error) {
    return (error as NodeJS.ErrnoException).errno ?? -5;
  }
}
