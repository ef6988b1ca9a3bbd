/** Calls all of them, whatever one throws; the first error is thrown behind the last. */
export function tellAll(callbacks: readonly (() => void)[]): void {
  const errors: unknown[] = [];
  for (const callback of callbacks) {
    try {
      callback();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}
