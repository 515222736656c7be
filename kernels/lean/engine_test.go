package lean

import (
	"bytes"
	"go/ast"
	"go/constant"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The tests read the packages of the engine as the compiler does, for GOOS=js.

const module = "github.com/lodestone-wasm/lodestone/"

// tooLarge are packages that the engine must not import. Compressed, fmt with reflect, os and
// their imports adds 0.12 MB, time 0.07 MB.
var tooLarge = []string{
	"fmt", "reflect", "os", "io/fs", "internal/poll", "syscall", "time", "context", "sort", "log", "regexp",
	"encoding/binary", "encoding/hex", "encoding/json", "net/http", "crypto/sha256", "crypto/tls", "runtime/debug",
}

// listed is one line of go list.
type listed struct {
	path, export, dir string
	files             []string
}

// enginePackages are the package of the engine and all that it imports, directly or indirectly.
func enginePackages(t *testing.T) []listed {
	t.Helper()
	if testing.Short() {
		t.Skip("builds the engine's packages")
	}
	cmd := exec.Command("go", "list", "-export", "-deps", "-f", `{{.ImportPath}}|{{.Export}}|{{.Dir}}|{{join .GoFiles ","}}`, module+"wasm/engine")
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v: %s", err, complaint.String())
	}
	var list []listed
	for line := range strings.Lines(string(out)) {
		f := strings.Split(strings.TrimSpace(line), "|")
		if len(f) != 4 {
			t.Fatalf("go list wrote %q", line)
		}
		list = append(list, listed{f[0], f[1], f[2], strings.Split(f[3], ",")})
		if strings.HasPrefix(f[0], module) {
			os.ReadDir(f[2]) // so that go test does not use a cached result after a new file
		}
	}
	return list
}

func TestTheEngineDoesNotImportLargePackages(t *testing.T) {
	found := map[string]bool{}
	for _, p := range enginePackages(t) {
		found[p.path] = true
	}
	if !found[module+"kernels/lean"] || !found["strconv"] {
		t.Fatalf("go list names %d packages, without those that the engine certainly has", len(found))
	}
	for _, p := range tooLarge {
		if found[p] {
			t.Errorf("the engine imports %s: see kernels/lean, and GOOS=js GOARCH=wasm go list -deps ./wasm/engine", p)
		}
	}
}

// TestFormatsOfTheEngine compares the verbs with the arguments of every call of this package
// and of every function that ends in (format string, args ...any).
func TestFormatsOfTheEngine(t *testing.T) {
	list := enginePackages(t)
	exports := map[string]string{}
	for _, p := range list {
		exports[p.path] = p.export
	}
	fset := token.NewFileSet()
	from := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	calls := 0
	for _, p := range list {
		if !strings.HasPrefix(p.path, module) || p.path == module+"kernels/lean" {
			continue
		}
		var files []*ast.File
		for _, name := range p.files {
			f, err := parser.ParseFile(fset, filepath.Join(p.dir, name), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, f)
		}
		calls += checkPackage(fset, p.path, files, from, func(at token.Pos, problem string) {
			t.Errorf("%s: %s", fset.Position(at), problem)
		})
	}
	if calls < 200 { // there were 342 when this was written
		t.Errorf("only %d calls with a format were found", calls)
	}
}

// The checker detects every kind of fault.
func TestFormatsThatAreWrongAreFound(t *testing.T) {
	const head = `package p
type named int
type texted int
func (texted) String() string { return "" }
type failed int
func (failed) Error() string { return "" }
func fail(format string, args ...any) {}
`
	tests := []struct{ body, problem string }{
		{`fail("%d %s %v %q", 1, "a", 1.5, []string{})`, ""},
		{`fail("%s %v %w", texted(1), failed(1), failed(1))`, ""},
		{`fail("%02x %x %c %%", byte(1), [32]byte{}, 'a')`, ""},
		{`fail("%d")`, "%d has no argument"},
		{`fail("none", 1)`, "1 arguments for 0 verbs"},
		{`fail("%d", named(1))`, "%d of p.named is not supported"},
		{`fail("%d", texted(1))`, "%d of p.texted is not supported"},
		{`fail("%v", any(1))`, "%v of any is not supported"},
		{`fail("%v", []float32{})`, "%v of []float32 is not supported"},
		{`fail("%s", 1)`, "%s of int is not supported"},
		{`fail("%w", "a")`, "%w of string is not supported"},
		{`fail("%5s", "a")`, "%5s of string is not supported"},
		{`fail("%+d", 1)`, "%+ is not supported"},
		{`fail("%T", 1)`, "%T of int is not supported"},
		{`fail("%d%", 1)`, "a verb is missing"},
		{`f := "a"; fail(f)`, "the format is not a constant"},
		{`var a []any; fail("%d", a...)`, "arguments from a slice"},
	}
	for _, c := range tests {
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, "p.go", head+"func _() {"+c.body+"}", 0)
		if err != nil {
			t.Fatal(err)
		}
		var problems []string
		calls := checkPackage(fset, "p", []*ast.File{f}, nil, func(_ token.Pos, problem string) { problems = append(problems, problem) })
		if got := strings.Join(problems, "; "); got != c.problem || calls != 1 {
			t.Errorf("%s: %d calls, %q, want %q", c.body, calls, got, c.problem)
		}
	}
}

// checkPackage reports the faulty formats of a package and returns the number of calls with a
// format.
func checkPackage(fset *token.FileSet, path string, files []*ast.File, from types.Importer, report func(token.Pos, string)) int {
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}
	conf := types.Config{Importer: from, Sizes: types.SizesFor("gc", "wasm")}
	if _, err := conf.Check(path, fset, files, info); err != nil {
		report(files[0].Pos(), err.Error())
	}
	calls := 0
	for _, f := range files {
		for _, d := range f.Decls {
			passesOn := false
			if fn, ok := d.(*ast.FuncDecl); ok {
				passesOn = formatAt(info.Defs[fn.Name].Type()) >= 0
			}
			calls += checkFunc(d, passesOn, info, report)
		}
	}
	return calls
}

// checkFunc checks the calls in a function. passesOn is set if the function itself takes a
// format, which it may pass to a call.
func checkFunc(body ast.Node, passesOn bool, info *types.Info, report func(token.Pos, string)) int {
	calls := 0
	ast.Inspect(body, func(n ast.Node) bool {
		if f, ok := n.(*ast.FuncLit); ok && formatAt(info.Types[f].Type) >= 0 && n != body {
			calls += checkFunc(f, true, info, report)
			return false
		}
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		at := formatAt(info.Types[call.Fun].Type)
		if at < 0 || at >= len(call.Args) {
			return true
		}
		calls++
		format := info.Types[call.Args[at]].Value
		switch {
		case format == nil && passesOn:
		case format == nil:
			report(call.Pos(), "the format is not a constant")
		case call.Ellipsis.IsValid():
			report(call.Pos(), "arguments from a slice")
		default:
			checkFormat(constant.StringVal(format), call.Args[at+1:], info, func(problem string) { report(call.Pos(), problem) })
		}
		return true
	})
	return calls
}

// formatAt is the index of the parameter format of a function that ends in (format string,
// args ...any), or −1.
func formatAt(t types.Type) int {
	sig, ok := t.(*types.Signature)
	if !ok || !sig.Variadic() || sig.Params().Len() < 2 {
		return -1
	}
	at := sig.Params().Len() - 2
	last, ok := sig.Params().At(at + 1).Type().(*types.Slice)
	if !ok || sig.Params().At(at).Name() != "format" {
		return -1
	}
	if i, ok := last.Elem().Underlying().(*types.Interface); !ok || !i.Empty() {
		return -1
	}
	return at
}

func checkFormat(format string, args []ast.Expr, info *types.Info, report func(string)) {
	next := 0
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			continue
		}
		start := i
		for i++; i < len(format) && '0' <= format[i] && format[i] <= '9'; i++ {
		}
		if i == len(format) {
			report("a verb is missing")
			return
		}
		whole, verb := format[start:i+1], format[i]
		switch {
		case verb == '%':
		case !('a' <= verb && verb <= 'z' || 'A' <= verb && verb <= 'Z'):
			report(whole + " is not supported")
			return
		case next == len(args):
			report(whole + " has no argument")
			return
		default:
			t := info.Types[args[next]].Type
			if t = types.Default(t); !supported(verb, len(whole) > 2, t) {
				report(whole + " of " + t.String() + " is not supported")
			}
			next++
		}
	}
	if next != len(args) {
		report(Sprintf("%d arguments for %d verbs", len(args), next))
	}
}

var (
	errorType  = types.Universe.Lookup("error").Type().Underlying().(*types.Interface)
	stringType = types.NewInterfaceType([]*types.Func{types.NewFunc(token.NoPos, nil, "String", types.NewSignatureType(nil, nil, nil, nil,
		types.NewTuple(types.NewVar(token.NoPos, nil, "", types.Typ[types.String])), false))}, nil).Complete()
)

// supported is the table of the package comment.
func supported(verb byte, measured bool, t types.Type) bool {
	verbs := ""
	switch types.TypeString(types.Unalias(t), nil) {
	case "int", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "byte", "rune":
		if measured {
			return strings.IndexByte("dvxX", verb) >= 0
		}
		verbs = "dvxXc"
	case "[]int", "[]int32":
		verbs = "dvxX"
	case "string", "[]string":
		verbs = "svqxX"
	case "[]byte", "[]uint8":
		verbs = "sqxX"
	case "[32]byte", "[32]uint8":
		verbs = "xX"
	case "bool", "float32", "float64":
		verbs = "v"
	default:
		if types.Implements(t, errorType) {
			verbs = "svqw"
		} else if types.Implements(t, stringType) {
			verbs = "svq"
		}
	}
	return !measured && strings.IndexByte(verbs, verb) >= 0
}
