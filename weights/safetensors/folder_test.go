//go:build !js

package safetensors

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// put writes a file of U8 tensors, one byte each, whose names are given.
func put(t *testing.T, dir, file string, names ...string) {
	t.Helper()
	var entries []Entry
	for _, n := range names {
		entries = append(entries, Entry{n, U8, []int{1}, Bytes([]byte(n[:1]))})
	}
	var b bytes.Buffer
	if err := Write(&b, map[string]string{"file": file}, entries); err != nil {
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

func TestOpenReadsTensors(t *testing.T) {
	values := []float32{1, -2.5, 0.5, 65504, 0, 3}
	var b bytes.Buffer
	if err := Write(&b, nil, []Entry{
		{"f32", F32, []int{2, 3}, Floats(values, F32)},
		{"f16", F16, []int{6}, Floats(values, F16)},
		{"i8", I8, []int{2}, Bytes([]byte{0xff, 1})},
	}); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, dir, SingleFile, b.String())
	f, err := Open(filepath.Join(dir, SingleFile))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, name := range []string{"f32", "f16"} {
		got, err := f.Float32s(name)
		if err != nil || !reflect.DeepEqual(got, values) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if raw, err := f.ReadTensor("i8"); err != nil || !bytes.Equal(raw, []byte{0xff, 1}) {
		t.Errorf("bytes %x, %v", raw, err)
	}
	raw, err := f.ReadTensor("f16")
	if err != nil || !bytes.Equal(raw, AppendFloats(nil, values, F16)) {
		t.Errorf("bytes %x, %v", raw, err)
	}
	if _, err := f.ReadTensor("g"); !errors.Is(err, ErrNotFound) || errors.Is(err, ErrFormat) {
		t.Errorf("missing tensor: %v", err)
	}
}

// More elements than one piece of the conversion holds.
func TestFloat32sReadsLargeTensors(t *testing.T) {
	values := make([]float32, 100_003)
	for i := range values {
		values[i] = float32(i%509) - 254 // at most 254: exact in bfloat16's 8 bits, too
	}
	dir := t.TempDir()
	for _, d := range []DType{F32, F16, BF16} {
		var b bytes.Buffer
		if err := Write(&b, nil, []Entry{{"w", d, []int{len(values)}, Floats(values, d)}}); err != nil {
			t.Fatal(err)
		}
		write(t, dir, SingleFile, b.String())
		f, err := OpenFolder(dir)
		if err != nil {
			t.Fatal(err)
		}
		got, err := f.Float32s("w")
		if err != nil || !reflect.DeepEqual(got, values) {
			t.Errorf("%v: %v", d, err)
		}
		f.Close()
	}
}

func TestFloat32sRefusesIntegers(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, SingleFile, "w")
	f, err := Open(filepath.Join(dir, SingleFile))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Float32s("w"); !errors.Is(err, ErrType) {
		t.Errorf("U8: %v", err)
	}
}

// A file that shrinks after it was opened is an error of reading, not a panic.
func TestFileThatShrinks(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, SingleFile, "w")
	path := filepath.Join(dir, SingleFile)
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := os.Truncate(path, 8); err != nil {
		t.Fatal(err)
	}
	if _, err := f.ReadTensor("w"); err == nil {
		t.Error("no error")
	}
}

func TestOpenRefusesHostileFilesByName(t *testing.T) {
	for i, tt := range hostile {
		f, err := Open(hostilePath(i))
		if err == nil {
			f.Close()
		}
		checkRefused(t, err, tt.want)
		if !strings.Contains(err.Error(), tt.name) {
			t.Errorf("%q does not name the file %s", err, tt.name)
		}
	}
}

func TestOpenRefusesWhatIsNoFile(t *testing.T) {
	if _, err := Open(filepath.Join(t.TempDir(), "missing")); !errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrFormat) {
		t.Errorf("missing: %v", err)
	}
	if _, err := Open(t.TempDir()); !errors.Is(err, ErrNotSafetensors) {
		t.Errorf("directory: %v", err)
	}
	if _, err := OpenFolder(t.TempDir()); !errors.Is(err, ErrNotSafetensors) || !strings.Contains(err.Error(), IndexFile) {
		t.Errorf("empty folder: %v", err)
	}
}

const goodIndex = `{"metadata":{"total_size":3},"weight_map":{"a":"s-2.safetensors","b":"s-1.safetensors","c":"s-2.safetensors"}}`

func TestOpenFolderMergesShards(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, IndexFile, goodIndex)
	put(t, dir, "s-1.safetensors", "b")
	put(t, dir, "s-2.safetensors", "a", "c")
	f, err := OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var names []string
	for _, x := range f.Tensors {
		names = append(names, x.Name)
		b, err := f.ReadTensor(x.Name)
		if err != nil || string(b) != x.Name {
			t.Errorf("%s holds %q, %v", x.Name, b, err)
		}
		if y, ok := f.Lookup(x.Name); !ok || !reflect.DeepEqual(x, y) {
			t.Errorf("Lookup(%q) = %v", x.Name, y)
		}
	}
	if want := []string{"b", "a", "c"}; !reflect.DeepEqual(names, want) {
		t.Errorf("tensors %q, want %q", names, want)
	}
	if f.Metadata["file"] != "s-1.safetensors" {
		t.Errorf("metadata %v", f.Metadata)
	}
	for _, read := range []func() error{
		func() error { _, err := f.ReadTensor("d"); return err },
		func() error { _, err := f.Float32s("d"); return err },
		func() error { _, _, err := f.Section("d"); return err },
	} {
		if err := read(); !errors.Is(err, ErrNotFound) {
			t.Errorf("missing tensor: %v", err)
		}
	}
	// model.safetensors comes first, as in the Hugging Face libraries.
	put(t, dir, SingleFile, "x")
	g, err := OpenFolder(dir)
	if err != nil || len(g.Tensors) != 1 || g.Tensors[0].Name != "x" {
		t.Fatalf("single file beside shards: %v", err)
	}
	g.Close()
}

func TestOpenFolderRefusesShardsThatDisagree(t *testing.T) {
	for name, shards := range map[string][2][]string{
		"missing":      {{"b"}, {"a"}},
		"extra":        {{"b", "x"}, {"a", "c"}},
		"other shard":  {{"b", "a"}, {"c"}},
		"in both":      {{"b", "c"}, {"a", "c"}},
		"nothing here": {{}, {"a", "c"}},
	} {
		dir := t.TempDir()
		write(t, dir, IndexFile, goodIndex)
		put(t, dir, "s-1.safetensors", shards[0]...)
		put(t, dir, "s-2.safetensors", shards[1]...)
		if _, err := OpenFolder(dir); !errors.Is(err, ErrShardMismatch) || !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
	dir := t.TempDir()
	write(t, dir, IndexFile, goodIndex)
	put(t, dir, "s-1.safetensors", "b")
	if _, err := OpenFolder(dir); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "s-2.safetensors") {
		t.Errorf("missing shard: %v", err)
	}
}

func TestReadIndexRefuses(t *testing.T) {
	shard := func(name string) string { return fmt.Sprintf(`{"weight_map":{"a":%q}}`, name) }
	many := `{"weight_map":{"a":"x"`
	for i := range MaxShards {
		many += fmt.Sprintf(`,"t%d":"s%d"`, i, i)
	}
	tests := []struct {
		name, text string
		want       error
	}{
		{"empty", ``, ErrIndex},
		{"a list", `[]`, ErrIndex},
		{"no weight_map", `{"metadata":{}}`, ErrIndex},
		{"empty weight_map", `{"weight_map":{}}`, ErrIndex},
		{"weight_map twice", `{"weight_map":{"a":"s"},"weight_map":{"a":"t"}}`, ErrIndex},
		{"unknown member", `{"weight_map":{"a":"s"},"auto_map":{}}`, ErrIndex},
		{"metadata is a string", `{"metadata":"","weight_map":{"a":"s"}}`, ErrIndex},
		{"shard is a number", `{"weight_map":{"a":1}}`, ErrIndex},
		{"text after it", `{"weight_map":{"a":"s"}}x`, ErrIndex},
		{"larger than the limit", strings.Repeat(" ", MaxIndex+1), ErrIndex},
		{"too many shards", many + `}}`, ErrIndex},
		{"tensor twice", `{"weight_map":{"a":"s","a":"s"}}`, ErrDuplicateTensor},
		{"empty tensor name", `{"weight_map":{"":"s"}}`, ErrName},
		{"long tensor name", `{"weight_map":{"` + strings.Repeat("n", 256) + `":"s"}}`, ErrName},
		{"metadata as a tensor", `{"weight_map":{"__metadata__":"s"}}`, ErrName},
		{"parent folder", shard("../x.safetensors"), ErrShardName},
		{"absolute", shard("/etc/passwd"), ErrShardName},
		{"backslash", shard(`..\x`), ErrShardName},
		{"sub-folder", shard("a/b"), ErrShardName},
		{"URL", shard("https://example.org/x"), ErrShardName},
		{"query", shard("x?y"), ErrShardName},
		{"percent", shard("%2e%2e"), ErrShardName},
		{"empty shard name", shard(""), ErrShardName},
		{"dot", shard("."), ErrShardName},
		{"hidden", shard(".x"), ErrShardName},
		{"dots inside", shard("a..b"), ErrShardName},
		{"space", shard("a b"), ErrShardName},
		{"NUL", `{"weight_map":{"a":"x\u0000y"}}`, ErrShardName},
		{"long", shard(strings.Repeat("s", 256)), ErrShardName},
		{"drive", shard("C:x"), ErrShardName},
	}
	for _, tt := range tests {
		_, err := ReadIndex([]byte(tt.text))
		if !errors.Is(err, tt.want) || !errors.Is(err, ErrFormat) || !strings.HasPrefix(err.Error(), "weights: ") {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	ix, err := ReadIndex([]byte(goodIndex))
	if err != nil || !reflect.DeepEqual(ix.Shards, []string{"s-1.safetensors", "s-2.safetensors"}) || len(ix.WeightMap) != 3 {
		t.Errorf("%v, %v", ix, err)
	}
}
