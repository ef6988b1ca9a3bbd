import { posix } from 'node:path';
import ts from 'typescript';

/** The imports of one source: what is named, as a path in the repository if it is a file, and on which line. */
export function readImports(file, text) {
  const source = file.endsWith('.svelte') ? onlyScripts(text) : text;
  return ts.preProcessFile(source, true, true).importedFiles.map(({ fileName, pos }) => ({
    name: fileName,
    path: fileName.startsWith('.') ? posix.normalize(posix.join(posix.dirname(file), fileName)) : null,
    line: source.slice(0, pos).split('\n').length,
  }));
}

/** The scripts of a component, on the lines where they stand. */
function onlyScripts(text) {
  const blank = (part) => part.replace(/[^\n]/g, ' ');
  let result = '';
  let end = 0;
  for (const match of text.matchAll(/(<script[^>]*>)([\s\S]*?)<\/script>/g)) {
    const start = match.index + match[1].length;
    result += blank(text.slice(end, start)) + match[2];
    end = start + match[2].length;
  }
  return result + blank(text.slice(end));
}
