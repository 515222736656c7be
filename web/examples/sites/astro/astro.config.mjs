import { defineConfig } from 'astro/config';

export default defineConfig({ markdown: { syntaxHighlight: false }, build: { format: 'file' }, devToolbar: { enabled: false } });
