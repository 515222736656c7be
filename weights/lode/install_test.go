//go:build install

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

// TestGoInstall publishes this source on a proxy that is a folder, installs lode from it with
// a module cache of its own, and runs it outside of the repository.
func TestGoInstall(t *testing.T) {
	proxy, cache, bin := t.TempDir(), t.TempDir(), t.TempDir()
	escaped, err := module.EscapePath(moduleVersion.Path)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(proxy, filepath.FromSlash(escaped), "@v")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"list":                          moduleVersion.Version + "\n",
		moduleVersion.Version + ".info": fmt.Sprintf(`{"Version":%q,"Time":"2026-11-30T00:00:00Z"}`, moduleVersion.Version),
		moduleVersion.Version + ".mod":  string(mod),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	archive, err := os.Create(filepath.Join(dir, moduleVersion.Version+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	if err := zip.Create(archive, moduleVersion, moduleFiles(t)); err != nil {
		t.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	env := func(name string) string {
		out, err := exec.Command("go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(out))
	}
	install := exec.Command("go", "install", moduleVersion.Path+"/weights/lode@"+moduleVersion.Version)
	install.Dir = t.TempDir()
	install.Env = append(os.Environ(),
		"GOBIN="+bin, "GOMODCACHE="+cache, "GOFLAGS=-modcacherw", "GOSUMDB=off",
		// What is in the usual cache need not be fetched again.
		"GOPROXY=file://"+proxy+",file://"+env("GOMODCACHE")+"/cache/download,"+env("GOPROXY"))
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	run := func(in string, args ...string) string {
		c := exec.Command(filepath.Join(bin, "lode"), args...)
		c.Dir, c.Stdin = t.TempDir(), strings.NewReader(in)
		c.Env = append(os.Environ(), "LODESTONE_CACHE="+c.Dir)
		out, err := c.Output()
		if err != nil {
			t.Fatalf("lode %q: %v", args, err)
		}
		return string(out)
	}
	if out := run("", "version"); !strings.HasPrefix(out, "lode "+release+" ") {
		t.Errorf("version: %s", out)
	}
	want := must(t, "Guten Morgen\n", "embed", "--model", model)
	if got := run("Guten Morgen\n", "embed", "--offline", "--model", "prompt-magneto-en-de-fr"); got != want {
		t.Errorf("its vector differs: %.100s", got)
	}
}
