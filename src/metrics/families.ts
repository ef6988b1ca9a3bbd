import { REFUSALS } from '../errors.ts';
import type { Reading } from './rooms.ts';

/** A metric: its name, what it tells, and how it is read. One with a label has a value for each of the label's. */
export interface Family {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly label?: string;
  readonly read: (reading: Reading) => number | Readonly<Record<string, number>>;
}

const gauge = (name: string, help: string, read: (reading: Reading) => number): Family => ({ name, type: 'gauge', help, read });
const counter = (name: string, help: string, read: (reading: Reading) => number): Family => ({
  name,
  type: 'counter',
  help,
  read,
});

/** All of `GET /metrics`, in its order. docs/operate.md lists the same. */
export const FAMILIES: readonly Family[] = [
  {
    name: 'reprise_build_info',
    type: 'gauge',
    label: 'version',
    help: 'Always 1; the version is in the label.',
    read: ({ version }) => ({ [version]: 1 }),
  },
  gauge('reprise_lives', 'Lives there are.', ({ counts }) => counts.lives),
  gauge('reprise_lives_on_air', 'Lives whose publisher sends now.', ({ counts }) => counts.onAir),
  {
    name: 'reprise_sessions',
    type: 'gauge',
    label: 'state',
    help: 'Sessions that have not ended: on air, or waiting for their publisher.',
    read: ({ counts }) => ({ on_air: counts.onAir, interrupted: counts.interrupted }),
  },
  counter('reprise_sessions_begun_total', 'Sessions that began.', ({ lives }) => lives.tally.sessionsBegun),
  {
    name: 'reprise_sessions_ended_total',
    type: 'counter',
    label: 'reason',
    help: 'Sessions that ended, by reason, such as unpublished or window_elapsed.',
    read: ({ lives }) => Object.fromEntries(lives.tally.sessionsEnded),
  },
  gauge(
    'reprise_recordings_failing',
    'Sessions that go on for viewers and are not recorded now: the disk refuses.',
    ({ counts }) => counts.recordingsFailing,
  ),
  gauge('reprise_restarts_pending', 'Lives whose restart is planned.', ({ lives }) => lives.restarts.pending),
  gauge('reprise_publishers', 'Connections that publish.', ({ rtmp }) => rtmp.publishingCount),
  gauge('reprise_publishers_limit', 'The setting max-publishers.', ({ rtmp }) => rtmp.limits.publishers),
  gauge(
    'reprise_publisher_strangers',
    'RTMP connections that do not publish, or not yet.',
    ({ rtmp }) => rtmp.connectionCount - rtmp.publishingCount,
  ),
  counter(
    'reprise_publisher_strangers_turned_away_total',
    'RTMP connections closed without a word: too many did not publish.',
    ({ rtmp }) => rtmp.turnedAwayCount,
  ),
  {
    name: 'reprise_publishes_total',
    type: 'counter',
    label: 'code',
    help: 'Tries to publish: accepted, or why they were refused (the codes of docs/publish.md).',
    // All codes from the beginning: a rate is known only of what was there before it rose.
    read: ({ lives }) => ({ accepted: 0, ...noRefusals(), ...Object.fromEntries(lives.attempts.counts) }),
  },
  counter('reprise_takeovers_total', 'Lives taken from a publisher by another one.', ({ lives }) => lives.tally.takeovers),
  counter(
    'reprise_hold_downs_total',
    'Tries to publish refused because publishers fight for a key.',
    ({ lives }) => lives.attempts.counts.get('takeover_held_down') ?? 0,
  ),
  counter('reprise_received_bytes_total', 'Bytes that came over RTMP.', ({ rtmp }) => rtmp.receivedBytes),
  counter('reprise_parts_total', 'Parts made.', ({ lives }) => lives.tally.parts),
  counter('reprise_segments_total', 'Segments made.', ({ lives }) => lives.tally.segments),
  counter('reprise_recorded_bytes_total', 'Bytes of media that the disk has taken.', ({ lives }) => lives.tally.recordedBytes),
  {
    name: 'reprise_player_requests_total',
    type: 'counter',
    label: 'kind',
    help: "Requests of players: playlist, part, segment (init segments too), replay (what no live's playlist names any more), refused.",
    read: ({ players }) => players.requests,
  },
  counter(
    'reprise_player_failures_total',
    'Requests of players that a mistake of the server kept from their answer.',
    ({ players }) => players.failures,
  ),
  gauge('reprise_players_waiting', 'Requests that wait for the next part or playlist.', ({ players }) => players.waiting),
  gauge('reprise_http_connections', 'Connections to the HTTP port: players, pages, API.', ({ players }) => players.connections),
  counter('reprise_http_sent_bytes_total', 'Bytes sent from the HTTP port, heads too.', ({ players }) => players.sentBytes),
  gauge('reprise_database_up', '1 when PostgreSQL answers.', ({ database }) => Number(database.ok)),
  gauge(
    'reprise_database_latency_seconds',
    'How long PostgreSQL took to answer, or has been waited for.',
    ({ database }) => database.latencyMs / 1000,
  ),
  gauge('reprise_ledger_facts_pending', 'Facts that PostgreSQL does not have yet.', ({ ledger }) => ledger.pending),
  gauge('reprise_ledger_degraded', '1 while the disk refuses the ledger.', ({ ledger }) => Number(ledger.degraded)),
  gauge(
    'reprise_event_loop_delay_p50_seconds',
    'Median of how long the event loop kept others waiting, over the last 10 s or more.',
    ({ process }) => process.delayP50Ms / 1000,
  ),
  gauge(
    'reprise_event_loop_delay_p99_seconds',
    'The same, of the slowest in a hundred.',
    ({ process }) => process.delayP99Ms / 1000,
  ),
  counter('process_cpu_seconds_total', 'User and system CPU time.', ({ process }) => process.cpuMs / 1000),
  gauge('process_resident_memory_bytes', 'Memory of the process in RAM.', ({ process }) => process.residentBytes),
  gauge('process_start_time_seconds', 'When the process started, since the epoch.', ({ process }) => process.startedAtMs / 1000),
];

function noRefusals(): Record<string, number> {
  return Object.fromEntries(Object.keys(REFUSALS).map((code) => [code, 0]));
}
