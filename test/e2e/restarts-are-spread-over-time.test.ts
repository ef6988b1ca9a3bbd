import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { fetchText } from '../support/http.ts';
import { Program } from '../support/processes.ts';
import { Server } from '../support/server.ts';
import { ServerApi } from '../support/server-api.ts';
import type { SessionJson } from '../support/server-api.ts';
import { until } from '../support/until.ts';

const REPRISE = fileURLToPath(new URL('../../src/cli/reprise.ts', import.meta.url));
const LIVES = 6;
const OVER_S = 6;
const PIECE_MS = (OVER_S * 1000) / LIVES;

/** Six encoders that come back by themselves, restarted by one command: one after the other, each with a replay, and none twice. */
test('restarts are spread over time', { timeout: 120_000 }, async (t) => {
  const server = await Server.start(t, { DEMO: String(LIVES) });
  const api = await ServerApi.signIn(server);
  const lives = await until('all are on air', async () => {
    const { data } = await api.call<{ data: { uuid: string; name: string }[] }>('GET', '/videos?isLive=true&count=50');
    return data.length === LIVES ? data : null;
  });
  const sessionsOf = async (uuid: string): Promise<SessionJson[]> =>
    (await api.call<{ data: SessionJson[] }>('GET', `/videos/live/${uuid}/sessions?sort=startDate`)).data;

  const out: string[] = [];
  const args = [REPRISE, 'restart', '--over', `${OVER_S}s`, '--url', server.url];
  const command = new Program(process.execPath, args, {
    env: { PATH: process.env.PATH, REPRISE_TOKEN: api.token },
    onOut: (line) => out.push(line),
  });
  assert.deepEqual(await command.ended, { code: 0, signal: null }, out.join('\n'));
  const planned = new Map(out.slice(0, LIVES).map((line) => [line.split('  ')[1], Date.parse(line.split('  ')[0])]));
  assert.match(out[LIVES], /^6 restarts are planned, from /);

  const plan = [...planned.values()];
  for (const [i, at] of plan.entries()) {
    const ms = at - plan[0];
    assert.ok(ms >= (i - 1) * PIECE_MS - 10 && ms <= (i + 1) * PIECE_MS + 10, `each in its own piece of the time: ${ms} ms`);
  }

  let [latest, shortest] = [0, Infinity];
  for (const { uuid } of lives) {
    const [first, second, ...more] = await until(
      'its encoder is back, and its replay is there',
      async () => {
        const sessions = await sessionsOf(uuid);
        const isDone = sessions.length > 1 && sessions[0].replayVideo !== undefined && sessions[1].recordedMs > 0;
        return isDone ? sessions : null;
      },
      { withinMs: (OVER_S + 20) * 1000 },
    );
    assert.deepEqual([first.endReason, first.error, first.gaps], ['restarted', null, []]);
    assert.deepEqual([second.endDate, more], [null, []], 'it goes on, and was not restarted again');
    const endedAt = Date.parse(first.endDate!);
    const late = endedAt - planned.get(uuid)!;
    assert.ok(late > -100, `never before its time: ${late} ms`);
    latest = Math.max(latest, late);
    shortest = Math.min(shortest, first.recordedMs / (endedAt - Date.parse(first.startDate)));
    assert.match(await fetchText(api.playlistUrl(first.replayVideo!.uuid).replace('master', '0')), /#EXT-X-ENDLIST/);
  }
  t.diagnostic(`at the most ${latest} ms late; of what a session lasted at least ${Math.round(shortest * 100)} % is recorded`);
  assert.deepEqual(
    server.said('publisher gone').map(({ reason }) => reason),
    Array.from({ length: LIVES }, () => 'restart_asked'),
  );
  assert.deepEqual(await server.databaseErrors(), []);
});
