// Package folder vouches for a model folder: manifest.json lists each file with its size
// and SHA-256, so that tokenizer, configuration and weights are checked together and
// none can be exchanged under the others.
//
//	{"format": "lodestone-manifest", "version": 1, "files": [
//	  {"path": "config.json", "size": 2075, "sha256": "9f86d081…"}, …]}
//
// The files are those directly in the folder; names are plain ([A-Za-z0-9._-]+), so that
// no manifest can point elsewhere. Sub-folders and hidden files are not part of a model.
//
// Begin with [ParseManifest], which is all that the browser needs: there the platform
// hashes. Natively, [Pack] writes a manifest and [Verify] checks a folder against one.
package folder
