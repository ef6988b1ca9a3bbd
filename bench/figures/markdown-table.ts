/** A table of Markdown. Columns are to the right, but for those whose index is in `left`. */
export function markdownTable(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  left: readonly number[] = [0],
): string {
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column].length)));
  const cell = (text: string, column: number): string =>
    left.includes(column) ? text.padEnd(widths[column]) : text.padStart(widths[column]);
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |\n`;
  const rule = widths.map((width, column) => (left.includes(column) ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return line(heads) + `| ${rule.join(' | ')} |\n` + rows.map(line).join('');
}
