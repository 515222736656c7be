//go:build !js

package folder

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// model is a folder with three listed files and things that are not part of it.
func model(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "a.txt", "abc")
	write(t, dir, "config.json", "{}")
	write(t, dir, "empty", "")
	write(t, dir, ".hidden", "x")
	if err := os.Mkdir(filepath.Join(dir, "metrics"), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestPackThenVerify(t *testing.T) {
	dir := model(t)
	m, err := Pack(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Files) != 3 || m.Files[0] != (File{"a.txt", 3, abc}) {
		t.Errorf("packed %+v", m.Files)
	}
	first, err := os.ReadFile(filepath.Join(dir, ManifestFile))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Pack(dir); err != nil {
		t.Fatal(err)
	}
	second, _ := os.ReadFile(filepath.Join(dir, ManifestFile))
	if string(first) != string(second) {
		t.Error("packed again, the manifest differs")
	}
	var last, total int64
	err = Verify(dir, func(done, of int64) {
		if done < last || done > of {
			t.Errorf("progress %d of %d after %d", done, of, last)
		}
		last, total = done, of
	})
	if err != nil || last != 5 || total != 5 {
		t.Errorf("%v, progress %d of %d, want 5 of 5", err, last, total)
	}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".part") {
			t.Errorf("%s was left behind", e.Name())
		}
	}
}

func TestVerifyReportsEveryMismatchByFile(t *testing.T) {
	dir := model(t)
	write(t, dir, "gone.txt", "x")
	write(t, dir, "now-a-folder", "x")
	if _, err := Pack(dir); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "a.txt", "abd")           // one bit
	write(t, dir, "config.json", "{} ")     // one byte more
	write(t, dir, "tokenizer.json", "evil") // one file more
	for _, name := range []string{"gone.txt", "now-a-folder"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "now-a-folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	err := Verify(dir, nil)
	var all *MismatchError
	if !errors.As(err, &all) || !errors.Is(err, ErrMismatch) {
		t.Fatalf("error %v", err)
	}
	want := []struct {
		path string
		kind error
	}{{"a.txt", ErrHash}, {"config.json", ErrSize}, {"gone.txt", ErrMissing}, {"now-a-folder", ErrMissing}, {"tokenizer.json", ErrUnlisted}}
	var paths []string
	for i, p := range all.Problems {
		paths = append(paths, p.Path)
		if i < len(want) && (!errors.Is(p.Err, want[i].kind) || !errors.Is(err, want[i].kind)) {
			t.Errorf("%s: %v, want %v", p.Path, p.Err, want[i].kind)
		}
		if !strings.Contains(err.Error(), p.Path) {
			t.Errorf("%q does not name %s", err, p.Path)
		}
	}
	if len(paths) != len(want) {
		t.Errorf("problems %q, want %v", paths, want)
	}
}

func TestVerifyWithoutAManifest(t *testing.T) {
	if err := Verify(model(t), nil); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "lode pack") {
		t.Errorf("no manifest: %v", err)
	}
	dir := model(t)
	write(t, dir, ManifestFile, `{"format":"lodestone-manifest","version":1,"files":[{"path":"../x","size":1,"sha256":"`+abc+`"}]}`)
	if err := Verify(dir, nil); !errors.Is(err, ErrPath) {
		t.Errorf("hostile manifest: %v", err)
	}
	if err := Verify(filepath.Join(dir, "nowhere"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
}

func TestPackRefuses(t *testing.T) {
	dir := model(t)
	write(t, dir, "my file.txt", "")
	if _, err := Pack(dir); !errors.Is(err, ErrPath) || !strings.Contains(err.Error(), "my file.txt") {
		t.Errorf("a space: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, ManifestFile)); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a manifest was written nonetheless")
	}
	if _, err := Pack(filepath.Join(dir, "nowhere")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
}

// The Hugging Face cache is made of links; they count as what they point to.
func TestPackFollowsLinks(t *testing.T) {
	dir, blobs := t.TempDir(), t.TempDir()
	write(t, blobs, "blob", "abc")
	if err := os.Symlink(filepath.Join(blobs, "blob"), filepath.Join(dir, "a.txt")); err != nil {
		t.Skipf("this file system has no links: %v", err)
	}
	m, err := Pack(dir)
	if err != nil || !reflect.DeepEqual(m.Files, []File{{"a.txt", 3, abc}}) {
		t.Fatalf("%+v, %v", m, err)
	}
	if err := Verify(dir, nil); err != nil {
		t.Error(err)
	}
}
