import { EVERYONE, EVERYONE_PURE, MAY_IMPORT, OUTSIDE, PURE_ROOMS } from './import-table.js';
import { readImports } from './read-imports.js';

const isTest = (file) => /\.test\.[jt]s$/.test(file);

/** The room of a file of src/: its directory, or its name if it stands alone. Null for files elsewhere. */
export function roomOf(file) {
  const [top, first] = file.split('/');
  return top === 'src' && first !== undefined ? first.replace(/(\.test)?\.[jt]s$/, '') : null;
}

/** All that breaks the import table in these sources (path in the repository -> text), as `file:line: rule`. */
export function findViolations(sources) {
  const violations = [];
  const graph = new Map();
  for (const [file, text] of sources) {
    const imports = readImports(file, text);
    graph.set(
      file,
      imports.filter(({ path }) => path !== null && sources.has(path)),
    );
    const room = roomOf(file);
    if (room !== null && !Object.hasOwn(MAY_IMPORT, room))
      violations.push(`${file}:1: the room ${room} is not in scripts/check/import-table.js`);
    for (const each of imports) {
      const broken = brokenRule(file, room, each);
      if (broken !== null) violations.push(`${file}:${each.line}: ${broken}`);
    }
  }
  return [...violations, ...findCircles(graph)];
}

function brokenRule(file, room, { name, path }) {
  if (isTest(file)) return null;
  if (path === null) return PURE_ROOMS.includes(room) ? `${room} is pure and may not import ${name}` : null;
  if (isTest(path)) return 'only tests may import a test';
  const target = roomOf(path);
  const from = room ?? file.split('/')[0];
  if (target === null) {
    const top = path.split('/')[0];
    return room !== null && Object.hasOwn(OUTSIDE, top) ? `src may not import ${top}` : null;
  }
  if (target === room) return null;
  const allowed = room === null ? (OUTSIDE[from] ?? []) : (MAY_IMPORT[room] ?? []);
  const everyone = room === null ? [] : PURE_ROOMS.includes(room) ? EVERYONE_PURE : EVERYONE;
  if (allowed !== '*' && ![...allowed, ...everyone].some((each) => each === target || path === `src/${each}.ts`)) {
    return `${from} may not import ${target} (scripts/check/import-table.js)`;
  }
  const isPrivate = path.split('/').length > 3 || (path.split('/').length === 3 && Object.hasOwn(FILE_ROOMS, target));
  return isPrivate && room !== null ? `${path} is private to ${target}: import a file at the top of the room` : null;
}

/** Rooms that are one file, with a private directory of the same name. */
const FILE_ROOMS = { config: true, main: true };

/** Imports that lead back to where they began, each circle once. */
function findCircles(graph) {
  const circles = [];
  const done = new Set();
  const path = [];
  const visit = (file) => {
    const at = path.indexOf(file);
    if (at >= 0) {
      const circle = path.slice(at);
      const { line } = graph.get(circle.at(-1)).find((each) => each.path === file);
      circles.push(`${circle.at(-1)}:${line}: imports go in a circle: ${[...circle, file].join(' -> ')}`);
      return;
    }
    if (done.has(file)) return;
    path.push(file);
    for (const { path: next } of graph.get(file) ?? []) visit(next);
    path.pop();
    done.add(file);
  };
  for (const file of graph.keys()) visit(file);
  return circles;
}
