package pipeline

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/tasks"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
	"github.com/lodestone-wasm/lodestone/weights/folder"
	"github.com/lodestone-wasm/lodestone/weights/quant"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// errorOf drops a value, so that a call can stand in a table.
func errorOf[T any](_ T, err error) error { return err }

func TestErrorsHaveTheirCodes(t *testing.T) {
	header := func(text string, size int64) error {
		length := string([]byte{byte(len(text)), 0, 0, 0, 0, 0, 0, 0})
		return errorOf(safetensors.ReadHeader(strings.NewReader(length+text), size))
	}
	two := `{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[%d,%d]}}`
	d := kernels.NewDevice(kernels.NewReference(1 << 16))
	d.Alloc(1 << 30)
	small := kernels.NewDevice(kernels.NewReference(0))
	small.Read(1<<20, make([]byte, 8))

	for _, c := range []struct {
		name string
		err  error
		code string
	}{
		{"some other file", errorOf(safetensors.ReadHeader(strings.NewReader("This is not a model, is it?"), -1)), "not_safetensors"},
		{"page", errorOf(safetensors.ReadHeader(strings.NewReader("<!doctype html><html></html>"), -1)), "html_instead_of_model"},
		{"half a header", errorOf(safetensors.ReadHeader(strings.NewReader("\x40\x00\x00\x00\x00\x00\x00\x00{"), -1)), "truncated"},
		{"huge header", errorOf(safetensors.ReadHeader(strings.NewReader("\x00\x00\x00\x00\x01\x00\x00\x00{"), -1)), "header_too_large"},
		{"overlap", header(fmt.Sprintf(two, 4, 8), -1), "tensor_overlap"},
		{"hole", header(fmt.Sprintf(two, 12, 16), -1), "not_safetensors"},
		{"size", header(fmt.Sprintf(two, 8, 20), -1), "wrong_shape"},
		{"bad index", errorOf(safetensors.ReadIndex([]byte("{}"))), "not_safetensors"},
		{"missing tensor", fmt.Errorf("transformer: %w: x", transformer.ErrMissingTensor), "missing_tensor"},
		{"shape", fmt.Errorf("transformer: %w: x", transformer.ErrShape), "wrong_shape"},
		{"hash", fmt.Errorf("transformer: %w: x", folder.ErrHash), "integrity"},
		{"stream ended", fmt.Errorf("3 of 8 bytes: %w", io.ErrUnexpectedEOF), "truncated"},
		{"no config", errorOf(transformer.ParseConfig([]byte("{"))), "config_invalid"},
		{"other model", errorOf(transformer.ParseConfig([]byte(`{"model_type":"mamba"}`))), "config_unsupported"},
		{"no tokenizer", errorOf(tokenizer.Parse([]byte("{}"))), "tokenizer_invalid"},
		{"manifest", errorOf(folder.ParseManifest([]byte(`{"files":[]}`))), "manifest_invalid"},
		{"unlisted", errorOf((&folder.Manifest{}).Lookup("config.json")), "integrity"},
		{"no head", fmt.Errorf("heads: %w: x", heads.ErrNoHead), "missing_tensor"},
		{"odd logits", fmt.Errorf("tasks: %w", tasks.ErrNotFinite), "invalid_weight"},
		{"no mask", fmt.Errorf("tasks: %w: x", tasks.ErrInput), "invalid_argument"},
		{"pooling", fmt.Errorf("features: %w: x", tasks.ErrPooling), "invalid_argument"},
		{"memory", d.Err(), "out_of_memory"},
		{"our own fault", small.Err(), "internal"},
		{"abort", fmt.Errorf("layer 3: %w", ErrAborted), "aborted"},
		{"unknown", errors.New("boom"), "internal"},
	} {
		if c.err == nil {
			t.Errorf("%s: no error", c.name)
			continue
		}
		code, text := Code(c.err)
		if code != c.code {
			t.Errorf("%s: %v: code %q, want %q", c.name, c.err, code, c.code)
		}
		if !strings.HasPrefix(text, c.err.Error()) {
			t.Errorf("%s: text %q does not begin with the error", c.name, text)
		}
	}
}

// A remedy is said once, also if the error says it itself.
func TestARemedyIsSaidOnce(t *testing.T) {
	short := errorOf(safetensors.ReadHeader(strings.NewReader("\x40\x00\x00\x00\x00\x00\x00\x00{"), 9))
	hashed := fmt.Errorf("transformer: %w: fetch it again, or write the manifest again with lode pack", folder.ErrHash)
	for _, c := range []struct {
		err  error
		once string
	}{
		{short, "fetch"},
		{hashed, "fetch"},
		{fmt.Errorf("3 of 8 bytes: %w", io.ErrUnexpectedEOF), "fetch the file again"},
		{fmt.Errorf("text 0: %w", transformer.ErrTooLong), "truncate"},
		{fmt.Errorf("scale: %w", quant.ErrScale), "fetch it again"},
	} {
		if _, text := Code(c.err); strings.Count(text, c.once) != 1 {
			t.Errorf("%q says %q %d times", text, c.once, strings.Count(text, c.once))
		}
	}
}

// TestCodesAreDocumented holds the three places where codes are named together: the
// table, the type in TypeScript, and the list for people.
func TestCodesAreDocumented(t *testing.T) {
	source, err := os.ReadFile("../../web/src/protocol/error.ts")
	if err != nil {
		t.Fatal(err)
	}
	union, _, ok := strings.Cut(string(source), "/** Facts")
	if !ok {
		t.Fatal("web/src/protocol/error.ts: no type ErrorCode before the facts")
	}
	var known []string
	for _, m := range regexp.MustCompile(`\| '([a-z_]+)'`).FindAllStringSubmatch(union, -1) {
		known = append(known, m[1])
	}
	if len(known) < 20 {
		t.Fatalf("found %d codes in web/src/protocol/error.ts", len(known))
	}
	for _, c := range codes {
		if !slices.Contains(known, c.code) {
			t.Errorf("code %q is not in web/src/protocol/error.ts", c.code)
		}
	}
	doc, err := os.ReadFile("../../web/ERRORS.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range known {
		if !strings.Contains(string(doc), "| `"+code+"` |") {
			t.Errorf("code %q is not in web/ERRORS.md", code)
		}
	}
}
