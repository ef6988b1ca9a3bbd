import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatMoment, formatSince } from './moment.ts';

const now = new Date(2026, 10, 23, 21, 0);
const at = (...parts: [number, number, number, number, number]) => new Date(...parts).toISOString();

test('today and yesterday have names', () => {
  assert.equal(formatMoment(at(2026, 10, 23, 14, 5), 'fr', now), 'Aujourd’hui, 14:05');
  assert.equal(formatMoment(at(2026, 10, 22, 23, 59), 'fr', now), 'Hier, 23:59');
  assert.match(formatMoment(at(2026, 10, 23, 14, 5), 'en', now), /^Today, 02:05.PM$/);
});

test('another day is a date, another year says so', () => {
  assert.equal(formatMoment(at(2026, 2, 4, 8, 30), 'fr', now), '4 mars, 08:30');
  assert.equal(formatMoment(at(2025, 2, 4, 8, 30), 'fr', now), '4 mars 2025, 08:30');
});

test('since today is an hour only', () => {
  assert.equal(formatSince(at(2026, 10, 23, 14, 5), 'fr', now), '14:05');
  assert.match(formatSince(at(2026, 10, 20, 14, 5), 'fr', now), /^20 nov\.,? 14:05$/);
});

test('no date is no text', () => {
  assert.equal(formatMoment('', 'en', now), '');
  assert.equal(formatSince('nonsense', 'en', now), '');
});
