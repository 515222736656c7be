// Which global names of Go's glue the page has itself. It must be imported before the glue.

const NAMES = ['Go', 'fs', 'path', 'process'] as const;
const before = new Set<string>(NAMES.filter((name) => name in globalThis));

/** Takes the names of Go's glue out of the page, where a library may take `process` for Node's, and returns what brings them back. */
export function hideGlue(): () => void {
  const all = globalThis as Record<string, unknown>;
  const own = NAMES.filter((name) => !before.has(name)).map((name) => [name, all[name]] as const);
  const hide = (): void => {
    for (const [name] of own) delete all[name];
  };
  hide();
  return () => {
    for (const [name, value] of own) all[name] = value;
  };
}
