const row = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
const table = (head, rows) => [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');

/** The settings (src/config.ts) as a table. */
export function formatSettings(settings) {
  const rows = settings.map(({ key, environment, placeholder, defaultText, help, flag }) => [
    flag ? `\`--${key} ${placeholder}\`` : `\`${key}\` (no flag)`,
    `\`${environment}\``,
    /[ ,]/.test(defaultText) ? defaultText : `\`${defaultText}\``,
    help,
  ]);
  return table(['setting', 'environment', 'default', 'what it is'], rows);
}

/** Why publishers are refused (src/errors.ts) as a table. */
export function formatRefusals(refusals) {
  const rows = Object.entries(refusals).map(([code, { rtmp, http, text }]) => [`\`${code}\``, `\`${rtmp}\``, String(http), text]);
  return table(['code', 'RTMP status', 'HTTP status', 'meaning'], rows);
}

/** The page with what stands between its marks `<!-- name:begin -->` and `<!-- name:end -->` replaced. */
export function replaceBetweenMarks(page, name, content) {
  const [begin, end] = [`<!-- ${name}:begin -->\n`, `<!-- ${name}:end -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the marks of ${name} are missing`);
  return `${page.slice(0, from + begin.length)}\n${content}\n\n${page.slice(to)}`;
}
