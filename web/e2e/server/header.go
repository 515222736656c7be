package main

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/lodestone-wasm/lodestone/weights/folder"
)

// Tensors of the default model that the cases change.
const (
	lastTensor = "layers.3.ffn.fc2.bias"
	wideTensor = "layers.0.ffn.fc1.weight" // not square
)

type tensor struct {
	DType   string    `json:"dtype"`
	Shape   []int64   `json:"shape"`
	Offsets [2]uint64 `json:"data_offsets"`
}

// header is the header of a safetensors file, without its metadata.
type header map[string]tensor

// names are those of the tensors, in the order of their data.
func (h header) names() []string {
	var names []string
	for name := range h {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return int(int64(h[a].Offsets[0]) - int64(h[b].Offsets[0])) })
	return names
}

// open splits a weights file into its header and its data.
func (m model) open() (header, []byte) {
	p := m[weightsFile]
	end := 8 + binary.LittleEndian.Uint64(p)
	var raw map[string]json.RawMessage
	must(json.Unmarshal(p[8:end], &raw))
	h := header{}
	for name, text := range raw {
		if name != "__metadata__" {
			var t tensor
			must(json.Unmarshal(text, &t))
			h[name] = t
		}
	}
	return h, p[end:]
}

func join(h header, data []byte) []byte {
	text, err := json.Marshal(h)
	must(err)
	for len(text)%8 != 0 {
		text = append(text, ' ')
	}
	p := binary.LittleEndian.AppendUint64(nil, uint64(len(text)))
	return append(append(p, text...), data...)
}

// editHeader changes the header and leaves the data.
func (m model) editHeader(edit func(header)) {
	h, data := m.open()
	edit(h)
	m[weightsFile] = join(h, data)
}

// find completes a name that has a prefix in the file.
func (h header) find(name string) string {
	for full := range h {
		if strings.HasSuffix(full, name) {
			return full
		}
	}
	panic(fmt.Sprintf("e2e: the default model has no tensor %s", name))
}

// take makes a file of some tensors.
func take(h header, data []byte, names []string) []byte {
	out := header{}
	var bytes []byte
	for _, name := range names {
		t := h[name]
		part := data[t.Offsets[0]:t.Offsets[1]]
		t.Offsets = [2]uint64{uint64(len(bytes)), uint64(len(bytes) + len(part))}
		bytes = append(bytes, part...)
		out[name] = t
	}
	return join(out, bytes)
}

// drop leaves one tensor out.
func (m model) drop(name string) {
	h, data := m.open()
	name = h.find(name)
	m[weightsFile] = take(h, data, slices.DeleteFunc(h.names(), func(n string) bool { return n == name }))
}

// setFirst gives the first number of an f32 tensor its bits.
func (m model) setFirst(name string, bits uint32) {
	h, data := m.open()
	data = slices.Clone(data)
	binary.LittleEndian.PutUint32(data[h[h.find(name)].Offsets[0]:], bits)
	m[weightsFile] = join(h, data)
}

// split makes n shards and their index; with escape, the index points to another folder.
func (m model) split(n int, escape bool) {
	h, data := m.open()
	names := h.names()
	weights := map[string]string{}
	for i := range n {
		part := names[i*len(names)/n : (i+1)*len(names)/n]
		file := fmt.Sprintf("model-%05d-of-%05d.safetensors", i+1, n)
		m[file] = take(h, data, part)
		if escape {
			file = "../good/" + weightsFile
		}
		for _, name := range part {
			weights[name] = file
		}
	}
	text, err := json.Marshal(map[string]any{"metadata": map[string]any{}, "weight_map": weights})
	must(err)
	m[weightsFile+".index.json"] = text
	delete(m, weightsFile)
}

// inflate makes a model whose token table has 8 GB, and sends only its header.
func (m model) inflate() {
	const rows, dim = 1 << 20, 2048
	m.editConfig("vocab_size", rows)
	h, data := m.open()
	grown := header{}
	at := uint64(0)
	for _, name := range h.names() {
		t := h[name]
		n := t.Offsets[1] - t.Offsets[0]
		if strings.HasSuffix(name, "embed_tokens.weight") {
			t.DType, t.Shape, n = "F32", []int64{rows, dim}, rows*dim*4
		}
		if strings.HasSuffix(name, "embed_tokens.weight_scale") {
			continue
		}
		t.Offsets = [2]uint64{at, at + n}
		at += n
		grown[name] = t
	}
	m.editConfig("encoder_embed_dim", dim)
	m[weightsFile] = join(grown, data[:1024])
}

// manifest adds the manifest of the files as they are now.
func (m model) manifest() {
	var out folder.Manifest
	for name, p := range m {
		out.Files = append(out.Files, folder.File{Path: name, Size: int64(len(p)), SHA256: fmt.Sprintf("%x", sha256.Sum256(p))})
	}
	m[manifestFile] = out.Encode()
}
