import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatRoute, parseRoute, type Route } from './route.ts';

const table: { address: string; route: Route }[] = [
  { address: '/', route: { name: 'home' } },
  { address: '/w/9c9de5e8-0a1e-484a-b099-e80766180a6d', route: { name: 'watch', id: '9c9de5e8-0a1e-484a-b099-e80766180a6d' } },
  { address: '/sign-in', route: { name: 'sign-in', next: '/' } },
  { address: '/sign-in?next=%2Flives', route: { name: 'sign-in', next: '/lives' } },
  { address: '/lives', route: { name: 'my-lives', open: null } },
  { address: '/lives?open=abc', route: { name: 'my-lives', open: 'abc' } },
  { address: '/lives/new', route: { name: 'new-live' } },
];

for (const { address, route } of table) {
  test(`${address} is read and written`, () => {
    const [path = '', query = ''] = address.split('?');
    assert.deepEqual(parseRoute(path, query), route);
    assert.equal(formatRoute(route), address);
  });
}

test('the older watch address leads to the same page', () => {
  assert.deepEqual(parseRoute('/videos/watch/abc'), { name: 'watch', id: 'abc' });
});

test('a next address never leaves the site', () => {
  for (const next of ['https://elsewhere.example/', '//elsewhere.example', '/\\elsewhere.example', 'lives']) {
    assert.deepEqual(parseRoute('/sign-in', `next=${encodeURIComponent(next)}`), { name: 'sign-in', next: '/' });
  }
});

test('what is not a page says so', () => {
  for (const path of ['/w', '/w/a/b', '/nowhere', '/lives/new/more', '/videos/watch']) {
    assert.deepEqual(parseRoute(path), { name: 'not-found' });
  }
});
