const CAP_MS = 5_000;
/** Between two tries, also when new facts come every millisecond. */
export const LEAST_MS = 50;

/** Time to wait after so many failures: exponential with full jitter. */
export function backOffMs(failures: number): number {
  return LEAST_MS + Math.random() * Math.min(CAP_MS - LEAST_MS, LEAST_MS * 2 ** Math.min(failures, 20));
}
