package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"

	"github.com/lodestone-wasm/lodestone/models/transformer"
	"github.com/lodestone-wasm/lodestone/weights/folder"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// inspected is what `lode inspect --json` prints.
type inspected struct {
	Dir        string            `json:"dir"`
	Config     *summary          `json:"config,omitempty"`
	ConfigNote string            `json:"config_note,omitempty"`
	Parameters int64             `json:"parameters"`
	Bytes      int64             `json:"bytes"`
	DTypes     map[string]int64  `json:"bytes_by_dtype"`
	Tensors    []inspectedTensor `json:"tensors"`
	Tokenizer  string            `json:"tokenizer"`
	Manifest   string            `json:"manifest"`
	Metadata   map[string]string `json:"metadata,omitempty"`
}

// summary is the architecture as it was read from config.json.
type summary struct {
	ModelType        string `json:"model_type"`
	Norm             string `json:"norm"`
	HiddenSize       int    `json:"hidden_size"`
	NumLayers        int    `json:"num_hidden_layers"`
	NumHeads         int    `json:"num_attention_heads"`
	IntermediateSize int    `json:"intermediate_size"`
	VocabSize        int    `json:"vocab_size"`
	MaxPositions     int    `json:"max_position_embeddings"`
	Activation       string `json:"hidden_act"`
	Positions        string `json:"positions"`
}

type inspectedTensor struct {
	Name  string `json:"name"`
	DType string `json:"dtype"`
	Shape []int  `json:"shape"`
	Bytes int64  `json:"bytes"`
}

func inspect(e *env, args []string) error {
	f := newFlags(e, "inspect")
	rest, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	v, err := inspectDir(rest[0])
	if err != nil {
		return err
	}
	if *f.json {
		return json.NewEncoder(e.out).Encode(v)
	}
	v.print(e)
	return nil
}

func inspectDir(dir string) (*inspected, error) {
	w, err := safetensors.OpenFolder(dir)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	v := &inspected{Dir: dir, DTypes: map[string]int64{}, Metadata: w.Metadata}
	for _, t := range w.Tensors {
		v.Parameters += t.NumElements()
		v.Bytes += t.NumBytes()
		v.DTypes[t.DType.String()] += t.NumBytes()
		v.Tensors = append(v.Tensors, inspectedTensor{t.Name, t.DType.String(), t.Shape, t.NumBytes()})
	}
	switch text, err := os.ReadFile(filepath.Join(dir, "config.json")); {
	case errors.Is(err, fs.ErrNotExist):
		v.ConfigNote = "no config.json"
	case err != nil:
		return nil, err
	default:
		if c, err := transformer.ParseConfig(text); err != nil {
			v.ConfigNote = err.Error()
		} else {
			v.Config = summarize(c)
		}
	}
	switch t, err := loadTokenizer(dir); {
	case errors.Is(err, fs.ErrNotExist):
		v.Tokenizer = "none"
	case err != nil:
		v.Tokenizer = err.Error()
	default:
		v.Tokenizer = fmt.Sprintf("%d tokens", t.VocabSize())
	}
	v.Manifest = "none; `lode pack` writes one"
	if _, err := os.Stat(filepath.Join(dir, folder.ManifestFile)); err == nil {
		if v.Manifest = "every file matches"; folder.Verify(dir, nil) != nil {
			v.Manifest = folder.Verify(dir, nil).Error()
		}
	}
	return v, nil
}

func summarize(c *transformer.Config) *summary {
	s := &summary{c.ModelType, c.Norm.String(), c.HiddenSize, c.NumLayers, c.NumHeads, c.IntermediateSize,
		c.VocabSize, c.MaxPositions, c.Activation.String(), "none"}
	switch {
	case c.RelBuckets > 0:
		s.Positions = fmt.Sprintf("relative, %d buckets to %d", c.RelBuckets, c.RelMaxDistance)
	case c.XPos:
		s.Positions = "xpos"
	case c.LearnedPositions:
		s.Positions = "learned"
	}
	return s
}

func (v *inspected) print(e *env) {
	fmt.Fprintf(e.out, "%s\n", v.Dir)
	if c := v.Config; c != nil {
		fmt.Fprintf(e.out, "  %s: %s encoder, %d layers of %d, %d heads, feed-forward %d (%s), %s positions, vocabulary %d\n",
			c.ModelType, c.Norm, c.NumLayers, c.HiddenSize, c.NumHeads, c.IntermediateSize, c.Activation, c.Positions, c.VocabSize)
	} else {
		fmt.Fprintf(e.out, "  %s\n", v.ConfigNote)
	}
	fmt.Fprintf(e.out, "  %d parameters in %d tensors, %s", v.Parameters, len(v.Tensors), megabytes(v.Bytes))
	var types []string
	for t := range v.DTypes {
		types = append(types, t)
	}
	slices.Sort(types)
	for i, t := range types {
		sep := ", "
		if i == 0 {
			sep = ": "
		}
		fmt.Fprintf(e.out, "%s%s %s", sep, t, megabytes(v.DTypes[t]))
	}
	fmt.Fprintf(e.out, "\n  tokenizer: %s\n  manifest: %s\n\n", v.Tokenizer, v.Manifest)
	w := tabwriter.NewWriter(e.out, 0, 0, 2, ' ', 0)
	for _, t := range v.Tensors {
		fmt.Fprintf(w, "  %s\t%s\t%v\t%s\n", t.Name, t.DType, t.Shape, megabytes(t.Bytes))
	}
	w.Flush()
}
