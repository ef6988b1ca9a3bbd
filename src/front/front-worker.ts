import { parentPort, workerData } from 'node:worker_threads';
import { Delivery } from '../delivery/delivery.ts';
import { HttpListener } from '../http/http-listener.ts';
import { createLog } from '../log.ts';
import { Mailbox } from '../threads/mailbox.ts';
import type { ListeningMessage } from '../threads/supervised-threads.ts';
import { ApplicationBridge } from './application-bridge.ts';
import type { FrontData, FromThread, QuestionKind, Questions, ToThread } from './messages.ts';
import { Mirror } from './mirror.ts';

// A thread of delivery: the HTTP port, on an event loop of its own. What is not for players goes to the thread that has the lives and the API.

const port = parentPort;
if (port === null) throw new Error('this is a worker thread');
const data = workerData as FrontData;
const log = createLog(data.logLevel);
const asked = new Map<number, { resolve: (answer: never) => void; reject: (error: Error) => void }>();
let lastQuestion = 0;

const post = (message: FromThread, moved: readonly ArrayBuffer[] = []): void => port.postMessage(message, moved);

/** `moved`: memory that goes along. */
function ask<Kind extends QuestionKind>(
  question: Kind,
  asks: Questions[Kind]['asks'],
  moved?: readonly ArrayBuffer[],
): Promise<Questions[Kind]['answer']> {
  lastQuestion += 1;
  const id = lastQuestion;
  return new Promise<Questions[Kind]['answer']>((resolve, reject) => {
    asked.set(id, { resolve, reject });
    post({ kind: 'ask', id, question, asks } as FromThread, moved);
  });
}

/** Memory that is given back. */
const released = new Mailbox<number>((holds) => post({ kind: 'release', holds }));
const release = (hold: number): void => released.put(hold);

const mirror = new Mirror(data.recordings, { ask, release, unwatch: (edge) => post({ kind: 'unwatch', edge }) });
const delivery = new Delivery({
  catalogue: mirror,
  log,
  mayWatch: (authorization, rights) => ask('may_watch', { authorization, rights }),
  epoch: data.epoch,
});
const http = new HttpListener({
  host: data.host,
  port: data.port,
  reusePort: data.reusePort,
  tls: data.tls,
  first: (exchange) => delivery.handle(exchange),
  log,
});
const bridge = new ApplicationBridge((request) => ask('application', request, [request.body.buffer]), log);
http.serve((request, response) => void bridge.bring(request, response));

function take(message: ToThread): void {
  switch (message.kind) {
    case 'answer':
    case 'failed': {
      const waiting = asked.get(message.id);
      asked.delete(message.id);
      if (message.kind === 'answer') waiting?.resolve(message.answer as never);
      else waiting?.reject(Object.assign(new Error(message.message), { code: message.code }));
      return;
    }
    case 'edges':
      for (const { edge, operation } of message.changes) mirror.apply(edge, operation);
      return;
    case 'forget':
      return mirror.forget(message.videoUuid);
    case 'gone':
      return mirror.gone(message.edge);
    case 'count': {
      const { requests, failures, waiting } = delivery;
      const counts = { requests, failures, waiting, connections: http.connectionCount, sentBytes: http.sentBytes };
      return post({ kind: 'counts', id: message.id, counts });
    }
    case 'close':
      delivery.close();
      void http.close().then(() => {
        mirror.close();
        port?.close();
      });
  }
}

port.on('message', (message: ToThread) => take(message));
try {
  await http.start();
  port.postMessage({ kind: 'listening', port: http.port } satisfies ListeningMessage);
} catch (error) {
  const { message, code } = error as NodeJS.ErrnoException;
  port.postMessage({ kind: 'cannot_listen', message, code } satisfies ListeningMessage);
}
