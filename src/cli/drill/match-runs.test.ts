import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Take } from './drill-publisher.ts';
import { matchRuns } from './match-runs.ts';

/** A file in which every other frame is of video, the first too. */
const count = (frames: number) => ({ video: Math.ceil(frames / 2), audio: Math.floor(frames / 2) });
const IN_FLIGHT = 10;

function take(end: Take['end'], frames: number): Take {
  return { askedAt: 0, publishedAt: 0, frames, endingAt: 0, endedAt: 0, end };
}

const cases: { name: string; takes: Take[]; runs: [number, number][]; lost: number[]; nothing: number; problems: RegExp[] }[] = [
  {
    name: 'clean ends, all there',
    takes: [take('clean', 100), take('clean', 61)],
    runs: [
      [50, 50],
      [31, 30],
    ],
    lost: [0, 0],
    nothing: 0,
    problems: [],
  },
  {
    name: 'one frame of video is missing behind a clean end',
    takes: [take('clean', 100)],
    runs: [[49, 50]],
    lost: [],
    nothing: 0,
    problems: [/50 frames of video and 50 of audio were sent, 49 of video and 50/],
  },
  {
    name: 'one frame of audio is missing behind a clean end',
    takes: [take('clean', 100)],
    runs: [[50, 49]],
    lost: [],
    nothing: 0,
    problems: [/clean connection/],
  },
  { name: 'a replay has nothing', takes: [take('clean', 100)], runs: [], lost: [], nothing: 0, problems: [/nothing found/] },
  {
    name: 'abrupt ends lack what was in flight',
    takes: [take('abrupt', 100), take('lost', 100)],
    runs: [
      [50, 50],
      [40, 38],
    ],
    lost: [0, 10],
    nothing: 0,
    problems: [],
  },
  {
    name: 'an abrupt end lacks more than that',
    takes: [take('abrupt', 100)],
    runs: [[39, 38]],
    lost: [],
    nothing: 0,
    problems: [/abrupt connection/],
  },
  {
    name: 'a connection too short to leave anything',
    takes: [take('lost', 100), take('lost', 8), take('clean', 60)],
    runs: [
      [45, 45],
      [30, 30],
    ],
    lost: [5, 0],
    nothing: 1,
    problems: [],
  },
  {
    name: 'more frames than were sent',
    takes: [take('lost', 100)],
    runs: [[51, 50]],
    lost: [],
    nothing: 0,
    problems: [/lost connection/],
  },
  {
    name: 'a run that nobody sent',
    takes: [take('clean', 100)],
    runs: [
      [50, 50],
      [5, 5],
    ],
    lost: [0],
    nothing: 0,
    problems: [/1 runs that no connection sent/],
  },
];

for (const { name, takes, runs, lost, nothing, problems } of cases) {
  test(`replays against connections: ${name}`, () => {
    const match = matchRuns(
      takes,
      runs.map(([video, audio]) => ({ video, audio })),
      count,
      IN_FLIGHT,
    );
    assert.deepEqual(
      match.pairs.map(({ lostFrames }) => lostFrames),
      lost,
    );
    assert.equal(match.nothing.length, nothing);
    assert.equal(match.problems.length, problems.length, match.problems.join('\n'));
    problems.forEach((problem, i) => assert.match(match.problems[i], problem));
  });
}
