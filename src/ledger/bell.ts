/** Wakes one waiting loop; a ring that comes before the wait is not lost. */
export class Bell {
  #rung = Promise.withResolvers<void>();

  ring(): void {
    this.#rung.resolve();
  }

  /** Resolves at the next ring (or one since the last wait), or after `withinMs`. */
  async wait(withinMs?: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      if (withinMs !== undefined) timer = setTimeout(resolve, withinMs);
    });
    await Promise.race([this.#rung.promise, late]);
    clearTimeout(timer);
    this.#rung = Promise.withResolvers<void>();
  }
}
