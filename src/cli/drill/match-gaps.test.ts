import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matchGaps } from './match-gaps.ts';
import type { ReplayRun } from './replay-reader.ts';

/** Every other frame is of video, the first too; a turn of 20 and 20. */
const count = (frames: number) => ({ video: Math.ceil(frames / 2), audio: Math.floor(frames / 2) });
const TURN = { video: 20, audio: 20 };
const run = (frames: number, start: number): ReplayRun => ({
  video: frames,
  audio: frames,
  videoStarts: [start],
  audioStarts: [start],
});

const cases: { name: string; runs: ReplayRun[]; fromStart?: boolean; missing: number; problems: RegExp[] }[] = [
  { name: 'nothing missing', runs: [run(50, 0)], missing: 0, problems: [] },
  { name: 'a gap', runs: [run(25, 0), run(15, 15)], missing: 10, problems: [] },
  { name: 'two gaps', runs: [run(5, 0), run(5, 7), run(15, 15)], missing: 25, problems: [] },
  { name: 'the beginning', runs: [run(15, 15)], fromStart: false, missing: 35, problems: [] },
  { name: 'a beginning that was to be there', runs: [run(15, 15)], missing: 35, problems: [/first.*video/, /first.*audio/] },
  { name: 'the end', runs: [run(25, 0), run(14, 15)], missing: 11, problems: [/last frame of video/, /last frame of audio/] },
  { name: 'frames that come twice', runs: [run(45, 0), run(10, 0)], missing: -5, problems: [/55.*video/, /55.*audio/] },
  { name: 'everything', runs: [], missing: 50, problems: [/nothing/] },
];

for (const { name, runs, fromStart = true, missing, problems } of cases) {
  test(`a replay with gaps: ${name}`, () => {
    const match = matchGaps(100, runs, count, TURN, fromStart);
    assert.equal(match.missing, missing);
    const found = match.problems.filter((problem) => !/last frame/.test(problem) || /the end/.test(name));
    assert.equal(found.length, problems.length, match.problems.join('; '));
    problems.forEach((problem, i) => assert.match(found[i], problem));
  });
}
