import type { Measurement } from './measure.ts';

const HEADS = ['at once', 'how a start is written', 'starts', '40001', '23503', 'lost', 'starts/s', 'ratio'];

/** The measurements as a table of Markdown; `ratio` is to the first shape at the same number. */
export function formatTable(results: readonly Measurement[]): string {
  const rows = results.map((result) => {
    const first = results.find(({ atOnce }) => atOnce === result.atOnce) as Measurement;
    const ratio = (result.startsPerSecond / first.startsPerSecond).toFixed(2);
    const { atOnce, shape, starts, serializationFailures, foreignKeyViolations, lost, startsPerSecond } = result;
    return [atOnce, shape, starts, serializationFailures, foreignKeyViolations, lost, startsPerSecond, ratio].map(String);
  });
  const widths = HEADS.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column].length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => (i === 1 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' | ')} |\n`;
  const rule = `| ${widths.map((width, i) => (i === 1 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |\n`;
  return line(HEADS) + rule + rows.map(line).join('');
}
