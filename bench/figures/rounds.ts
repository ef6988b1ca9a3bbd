/** Runs `measure` on each of the candidates, round by round, in turns: who was first is last in the next round. Results by candidate. */
export async function inRounds<Candidate, Result>(
  candidates: readonly Candidate[],
  rounds: number,
  measure: (candidate: Candidate, round: number) => Promise<Result>,
): Promise<Map<Candidate, Result[]>> {
  const results = new Map<Candidate, Result[]>(candidates.map((candidate) => [candidate, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const candidate of round % 2 === 0 ? candidates : [...candidates].reverse()) {
      results.get(candidate)?.push(await measure(candidate, round));
    }
  }
  return results;
}
