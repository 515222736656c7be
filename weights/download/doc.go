// Package download fetches model folders over HTTP, natively: those of Hugging Face's hub by
// their ids, and those of any server by the address of the folder.
//
// Begin with [Client.Folder]:
//
//	source, err := download.HuggingFace(download.Hub, "org/name", "main")
//	var c download.Client
//	report, err := c.Folder(ctx, source, dir)
//
// What is interrupted is continued by the next call: each file arrives as NAME.part, with its
// ETag beside it, and a server is asked for the rest of the same content only (If-Range). A
// file gets its name when it is whole and verified: by the SHA-256 of manifest.json where the
// folder has one, by the SHA-256 that Hugging Face's hub states for its large files, and by
// size otherwise. [Report] says which.
//
// Requests that fail for a reason that passes (no connection, a cut one, silence, status 429
// and 5xx) are made again, with pauses that grow or that the server asks for.
package download
