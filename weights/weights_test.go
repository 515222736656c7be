package weights_test

import (
	"fmt"
	"io/fs"
	"os"
	"slices"
	"testing"

	"github.com/lodestone-wasm/lodestone/weights"
	"github.com/lodestone-wasm/lodestone/weights/folder"
)

func ExampleModel() {
	dir, ok := weights.Model("prompt-magneto-en-de-fr")
	if !ok {
		fmt.Println("no such model")
		return
	}
	names, err := fs.Glob(dir, "*.json")
	fmt.Println(names, err)
	// Output: [config.json manifest.json tokenizer.json] <nil>
}

// A folder with weights is a model that ships.
func TestEveryModelShips(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, e := range entries {
		if _, err := os.Stat(e.Name() + "/model.safetensors"); err == nil {
			want = append(want, e.Name())
		}
	}
	if got := weights.Names(); !slices.Equal(got, want) {
		t.Errorf("%q ship, in the repository are %q", got, want)
	}
	for _, name := range weights.Names() {
		dir, _ := weights.Model(name)
		out := t.TempDir()
		if err := os.CopyFS(out, dir); err != nil {
			t.Fatal(err)
		}
		if err := folder.Verify(out, nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"", ".", "..", "lode", "prompt-magneto-en-de-fr/config.json"} {
		if _, ok := weights.Model(name); ok {
			t.Errorf("%q is a model", name)
		}
	}
}
