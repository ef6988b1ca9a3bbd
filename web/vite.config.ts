import { svelte } from '@sveltejs/vite-plugin-svelte';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const server = process.env['REPRISE_PUBLIC_URL'] ?? 'http://127.0.0.1:9000';

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [svelte({ configFile: false })],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    // the hls.js chunk is loaded by the watch page alone
    chunkSizeWarningLimit: 600,
  },
  server: { proxy: { '/api': server, '/static': server, '/media': server } },
});
