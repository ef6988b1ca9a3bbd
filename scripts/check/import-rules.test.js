import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findViolations } from './import-rules.js';
import { MAY_IMPORT, PURE_ROOMS } from './import-table.js';

const find = (files) => findViolations(new Map(Object.entries(files)));

const BAD = [
  {
    name: 'a room that the table does not allow, by type too',
    files: { 'src/rtmp/a.ts': '\nimport type { X } from "../packager/b.ts";', 'src/packager/b.ts': '' },
    violation: /^src\/rtmp\/a\.ts:2: rtmp may not import packager/,
  },
  {
    name: 'a node: module in a pure room',
    files: { 'src/mp4/a.ts': 'import { readFile } from "node:fs";' },
    violation: /:1: mp4 is pure and may not import node:fs/,
  },
  {
    name: 'a package in a pure room',
    files: { 'src/bytes/a.ts': 'export * from "pino";' },
    violation: /bytes is pure and may not import pino/,
  },
  {
    name: 'the log in a pure room',
    files: { 'src/media/a.ts': 'import { createLog } from "../log.ts";' },
    violation: /media may not import log/,
  },
  {
    name: 'a private file of another room',
    files: { 'src/lives/a.ts': 'import { x } from "../database/embedded/home.ts";' },
    violation: /private to database/,
  },
  {
    name: 'a private file of the settings',
    files: { 'src/main.ts': 'import { x } from "./config/help.ts";' },
    violation: /private to config/,
  },
  {
    name: 'an import in the midst of the code',
    files: { 'src/api/a.ts': 'await import("../ingest/b.ts");' },
    violation: /api may not import ingest/,
  },
  {
    name: 'settings outside main and cli',
    files: { 'src/delivery/a.ts': 'import type { Config } from "../config.ts";' },
    violation: /delivery may not import config/,
  },
  {
    name: 'more of the api than its contract, from the pages',
    files: { 'web/src/a.ts': 'import { x } from "../../src/api/routes.ts";' },
    violation: /web may not import api/,
  },
  {
    name: 'a component, on its line',
    files: { 'web/src/A.svelte': '<p>\n</p>\n<script lang="ts">\nimport { x } from "../../src/lives/door.ts";\n</script>' },
    violation: /^web\/src\/A\.svelte:4: web may not import lives/,
  },
  { name: 'a test', files: { 'src/mp4/a.ts': 'import { x } from "./b.test.ts";' }, violation: /only tests may import a test/ },
  {
    name: 'what supports tests',
    files: { 'src/mp4/a.ts': 'import { x } from "../../test/support/run.ts";' },
    violation: /src may not import test/,
  },
  { name: 'a room that nobody knows', files: { 'src/utils/a.ts': '' }, violation: /the room utils is not in/ },
  {
    name: 'a circle',
    files: { 'src/mp4/a.ts': 'import "./b.ts";', 'src/mp4/b.ts': 'import "./c.ts";', 'src/mp4/c.ts': 'import "./a.ts";' },
    violation: /c\.ts:1: imports go in a circle: src\/mp4\/a\.ts -> src\/mp4\/b\.ts -> src\/mp4\/c\.ts -> src\/mp4\/a\.ts/,
  },
];

for (const { name, files, violation } of BAD) {
  test(`refused: ${name}`, () => {
    const found = find(files);
    assert.equal(found.length, 1, found.join('\n'));
    assert.match(found[0], violation);
  });
}

test('allowed: what the table says, and more for tests', () => {
  const files = {
    'src/media/a.ts': 'import { x } from "../bytes/b.ts"; import { Refused } from "../errors.ts";',
    'src/bytes/b.ts': 'import "./c.ts";',
    'src/bytes/c.ts': '// import "node:fs"',
    'src/database/d.ts': 'import { e } from "./embedded/e.ts"; import "../log.ts"; import "pg";',
    'src/database/embedded/e.ts': 'import "node:net";',
    'src/media/a.test.ts': 'import "node:test"; import "../database/d.ts"; import "../../test/support/run.ts";',
    'src/main.ts': 'import "./config.ts"; import "./database/d.ts";',
    'src/config.ts': 'import "./config/help.ts"; import "../package.json" with { type: "json" };',
    'src/config.test.ts': 'import "./config.ts";',
    'web/src/a.ts': 'import type { Video } from "../../src/api/contract.ts"; import "hls.js";',
    'test/e2e/a.test.ts': 'import "../../src/database/embedded/e.ts";',
  };
  assert.deepEqual(find(files), []);
});

test('the table itself goes one way, and pure rooms import pure rooms only', () => {
  const visit = (room, above) => {
    assert.ok(!above.includes(room), [...above, room].join(' -> '));
    const names = MAY_IMPORT[room] === '*' ? [] : MAY_IMPORT[room].map((each) => each.split('/')[0]);
    for (const next of names) {
      assert.ok(Object.hasOwn(MAY_IMPORT, next), `${room} names ${next}`);
      if (PURE_ROOMS.includes(room)) assert.ok(PURE_ROOMS.includes(next), `${room} is pure, ${next} is not`);
      visit(next, [...above, room]);
    }
  };
  for (const room of Object.keys(MAY_IMPORT)) visit(room, []);
});
