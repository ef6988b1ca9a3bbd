import pg from 'pg';

/** A conflict told by the server in place of the statement; or the connection lost before the statement, or behind it with its answer. */
export const FAULTS = ['40001', '40P01', 'lost before', 'lost after'] as const;

export interface Fault {
  readonly kind: (typeof FAULTS)[number];
  /** Which statement of a transaction fails: 1 is its begin, the last its commit. */
  readonly at: number;
  /** So many transactions. */
  strikes: number;
}

/** A class of clients for `pg`'s pool (`Client`) whose connections have the faults that `plan` holds just then. */
export function faultyClients(plan: { fault: Fault | null; longest: number }): new (config?: pg.ClientConfig) => pg.Client {
  return class extends pg.Client {
    #count = Number.NEGATIVE_INFINITY;

    // All of pg's signatures end here; transactions use the one that gives a promise.
    override query(...args: unknown[]): never {
      const [first] = args;
      const text = typeof first === 'string' ? first : (first as { text?: string }).text;
      if (text?.startsWith('begin') === true) this.#count = 0;
      this.#count += 1;
      const isOver = text === 'commit' || text === 'rollback';
      const run = (): Promise<unknown> => Reflect.apply(super.query.bind(this), null, args) as Promise<unknown>;
      const result = this.#next(run);
      if (isOver) {
        if (text === 'commit') plan.longest = Math.max(plan.longest, this.#count);
        this.#count = Number.NEGATIVE_INFINITY;
      }
      return result as never;
    }

    #next(run: () => Promise<unknown>): Promise<unknown> {
      const { fault } = plan;
      if (fault === null || fault.at !== this.#count || fault.strikes === 0) return run();
      fault.strikes -= 1;
      switch (fault.kind) {
        case 'lost before':
          return this.#lose();
        case 'lost after':
          return run().then(() => this.#lose());
        default:
          return super.query(`do $$ begin raise exception 'forced' using errcode = '${fault.kind}'; end $$`);
      }
    }

    #lose(): Promise<never> {
      (this as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
      return Promise.reject(new Error('Connection terminated unexpectedly'));
    }
  };
}
