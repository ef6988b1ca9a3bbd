/** Messages to another thread: all that one turn of the event loop brings go in one, since each costs its sender and its receiver a wake-up. */
export class Mailbox<Message> {
  readonly #post: (messages: readonly Message[]) => void;
  #waiting: Message[] = [];
  #sending: NodeJS.Immediate | null = null;

  constructor(post: (messages: readonly Message[]) => void) {
    this.#post = post;
  }

  /** Sends it before this turn of the event loop is over, behind all that was put before. */
  put(message: Message): void {
    this.#waiting.push(message);
    this.#sending ??= setImmediate(() => this.flush());
  }

  /** Sends what waits now. */
  flush(): void {
    if (this.#sending !== null) clearImmediate(this.#sending);
    this.#sending = null;
    const messages = this.#waiting;
    if (messages.length === 0) return;
    this.#waiting = [];
    this.#post(messages);
  }
}
