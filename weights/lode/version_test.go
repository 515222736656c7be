package main

import (
	"encoding/json"
	"os"
	"runtime"
	"strings"
	"testing"
)

func TestVersionIsThatOfThePackage(t *testing.T) {
	text, err := os.ReadFile("../../package.json")
	if err != nil {
		t.Fatal(err)
	}
	var p struct{ Version string }
	if err := json.Unmarshal(text, &p); err != nil {
		t.Fatal(err)
	}
	if out := must(t, "", "version"); !strings.HasPrefix(out, "lode "+p.Version+" (go") {
		t.Errorf("%q, package.json has %s", out, p.Version)
	}
	if v := lines[versionInfo](t, must(t, "", "version", "--json")); v[0].Version != p.Version || v[0].Arch != runtime.GOARCH {
		t.Errorf("%+v", v)
	}
}

// Every command has help, and completion for the shells.
func TestHelpAndCompletion(t *testing.T) {
	for _, args := range [][]string{{"help"}, {"--help"}, {"help", "run", "translation"}, {"run", "translation", "--help"}} {
		if out := must(t, "", args...); !strings.Contains(out, "Usage:") {
			t.Errorf("%q: %s", args, out)
		}
	}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if out := must(t, "", "completion", shell); !strings.Contains(out, "lode") {
			t.Errorf("%s: %s", shell, out)
		}
	}
	if out := must(t, "", "__complete", "run", "tr"); !strings.Contains(out, "translation") {
		t.Errorf("completion of run tr: %s", out)
	}
}
