//go:build !js

package quant

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

const testConfig = "{\n  \"model_type\": \"magneto\",\n  \"vocab_size\": 11\n}\n"

// weights are the float tensors of the test model, in values that F16 and BF16 hold.
func testWeights() map[string][]float32 {
	rng := rand.New(rand.NewPCG(7, 8))
	w := map[string][]float32{}
	for _, name := range slices.Sorted(maps.Keys(testShapes)) {
		shape := testShapes[name]
		n := 1
		for _, d := range shape {
			n *= d
		}
		v := make([]float32, n)
		for i := range v {
			v[i] = kernels.FromBF16(kernels.ToBF16(float32(rng.IntN(255)-127) / 64))
		}
		w[name] = v
	}
	clear(w["layers.0.fc1.weight"][8:16]) // a row of zeros
	return w
}

var testShapes = map[string][]int{
	"embed_tokens.weight":               {11, 8},
	"embed_positions.weight":            {5, 8},
	"layers.0.fc1.weight":               {16, 8},
	"layers.0.fc1.bias":                 {16},
	"layers.0.moe_layer.gate.wg.weight": {4, 8},
	"layers.0.gate.wg":                  {4, 8},
	"layer_norm.weight":                 {8},
	"large.weight":                      {700, 513}, // more than one piece
}

// makeFolder writes the test model, in one file or two shards, with float type d.
func makeFolder(t *testing.T, d safetensors.DType, sharded bool, weights map[string][]float32) string {
	t.Helper()
	dir := t.TempDir()
	var shards [2][]safetensors.Entry
	index := `{"metadata":{"total_size":1},"weight_map":{`
	add := func(i int, e safetensors.Entry) {
		if !sharded {
			i = 0
		}
		shards[i] = append(shards[i], e)
		index += `"` + e.Name + `":"` + []string{"s1.safetensors", "s2.safetensors"}[i] + `",`
	}
	for i, name := range slices.Sorted(maps.Keys(weights)) {
		add(i%2, safetensors.Entry{Name: name, DType: d, Shape: testShapes[name], Data: safetensors.Floats(weights[name], d)})
	}
	add(1, safetensors.Entry{Name: "position_ids", DType: safetensors.I64, Shape: []int{1, 2}, Data: safetensors.Bytes([]byte("0123456789abcdef"))})
	if sharded {
		put(t, dir, "s1.safetensors", shards[0])
		put(t, dir, "s2.safetensors", shards[1])
		write(t, dir, safetensors.IndexFile, strings.TrimSuffix(index, ",")+"}}")
	} else {
		put(t, dir, safetensors.SingleFile, shards[0])
	}
	write(t, dir, "config.json", testConfig)
	write(t, dir, "tokenizer.json", "{}")
	write(t, dir, "MODEL_CARD.md", "# card")
	write(t, dir, "LICENSE", "text")
	write(t, dir, "manifest.json", "stale")
	write(t, dir, "pytorch_model.bin", "PK")
	write(t, dir, ".hidden", "x")
	if err := os.Mkdir(filepath.Join(dir, "metrics"), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func put(t *testing.T, dir, file string, entries []safetensors.Entry) {
	t.Helper()
	var b bytes.Buffer
	if err := safetensors.Write(&b, map[string]string{"format": "pt"}, entries); err != nil {
		t.Fatal(err)
	}
	write(t, dir, file, b.String())
}

func write(t *testing.T, dir, file, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, dir, file string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func listing(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// A folder goes to q8 and back: the quantised matrices come back exactly as
// DequantizeRows of QuantizeRows says, everything else unchanged.
func TestFolderThereAndBack(t *testing.T) {
	quantised := []string{"embed_tokens.weight", "large.weight", "layers.0.fc1.weight"}
	for _, d := range []safetensors.DType{safetensors.F32, safetensors.F16, safetensors.BF16} {
		for _, sharded := range []bool{false, true} {
			weights := testWeights()
			in := makeFolder(t, d, sharded, weights)
			q8, back := filepath.Join(t.TempDir(), "new", "q8"), t.TempDir()
			var last, total int64
			progress := func(done, of int64) {
				if done <= last || done > of || total != 0 && of != total {
					t.Errorf("progress %d of %d after %d of %d", done, of, last, total)
				}
				last, total = done, of
			}
			report, err := Folder(in, q8, Options{}, progress)
			if err != nil {
				t.Fatalf("%v: %v", d, err)
			}
			if last != total || total == 0 {
				t.Errorf("progress ended at %d of %d", last, total)
			}
			if got := slices.Sorted(slices.Values(report.Converted)); !reflect.DeepEqual(got, quantised) || len(report.Kept) != 5 {
				t.Errorf("quantised %q, kept %v", got, report.Kept)
			}
			want := []string{"LICENSE", "MODEL_CARD.md", "config.json", "model.safetensors", "tokenizer.json"}
			if got := listing(t, q8); !reflect.DeepEqual(got, want) {
				t.Errorf("files %q, want %q", got, want)
			}
			if want := []string{"metrics", "pytorch_model.bin"}; !reflect.DeepEqual(report.LeftBehind, want) {
				t.Errorf("left behind %q, want %q", report.LeftBehind, want)
			}
			cfg, err := ReadConfig([]byte(read(t, q8, "config.json")))
			if err != nil || !reflect.DeepEqual(slices.Sorted(slices.Values(cfg.Ignore)), []string{"embed_positions", "layers.0.moe_layer.gate.wg"}) {
				t.Errorf("config %+v, %v", cfg, err)
			}
			checkQuantised(t, q8, weights, quantised)

			last, total = 0, 0
			if _, err := DequantizeFolder(q8, back, Options{}, progress); err != nil {
				t.Fatal(err)
			}
			if last != total || total == 0 {
				t.Errorf("progress ended at %d of %d", last, total)
			}
			if got := read(t, back, "config.json"); got != testConfig {
				t.Errorf("config.json came back as %s", got)
			}
			checkBack(t, back, weights, quantised)
		}
	}
}

func checkQuantised(t *testing.T, dir string, weights map[string][]float32, quantised []string) {
	t.Helper()
	f, err := safetensors.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	pairs, err := Pairs(f.Tensors)
	if err != nil || len(pairs) != len(quantised) || f.Metadata["format"] != "pt" {
		t.Fatalf("%d pairs, %v, metadata %v", len(pairs), err, f.Metadata)
	}
	for _, name := range quantised {
		rows, cols := testShapes[name][0], testShapes[name][1]
		q, scale := make([]int8, rows*cols), make([]float32, rows)
		if err := QuantizeRows(q, scale, weights[name], rows, cols); err != nil {
			t.Fatal(err)
		}
		raw, err := f.ReadTensor(name)
		if err != nil {
			t.Fatal(err)
		}
		for i := range raw {
			if int8(raw[i]) != q[i] {
				t.Fatalf("%s: %d is %d, QuantizeRows says %d", name, i, int8(raw[i]), q[i])
			}
		}
		got, err := f.Float32s(pairs[name].Name)
		if err != nil || !reflect.DeepEqual(got, scale) || !reflect.DeepEqual(pairs[name].Shape, []int{rows, 1}) {
			t.Errorf("%s: scales of shape %v differ, %v", name, pairs[name].Shape, err)
		}
	}
}

func checkBack(t *testing.T, dir string, weights map[string][]float32, quantised []string) {
	t.Helper()
	f, err := safetensors.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if len(f.Tensors) != len(weights)+1 {
		t.Errorf("%d tensors, want %d", len(f.Tensors), len(weights)+1)
	}
	if ids, err := f.ReadTensor("position_ids"); err != nil || string(ids) != "0123456789abcdef" {
		t.Errorf("position_ids %q, %v", ids, err)
	}
	for name, want := range weights {
		got, err := f.Float32s(name)
		if err != nil {
			t.Fatal(err)
		}
		if slices.Contains(quantised, name) {
			rows, cols := testShapes[name][0], testShapes[name][1]
			q, scale := make([]int8, rows*cols), make([]float32, rows)
			if err := errors.Join(QuantizeRows(q, scale, want, rows, cols), DequantizeRows(want, q, scale, rows, cols)); err != nil {
				t.Fatal(err)
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s came back changed", name)
		}
	}
}

func TestFolderIsDeterministic(t *testing.T) {
	var files []string
	for _, sharded := range []bool{false, true} {
		out := t.TempDir()
		if _, err := Folder(makeFolder(t, safetensors.F32, sharded, testWeights()), out, Options{}, nil); err != nil {
			t.Fatal(err)
		}
		files = append(files, read(t, out, safetensors.SingleFile))
	}
	if files[0] != files[1] {
		t.Error("shards and one file give different q8 files")
	}
}

func TestFolderKeepsWhatTheCallerKeeps(t *testing.T) {
	out := t.TempDir()
	report, err := Folder(makeFolder(t, safetensors.F32, false, testWeights()), out, Options{Reason: func(name string, shape []int) string {
		if strings.Contains(name, "embed_tokens") {
			return "asked for"
		}
		return ""
	}}, nil)
	if err != nil || report.Kept["embed_tokens.weight"] != "asked for" || len(report.Converted) != 2 {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestFolderRefuses(t *testing.T) {
	good := makeFolder(t, safetensors.F32, false, testWeights())
	q8 := t.TempDir()
	if _, err := Folder(good, q8, Options{}, nil); err != nil {
		t.Fatal(err)
	}
	broken := testWeights()
	broken["layers.0.fc1.weight"][19] = float32(math.Inf(-1))
	undeclared := makeFolder(t, safetensors.F32, false, nil)
	write(t, undeclared, safetensors.SingleFile, read(t, q8, safetensors.SingleFile))
	file := filepath.Join(t.TempDir(), "file")
	write(t, filepath.Dir(file), "file", "")
	noConfig := t.TempDir()
	otherScheme := makeFolder(t, safetensors.F32, false, nil)
	write(t, otherScheme, "config.json", `{"quantization_config":{"quant_method":"awq"}}`)

	tests := []struct {
		name    string
		run     func(in, out string, o Options, p func(int64, int64)) (*Report, error)
		in, out string
		want    error
		says    string
	}{
		{"infinite weight", Folder, makeFolder(t, safetensors.F32, false, broken), "", ErrNotFinite, `"layers.0.fc1.weight": row 2, column 3`},
		{"quantised already", Folder, q8, "", ErrState, "already"},
		{"quantised but undeclared", Folder, undeclared, "", ErrState, "quantization_config"},
		{"same folder", Folder, good, good, ErrOutput, "same folder"},
		{"same folder by another name", Folder, good, good + "/.", ErrOutput, "same folder"},
		{"output is a file", Folder, good, file, ErrOutput, "not a folder"},
		{"output holds a model", Folder, good, q8, ErrOutput, "exists"},
		{"no config", Folder, noConfig, "", fs.ErrNotExist, "config.json"},
		{"no such folder", Folder, filepath.Join(noConfig, "x"), "", fs.ErrNotExist, "input"},
		{"another scheme", Folder, otherScheme, "", ErrUnsupported, "awq"},
		{"back from floats", DequantizeFolder, good, "", ErrState, "not quantised"},
		{"back from undeclared", DequantizeFolder, undeclared, "", ErrState, "not quantised"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out := tt.out
			if out == "" {
				out = filepath.Join(t.TempDir(), "out")
			}
			_, err := tt.run(tt.in, out, Options{}, nil)
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) {
				t.Fatalf("%v, want %v that says %q", err, tt.want, tt.says)
			}
			if _, err := os.Stat(out); tt.out == "" && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("an output folder was made: %v", listing(t, out))
			}
		})
	}
}

func TestOverwriteReplacesWeightsAndClearsTheManifest(t *testing.T) {
	in, out := makeFolder(t, safetensors.F32, false, testWeights()), t.TempDir()
	for _, name := range []string{safetensors.SingleFile, safetensors.IndexFile, "manifest.json", "keep.txt"} {
		write(t, out, name, "old")
	}
	if _, err := Folder(in, out, Options{Overwrite: true}, nil); err != nil {
		t.Fatal(err)
	}
	want := []string{"LICENSE", "MODEL_CARD.md", "config.json", "keep.txt", "model.safetensors", "tokenizer.json"}
	if got := listing(t, out); !reflect.DeepEqual(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
}

// A run that fails while writing leaves no weights and no half-written file behind.
func TestInterruptedFolderHasNoWeights(t *testing.T) {
	in, out := makeFolder(t, safetensors.F32, false, testWeights()), t.TempDir()
	model := filepath.Join(in, safetensors.SingleFile)
	info, err := os.Stat(model)
	if err != nil {
		t.Fatal(err)
	}
	cut := false
	_, err = Folder(in, out, Options{}, func(done, total int64) {
		if !cut && done > total/2 { // the second reading has begun
			cut = true
			os.Truncate(model, info.Size()/2)
		}
	})
	if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		t.Fatalf("error %v", err)
	}
	for _, name := range listing(t, out) {
		if strings.Contains(name, "safetensors") {
			t.Errorf("%s was left behind", name)
		}
	}
}

// Malformed scales are found before anything is written.
func TestDequantizeFolderRefusesBadScales(t *testing.T) {
	for name, scale := range map[string][]float32{"negative": {1, -1}, "not a number": {nan, 1}} {
		in := t.TempDir()
		config, err := WriteConfig([]byte(`{}`), Config{})
		if err != nil {
			t.Fatal(err)
		}
		write(t, in, "config.json", string(config))
		put(t, in, safetensors.SingleFile, []safetensors.Entry{
			{Name: "a.weight", DType: safetensors.I8, Shape: []int{2, 2}, Data: safetensors.Bytes([]byte{1, 2, 3, 4})},
			{Name: "a.weight_scale", DType: safetensors.F32, Shape: []int{2}, Data: safetensors.Floats(scale, safetensors.F32)},
		})
		if _, err := DequantizeFolder(in, filepath.Join(in, "out"), Options{}, nil); !errors.Is(err, ErrScale) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
