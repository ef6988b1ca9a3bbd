import type { Finding } from './finding.ts';

const WIDTH = 110;
const INDENT = ' '.repeat(10);

/** The findings for a person: one line each, advice below it, and a count at the end. */
export function formatFindings(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.flatMap(({ check, level, text, advice }) => [
    `${level.padEnd(8)}  ${check.padEnd(width)}  ${text}`,
    ...(advice === null ? [] : wrap(advice).map((line) => INDENT + line)),
  ]);
  const count = (level: Finding['level'], name: string): string => {
    const n = findings.filter((each) => each.level === level).length;
    return `${n} ${name}${n === 1 ? '' : 's'}`;
  };
  return [...lines, '', `${count('failure', 'failure')}, ${count('warning', 'warning')}.`, ''].join('\n');
}

function wrap(text: string): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines[lines.length - 1];
    if (last === '') lines[lines.length - 1] = word;
    else if (last.length + word.length < WIDTH) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
