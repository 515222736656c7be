// What the bundles of the module begin with: an import that the bundlers of a page leave alone. esbuild drops
// the comments that say so from a source that it makes small.
export const IMPORT_SCRIPT = 'const importScript=(url)=>import(/* webpackIgnore: true */ /* @vite-ignore */ url);';
