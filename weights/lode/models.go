package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/lodestone-wasm/lodestone/weights"
	"github.com/lodestone-wasm/lodestone/weights/download"
	"github.com/lodestone-wasm/lodestone/weights/folder"
)

// modelUsage describes how every command takes a model.
const modelUsage = "a folder, the name of a model that ships, an id of Hugging Face's hub (owner/name or owner/name@revision), or an address"

// modelFlag is --model.
func (f *flags) modelFlag() *string { return f.String("model", "", modelUsage) }

// modelDir is the folder of a model, given by its name in one of the ways of modelUsage. What
// is not on this machine is fetched, once.
func (f *flags) modelDir(e *env, name string) (string, error) {
	switch {
	case name == "":
		return "", usage("no --model")
	case isDir(name):
		return name, nil
	}
	if dir, ok := weights.Model(name); ok {
		return shippedDir(name, dir)
	}
	s, cached, err := sourceOf(name)
	if err != nil {
		return "", err
	}
	dir, err := cacheDir(cached)
	if err != nil || isDir(dir) {
		return dir, err
	}
	if e.offline {
		return "", fmt.Errorf("%s is not on this machine and would be fetched from %s, but --offline is set; fetch it with `lode get %s`", name, s, name)
	}
	fmt.Fprintf(e.err, "fetching %s from %s\n", name, s)
	_, err = e.fetch(s, dir)
	return dir, err
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// sourceOf is where a model is that is named by an id or an address, and its folder in the
// cache.
func sourceOf(name string) (s download.Source, cached string, err error) {
	if strings.HasPrefix(name, "https://") || strings.HasPrefix(name, "http://") {
		s, err = download.Address(name)
		if err != nil {
			return s, "", err
		}
		u, err := url.Parse(s.String())
		if err != nil {
			return s, "", fmt.Errorf("%w: it cannot be parsed", download.ErrAddress)
		}
		path := strings.FieldsFunc(u.Path, func(r rune) bool { return r == '/' })
		for i, part := range path {
			path[i] = url.PathEscape(part)
			if strings.Trim(part, ".") == "" {
				path[i] = "_"
			}
		}
		return s, filepath.Join(append([]string{"addresses", url.PathEscape(u.Host)}, path...)...), nil
	}
	id, revision, named := strings.Cut(name, "@")
	if !named {
		revision = "main"
	}
	owner, _, _ := strings.Cut(id, "/")
	if !download.ValidID(id) || isDir(owner) { // what begins with a folder of this machine is a path
		return s, "", fmt.Errorf("there is no folder %q, and no model of this name ships; did you mean %q? A model is %s", name, nearest(name, weights.Names()), modelUsage)
	}
	hub := download.Hub
	if given := os.Getenv("HF_ENDPOINT"); given != "" {
		hub = given
	}
	s, err = download.HuggingFace(hub, id, revision)
	return s, filepath.Join("huggingface", filepath.FromSlash(id), url.PathEscape(revision)), err
}

// cacheDir is a folder of the cache: below LODESTONE_CACHE or, if that is not set, the folder
// that the operating system has for caches.
func cacheDir(name string) (string, error) {
	root := os.Getenv("LODESTONE_CACHE")
	if root == "" {
		own, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("no folder for fetched models: %w; set LODESTONE_CACHE to one", err)
		}
		root = filepath.Join(own, "lodestone")
	}
	return filepath.Join(root, name), nil
}

// shippedDir is a folder with the files of a shipped model, which are written when it is
// first used, and again when the program has others.
func shippedDir(name string, files fs.FS) (string, error) {
	dir, err := cacheDir(filepath.Join("shipped", name))
	if err != nil {
		return "", err
	}
	want, err := fs.ReadFile(files, folder.ManifestFile)
	if err != nil {
		return "", err
	}
	if have, err := os.ReadFile(filepath.Join(dir, folder.ManifestFile)); err == nil && string(have) == string(want) {
		return dir, nil
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", err
	}
	part, err := os.MkdirTemp(filepath.Dir(dir), name+".*.part")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(part)
	if err := os.CopyFS(part, files); err != nil {
		return "", err
	}
	if err := os.Chmod(part, 0o755); err != nil {
		return "", err
	}
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	if err := os.Rename(part, dir); err != nil && !isDir(dir) { // another lode may have been faster
		return "", err
	}
	return dir, nil
}

// fetch fetches a folder. It has its name when it is whole; until then it is dir.part, which
// the next call continues.
func (e *env) fetch(s download.Source, dir string) (*download.Report, error) {
	var progress *bar
	file := ""
	c := download.Client{
		Token: os.Getenv("HF_TOKEN"),
		Progress: func(name string, done, total int64) {
			if name != file {
				if progress != nil {
					progress.end()
				}
				file, progress = name, newBar(e.err, name, "B")
			}
			progress.set(done, total)
		},
		Retrying: func(name string, err error, after time.Duration) {
			fmt.Fprintf(e.err, "%v; trying again in %v\n", err, after)
		},
	}
	r, err := c.Folder(e.context(), s, dir+".part")
	if progress != nil {
		progress.end()
	}
	if err != nil {
		return nil, err
	}
	return r, os.Rename(dir+".part", dir)
}

// verifiedDir is modelDir for a command that does not read the folder by models/pipeline,
// which verifies what it reads: here the whole folder is compared with its manifest, if it
// has one.
func (f *flags) verifiedDir(e *env, name string) (string, error) {
	dir, err := f.modelDir(e, name)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(filepath.Join(dir, folder.ManifestFile)); errors.Is(err, fs.ErrNotExist) {
		return dir, nil
	}
	bar := newBar(e.err, "verifying "+filepath.Base(dir), "B")
	defer bar.end()
	if err := folder.Verify(dir, bar.set); err != nil {
		return "", inFolder(dir, err)
	}
	return dir, nil
}
