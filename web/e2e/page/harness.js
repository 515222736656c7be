// Puts the module where page.evaluate finds it. The page runs under the policy of
// web/serve, so everything that the tests do holds under it.
import * as lodestone from '/lodestone.js';

globalThis.violations = [];
addEventListener('securitypolicyviolation', (e) => violations.push(`${e.violatedDirective}: ${e.blockedURI}`));
globalThis.lodestone = lodestone;

/** Settles to the error of a promise in plain form; it fails if there is none. */
globalThis.failure = async (promise) => {
  try {
    await promise;
  } catch (e) {
    return { name: e.name, code: e.code, message: e.message, details: e.details, isLodestone: e instanceof lodestone.LodestoneError };
  }
  throw new Error('expected an error, there was none');
};
