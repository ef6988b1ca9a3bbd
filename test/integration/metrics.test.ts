import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { http } from '../support/http.ts';
import { Server } from '../support/server.ts';
import { ServerApi } from '../support/server-api.ts';
import { until } from '../support/until.ts';

const TOKEN = 'a-token-for-metrics';

async function scrape(server: Server): Promise<Map<string, number>> {
  const { status, headers, text } = await http(`${server.url}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } });
  assert.equal(status, 200, text);
  assert.match(String(headers['content-type']), /^text\/plain; version=0\.0\.4/);
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));
}

test('metrics of a server at work, for who may read them', async (t) => {
  const server = await Server.start(t, { DEMO: '2', METRICS: 'local', METRICS_TOKEN: TOKEN });
  const page = `${server.url}/metrics`;
  assert.equal((await http(page)).status, 401);
  assert.equal((await http(page)).headers['www-authenticate'], 'Bearer');
  const proxied = { authorization: `Bearer ${TOKEN}`, 'x-forwarded-for': '192.0.2.1' };
  assert.equal((await http(page, { headers: proxied })).status, 403);

  const first = await until('both are on air', async () => {
    const values = await scrape(server);
    return values.get('reprise_lives_on_air') === 2 && values.get('reprise_segments_total')! > 0 ? values : null;
  });
  const value = (name: string, values = first): number => values.get(name) ?? Number.NaN;
  assert.equal(value('reprise_publishers'), 2);
  assert.equal(value('reprise_publishes_total{code="accepted"}'), 2);
  assert.equal(value('reprise_sessions_begun_total'), 2);
  assert.equal(value('reprise_database_up'), 1);
  assert.equal(value('reprise_players_waiting'), 0);

  const api = await ServerApi.signIn(server);
  const { data } = await api.call<{ data: { uuid: string }[] }>('GET', '/videos?isLive=true');
  const master = api.playlistUrl(data[0].uuid);
  const playlist = (await http(master.replace('master', '0'))).text;
  const segment = /^\/media\/.*-\d+\.m4s$/m.exec(playlist)![0];
  const part = /#EXT-X-PART:.*URI="([^"]+)"/.exec(playlist)![1];
  const { body } = await http(server.url + segment);
  assert.equal((await http(server.url + part)).status, 200);
  assert.equal((await http(`${server.url}/media/nothing`)).status, 404);
  const next = Number(/#EXT-X-MEDIA-SEQUENCE:(\d+)/.exec(playlist)![1]) + playlist.match(/#EXTINF/g)!.length + 1;
  const waiting = http(master.replace('master', '0') + `?_HLS_msn=${next}`);
  await until('it waits', async () => (await scrape(server)).get('reprise_players_waiting') === 1);
  await waiting;

  const stranger = connect(server.rtmpPort, '127.0.0.1');
  t.after(() => stranger.destroy());
  await until('the stranger is counted', async () => (await scrape(server)).get('reprise_publisher_strangers') === 1);
  const after = await scrape(server);
  const grown = (name: string): number => value(name, after) - value(name);
  assert.equal(grown('reprise_player_requests_total{kind="playlist"}'), 2);
  assert.equal(grown('reprise_player_requests_total{kind="segment"}') + grown('reprise_player_requests_total{kind="part"}'), 2);
  assert.equal(grown('reprise_player_requests_total{kind="refused"}'), 1);
  assert.ok(grown('reprise_http_sent_bytes_total') > body.length);
  assert.ok(grown('reprise_received_bytes_total') > 10_000);
  assert.ok(
    grown('reprise_recorded_bytes_total') > 10_000 &&
      value('reprise_recorded_bytes_total', after) < value('reprise_received_bytes_total', after) * 1.1,
  );
  assert.ok(grown('reprise_parts_total') > grown('reprise_segments_total'));
});

test('metrics that nobody has switched on are not there, nor a page in their place', async (t) => {
  const server = await Server.start(t);
  const { status, text, headers } = await http(`${server.url}/metrics`);
  assert.equal(status, 404);
  assert.match(String(headers['content-type']), /^text\/plain/);
  assert.match(text, /Metrics are off/);
});
