/** Calls again and again, `everyMs` after each answer, only while the page is visible; errors are the caller's. Returns what stops it. */
export function poll(everyMs: number, call: (signal: AbortSignal) => Promise<void>): () => void {
  const stop = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let busy = false;
  const run = async () => {
    clearTimeout(timer);
    if (busy || stop.signal.aborted || document.hidden) return;
    busy = true;
    await call(stop.signal).catch(() => undefined);
    busy = false;
    if (!stop.signal.aborted) timer = setTimeout(() => void run(), everyMs);
  };
  document.addEventListener('visibilitychange', () => void run(), { signal: stop.signal });
  void run();
  return () => {
    clearTimeout(timer);
    stop.abort();
  };
}
