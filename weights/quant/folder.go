//go:build !js

package quant

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"

	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// Options of [Folder] and [DequantizeFolder]. The zero value is the usual.
type Options struct {
	// Overwrite replaces the weights of a folder that exists. Its manifest.json and
	// shards' index are removed, since they no longer tell the truth.
	Overwrite bool
	// Bits of linear layers: 8 (or 0), or 4 in blocks of 32 along a row; then tables and
	// output projections have 8.
	Bits int
	// Reason is why a tensor stays float32, empty to quantise it; nil means
	// [KeepReason]. It can keep more than KeepReason does, not less: what is not a
	// "….weight" of two dimensions always stays.
	Reason func(name string, shape []int) string
}

// Report is what [Folder] or [DequantizeFolder] did.
type Report struct {
	Converted          []string          // tensors that became integers, or F32 again, in order
	Kept               map[string]string // tensors that stayed floats → why
	BytesIn, BytesOut  int64             // of all tensors
	Copied, LeftBehind []string          // other files
}

const configFile = "config.json"

// Folder makes a q8 or q4 folder out of an f32, f16 or bf16 one, or a q4 folder out of a q8
// one: one model.safetensors, shards merged; config.json with a quantization_config; tokenizer, model card and other small
// files copied. Weights stream through in pieces of about a megabyte, each matrix twice (once for
// its scales), so memory does not grow with the model. progress may be nil; total is the
// bytes to be read.
//
// Every file is written beside its final name and renamed, the weights last: a folder
// that was interrupted has no model.safetensors. Symbolic links in the folder are
// followed, because the Hugging Face cache is made of them.
func Folder(in, out string, o Options, progress func(done, total int64)) (*Report, error) {
	if err := checkOutput(in, out, o.Overwrite); err != nil {
		return nil, err
	}
	src, config, err := open(in)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	switch c, err := ReadConfig(config); {
	case err != nil:
		return nil, err
	case c != nil && o.Bits == 4 && len(c.FourBit) == 0:
		return requantize(in, out, o, progress)
	case c != nil:
		return nil, refuse(ErrState, "%s is quantised already", in)
	}
	job := &job{src: src, report: &Report{Kept: map[string]string{}}, progress: progress}
	cfg := Config{Targets: []string{"Linear", "Embedding"}}
	switch o.Bits {
	case 0, 8:
	case 4:
		cfg = Config{Targets: []string{"Embedding"}, FourBit: []string{"Linear"}}
	default:
		return nil, refuse(ErrUnsupported, "%d bits are not supported; supported: 8, 4", o.Bits)
	}
	if err := job.planQuantize(o, &cfg); err != nil {
		return nil, err
	}
	if config, err = WriteConfig(config, cfg); err != nil {
		return nil, err
	}
	return job.run(in, out, config)
}

// requantize makes a q4 folder out of a q8 one, by way of an f32 one beside the output that
// is removed. Rows keep their int8 numbers where they stay int8, because the largest of each
// is 127 steps.
func requantize(in, out string, o Options, progress func(done, total int64)) (*Report, error) {
	if err := os.MkdirAll(filepath.Dir(filepath.Clean(out)), 0o755); err != nil {
		return nil, refuse(err, "output: %v", err)
	}
	floats, err := os.MkdirTemp(filepath.Dir(filepath.Clean(out)), "."+filepath.Base(out)+".*.part")
	if err != nil {
		return nil, refuse(err, "output: %v", err)
	}
	defer os.RemoveAll(floats)
	first, err := DequantizeFolder(in, floats, Options{}, nil)
	if err != nil {
		return nil, err
	}
	r, err := Folder(floats, out, o, progress)
	if err != nil {
		return nil, err
	}
	r.BytesIn, r.LeftBehind = first.BytesIn, append(first.LeftBehind, r.LeftBehind...)
	return r, nil
}

// DequantizeFolder makes an f32 folder out of a q8 or q4 one, in the same manner. All floats
// become F32; other types are copied.
func DequantizeFolder(in, out string, o Options, progress func(done, total int64)) (*Report, error) {
	if err := checkOutput(in, out, o.Overwrite); err != nil {
		return nil, err
	}
	src, config, err := open(in)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	switch c, err := ReadConfig(config); {
	case err != nil:
		return nil, err
	case c == nil:
		return nil, refuse(ErrState, "%s is not quantised: its config.json has no %s", in, member)
	}
	job := &job{src: src, report: &Report{Kept: map[string]string{}}, progress: progress}
	if err := job.planDequantize(); err != nil {
		return nil, err
	}
	if config, err = RemoveConfig(config); err != nil {
		return nil, err
	}
	return job.run(in, out, config)
}

func open(dir string) (*safetensors.Folder, []byte, error) {
	f, err := safetensors.OpenRegular(filepath.Join(dir, configFile))
	if err != nil {
		return nil, nil, refuse(err, "%s: %v: expected a model folder", dir, err)
	}
	defer f.Close()
	const limit = 16 << 20
	config, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, nil, refuse(err, "%s: %v", dir, err)
	}
	if len(config) > limit {
		return nil, nil, refuse(ErrConfig, "%s: config.json is larger than %d bytes", dir, limit)
	}
	src, err := safetensors.OpenFolder(dir)
	return src, config, err
}

// run writes the output folder.
func (j *job) run(in, out string, config []byte) (*Report, error) {
	if err := prepare(out); err != nil {
		return nil, err
	}
	if err := copySmall(in, out, j.report); err != nil {
		return nil, err
	}
	err := writeFile(out, configFile, func(w io.Writer) error {
		_, err := w.Write(config)
		return err
	})
	if err != nil {
		return nil, err
	}
	meta := maps.Clone(j.src.Metadata)
	err = writeFile(out, safetensors.SingleFile, func(w io.Writer) error {
		return safetensors.Write(w, meta, j.entries)
	})
	if err != nil {
		return nil, err
	}
	return j.report, nil
}

// checkOutput refuses a folder that must not be written, before any work is done.
func checkOutput(in, out string, overwrite bool) error {
	a, err := os.Stat(in)
	if err != nil {
		return refuse(err, "input: %v", err)
	}
	b, err := os.Stat(out)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return refuse(err, "output: %v", err)
	case !b.IsDir():
		return refuse(ErrOutput, "output %s is not a folder", out)
	case os.SameFile(a, b):
		return refuse(ErrOutput, "input and output are the same folder %s: choose another", out)
	case overwrite:
		return nil
	}
	for _, name := range weightFiles {
		if _, err := os.Lstat(filepath.Join(out, name)); !errors.Is(err, fs.ErrNotExist) {
			return refuse(ErrOutput, "%s exists: choose another folder, or overwrite", filepath.Join(out, name))
		}
	}
	return nil
}

// weightFiles is what would contradict new weights.
var weightFiles = []string{safetensors.SingleFile, safetensors.IndexFile, manifestFile}

// prepare makes the output folder and clears weightFiles.
func prepare(out string) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return refuse(err, "output: %v", err)
	}
	for _, name := range weightFiles {
		if err := os.Remove(filepath.Join(out, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return refuse(err, "output: %v", err)
		}
	}
	return nil
}
