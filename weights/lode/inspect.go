package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/describe"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/transformer"
	"github.com/lodestone-wasm/lodestone/weights/folder"
	"github.com/lodestone-wasm/lodestone/weights/quant"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// inspected is what `lode inspect --json` prints.
type inspected struct {
	Dir        string                `json:"dir"`
	Model      *describe.Description `json:"model,omitempty"`
	ConfigNote string                `json:"config_note,omitempty"`
	Parameters int64                 `json:"parameters"`
	Bytes      int64                 `json:"bytes"`
	DTypes     map[string]int64      `json:"bytes_by_dtype"`
	Tensors    []inspectedTensor     `json:"tensors"`
	Tokenizer  string                `json:"tokenizer"`
	Manifest   string                `json:"manifest"`
	// ActivationBytes is the memory above the weights for one text of so many tokens.
	ActivationBytes map[int]uint64 `json:"activation_bytes,omitempty"`

	Metadata map[string]string `json:"metadata,omitempty"`

	folder    *pipeline.Folder // nil where config.json is not understood
	integrity error            // what is not as the manifest says
}

type inspectedTensor struct {
	Name  string `json:"name"`
	DType string `json:"dtype"`
	Shape []int  `json:"shape"`
	Bytes int64  `json:"bytes"`
}

func init() {
	register(foldersGroup, func(e *env) *flags {
		f := newCommand(e, "inspect MODEL", "describe a model folder: architecture, tensors, memory, whether it loads").computes()
		svg := f.String("svg", "", "write a picture of the model to this file")
		return f.runs(1, 1, func(args []string) error { return f.inspect(e, args[0], *svg) })
	})
}

func (f *flags) inspect(e *env, model, svg string) error {
	dir, err := f.modelDir(e, model)
	if err != nil {
		return err
	}
	dev, err := f.device()
	if err != nil {
		return err
	}
	v, err := inspectDir(dev, dir)
	if err != nil {
		return err
	}
	v.activations(dev)
	if svg != "" {
		if v.Model == nil {
			return fmt.Errorf("no picture of %s: %s", dir, v.ConfigNote)
		}
		if err := os.WriteFile(svg, v.Model.SVG(true), 0o666); err != nil {
			return err
		}
	}
	if *f.json {
		err = json.NewEncoder(e.out).Encode(v)
	} else {
		v.print(e)
	}
	if err == nil && v.integrity != nil {
		return errFailed // the manifest's line says why
	}
	return err
}

func inspectDir(dev *kernels.Device, dir string) (*inspected, error) {
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
	files := unverified{pipeline.Dir(dir)} // the manifest has a line of its own
	switch v.folder, err = pipeline.Read(dev, files, pipeline.Options{NoTokenizer: true}); {
	case errors.Is(err, pipeline.ErrNoFile):
		v.ConfigNote = "no config.json"
	case err != nil:
		v.ConfigNote = err.Error()
	default:
		kept, err := peaking(v.folder.Config, w)
		if err != nil {
			return nil, err
		}
		v.Model = describe.Model(v.folder.Config, w.Tensors, kept)
	}
	switch t, err := pipeline.ReadTokenizer(dev, files); {
	case errors.Is(err, pipeline.ErrNoFile):
		v.Tokenizer = "none"
	case err != nil:
		v.Tokenizer = err.Error()
	default:
		v.Tokenizer = fmt.Sprintf("%d tokens", t.VocabSize())
	}
	v.Manifest = "none; `lode pack` writes one"
	if _, err := os.Stat(filepath.Join(dir, folder.ManifestFile)); err == nil {
		v.Manifest = "every file matches"
		if v.integrity = folder.Verify(dir, nil); v.integrity != nil {
			v.Manifest = v.integrity.Error()
		}
	}
	return v, nil
}

// unverified are the files of a folder as if it had no manifest.
type unverified struct{ pipeline.Files }

func (f unverified) ReadFile(name string, limit int64) ([]byte, error) {
	if name == folder.ManifestFile {
		return nil, pipeline.ErrNoFile
	}
	return f.Files.ReadFile(name, limit)
}

// activations states what texts of some lengths take; nothing for a model that texts alone
// do not run, or whose weights do not load, which says so when it is loaded.
func (v *inspected) activations(dev *kernels.Device) {
	if v.folder == nil {
		return
	}
	c := v.folder.Config
	v.ActivationBytes = map[int]uint64{}
	for _, tokens := range []int{16, 128, 512} {
		if c.MaxPositions > 0 && tokens > c.MaxPositions {
			tokens = c.MaxPositions
		}
		_, bytes, err := v.folder.Memory(dev, pipeline.NoHead, pipeline.Options{}, []int{tokens})
		if err != nil {
			return
		}
		v.ActivationBytes[tokens] = bytes[0]
	}
}

// peaking names the matrices of a float checkpoint that q8 leaves in f32 because of what
// is in them (quant.MaxPeak).
func peaking(c *transformer.Config, w *safetensors.Folder) ([]string, error) {
	kept := []string{}
	for i, r := range c.Roles(w.Tensors) {
		t := w.Tensors[i]
		if !r.Matrix || !t.DType.IsFloat() || len(t.Shape) != 2 {
			continue
		}
		v, err := w.Float32s(t.Name)
		if err != nil {
			return nil, err
		}
		rows, cols, next, far := t.Shape[0], t.Shape[1], 1, t.Shape[1]
		if r.Turned {
			rows, cols, next, far = cols, rows, cols, 1
		}
		row, squares := make([]float32, cols), 0.0
		for i := range rows {
			for j := range row {
				row[j] = v[i*far+j*next]
			}
			p := quant.RowPeak(row)
			squares += p * p
		}
		if math.Sqrt(squares/float64(max(1, rows))) > quant.MaxPeak {
			kept = append(kept, t.Name)
		}
	}
	return kept, nil
}

func (v *inspected) print(e *env) {
	fmt.Fprintf(e.out, "%s\n", v.Dir)
	if v.Model != nil {
		printModel(e, v.Model)
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
	for i, n := range slices.Sorted(maps.Keys(v.ActivationBytes)) {
		sep := ", "
		if i == 0 {
			sep = "\n  activations: "
		}
		fmt.Fprintf(e.out, "%s%d tokens %s", sep, n, megabytes(int64(v.ActivationBytes[n])))
	}
	fmt.Fprintf(e.out, "\n  tokenizer: %s\n  manifest: %s\n\n", v.Tokenizer, v.Manifest)
	w := tabwriter.NewWriter(e.out, 0, 0, 2, ' ', 0)
	for _, t := range v.Tensors {
		fmt.Fprintf(w, "  %s\t%s\t%v\t%s\n", t.Name, t.DType, t.Shape, megabytes(t.Bytes))
	}
	w.Flush()
}
