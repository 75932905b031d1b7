import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'

// Everything is served from /console/ of the facade. Nothing is inlined: the Content-Security-Policy allows no inline
// script, no inline style and no data: URL except images.
export default defineConfig({
  base: '/console/',
  plugins: [svelte()],
  build: {
    outDir: 'build',
    emptyOutDir: true,
    target: 'es2022',
    manifest: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: { checks: { pluginTimings: false } },
  },
  // For `npm run dev` beside a facade with --auth=none.
  server: { proxy: { '^/(tasks|triggers|session|namespaces|openapi.json)': 'http://127.0.0.1:8080' } },
  test: { include: ['src/**/*.test.ts'] },
})
