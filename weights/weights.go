// Package weights holds the models that ship, as files of the program that imports it: 56 MB,
// which the operating system reads as they are needed. It is for native programs that are
// installed without this repository, as the command line is by go install; a page fetches its
// models instead.
//
// Begin with [Model]. The packages below it, safetensors, quant, folder and download, read,
// quantise, verify and fetch model folders, and need no shipped model.
package weights

import (
	"embed"
	"io/fs"
	"slices"
)

//go:embed prompt-magneto-en-de-fr translator-magneto-en-de tagger-magneto-en tagger-magneto-en-de writer-magneto-en kformer-notes-en thex-kinds-en
var files embed.FS

// Names are the names of the models that ship, sorted.
func Names() []string {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil // it is part of the program
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// Model is the folder of a shipped model, with its manifest.json; ok is false if there is
// none of this name.
func Model(name string) (dir fs.FS, ok bool) {
	if !slices.Contains(Names(), name) {
		return nil, false
	}
	dir, err := fs.Sub(files, name)
	return dir, err == nil
}
