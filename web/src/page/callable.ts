// Objects that can be called, as in transformers.js: calling one calls its _call.

/** The base of classes whose instances can be called. An interface of the same name states the call. */
export const Callable = /* @__PURE__ */ callable();

function callable(): new () => object {
  return class {
    constructor() {
      const made = (...args: unknown[]): unknown => (made as unknown as { _call(...args: unknown[]): unknown })._call(...args);
      return Object.setPrototypeOf(made, new.target.prototype) as object;
    }
  };
}
