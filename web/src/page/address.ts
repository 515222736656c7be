// Where a model's files are: an address, a model id, or files that the page gives.
import { shownURL } from '../protocol/error.js';
import { assetURL, DEFAULT_MODEL, env, resolve } from './env.js';
import { type ModelFiles, namedFiles, type NamedFiles } from './files.js';
import { fetches, SCHEMES } from './host.js';
import * as check from './validate.js';

/** Where a model comes from: an address, a model id, or its files. */
export type ModelSource = string | ModelFiles;

export interface AddressOptions {
  /** The branch, tag or commit of a model id; 'main' by default. */
  revision?: string;
  /** A folder below that of the model. */
  subfolder?: string;
  /**
   * True never asks another host. A model id is looked up in env.localModelPath, if
   * env.allowLocalModels is true, and then in the browser's storage, where an earlier load has
   * put it. So is the address of another host, in the storage alone.
   */
  local_files_only?: boolean;
  /** A token that is sent as `Authorization: Bearer` with each request for the model's files. */
  token?: string;
}

export const ADDRESS_OPTIONS = ['revision', 'subfolder', 'local_files_only', 'token'] as const;

/** A place to load a model from. */
export interface Place {
  /** The address of the folder, with a slash at the end of its path, or a name for files. */
  url: string;
  files: Readonly<Record<string, Blob>> | null;
  token: string;
  /** True takes the folder out of the browser's storage, without the network. */
  storedOnly: boolean;
}

/** The places where a model may be, in the order in which they are tried. Checks come before anything asynchronous. */
export function places(what: string, model: unknown, o: AddressOptions): Place[] | Promise<Place[]> {
  const subfolder = text(`${what}: subfolder`, o.subfolder).replace(/^\/+|\/+$/g, '');
  const token = text(`${what}: token`, o.token);
  const localOnly = check.boolean(`${what}: local_files_only`, o.local_files_only, false);
  const revision = text(`${what}: revision`, o.revision);
  const only = (name: string, value: string, where: string): void => {
    if (value !== '') throw check.invalid(`${what}: ${name}: only ${where} has one`);
  };
  if (typeof model !== 'string') {
    const files = namedFiles(what, model, subfolder);
    only('revision', revision, 'a model id');
    only('token', token, 'a model that is fetched');
    return files.then(({ name, files }: NamedFiles) => [{ url: `files:${encodeURIComponent(name)}/`, files, token: '', storedOnly: false }]);
  }
  if (model === '') throw check.invalid(`${what}: model: expected an address, a model id such as 'owner/name', or files`);
  const at = (address: URL, storedOnly = false): Place => {
    if (!address.pathname.endsWith('/')) address.pathname += '/';
    if (subfolder !== '') address.pathname += `${subfolder}/`;
    address.hash = '';
    const shown = JSON.stringify(shownURL(address.href));
    if (!fetches(address)) throw check.invalid(`${what}: model: ${shown} has the scheme ${address.protocol}, expected ${SCHEMES}`);
    if (address.username !== '' || address.password !== '') {
      throw check.invalid(`${what}: model: ${shown} has a user or a password, with which browsers fetch nothing; use the option token`);
    }
    if (token !== '' && address.protocol === 'http:' && !/^(localhost|127\.|\[::1\])/.test(address.hostname)) {
      throw check.invalid(`${what}: token: ${shown} is not https:, so anybody on the way could read the token`);
    }
    return { url: address.href, files: null, token, storedOnly };
  };
  if (!isModelId(model)) {
    only('revision', revision, 'a model id');
    const address = model === DEFAULT_MODEL ? new URL(DEFAULT_MODEL, assetURL('engine.wasm.gz')) : resolve(model, `${what}: model`);
    return [at(address, localOnly && address.origin !== resolve('.', `${what}: model`).origin)];
  }
  const found: Place[] = [];
  if (env.allowLocalModels) found.push(at(resolve(`${env.localModelPath.replace(/\/*$/, '/')}${model}/`, 'env.localModelPath')));
  if (env.allowRemoteModels) {
    const path = env.remotePathTemplate.replaceAll('{model}', model).replaceAll('{revision}', encodeURIComponent(revision || 'main'));
    found.push(at(resolve(path, 'env.remotePathTemplate', resolve(env.remoteHost, 'env.remoteHost').href), localOnly));
  }
  if (found.length > 0) return found;
  throw check.invalid(
    `${what}: model: ${JSON.stringify(model)} is a model id, but both env.allowRemoteModels and env.allowLocalModels are false` +
      '; for a folder of this site write an address that begins with / or ./ or ends with /',
  );
}

/**
 * Whether a string is a model id, 'name' or 'owner/name', and not an address: that has a scheme,
 * begins with / or a dot, ends with /, has a query, or has more parts.
 */
function isModelId(model: string): boolean {
  return /^[A-Za-z0-9_][\w.-]*(\/[A-Za-z0-9_][\w.-]*)?$/.test(model);
}

function text(what: string, value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value;
  throw check.invalid(`${what}: expected a string`);
}
