//go:build !js

package folder

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// Pack hashes the files of a model folder and writes its manifest.json, beside the final
// name first and then renamed. Sub-folders and hidden files are left out; a file whose
// name could not be listed is [ErrPath]. Symbolic links are followed.
func Pack(dir string) (*Manifest, error) {
	names, err := list(dir)
	if err != nil {
		return nil, err
	}
	m := &Manifest{}
	for _, name := range names {
		if !validPath(name) {
			return nil, refuse(ErrPath, "%q is not a plain file name (letters, digits, '.', '_', '-', no \"..\"): rename it or move it away", lean.Clip(name))
		}
		f, err := hash(dir, name, nil)
		if err != nil {
			return nil, err
		}
		m.Files = append(m.Files, f)
	}
	text := m.Encode()
	if _, err := ParseManifest(text); err != nil {
		return nil, err // too many files, or two names that differ in case only
	}
	return m, replace(dir, text)
}

// list names the regular files directly in dir, without hidden ones and the manifest.
func list(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, refuse(err, "%v", err)
	}
	var names []string
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, ".") || name == ManifestFile {
			continue
		}
		info, err := os.Stat(filepath.Join(dir, name)) // through a link
		if err != nil {
			return nil, refuse(err, "%v", err)
		}
		if info.Mode().IsRegular() {
			names = append(names, name)
		}
	}
	return names, nil
}

// hash reads a file. advance, if not nil, is told of each piece.
func hash(dir, name string, advance func(n int)) (File, error) {
	f, err := safetensors.OpenRegular(filepath.Join(dir, name))
	if err != nil {
		return File{}, refuse(err, "%v", err)
	}
	defer f.Close()
	h := sha256.New()
	buf := make([]byte, 1<<18)
	var size int64
	for {
		n, err := f.Read(buf)
		h.Write(buf[:n])
		size += int64(n)
		if advance != nil && n > 0 {
			advance(n)
		}
		if err == io.EOF {
			return File{Path: name, Size: size, SHA256: hex.EncodeToString(h.Sum(nil))}, nil
		}
		if err != nil {
			return File{}, refuse(err, "%v", err)
		}
	}
}

func replace(dir string, text []byte) (err error) {
	f, err := os.CreateTemp(dir, "."+ManifestFile+".*.part")
	if err != nil {
		return refuse(err, "%v", err)
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, ManifestFile))
	}
	if err != nil {
		os.Remove(f.Name())
		return refuse(err, "%v", err)
	}
	return nil
}

// ReadManifest reads dir's manifest.json.
func ReadManifest(dir string) (*Manifest, error) {
	f, err := safetensors.OpenRegular(filepath.Join(dir, ManifestFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, refuse(err, "%s has no %s: write one with lode pack", dir, ManifestFile)
	}
	if err != nil {
		return nil, refuse(err, "%v", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, MaxManifest+1))
	if err != nil {
		return nil, refuse(err, "%v", err)
	}
	return ParseManifest(text)
}
