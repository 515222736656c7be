package attacks

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/heads/headstest"
)

// Attack is a folder.
type Attack struct {
	Class string
	Name  string // what was changed
	Files map[string][]byte
}

// Text is a text that a folder that loads is to classify: one with special tokens in it, and
// with words that the tokenizer knows.
const Text = "Ada Lovelace [SEP] was born in [MASK] London [CLS]."

const (
	configFile    = "config.json"
	tokenizerFile = "tokenizer.json"
	weightsFile   = "model.safetensors"
	indexFile     = "model.safetensors.index.json"
	manifestFile  = "manifest.json"
)

// Base is the folder that nobody changed.
func Base() map[string][]byte {
	files, err := headstest.New("bert", heads.SequenceClassification, "a", "b").Files()
	if err != nil {
		panic(fmt.Sprintf("attacks: %v", err)) // a fault of headstest
	}
	return files
}

// All are the attacks, by class. Their numbers are their indexes.
func All() []Attack {
	s := &set{base: Base()}
	for _, class := range []struct {
		name string
		add  func(*set)
	}{
		{"sizes that wrap", sizes},
		{"shapes larger than the data", shapes},
		{"huge counts", counts},
		{"types confused", types},
		{"tables of the tokenizer", tables},
		{"hyper-parameters", parameters},
		{"paths", paths},
		{"code", code},
		{"special tokens", special},
		{"files swapped", swapped},
	} {
		s.class = class.name
		class.add(s)
	}
	return s.all
}

// set collects attacks.
type set struct {
	base  map[string][]byte
	class string
	all   []Attack
}

// add adds a folder with a file changed; nil removes it.
func (s *set) add(name, file string, data []byte) { s.files(name, map[string][]byte{file: data}) }

func (s *set) files(name string, changed map[string][]byte) {
	files := maps.Clone(s.base)
	for file, data := range changed {
		if data == nil {
			delete(files, file)
		} else {
			files[file] = data
		}
	}
	s.all = append(s.all, Attack{s.class, name, files})
}

// config adds a folder with a member of config.json set to a JSON text.
func (s *set) config(key, value string) {
	s.add(key+": "+short(value), configFile, member(s.base[configFile], key, value))
}

// tokenizer adds a folder with a change of tokenizer.json.
func (s *set) tokenizer(name string, change func(t map[string]any)) {
	var t map[string]any
	must(json.Unmarshal(s.base[tokenizerFile], &t))
	change(t)
	s.add(name, tokenizerFile, marshal(t))
}

// header adds a folder whose safetensors header went through change; the data stay.
func (s *set) header(name string, change func(h string) string) {
	h, data := split(s.base[weightsFile])
	s.add(name, weightsFile, weights(change(h), data))
}

func split(file []byte) (header string, data []byte) {
	n := binary.LittleEndian.Uint64(file)
	return string(file[8 : 8+n]), file[8+n:]
}

func weights(header string, data []byte) []byte {
	return slices.Concat(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), []byte(header), data)
}

// member is a JSON object with a member set to a JSON text, which encoding/json need not read.
func member(object []byte, key, value string) []byte {
	var m map[string]json.RawMessage
	must(json.Unmarshal(object, &m))
	delete(m, key)
	rest := bytes.TrimPrefix(marshal(m), []byte("{"))
	comma := ","
	if len(m) == 0 {
		comma = ""
	}
	return []byte(fmt.Sprintf("{%q:%s%s%s", key, value, comma, rest))
}

// manifest is a manifest.json of files.
func manifest(files map[string][]byte) []byte {
	var list []map[string]any
	for _, name := range slices.Sorted(maps.Keys(files)) {
		list = append(list, map[string]any{"path": name, "size": len(files[name]), "sha256": fmt.Sprintf("%x", sha256.Sum256(files[name]))})
	}
	return marshal(map[string]any{"format": "lodestone-manifest", "version": 1, "files": list})
}

func short(text string) string {
	if len(text) > 40 {
		return fmt.Sprintf("%s… (%d bytes)", text[:40], len(text))
	}
	return text
}

func marshal(v any) []byte {
	b, err := json.Marshal(v)
	must(err)
	return b
}

func must(err error) {
	if err != nil {
		panic(fmt.Sprintf("attacks: %v", err)) // a fault of this package
	}
}

// replaceOnce is strings.Replace of the first; it panics where there is nothing to replace, so
// that no attack is an unchanged folder.
func replaceOnce(s, old, new string) string {
	if !strings.Contains(s, old) {
		panic(fmt.Sprintf("attacks: %q is not there", old))
	}
	return strings.Replace(s, old, new, 1)
}
