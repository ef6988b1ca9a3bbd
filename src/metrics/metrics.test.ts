import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { REFUSALS } from '../errors.ts';
import { FAMILIES } from './families.ts';
import { Metrics } from './metrics.ts';
import type { MeasuredRooms, Reading } from './rooms.ts';

function rooms(): MeasuredRooms {
  return {
    version: '1.2.3',
    lives: {
      count: () => ({ lives: 9, onAir: 4, interrupted: 2, recordingsFailing: 1 }),
      attempts: {
        counts: new Map([
          ['accepted', 12],
          ['takeover_held_down', 3],
        ]),
      },
      tally: {
        sessionsBegun: 10,
        sessionsEnded: new Map([
          ['unpublished', 5],
          ['restarted', 1],
        ]),
        takeovers: 6,
        parts: 1000,
        segments: 200,
        recordedBytes: 123_456_789,
      },
      restarts: { pending: 7 },
    },
    rtmp: {
      connectionCount: 5,
      publishingCount: 4,
      turnedAwayCount: 8,
      receivedBytes: 5_000_000_000,
      limits: { publishers: 2000 },
    },
    ledger: { pending: 4, degraded: true },
  };
}

const PLAYERS: Reading['players'] = {
  requests: { playlist: 40, part: 30, segment: 20, replay: 10, refused: 2 },
  failures: 1,
  waiting: 3,
  connections: 11,
  sentBytes: 99,
};

function open(t: TestContext, database: Reading['database'] = { ok: true, latencyMs: 2.5 }): Metrics {
  const metrics = new Metrics({
    rooms: rooms(),
    readPlayers: () => Promise.resolve(PLAYERS),
    readDatabase: () => Promise.resolve(database),
  });
  t.after(() => metrics.close());
  return metrics;
}

/** Values by name and labels. */
function parse(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));
}

test('what the rooms count is what is shown', async (t) => {
  const values = parse(await open(t).render());
  const wanted = {
    'reprise_build_info{version="1.2.3"}': 1,
    reprise_lives: 9,
    reprise_lives_on_air: 4,
    'reprise_sessions{state="on_air"}': 4,
    'reprise_sessions{state="interrupted"}': 2,
    reprise_sessions_begun_total: 10,
    'reprise_sessions_ended_total{reason="unpublished"}': 5,
    'reprise_sessions_ended_total{reason="restarted"}': 1,
    reprise_recordings_failing: 1,
    reprise_restarts_pending: 7,
    reprise_publishers: 4,
    reprise_publishers_limit: 2000,
    reprise_publisher_strangers: 1,
    reprise_publisher_strangers_turned_away_total: 8,
    'reprise_publishes_total{code="accepted"}': 12,
    'reprise_publishes_total{code="takeover_held_down"}': 3,
    'reprise_publishes_total{code="unknown_key"}': 0,
    reprise_takeovers_total: 6,
    reprise_hold_downs_total: 3,
    reprise_received_bytes_total: 5_000_000_000,
    reprise_parts_total: 1000,
    reprise_segments_total: 200,
    reprise_recorded_bytes_total: 123_456_789,
    'reprise_player_requests_total{kind="playlist"}': 40,
    'reprise_player_requests_total{kind="part"}': 30,
    'reprise_player_requests_total{kind="segment"}': 20,
    'reprise_player_requests_total{kind="replay"}': 10,
    'reprise_player_requests_total{kind="refused"}': 2,
    reprise_player_failures_total: 1,
    reprise_players_waiting: 3,
    reprise_http_connections: 11,
    reprise_http_sent_bytes_total: 99,
    reprise_database_up: 1,
    reprise_database_latency_seconds: 0.0025,
    reprise_ledger_facts_pending: 4,
    reprise_ledger_degraded: 1,
  };
  for (const [name, value] of Object.entries(wanted)) assert.equal(values.get(name), value, name);
  const codes = [...values.keys()].filter((name) => name.startsWith('reprise_publishes_total{'));
  assert.equal(codes.length, Object.keys(REFUSALS).length + 1, 'every code is there before it is met');
});

test('scraped again, and by two at once: the same, and not twice as much', async (t) => {
  const metrics = open(t);
  const [one, other] = (await Promise.all([metrics.render(), metrics.render()])).map(parse);
  const third = parse(await metrics.render());
  for (const values of [one, other, third]) assert.equal(values.get('reprise_parts_total'), 1000);
});

test('a database that is away', async (t) => {
  const values = parse(await open(t, { ok: false, latencyMs: 2000 }).render());
  assert.equal(values.get('reprise_database_up'), 0);
});

test('the process: it has used time and memory, started a while ago, and its event loop is no slower than it is', async (t) => {
  const values = parse(await open(t).render());
  assert.ok(values.get('process_cpu_seconds_total')! > 0);
  assert.ok(values.get('process_resident_memory_bytes')! > 10_000_000);
  const age = Date.now() / 1000 - values.get('process_start_time_seconds')!;
  assert.ok(age >= 0 && age < 600, String(age));
});

test('names follow the conventions: base units, counters end in _total, and nothing is there twice', () => {
  const names = FAMILIES.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  for (const { name, type, help } of FAMILIES) {
    assert.match(name, /^(reprise|process)_[a-z0-9_]+$/);
    assert.equal(name.endsWith('_total'), type === 'counter', name);
    assert.doesNotMatch(name, /_(ms|milliseconds|kb|mb|count)(_|$)/);
    assert.match(help, /^[A-Z1].*\.$/, name);
  }
});
