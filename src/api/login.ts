import { hashPassword, verifyPassword } from '../database/password.ts';
import type { Database } from '../database/database.ts';
import { findUserByLogin } from '../database/users.ts';
import type { User } from '../database/users.ts';
import { problem } from './problem.ts';

/** argon2 works on the thread pool that also writes recordings: one at a time, and not more waiting than this. */
const WAITING_LIMIT = 50;

/** Checks passwords. Knowing no such user takes as long as a wrong password. */
export class Login {
  readonly #database: Database;
  readonly #decoy: Promise<string>;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(database: Database) {
    this.#database = database;
    this.#decoy = hashPassword('nobody has this password');
    this.#decoy.catch(() => undefined); // told to the first who signs in
  }

  /** The user with this name (or e-mail address) and password, or null. */
  async check(login: string, password: string): Promise<User | null> {
    const found = await findUserByLogin(this.#database, login);
    const phc = found?.passwordHash ?? (await this.#decoy);
    const isRight = await this.#inTurn(() => verifyPassword(password, phc));
    if (!found || !isRight) return null;
    const { passwordHash: _, ...user } = found;
    return user;
  }

  async #inTurn(verify: () => Promise<boolean>): Promise<boolean> {
    if (this.#waiting >= WAITING_LIMIT) {
      throw problem('too_many_logins', `${WAITING_LIMIT} logins are waiting already. Try again in a few seconds.`, {
        retryAfterS: 5,
      });
    }
    this.#waiting += 1;
    const turn = this.#last.then(verify);
    this.#last = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      this.#waiting -= 1;
    }
  }
}
