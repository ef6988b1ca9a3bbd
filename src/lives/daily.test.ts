import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextAt } from './daily.ts';

const at = (text: string): number => Date.parse(text);
const iso = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');

/** zone, time, now, next, and the one after it. */
const cases: [string, string, string, string, string, string][] = [
  ['before the time', 'UTC', '04:30', '2026-05-01T04:29:59Z', '2026-05-01T04:30:00Z', '2026-05-02T04:30:00Z'],
  ['at the time: the next day', 'UTC', '04:30', '2026-05-01T04:30:00Z', '2026-05-02T04:30:00Z', '2026-05-03T04:30:00Z'],
  ['midnight', 'UTC', '00:00', '2026-12-31T12:00:00Z', '2027-01-01T00:00:00Z', '2027-01-02T00:00:00Z'],
  ['east: the local day is ahead', 'Asia/Tokyo', '08:00', '2026-05-01T22:00:00Z', '2026-05-01T23:00:00Z', '2026-05-02T23:00:00Z'],
  ['west: it is behind', 'America/Los_Angeles', '23:00', '2026-05-02T05:00:00Z', '2026-05-02T06:00:00Z', '2026-05-03T06:00:00Z'],
  ['half an hour', 'Asia/Kolkata', '04:30', '2026-05-01T00:00:00Z', '2026-05-01T23:00:00Z', '2026-05-02T23:00:00Z'],
  // Clocks go from 02:00 to 03:00.
  ['Paris, spring, before', 'Europe/Paris', '01:30', '2026-03-28T12:00:00Z', '2026-03-29T00:30:00Z', '2026-03-29T23:30:00Z'],
  ['Paris, spring, left out', 'Europe/Paris', '02:30', '2026-03-28T12:00:00Z', '2026-03-29T01:30:00Z', '2026-03-30T00:30:00Z'],
  ['Paris, spring, first after', 'Europe/Paris', '03:00', '2026-03-28T12:00:00Z', '2026-03-29T01:00:00Z', '2026-03-30T01:00:00Z'],
  ['Paris, spring, behind', 'Europe/Paris', '04:30', '2026-03-28T12:00:00Z', '2026-03-29T02:30:00Z', '2026-03-30T02:30:00Z'],
  // Clocks go from 03:00 to 02:00.
  ['Paris, autumn, before', 'Europe/Paris', '01:30', '2026-10-24T12:00:00Z', '2026-10-24T23:30:00Z', '2026-10-26T00:30:00Z'],
  ['Paris, autumn, twice', 'Europe/Paris', '02:30', '2026-10-24T12:00:00Z', '2026-10-25T00:30:00Z', '2026-10-26T01:30:00Z'],
  [
    'Paris, autumn, between the two',
    'Europe/Paris',
    '02:30',
    '2026-10-25T01:00:00Z',
    '2026-10-26T01:30:00Z',
    '2026-10-27T01:30:00Z',
  ],
  ['Paris, autumn, behind', 'Europe/Paris', '03:00', '2026-10-24T12:00:00Z', '2026-10-25T02:00:00Z', '2026-10-26T02:00:00Z'],
  [
    'New York, spring, left out',
    'America/New_York',
    '02:30',
    '2026-03-07T12:00:00Z',
    '2026-03-08T07:30:00Z',
    '2026-03-09T06:30:00Z',
  ],
  [
    'New York, spring, behind',
    'America/New_York',
    '04:30',
    '2026-03-07T12:00:00Z',
    '2026-03-08T08:30:00Z',
    '2026-03-09T08:30:00Z',
  ],
  [
    'New York, autumn, twice',
    'America/New_York',
    '01:30',
    '2026-10-31T12:00:00Z',
    '2026-11-01T05:30:00Z',
    '2026-11-02T06:30:00Z',
  ],
  [
    'New York, autumn, behind',
    'America/New_York',
    '04:30',
    '2026-10-31T12:00:00Z',
    '2026-11-01T09:30:00Z',
    '2026-11-02T09:30:00Z',
  ],
  // Clocks go on at midnight, and by half an hour.
  [
    'Cairo, left out at midnight',
    'Africa/Cairo',
    '00:30',
    '2026-04-23T12:00:00Z',
    '2026-04-23T22:30:00Z',
    '2026-04-24T21:30:00Z',
  ],
  ['Lord Howe, left out', 'Australia/Lord_Howe', '02:15', '2026-10-03T12:00:00Z', '2026-10-03T15:45:00Z', '2026-10-04T15:15:00Z'],
];

const rule = (timeZone: string, time: string): { hour: number; minute: number; timeZone: string } => {
  const [hour, minute] = time.split(':').map(Number);
  return { hour, minute, timeZone };
};

for (const [name, zone, time, now, next, after] of cases) {
  test(`daily at ${time}: ${name}`, () => {
    const found = nextAt(at(now), rule(zone, time));
    assert.equal(iso(found), next);
    assert.equal(iso(nextAt(found, rule(zone, time))), after);
  });
}

test('exactly one for every local day of a year, whatever the clocks do', () => {
  for (const zone of ['Europe/Paris', 'America/New_York', 'Africa/Cairo', 'Australia/Lord_Howe']) {
    const day = new Intl.DateTimeFormat('en-CA', { timeZone: zone, dateStyle: 'short' });
    for (const time of ['00:30', '01:30', '02:15', '02:30', '23:59']) {
      const days: string[] = [];
      for (let now = at('2026-01-01T12:00:00Z'); days.length < 366;) {
        now = nextAt(now, rule(zone, time));
        days.push(day.format(now));
      }
      const first = at(`${days[0]}T00:00:00Z`);
      const wanted = days.map((_, i) => new Date(first + i * 86_400_000).toISOString().slice(0, 10));
      assert.deepEqual(days, wanted, `${zone} ${time}`);
    }
  }
});
