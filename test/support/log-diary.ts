import { EventEmitter, once } from 'node:events';
import { pino } from 'pino';
import type { Logger } from '../../src/log.ts';

export type LogLine = { level: number; msg: string; [name: string]: unknown };

/** A logger that keeps its lines. */
export class LogDiary {
  readonly lines: LogLine[] = [];
  readonly log: Logger;
  readonly #events = new EventEmitter();

  constructor(level = 'info') {
    const write = (text: string): void => {
      const line = JSON.parse(text) as LogLine;
      this.lines.push(line);
      this.#events.emit('line', line);
    };
    this.log = pino({ level, base: null }, { write });
  }

  /** All lines with a message. */
  of(msg: string): LogLine[] {
    return this.lines.filter((line) => line.msg === msg);
  }

  /** The `count`-th line with a message, as soon as it is there. */
  async line(msg: string, count = 1): Promise<LogLine> {
    const signal = AbortSignal.timeout(20_000);
    while (this.of(msg).length < count) await once(this.#events, 'line', { signal });
    return this.of(msg)[count - 1];
  }
}
