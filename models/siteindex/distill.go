package siteindex

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"

	"github.com/lodestone-wasm/lodestone/models/tasks"
)

// Encoder is what static vectors are distilled from: the vector that a sentence encoder
// gives to each piece of its vocabulary (as in Model2Vec, Minish Lab 2024).
type Encoder struct {
	Name    string // of the model, for the manifest
	Pieces  []Piece
	Dim     int
	Vectors []float32 // (pieces, Dim)
	// Threshold are similarities that were calibrated on data; see README.md of
	// web/bench/search.
	Threshold Threshold
}

// thresholds of the models that ship; web/bench/search/README.md says how they are found.
var thresholds = map[string]Threshold{
	"prompt-magneto-en-de-fr": {Close: 0.60, Related: 0.49},
}

// Distilled is what an earlier [Distill] left in the file cache, nil if there is nothing.
func Distilled(pieces []Piece, name, cache, key string) *Encoder {
	e := &Encoder{Name: name, Pieces: pieces, Threshold: thresholds[name]}
	if !e.load(cache, key) {
		return nil
	}
	return e
}

// Distill runs a sentence encoder on each piece alone. It takes a few tens of seconds, so
// its result is kept in the file cache ("": not kept); key names the model there.
func Distill(ctx tasks.Context, task *tasks.FeatureExtraction, pieces []Piece, name, cache, key string, progress func(done, total int)) (*Encoder, error) {
	if e := Distilled(pieces, name, cache, key); e != nil {
		return e, nil
	}
	e := &Encoder{Name: name, Pieces: pieces, Threshold: thresholds[name]}
	const batch = 256
	for at := 0; at < len(pieces); at += batch {
		n := min(batch, len(pieces)-at)
		ids := make([][]int32, n)
		for i := range ids {
			ids[i] = []int32{pieces[at+i].ID}
		}
		v, err := task.RunIDs(ctx, ids, tasks.FeatureExtractionOptions{Normalize: true})
		if err != nil {
			return nil, fmt.Errorf("siteindex: static vectors of %s: %w", name, err)
		}
		e.Dim = v.Dims[1]
		e.Vectors = append(e.Vectors, v.Data...)
		progress(at+n, len(pieces))
	}
	return e, e.save(cache, key)
}

// The file of a cache: the key in 64 bytes, the number of dimensions, the vectors.
func (e *Encoder) load(file, key string) bool {
	b, err := os.ReadFile(file)
	if file == "" || err != nil || len(b) < 68 || string(b[:64]) != fmt.Sprintf("%-64.64s", key) {
		return false
	}
	dim := int(binary.LittleEndian.Uint32(b[64:]))
	if dim <= 0 || len(b) != 68+4*dim*len(e.Pieces) {
		return false
	}
	e.Dim = dim
	e.Vectors = make([]float32, dim*len(e.Pieces))
	for i := range e.Vectors {
		e.Vectors[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[68+4*i:]))
	}
	return true
}

func (e *Encoder) save(file, key string) error {
	if file == "" {
		return nil
	}
	b := append([]byte(fmt.Sprintf("%-64.64s", key)), 0, 0, 0, 0)
	binary.LittleEndian.PutUint32(b[64:], uint32(e.Dim))
	for _, v := range e.Vectors {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return writeWhole(file, b)
}
