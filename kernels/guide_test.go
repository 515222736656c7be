//go:build !js

package kernels

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// ADDING.md is true: every file, identifier and make target that it names exists, and every
// line of its diffs is in the file.
func TestTheGuideIsTrue(t *testing.T) {
	text, err := os.ReadFile("ADDING.md")
	if err != nil {
		t.Fatal(err)
	}
	prose := checkDiffs(t, string(text))

	known := identifiers(t)
	file := regexp.MustCompile(`^[\w/*]+\.\w+$|/`)
	identifier := regexp.MustCompile(`^[A-Za-z]\w*$`)
	files, names := 0, 0
	for _, m := range regexp.MustCompile("`([^`\n]+)`").FindAllStringSubmatch(prose, -1) {
		name := m[1]
		target, isTarget := strings.CutPrefix(name, "make ")
		switch {
		case isTarget:
			checkTargets(t, target)
		case file.MatchString(name):
			files++
			here, _ := filepath.Glob(name)
			root, _ := filepath.Glob(filepath.Join("..", name))
			if here == nil && root == nil {
				t.Errorf("the guide names the file %s, which does not exist", name)
			}
		case identifier.MatchString(name) && name != "wazero":
			names++
			if !known[name] {
				t.Errorf("the guide names %s, which no file of kernels declares", name)
			}
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^    make (.*)$`).FindAllStringSubmatch(prose, -1) {
		checkTargets(t, m[1])
	}
	if files < 20 || names < 30 {
		t.Errorf("%d files and %d identifiers in the guide: the test no longer finds them", files, names)
	}
}

// checkDiffs compares the diffs of a guide with the files and returns the text without them.
func checkDiffs(t *testing.T, text string) (prose string) {
	t.Helper()
	var rest []string
	var lines []string // of the current file
	path, inDiff, count := "", false, 0
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "```"):
			inDiff = line == "```diff"
		case !inDiff:
			rest = append(rest, line)
		case strings.HasPrefix(line, "+++ "):
			path = line[4:]
			code, err := os.ReadFile(path)
			if err != nil {
				t.Errorf("a diff of %s: %v", path, err)
			}
			lines = strings.Split(string(code), "\n")
		case strings.HasPrefix(line, "+"):
			count++
			at := slices.Index(lines, line[1:])
			if at < 0 {
				t.Errorf("%s does not have the line, or not there: %q", path, line[1:])
				continue
			}
			lines = lines[at+1:] // the next one comes later
		default:
			t.Errorf("a diff has the line %q", line)
		}
	}
	if count < 50 {
		t.Errorf("%d lines of diffs", count)
	}
	return strings.Join(rest, "\n")
}

// identifiers are the names that the Go files of this folder and below declare.
func identifiers(t *testing.T) map[string]bool {
	t.Helper()
	known := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				known[n.Name.Name] = true
			case *ast.TypeSpec:
				known[n.Name.Name] = true
			case *ast.ValueSpec:
				for _, name := range n.Names {
					known[name.Name] = true
				}
			case *ast.Field: // the methods of interfaces too
				for _, name := range n.Names {
					known[name.Name] = true
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return known
}

func checkTargets(t *testing.T, targets string) {
	t.Helper()
	rules, err := os.ReadFile(filepath.Join("..", "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	for target := range strings.FieldsSeq(targets) {
		if !bytes.Contains(rules, []byte("\n"+target+":")) {
			t.Errorf("the guide names the target %s, which the Makefile does not have", target)
		}
	}
}
