//go:build !js

package quant

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

const manifestFile = "manifest.json"

// maxSmall is the largest file that is copied; the largest tokenizers have some 20 MB.
const maxSmall = 64 << 20

// small is what is copied beside the weights: tokenizers, configurations, documents.
var small = []string{".json", ".txt", ".md", ".model", ".spm", ".jinja"}

// copySmall copies the small files of a model folder. config.json is written anew,
// manifest.json and the shards' index would be wrong.
func copySmall(in, out string, r *Report) error {
	entries, err := os.ReadDir(in)
	if err != nil {
		return refuse(err, "input: %v", err)
	}
	for _, e := range entries {
		name := e.Name()
		switch name {
		case configFile, manifestFile, safetensors.SingleFile, safetensors.IndexFile:
			continue
		}
		info, err := os.Stat(filepath.Join(in, name)) // through a link
		if err != nil {
			return refuse(err, "input: %v", err)
		}
		known := slices.Contains(small, strings.ToLower(filepath.Ext(name))) || strings.HasPrefix(name, "LICENSE") || strings.HasPrefix(name, "NOTICE")
		switch {
		case strings.HasPrefix(name, "."), filepath.Ext(name) == ".safetensors":
			continue
		case !info.Mode().IsRegular(), !known, info.Size() > maxSmall:
			r.LeftBehind = append(r.LeftBehind, name)
			continue
		}
		err = writeFile(out, name, func(w io.Writer) error {
			f, err := os.Open(filepath.Join(in, name))
			if err != nil {
				return err
			}
			defer f.Close()
			_, err = io.Copy(w, f)
			return err
		})
		if err != nil {
			return err
		}
		r.Copied = append(r.Copied, name)
	}
	return nil
}

// writeFile writes beside the final name and renames, so that a name never stands for
// half a file.
func writeFile(dir, name string, write func(w io.Writer) error) (err error) {
	f, err := os.CreateTemp(dir, "."+name+".*.part")
	if err != nil {
		return refuse(err, "output: %v", err)
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	w := bufio.NewWriterSize(f, 1<<20)
	if err = write(w); err != nil {
		return err
	}
	for _, step := range []func() error{
		w.Flush,
		f.Sync,
		func() error { return f.Chmod(0o644) },
		f.Close,
		func() error { return os.Rename(f.Name(), filepath.Join(dir, name)) },
	} {
		if err = step(); err != nil {
			return refuse(err, "output %s: %v", name, err)
		}
	}
	return nil
}
