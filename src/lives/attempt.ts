import type { RefusalCode } from '../errors.ts';

/** A try to publish, and what became of it. */
export interface Attempt {
  /** UUIDv7: in the order of time. */
  readonly id: string;
  /** Null: no live has the key. */
  readonly videoUuid: string | null;
  readonly at: number;
  readonly code: RefusalCode | 'accepted';
  /** Masked. */
  readonly key: string;
  readonly address: string;
  readonly encoder: string | null;
  /** The session it was accepted into. */
  readonly sessionId: string | null;
}
