package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/lodestone-wasm/lodestone/weights"
)

// fetched is what `lode get --json` prints.
type fetched struct {
	Dir   string        `json:"dir"`
	Bytes int64         `json:"bytes"`
	Files []fetchedFile `json:"files"`
}

type fetchedFile struct {
	Path string `json:"path"`
	Size int64  `json:"size"`
	// Verified: "manifest" or "server", by the SHA-256 that manifest.json or the server
	// states; "size".
	Verified string `json:"verified"`
}

func init() {
	register(foldersGroup, func(e *env) *flags {
		f := newCommand(e, "get MODEL", "fetch a model folder, continue what was interrupted, verify it")
		f.describe("MODEL is " + modelUsage + `.

A folder is fetched once, into the cache (LODESTONE_CACHE) or the folder that --to names, and
every command takes the model by the same name afterwards. A token for private models is
read from HF_TOKEN, the address of a mirror of the hub from HF_ENDPOINT.`)
		f.command.Example = "  lode get sentence-transformers/all-MiniLM-L6-v2\n  lode get https://example.org/models/tagger/ --to tagger"
		to := f.String("to", "", "the folder to write, instead of one in the cache")
		return f.runs(1, 1, func(args []string) error { return f.get(e, args[0], *to) })
	})
}

func (f *flags) get(e *env, name, to string) error {
	if shipped, ok := weights.Model(name); ok && !isDir(name) {
		return f.getShipped(e, name, shipped, to)
	}
	if isDir(name) {
		return usage("%s is a folder already", name)
	}
	s, cached, err := sourceOf(name)
	if err != nil {
		return err
	}
	if e.offline {
		return fmt.Errorf("%s would be fetched from %s, but --offline is set", name, s)
	}
	if to == "" {
		if to, err = cacheDir(cached); err != nil {
			return err
		}
	}
	if isDir(to) {
		// Its files stay if they are as they should be; what is missing is fetched.
		if err := os.Rename(to, to+".part"); err != nil {
			return err
		}
		defer os.Rename(to+".part", to) // after a failure
	}
	r, err := e.fetch(s, to)
	if err != nil {
		return err
	}
	y := fetched{Dir: to, Bytes: r.Bytes()}
	for _, x := range r.Files {
		y.Files = append(y.Files, fetchedFile(x))
	}
	return f.printFetched(e, y)
}

// getShipped writes a model that is part of the program.
func (f *flags) getShipped(e *env, name string, files fs.FS, to string) error {
	var err error
	if to == "" {
		to, err = shippedDir(name, files)
	} else if isDir(to) {
		err = fmt.Errorf("%s exists", to)
	} else {
		err = os.CopyFS(to, files)
	}
	if err != nil {
		return err
	}
	y := fetched{Dir: to}
	err = fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			y.Files = append(y.Files, fetchedFile{path, info.Size(), "manifest"})
			y.Bytes += info.Size()
		}
		return err
	})
	return errors.Join(err, f.printFetched(e, y))
}

func (f *flags) printFetched(e *env, y fetched) error {
	if *f.json {
		return json.NewEncoder(e.out).Encode(y)
	}
	for _, x := range y.Files {
		fmt.Fprintf(e.err, "%10s  %-8s  %s\n", megabytes(x.Size), x.Verified, x.Path)
	}
	_, err := fmt.Fprintln(e.out, y.Dir)
	return err
}
