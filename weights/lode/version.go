package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// release is the version of this source; package.json has the same.
const release = "0.1.0"

// versionInfo is what `lode version --json` prints.
type versionInfo struct {
	Version  string `json:"version"`
	Go       string `json:"go"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
	Revision string `json:"revision,omitempty"` // of git, where the build recorded it
	Modified bool   `json:"modified,omitempty"`
}

func init() {
	register(checksGroup, func(e *env) *flags {
		f := newCommand(e, "version", "print the version of lode, and of what built it")
		return f.runs(0, 0, func([]string) error {
			y := currentVersion()
			if *f.json {
				return json.NewEncoder(e.out).Encode(y)
			}
			text := fmt.Sprintf("lode %s (%s, %s/%s", y.Version, y.Go, y.OS, y.Arch)
			if y.Revision != "" {
				text += ", " + y.Revision
				if y.Modified {
					text += " with changes"
				}
			}
			_, err := fmt.Fprintln(e.out, text+")")
			return err
		})
	})
}

// currentVersion reads what the build recorded: of go install MODULE@VERSION that version,
// else this source's.
func currentVersion() versionInfo {
	y := versionInfo{Version: release, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return y
	}
	if v := info.Main.Version; strings.HasPrefix(v, "v") {
		y.Version = v[1:]
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			y.Revision = s.Value[:min(12, len(s.Value))]
		case "vcs.modified":
			y.Modified = s.Value == "true"
		}
	}
	return y
}
