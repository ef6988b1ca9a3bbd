/** How often a live may change hands within {@link TAKEOVERS_WITHIN_MS} before its holder stays. */
export const TAKEOVERS = 3;
export const TAKEOVERS_WITHIN_MS = 20_000;
/** How long the holder then stays: from the last takeover, or from the last try that was refused for it. */
export const HOLD_DOWN_MS = 30_000;

/** What a live that is on air remembers of the publishers that took it from each other. */
export interface Rivalry {
  /** When it was taken from a publisher that sent media: the newest {@link TAKEOVERS}. */
  readonly takeovers: readonly number[];
  /** When the last try was refused, while it is held down. */
  readonly refusedAt: number | null;
}

export const NO_RIVALRY: Rivalry = { takeovers: [], refusedAt: null };

/** Whether the holder stays: two encoders that fight for one key would take the live from each other for ever. */
export function isHeldDown({ takeovers, refusedAt }: Rivalry, at: number): boolean {
  const last = takeovers.at(-1);
  if (last === undefined || takeovers.length < TAKEOVERS || last - takeovers[0] >= TAKEOVERS_WITHIN_MS) return false;
  const passed = at - (refusedAt ?? last);
  // A clock that went back holds nobody down for longer.
  return passed >= 0 && passed < HOLD_DOWN_MS;
}

/** The live was taken from a publisher that sent media. */
export function takenOver({ takeovers }: Rivalry, at: number): Rivalry {
  return { takeovers: [...takeovers, at].slice(-TAKEOVERS), refusedAt: null };
}

/** A try was refused: who keeps trying keeps waiting. */
export function heldOff(rivalry: Rivalry, at: number): Rivalry {
  return { ...rivalry, refusedAt: at };
}
