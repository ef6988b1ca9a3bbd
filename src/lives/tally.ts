/** What happened to all lives since the start, counted where it happens: an increment each, read when somebody asks. */
export class Tally {
  sessionsBegun = 0;
  /** By the reason of their end. */
  readonly sessionsEnded = new Map<string, number>();
  /** A live was taken from a publisher by another one. */
  takeovers = 0;
  parts = 0;
  segments = 0;
  /** Media that the disk has taken. */
  recordedBytes = 0;

  sessionEnded(reason: string): void {
    this.sessionsEnded.set(reason, (this.sessionsEnded.get(reason) ?? 0) + 1);
  }
}
