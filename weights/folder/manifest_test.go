package folder

import (
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

// SHA-256 of "abc", from FIPS 180-4's examples.
const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

const good = `{"format":"lodestone-manifest","version":1,"files":[
  {"path":"model.safetensors","size":12,"sha256":"` + abc + `"},
  {"path":"config.json","size":3,"sha256":"` + abc + `"}]}`

func TestParseManifest(t *testing.T) {
	m, err := ParseManifest([]byte(swap(good, abc, strings.ToUpper(abc))))
	want := []File{{"model.safetensors", 12, abc}, {"config.json", 3, abc}}
	if err != nil || !reflect.DeepEqual(m.Files, want) || m.TotalSize() != 15 {
		t.Fatalf("%+v, %v", m, err)
	}
	for _, tt := range []struct {
		path string
		size int64
		hash string
		want error
	}{
		{"config.json", 3, abc, nil},
		{"config.json", 3, strings.ToUpper(abc), nil},
		{"config.json", 4, abc, ErrSize},
		{"config.json", 3, "00" + abc[2:], ErrHash},
		{"config.json", 3, "", ErrHash},
		{"tokenizer.json", 3, abc, ErrUnlisted},
		{"", 0, "", ErrUnlisted},
		{"Config.json", 3, abc, ErrUnlisted},
	} {
		if err := m.Check(tt.path, tt.size, tt.hash); !errors.Is(err, tt.want) {
			t.Errorf("%q of %d bytes: %v, want %v", tt.path, tt.size, err, tt.want)
		}
	}
	if f, err := m.Lookup("config.json"); err != nil || f != want[1] {
		t.Errorf("Lookup: %v, %v", f, err)
	}
}

func TestManifestEncodesSortedAndReadsBack(t *testing.T) {
	m, err := ParseManifest([]byte(good))
	if err != nil {
		t.Fatal(err)
	}
	text := m.Encode()
	want := `{
  "format": "lodestone-manifest",
  "version": 1,
  "files": [
    {"path": "config.json", "size": 3, "sha256": "` + abc + `"},
    {"path": "model.safetensors", "size": 12, "sha256": "` + abc + `"}
  ]
}
`
	if string(text) != want || !json.Valid(text) {
		t.Errorf("encoded\n%s\nwant\n%s", text, want)
	}
	back, err := ParseManifest(text)
	if err != nil || string(back.Encode()) != string(text) {
		t.Errorf("read back %+v, %v", back, err)
	}
	empty := (&Manifest{}).Encode()
	if m, err := ParseManifest(empty); err != nil || len(m.Files) != 0 {
		t.Errorf("%s: %v", empty, err)
	}
}

// swap replaces the first occurrence, which must be there.
func swap(text, old, new string) string {
	if !strings.Contains(text, old) {
		panic("the test's text has no " + old)
	}
	return strings.Replace(text, old, new, 1)
}

func TestParseManifestRefuses(t *testing.T) {
	many := `{"format":"lodestone-manifest","version":1,"files":[`
	for i := range MaxFiles + 1 {
		many += `{"path":"f` + strconv.Itoa(i) + `","size":0,"sha256":"` + abc + `"},`
	}
	path := func(p string) string { return swap(good, `"config.json"`, p) }
	for _, tt := range []struct {
		name, text string
		want       error
	}{
		{"empty", ``, ErrManifest},
		{"HTML", `<!DOCTYPE html>`, ErrManifest},
		{"a list", `[]`, ErrManifest},
		{"nothing in it", `{}`, ErrManifest},
		{"text after it", good + "x", ErrManifest},
		{"larger than the limit", good + strings.Repeat(" ", MaxManifest), ErrManifest},
		{"too many files", strings.TrimSuffix(many, ",") + "]}", ErrManifest},
		{"another format", swap(good, "lodestone-manifest", "npm"), ErrManifest},
		{"format is a number", swap(good, `"lodestone-manifest"`, "1"), ErrManifest},
		{"no format", swap(good, `"format":"lodestone-manifest",`, ""), ErrManifest},
		{"another version", swap(good, `"version":1`, `"version":2`), ErrVersion},
		{"version as a string", swap(good, `"version":1`, `"version":"1"`), ErrManifest},
		{"no version", swap(good, `"version":1,`, ``), ErrManifest},
		{"no files", `{"format":"lodestone-manifest","version":1}`, ErrManifest},
		{"files twice", swap(good, `"version":1`, `"version":1,"files":[]`), ErrManifest},
		{"unknown member", swap(good, `"version":1`, `"version":1,"base":"https://example.org/"`), ErrManifest},
		{"unknown member of a file", swap(good, `"size":3`, `"size":3,"url":"https://example.org/"`), ErrManifest},
		{"file is a string", swap(good, `{"path":"config.json","size":3,"sha256":"`+abc+`"}`, `"config.json"`), ErrManifest},
		{"no path", swap(good, `"path":"config.json",`, ``), ErrManifest},
		{"no size", swap(good, `"size":3,`, ``), ErrManifest},
		{"no hash", swap(good, `,"sha256":"`+abc+`"`, ``), ErrManifest},
		{"negative size", swap(good, `"size":3`, `"size":-3`), ErrManifest},
		{"fractional size", swap(good, `"size":3`, `"size":3.0`), ErrManifest},
		{"size beyond exact numbers", swap(good, `"size":3`, `"size":9007199254740992`), ErrManifest},
		{"size beyond int64", swap(good, `"size":3`, `"size":9223372036854775808`), ErrManifest},
		{"short hash", swap(good, abc, abc[1:]), ErrManifest},
		{"long hash", swap(good, abc, abc+"0"), ErrManifest},
		{"hash with other letters", swap(good, abc, "g"+abc[1:]), ErrManifest},
		{"hash with a prefix", swap(good, abc, "0x"+abc[2:]), ErrManifest},
		{"path twice", path(`"model.safetensors"`), ErrManifest},
		{"path twice, other case", path(`"Model.Safetensors"`), ErrManifest},
		{"parent folder", path(`"../config.json"`), ErrPath},
		{"parent folder of Windows", path(`"..\\config.json"`), ErrPath},
		{"absolute", path(`"/config.json"`), ErrPath},
		{"sub-folder", path(`"onnx/config.json"`), ErrPath},
		{"URL", path(`"https://example.org/config.json"`), ErrPath},
		{"escape", path(`"%2e%2e"`), ErrPath},
		{"query", path(`"config.json?x"`), ErrPath},
		{"dots", path(`"a..b"`), ErrPath},
		{"dot", path(`"."`), ErrPath},
		{"hidden", path(`".config"`), ErrPath},
		{"empty path", path(`""`), ErrPath},
		{"NUL", path(`"a\u0000"`), ErrPath},
		{"long path", path(`"` + strings.Repeat("p", 256) + `"`), ErrPath},
		{"itself", path(`"manifest.json"`), ErrPath},
		{"itself, other case", path(`"MANIFEST.json"`), ErrPath},
		{"path is a number", path(`7`), ErrManifest},
	} {
		if _, err := ParseManifest([]byte(tt.text)); !errors.Is(err, tt.want) || !strings.HasPrefix(err.Error(), "folder: ") {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

// FuzzParseManifest: nothing panics, and what is accepted is safe and reads back.
func FuzzParseManifest(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte(`{"format":"lodestone-manifest","version":1,"files":[]}`))
	f.Add([]byte(swap(good, "config.json", `..\u002fx`)))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := ParseManifest(text)
		if err != nil {
			if !errors.Is(err, ErrManifest) && !errors.Is(err, ErrPath) && !errors.Is(err, ErrVersion) {
				t.Fatal(err)
			}
			return
		}
		for _, x := range m.Files {
			if x.Size < 0 || strings.ContainsAny(x.Path, "/\\:%?#\x00 ") || strings.Contains(x.Path, "..") || m.Check(x.Path, x.Size, x.SHA256) != nil {
				t.Fatalf("%+v", x)
			}
		}
		if back, err := ParseManifest(m.Encode()); err != nil || len(back.Files) != len(m.Files) || m.TotalSize() < 0 {
			t.Fatal(err)
		}
	})
}
