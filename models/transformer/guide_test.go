//go:build !js

package transformer

import (
	"bytes"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// FAMILIES.md says how long the files of the core are, and names every family.
func TestTheGuideIsTrue(t *testing.T) {
	text, err := os.ReadFile("FAMILIES.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := func(name string) int {
		code, err := os.ReadFile(name)
		if err != nil {
			t.Error(err)
		}
		return bytes.Count(code, []byte("\n"))
	}
	file := regexp.MustCompile("`([a-z0-9_]+\\.go)`")
	rows := 0
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "|")
		for i := 1; i+1 < len(cells); i++ {
			said, err := strconv.Atoi(strings.TrimSpace(cells[i+1]))
			if names := file.FindAllStringSubmatch(cells[i], -1); err == nil && names != nil {
				rows++
				found := 0
				for _, name := range names {
					found += lines(name[1])
				}
				if found > said*5/4 || said > found*5/4 {
					t.Errorf("%s: %d lines, the guide says %d", strings.TrimSpace(cells[i]), found, said)
				}
			}
		}
	}
	if rows != 14 {
		t.Errorf("%d lengths in the guide", rows)
	}
	for name := range keyMaps {
		family, _, _ := strings.Cut(name, " ")
		if !bytes.Contains(text, []byte("`"+family)) {
			t.Errorf("the guide does not name the family %q", name)
		}
	}
}
