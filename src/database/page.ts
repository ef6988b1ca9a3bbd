/** The rows of a list that are asked for: so many to pass over, and so many at most. */
export interface Page {
  readonly start: number;
  readonly count: number;
}

/** How many rows there are in all: counted only when these do not tell, which the last of them do. */
export async function totalOf({ start, count }: Page, rows: readonly unknown[], ask: () => Promise<number>): Promise<number> {
  const isLast = rows.length < count && (rows.length > 0 || start === 0);
  return isLast ? start + rows.length : ask();
}
