import { ApiError } from './api-error.ts';
import { request, type Call } from './request.ts';
import type { MyUser } from '../../../src/api/contract.ts';

interface Tokens {
  access: string;
  refresh: string;
}

interface Client {
  client_id: string;
  client_secret: string;
}

const key = 'reprise.tokens';

class Account {
  #tokens: Tokens | null = $state.raw(read());
  me: MyUser | null = $state.raw(null);
  #refreshing: Promise<void> | null = null;

  get signedIn(): boolean {
    return this.#tokens !== null;
  }

  /** The bearer token for requests made outside `call`, such as the player's. */
  get token(): string | null {
    return this.#tokens?.access ?? null;
  }

  async signIn(username: string, password: string): Promise<void> {
    await this.#grant({ grant_type: 'password', username, password });
    await this.load();
  }

  async signOut(): Promise<void> {
    const token = this.token;
    this.#keep(null);
    if (token !== null) await request('/users/revoke-token', { method: 'POST', token }).catch(() => undefined);
  }

  /** Reads who is signed in; does nothing for a visitor. */
  async load(): Promise<void> {
    if (this.signedIn) this.me = await this.call<MyUser>('/users/me');
  }

  /** Another window of this browser signed in or out. */
  follow(): () => void {
    const stop = new AbortController();
    const changed = (event: StorageEvent) => {
      if (event.key !== key) return;
      this.#tokens = read();
      if (this.#tokens === null) this.me = null;
      else this.load().catch(() => undefined);
    };
    addEventListener('storage', changed, { signal: stop.signal });
    return () => stop.abort();
  }

  /** Calls the API as the signed-in account, or as a visitor; an expired token is refreshed once. */
  async call<T>(path: string, call: Call = {}): Promise<T> {
    const token = this.token;
    try {
      return await request<T>(path, { ...call, token });
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401 || token === null) throw error;
      if (this.token === token) await this.refresh();
      return await request<T>(path, { ...call, token: this.token });
    }
  }

  /** Changes the tokens for new ones; when the server will not, the account is signed out. */
  async refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = null));
    await this.#refreshing;
  }

  async #refresh(): Promise<void> {
    const tokens = this.#tokens;
    if (tokens === null) return;
    try {
      await this.#grant({ grant_type: 'refresh_token', refresh_token: tokens.refresh });
    } catch (error) {
      // a server that is restarting or busy says nothing about the tokens
      if (error instanceof ApiError && (error.status === 400 || error.status === 401)) this.#keep(null);
      else throw error;
    }
  }

  async #grant(fields: Record<string, string>): Promise<void> {
    const client = await request<Client>('/oauth-clients/local');
    const body = new URLSearchParams({ client_id: client.client_id, client_secret: client.client_secret, ...fields });
    const answer = await request<{ access_token: string; refresh_token: string }>('/users/token', { method: 'POST', body });
    this.#keep({ access: answer.access_token, refresh: answer.refresh_token });
  }

  #keep(tokens: Tokens | null): void {
    this.#tokens = tokens;
    if (tokens === null) {
      this.me = null;
      localStorage.removeItem(key);
    } else {
      localStorage.setItem(key, JSON.stringify(tokens));
    }
  }
}

function read(): Tokens | null {
  try {
    const stored = JSON.parse(localStorage.getItem(key) ?? 'null') as Partial<Tokens> | null;
    return typeof stored?.access === 'string' && typeof stored.refresh === 'string'
      ? { access: stored.access, refresh: stored.refresh }
      : null;
  } catch {
    return null;
  }
}

/** Who is signed in, in this browser. */
export const account = new Account();
