import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { PROBLEMS } from '../../src/api/problem.ts';
import { settingDescriptions } from '../../src/config.ts';
import { REFUSALS } from '../../src/errors.ts';
import { FAMILIES } from '../../src/metrics/families.ts';

/** Pages of docs/ that hold a table made from the code, between the marks `<!-- name:begin -->` and `<!-- name:end -->`. */
const PAGES = [
  { file: 'docs/configure.md', mark: 'settings', makeTable: () => formatSettings(settingDescriptions()) },
  { file: 'docs/publish.md', mark: 'refusals', makeTable: () => formatRefusals(REFUSALS) },
  { file: 'docs/api.md', mark: 'problems', makeTable: () => formatProblems(PROBLEMS) },
  { file: 'docs/operate.md', mark: 'metrics', makeTable: () => formatMetrics(FAMILIES) },
];

/** Every such page as it is, and as it should be. */
export async function generatePages(root) {
  return Promise.all(
    PAGES.map(async ({ file, mark, makeTable }) => {
      const before = readFileSync(join(root, file), 'utf8');
      const options = { ...(await resolveConfig(join(root, file))), parser: 'markdown' };
      return { file, before, after: await format(replaceBetweenMarks(before, mark, makeTable()), options) };
    }),
  );
}

const row = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
const plain = (text) => text.replaceAll('<', '&lt;');
const table = (head, rows) => [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');

/** The settings (src/config.ts) as a table. */
function formatSettings(settings) {
  const rows = settings.map(({ key, environment, placeholder, defaultText, help, flag }) => [
    flag ? `\`--${key} ${placeholder}\`` : `\`${key}\` (no flag)`,
    `\`${environment}\``,
    /^\S+$|^\w+:\/\//.test(defaultText) ? `\`${defaultText}\`` : plain(defaultText),
    plain(help),
  ]);
  return table(['setting', 'environment', 'default', 'what it is'], rows);
}

/** Why publishers are refused (src/errors.ts) as a table. */
function formatRefusals(refusals) {
  const rows = Object.entries(refusals).map(([code, { rtmp, http, text }]) => [
    `\`${code}\``,
    `\`${rtmp}\``,
    String(http),
    plain(text),
  ]);
  return table(['code', 'RTMP status', 'HTTP status', 'meaning'], rows);
}

/** The codes of the API's errors (src/api/problem.ts) as a table. */
function formatProblems(problems) {
  return table(
    ['code', 'HTTP status', 'meaning'],
    Object.entries(problems).map(([code, { http, text }]) => [`\`${code}\``, String(http), text]),
  );
}

/** The metrics (src/metrics/families.ts) as a table. */
function formatMetrics(families) {
  const rows = families.map(({ name, type, label, help }) => [
    `\`${name}\`${label ? ` by \`${label}\`` : ''}`,
    type,
    plain(help),
  ]);
  return table(['metric', 'type', 'what it tells'], rows);
}

/** The page with what stands between its marks `<!-- name:begin -->` and `<!-- name:end -->` replaced. */
export function replaceBetweenMarks(page, name, content) {
  const [begin, end] = [`<!-- ${name}:begin -->\n`, `<!-- ${name}:end -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the marks of ${name} are missing`);
  return `${page.slice(0, from + begin.length)}\n${content}\n\n${page.slice(to)}`;
}
