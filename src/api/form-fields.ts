interface Branch {
  [key: string]: string | Branch | (string | Branch)[];
}

const PATH_LIMIT = 4;
const LIST_LIMIT = 100;

/**
 * The fields of a form as one object: `replaySettings[privacy]=1` nests, `tags[]=a`, `tags[0]=a` and a repeated `tags=a` make a list. A name
 * that cannot be read so is kept as it is.
 */
export function parseFormFields(fields: Iterable<readonly [string, string]>): Record<string, unknown> {
  const root = branch();
  for (const [name, value] of fields) put(root, parsePath(name), value);
  return foldLists(root) as Record<string, unknown>;
}

function parsePath(name: string): string[] {
  const match = /^([^[\]]+)((?:\[[^[\]]*\])*)$/.exec(name);
  if (!match) return [name];
  const path = [match[1], ...[...match[2].matchAll(/\[([^[\]]*)\]/g)].map((bracket) => bracket[1])];
  return path.length > PATH_LIMIT ? [name] : path;
}

function put(root: Branch, path: readonly string[], value: string): void {
  let at = root;
  for (const key of path.slice(0, -1)) {
    const next = at[key];
    at = isBranch(next) ? next : (at[key] = branch());
  }
  const last = path.at(-1)!;
  const key = last === '' ? String(Object.keys(at).length) : last;
  const present = at[key];
  if (present === undefined) at[key] = value;
  else if (Array.isArray(present)) present.push(value);
  else at[key] = [present, value];
}

/** A branch whose keys are all small numbers is a list. */
function foldLists(node: Branch[string]): unknown {
  if (!isBranch(node)) return node;
  const entries = Object.entries(node).map(([key, value]) => [key, foldLists(value)] as const);
  const isList = entries.length > 0 && entries.every(([key]) => /^\d{1,3}$/.test(key) && Number(key) < LIST_LIMIT);
  if (!isList) return Object.fromEntries(entries);
  return entries.sort(([a], [b]) => Number(a) - Number(b)).map(([, value]) => value);
}

// Without a prototype: a field may be called __proto__.
function branch(): Branch {
  return Object.create(null) as Branch;
}

function isBranch(node: Branch[string] | undefined): node is Branch {
  return typeof node === 'object' && !Array.isArray(node);
}
