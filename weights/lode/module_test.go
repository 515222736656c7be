package main

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

const root = "../.."

// moduleVersion is the module as this source is published.
var moduleVersion = module.Version{Path: "github.com/lodestone-wasm/lodestone", Version: "v" + release}

// moduleFile is a file of the module.
type moduleFile struct{ path string }

func (f moduleFile) Path() string                 { return f.path }
func (f moduleFile) Lstat() (fs.FileInfo, error)  { return os.Lstat(filepath.Join(root, f.path)) }
func (f moduleFile) Open() (io.ReadCloser, error) { return os.Open(filepath.Join(root, f.path)) }

// moduleFiles are the files of this source that are not built: those that .gitignore leaves.
func moduleFiles(t *testing.T) []zip.File {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, ".gitignore"))
	if err != nil {
		t.Fatal(err)
	}
	ignored := strings.Fields(string(text))
	var all []zip.File
	err = fs.WalkDir(os.DirFS(root), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if d.Name() == ".git" || slices.Contains(ignored, "/"+path+"/") || slices.Contains(ignored, d.Name()+"/") {
				return fs.SkipDir
			}
			return nil
		}
		if d.Name() != ".git" {
			all = append(all, moduleFile{path})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// The limits of a module's zip are 500 MB, and names that every system takes. The models are
// in it, so that go install gives a command that needs no other download.
func TestTheModuleCanBePublishedWithItsModels(t *testing.T) {
	checked, err := zip.CheckFiles(moduleFiles(t))
	if err != nil || checked.SizeError != nil || len(checked.Invalid) > 0 {
		t.Fatalf("%v, %v, %v", err, checked.SizeError, checked.Invalid)
	}
	var size int64
	for _, path := range checked.Valid {
		info, err := os.Stat(filepath.Join(root, path))
		if err != nil {
			t.Fatal(err)
		}
		size += info.Size()
	}
	if size > 120<<20 {
		t.Errorf("the module has %d bytes, expected at most 120 MB", size)
	}
	for _, path := range []string{"go.mod", "LICENSE", "weights/prompt-magneto-en-de-fr/model.safetensors", "weights/lode/main.go", "kernels/simd/simd128.wasm"} {
		if !slices.Contains(checked.Valid, path) {
			t.Errorf("%s is not in the module", path)
		}
	}
	text, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) { // go install MODULE@VERSION refuses these
		if strings.HasPrefix(line, "replace") || strings.HasPrefix(line, "exclude") {
			t.Errorf("go.mod has %q", line)
		}
	}
}
