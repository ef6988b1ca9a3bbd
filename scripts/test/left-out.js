/** What was left out and why, as lines for a person: one for each reason. */
export function describeLeftOut(skips) {
  const byReason = new Map();
  for (const { reason } of skips) {
    const key = typeof reason === 'string' && reason !== '' ? reason : 'no reason given';
    byReason.set(key, (byReason.get(key) ?? 0) + 1);
  }
  return [...byReason].map(([reason, count]) => `left out: ${count} ${count === 1 ? 'test' : 'tests'}: ${reason}`);
}

/** Tests left out because a part is missing that could be there; others, such as those only root can run, have nothing to be installed. */
export function missingParts(skips) {
  return skips.filter(({ reason }) => typeof reason !== 'string' || /not installed|missing|not found/i.test(reason));
}
