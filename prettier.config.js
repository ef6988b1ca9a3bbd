/** @type {import('prettier').Config} */
export default {
  printWidth: 130,
  singleQuote: true,
  plugins: ['prettier-plugin-svelte'],
  overrides: [
    // prose and tables are broken by hand
    { files: '*.md', options: { proseWrap: 'preserve' } },
  ],
};
