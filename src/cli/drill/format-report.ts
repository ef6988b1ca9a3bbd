import type { Percentiles } from './percentiles.ts';
import type { DrillReport } from './report.ts';

const COMPLAINTS_SHOWN = 5;
const WIDTH = 26;

/** A report as a table for people. */
export function formatReport(report: DrillReport): string {
  const { publishers, sessions, gaps, replays, frames, viewers } = report;
  const rows: [string, string][] = [
    ['publishers accepted', `${publishers.accepted} of ${publishers.expected}`],
    ['refused, failed, dropped', `${publishers.refused}, ${publishers.failed}, ${publishers.dropped}`],
    [
      'sessions',
      `${sessions.found} of ${sessions.expected}${sessions.timesOffMs === null ? '' : `, times true to ${Math.round(sessions.timesOffMs)} ms`}`,
    ],
    ['gaps', `${gaps.found} of ${gaps.expected}`],
    ['replays', `${replays.found} of ${replays.expected}, ${replays.verified} verified frame by frame`],
    ['frames in them', `${frames.video} of video, ${frames.audio} of audio`],
    [report.drill === 'disk' ? 'not recorded' : 'lost in flight', formatTimes(frames.lostInFlightMs)],
    ...frames.lostByKill.map((times, i): [string, string] => [`  kill ${i + 1}`, formatTimes(times)]),
    [
      'time to the first part',
      `${formatTimes(report.firstPartMs)}${report.firstPartsMissing > 0 ? `, ${report.firstPartsMissing} never came` : ''}`,
    ],
    [
      "the drill's publishers",
      `${publishers.ownCpu.toFixed(2)} of a core, late by ${Math.round(publishers.ownWorstLateMs)} ms at the worst`,
    ],
    ['viewers', `${viewers.playlists} playlists and ${viewers.parts} first parts fetched`],
  ];
  const lines = [
    `${report.drill}: ${report.lives} lives, ${report.rounds} rounds, ${Math.round(report.bitrate / 1000)} kb/s each, took ${(report.tookMs / 1000).toFixed(0)} s`,
    '',
  ];
  for (const [name, value] of rows) lines.push(`  ${name.padEnd(WIDTH)}${value}`);
  lines.push('');
  for (const { kind, count, first } of report.faults) lines.push(`  FAULT ${count} times: ${kind}: ${first}`);
  if (report.complaints.length > 0) {
    lines.push(`  The server's log has ${report.complaints.length} warnings and errors; the first:`);
    for (const line of report.complaints.slice(0, COMPLAINTS_SHOWN)) lines.push(`    ${line.slice(0, 300)}`);
  }
  lines.push(report.ok ? '  Nothing was lost.' : '  NOT as it should be.', '');
  return lines.join('\n');
}

function formatTimes(times: Percentiles | null): string {
  if (times === null) return 'none';
  const [p50, p95, max] = [times.p50, times.p95, times.max].map((ms) => Math.round(ms));
  return `p50 ${p50} ms, p95 ${p95} ms, max ${max} ms`;
}
