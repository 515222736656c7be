// The id of the build that a file belongs to. Files of two builds do not work together.

declare const BUILD: string; // web/build.mjs defines it

/** The id of this build. */
export const build: string = BUILD;

/** Names the section of the WebAssembly modules that holds their id. */
export const SECTION = 'lodestone.build';

/** What to report of a file of another build. */
export function otherBuild(found: string | undefined): string {
  return `it is of another build (${found || 'none stated'}) than the rest of the module (${build}); serve all files of one release, and reload the page without the browser's cache`;
}
