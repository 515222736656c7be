//go:build !js

package evaluator

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/models/thex/wire"
	"github.com/tuneinsight/lattigo/v6/core/rlwe"
)

// secretTypes are lattigo's types that are, hold or make a secret key.
var secretTypes = map[reflect.Type]bool{
	reflect.TypeFor[rlwe.SecretKey]():     true,
	reflect.TypeFor[rlwe.Encryptor]():     true,
	reflect.TypeFor[rlwe.Decryptor]():     true,
	reflect.TypeFor[rlwe.KeyGenerator]():  true,
	reflect.TypeFor[rlwe.EncryptionKey](): true,
}

// interfaces are those that a value of the server's types may hide behind, and what is
// there: a type to walk, or nil where it is numbers (buffers, tables). Any other
// interface fails the test: it could hold anything.
var interfaces = []struct {
	name, path string // prefix of the type's name, suffix of its path
	holds      reflect.Type
}{
	{"rlwe.EvaluationKeySet", "", reflect.TypeFor[*rlwe.MemEvaluationKeySet]()},
	{"thex.Machine[", "", reflect.TypeFor[*machine]()},
	{"ring.NumberTheoreticTransformer", "", nil},
	{"ring.DistributionParameters", "", nil},
	{"structs.BufferPool[*[]uint64]", "", nil},
	{"structs.BufferPool[*[]*math/big.Int]", "", nil},
	{"structs.BufferPool[github.com/tuneinsight/lattigo/v6/schemes/ckks.Complex]", "", nil},
	{"interface {}", ".encoder[].roots", nil},
	{"interface {}", ".Encoder[].roots", nil},
}

// TestNoTypeOfTheServerCanHoldASecretKey walks every type that a value of the server
// reaches, lattigo's included.
func TestNoTypeOfTheServerCanHoldASecretKey(t *testing.T) {
	seen := map[reflect.Type]bool{}
	var walk func(x reflect.Type, path string)
	walk = func(x reflect.Type, path string) {
		if seen[x] {
			return
		}
		seen[x] = x.Kind() != reflect.Interface // of which the path decides too
		if secretTypes[x] {
			t.Errorf("%s is %v", path, x)
			return
		}
		switch x.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Chan:
			walk(x.Elem(), path+"[]")
		case reflect.Map:
			walk(x.Key(), path+"[key]")
			walk(x.Elem(), path+"[]")
		case reflect.Struct:
			for i := range x.NumField() {
				walk(x.Field(i).Type, path+"."+x.Field(i).Name)
			}
		case reflect.Interface:
			if x == reflect.TypeFor[error]() {
				return
			}
			for _, i := range interfaces {
				if strings.HasPrefix(x.String(), i.name) && strings.HasSuffix(path, i.path) {
					if i.holds != nil {
						walk(i.holds, path+"("+i.holds.String()+")")
					}
					return
				}
			}
			t.Errorf("%s is the interface %v, which could hold a secret key", path, x)
		}
	}
	for _, x := range []reflect.Type{reflect.TypeFor[Model](), reflect.TypeFor[Keys](), reflect.TypeFor[Run](), reflect.TypeFor[wire.Header](), reflect.TypeFor[wire.Fresh]()} {
		walk(x, x.String())
	}
	if !seen[reflect.TypeFor[rlwe.GaloisKey]()] || !seen[reflect.TypeFor[rlwe.MemEvaluationKeySet]()] {
		t.Error("the walk did not reach the evaluation keys, which the server certainly has")
	}
}

// TestTheServersSourceNamesNoSecret searches the sources of the server, and shows on the
// client's that it finds.
func TestTheServersSourceNamesNoSecret(t *testing.T) {
	banned := map[string]bool{
		"SecretKey": true, "NewSecretKey": true, "NewKeyGenerator": true, "KeyGenerator": true, "Encryptor": true, "NewEncryptor": true, "Decryptor": true, "NewDecryptor": true,
		"GenSecretKeyNew": true, "GenKeyPairNew": true, "NewTestKeyGenerator": true,
	}
	for _, dir := range []string{".", "../wire", "../server", ".."} {
		for name, names := range selectors(t, dir) {
			for _, s := range names {
				if banned[s] {
					t.Errorf("%s names %s", name, s)
				}
			}
		}
	}
	found := false
	for _, names := range selectors(t, "../client") {
		for _, s := range names {
			found = found || banned[s]
		}
	}
	if !found {
		t.Error("the search does not find the client's secret key")
	}
}

// selectors are the names after a dot in the sources of a package, tests left out.
func selectors(t *testing.T, dir string) map[string][]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", dir, len(files), err)
	}
	y := map[string][]string{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, text, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				y[file] = append(y[file], s.Sel.Name)
			}
			return true
		})
	}
	return y
}

// The server is not linked with the client, and neither reaches the engine.
func TestWhoImportsWhom(t *testing.T) {
	const module = "github.com/lodestone-wasm/lodestone/"
	list := func(goos, goarch, of string) map[string]bool {
		cmd := exec.Command("go", "list", "-deps", module+of)
		cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		y := map[string]bool{}
		for line := range strings.Lines(string(out)) {
			y[strings.TrimSpace(line)] = true
		}
		return y
	}
	const lattigo = "github.com/tuneinsight/lattigo/v6/core/rlwe"
	server := list("linux", "amd64", "models/thex/server")
	if !server[module+"models/thex/evaluator"] || !server[lattigo] || server[module+"models/thex/client"] {
		t.Error("the server must import the evaluator and not the client")
	}
	client, standIn := list("js", "wasm", "wasm/thex"), list("js", "wasm", "wasm/evaluator")
	if !client[module+"models/thex/client"] || client[module+"models/thex/evaluator"] || !standIn[module+"models/thex/server"] || standIn[module+"models/thex/client"] {
		t.Error("of the programs of a page, the client must not import the evaluator, and the evaluator not the client")
	}
	for _, program := range []string{"wasm/engine", "wasm/app"} {
		deps := list("js", "wasm", program)
		if !deps[module+"kernels/lean"] && !deps["strings"] {
			t.Errorf("%s has %d packages", program, len(deps))
		}
		for d := range deps {
			if strings.HasPrefix(d, "github.com/tuneinsight/") || strings.HasPrefix(d, module+"models/thex") {
				t.Errorf("%s imports %s", program, d)
			}
		}
	}
}
