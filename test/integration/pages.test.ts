import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { Application } from '../../src/http/application.ts';
import { HttpListener } from '../../src/http/http-listener.ts';
import { contentSecurityPolicy, servePages } from '../../src/pages.ts';
import { http } from '../support/http.ts';
import { LogDiary } from '../support/log-diary.ts';
import { until } from '../support/until.ts';

const INDEX = '<!doctype html><script>theme()</script><script type="module" src="/assets/app-1.js"></script><div id="app"></div>';

/** A listener with pages and a little API, as main puts it together. */
async function open(t: TestContext, files: Record<string, string>): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'reprise-test-pages-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  mkdirSync(join(directory, 'assets'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  const listener = new HttpListener({ host: '127.0.0.1', port: 0, first: () => false, log: new LogDiary().log });
  t.after(() => listener.close());
  await listener.start();
  const url = `http://127.0.0.1:${listener.port}`;
  const early = await http(`${url}/`);
  assert.deepEqual([early.status, early.headers['retry-after']], [503, '1'], 'until the application is there');
  const application = await Application.create(async (app) => {
    await app.register(
      async (api) => {
        api.get('/thing', () => ({ a: 'thing' }));
      },
      { prefix: '/api/v1' },
    );
    await servePages(app, directory);
  });
  t.after(() => application.close());
  listener.serve(application.handler);
  return url;
}

const FILES = { 'index.html': INDEX, 'favicon.svg': '<svg/>', 'assets/app-1.js': 'run()' };

test('every place of the application is its page, with the headers of a page', async (t) => {
  const url = await open(t, FILES);
  for (const path of ['/', '/w/abc', '/sign-in?next=%2Flives', '/lives/new', '/no/such/place', '/w/a.b']) {
    const page = await http(url + path);
    assert.deepEqual(
      [page.status, page.text, page.headers['content-type'], page.headers['cache-control']],
      [200, INDEX, 'text/html; charset=utf-8', 'no-cache'],
      path,
    );
    assert.deepEqual([page.headers['x-content-type-options'], page.headers['referrer-policy']], ['nosniff', 'same-origin']);
    const hash = createHash('sha256').update('theme()').digest('base64');
    assert.match(
      String(page.headers['content-security-policy']),
      new RegExp(`script-src 'self' 'sha256-${hash.replace(/[+/=]/g, '\\$&')}';`),
    );
    const head = await http(url + path, { method: 'HEAD' });
    assert.deepEqual([head.status, head.body.length, head.headers['content-length']], [200, 0, String(INDEX.length)]);
  }
});

test('files are themselves: assets for ever, the others for minutes', async (t) => {
  const url = await open(t, FILES);
  const asset = await http(`${url}/assets/app-1.js`);
  assert.deepEqual(
    [asset.status, asset.text, asset.headers['cache-control']],
    [200, 'run()', 'public, max-age=31536000, immutable'],
  );
  assert.match(String(asset.headers['content-type']), /javascript/);
  assert.equal(asset.headers['x-content-type-options'], 'nosniff');
  assert.equal((await http(`${url}/favicon.svg`)).headers['cache-control'], 'public, max-age=300');
  assert.equal((await http(`${url}/assets/app-1.js`, { headers: { 'if-none-match': String(asset.headers.etag) } })).status, 304);
});

test('what is no page and not there is 404, and no page says so', async (t) => {
  const url = await open(t, FILES);
  for (const path of [
    '/assets/app-0.js',
    '/assets/',
    '/api/v2/x',
    '/api',
    '/static/x.m3u8',
    '/media/x',
    '/favicon.ico',
    '/robots.txt',
    '/assets/..%2f..%2fetc%2fpasswd',
  ]) {
    const answer = await http(url + path);
    assert.equal(answer.status, 404, path);
    assert.doesNotMatch(answer.text, /<div/, path);
    assert.notEqual(answer.headers['cache-control'], 'public, max-age=31536000, immutable', path);
  }
  assert.equal((await http(`${url}/w/abc`, { method: 'POST' })).status, 404);
  const { text, headers } = await http(`${url}/api/v1/thing`);
  assert.deepEqual([text, headers['content-security-policy']], ['{"a":"thing"}', undefined]);
});

test('pages that are not built say how', async (t) => {
  const url = await open(t, {});
  const answer = await http(`${url}/`);
  assert.equal(answer.status, 503);
  assert.match(answer.text, /npm start/);
});

test('the policy names inline scripts by their hashes, and no others', () => {
  assert.match(contentSecurityPolicy('<script src="/a.js"></script>'), /script-src 'self';/);
  assert.equal(
    contentSecurityPolicy('<script>a</script><script type="x">b</script><script defer src="c"></script>').match(/sha256-/g)
      ?.length,
    2,
  );
});

test('closing waits a second for an answer under way, and no longer', async (t) => {
  let seen = 0;
  const listener = new HttpListener({
    host: '127.0.0.1',
    port: 0,
    first: (exchange) => {
      seen += 1;
      if (exchange.url === '/soon') setTimeout(() => exchange.send(200, ['Content-Length', '4'], Buffer.from('done')), 200);
      return true;
    },
    log: new LogDiary().log,
  });
  t.after(() => listener.close());
  await listener.start();
  const idle = connect(listener.port, '127.0.0.1');
  const hanging = connect(listener.port, '127.0.0.1').on('error', () => {});
  hanging.write('GET /never HTTP/1.1\r\nHost: x\r\n\r\n');
  const soon = http(`http://127.0.0.1:${listener.port}/soon`);
  await Promise.all([once(idle, 'connect'), once(hanging, 'connect')]);
  await until('both requests are there', () => seen === 2);
  const began = performance.now();
  const closed = listener.close();
  assert.equal((await soon).text, 'done');
  await closed;
  assert.ok(performance.now() - began < 3000);
});
