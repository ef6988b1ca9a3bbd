const HEARTBEAT_MS = 15_000;

/** Runs one step of the set-up and shows on standard error which it is and how long it takes. */
export async function showStep(name, step, stream = process.stderr) {
  const start = Date.now();
  const seconds = () => `${((Date.now() - start) / 1000).toFixed(1)} s`;
  const write = (text) => stream.write(stream.isTTY ? `\r\x1b[K${text}` : text);
  write(stream.isTTY ? `… ${name}` : `… ${name}\n`);
  const beat = setInterval(
    () => write(stream.isTTY ? `… ${name} (${seconds()})` : `… ${name}: still at it (${seconds()})\n`),
    stream.isTTY ? 100 : HEARTBEAT_MS,
  );
  try {
    const result = await step();
    write(`✔ ${name} (${seconds()})\n`);
    return result;
  } catch (error) {
    write(`✖ ${name} (${seconds()})\n`);
    throw error;
  } finally {
    clearInterval(beat);
  }
}
