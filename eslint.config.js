import tseslint from 'typescript-eslint';
import { PURE_ROOMS } from './scripts/check/import-table.js';

const WITHOUT_CLOCK = [
  'performance',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'Promise',
  'process',
  'fetch',
  'Buffer',
];

export default tseslint.config(
  { ignores: ['web/dist/', 'data/', '.cache/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.js'],
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-unused-vars': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
    },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.base],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // promises: each is awaited, given on, or said to be left alone (void)
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/prefer-promise-reject-errors': 'error',
      // types
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unnecessary-type-assertion': 'error',
      '@typescript-eslint/no-base-to-string': 'error',
      '@typescript-eslint/restrict-plus-operands': 'error',
      '@typescript-eslint/unbound-method': 'error',
      '@typescript-eslint/no-for-in-array': 'error',
      '@typescript-eslint/require-array-sort-compare': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      // the rest
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-var': 'error',
      'prefer-const': 'error',
      'no-console': 'error',
      'no-self-compare': 'error',
      'no-unreachable-loop': 'error',
      'no-template-curly-in-string': 'error',
      'no-constructor-return': 'error',
      'no-empty': 'error',
      'no-fallthrough': 'error',
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'no-restricted-syntax': ['error', { selector: 'ExportDefaultDeclaration', message: 'Name what is exported.' }],
    },
  },
  {
    // settings come in by one door
    files: ['src/**/*.ts'],
    ignores: ['src/**/*.test.ts', 'src/main.ts', 'src/cli/**/*.ts', 'src/database/embedded/account.ts'], // the last makes the environment of a program
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Settings come from src/config.ts.' },
        { object: 'process', property: 'argv', message: 'Settings come from src/config.ts.' },
      ],
    },
  },
  {
    // pure rooms: bytes in, values out
    files: PURE_ROOMS.map((room) => `src/${room}/**/*.ts`),
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...WITHOUT_CLOCK.map((name) => ({ name, message: 'This room is pure: no clock, timers, promises or node.' })),
      ],
      'no-restricted-syntax': [
        'error',
        { selector: ':function[async=true], AwaitExpression', message: 'This room is pure: no promises.' },
        { selector: 'ExportDefaultDeclaration', message: 'Name what is exported.' },
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'This room is pure: no clock.' },
        { selector: "MemberExpression[object.name='Date'][property.name='now']", message: 'This room is pure: no clock.' },
        {
          selector: "CallExpression[callee.object.name='Math'][callee.property.name='random']",
          message: 'This room is pure: no chance.',
        },
      ],
    },
  },
  {
    // node:test hands its promises to the runner
    files: ['**/*.test.ts'],
    rules: {
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            {
              from: 'package',
              package: 'node:test',
              name: ['test', 'it', 'describe', 'suite', 'before', 'after', 'beforeEach', 'afterEach'],
            },
          ],
        },
      ],
    },
  },
  { files: ['*.config.ts', 'web/*.config.ts', 'web/**/*.ts'], rules: { 'no-restricted-syntax': 'off' } },
);
