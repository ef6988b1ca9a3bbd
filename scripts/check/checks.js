/** What is checked: a name for people, and a program of node_modules or scripts with its arguments. Long ones first. */
export const CHECKS = [
  { name: 'lint', program: 'node_modules/eslint/bin/eslint.js', args: ['.', '--max-warnings=0'] },
  { name: 'pages build', program: 'scripts/build-pages.js', args: [] },
  {
    name: 'types',
    program: 'node_modules/typescript/bin/tsc',
    args: ['-p', '.', '--incremental', '--tsBuildInfoFile', '.cache/tsc.json'],
  },
  {
    name: 'types of the pages',
    program: 'node_modules/svelte-check/bin/svelte-check',
    args: ['--tsconfig', 'web/tsconfig.json', '--fail-on-warnings', '--output', 'human'],
  },
  {
    name: 'format',
    program: 'node_modules/prettier/bin/prettier.cjs',
    args: ['--check', '--cache', '--cache-location=.cache/prettier', '.'],
  },
  { name: 'import table', program: 'scripts/check-imports.js', args: [] },
  { name: 'documentation', program: 'scripts/write-docs.js', args: ['--check'] },
];
