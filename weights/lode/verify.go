package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/golden"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// q8Cosine is what the outputs of a quantised model must reach on golden vectors.
const q8Cosine = 0.99

// verified is a line of `lode verify --json`.
type verified struct {
	Dir     string          `json:"dir"`
	Kind    string          `json:"kind,omitempty"`
	Outputs []golden.Output `json:"outputs,omitempty"`
	Pass    bool            `json:"pass"`
	Error   string          `json:"error,omitempty"`
}

func verify(e *env, args []string) error {
	f := newFlags(e, "verify")
	dtype := f.String("dtype", "f32", "f32: errors up to the tolerance pass; q8: a cosine of at least 0.99")
	dirs, err := f.parse(args, 1, -1)
	if err != nil {
		return err
	}
	if *dtype != "f32" && *dtype != "q8" {
		return fmt.Errorf("%w: --dtype %q; known: f32, q8", errUsage, *dtype)
	}
	dev, err := f.device()
	if err != nil {
		return err
	}
	failed := 0
	for _, dir := range dirs {
		v := verifyDir(dev, dir, *dtype)
		if !v.Pass {
			failed++
		}
		if *f.json {
			if err := json.NewEncoder(e.out).Encode(v); err != nil {
				return err
			}
			continue
		}
		v.print(e)
	}
	if !*f.json {
		fmt.Fprintf(e.out, "%d of %d directories pass\n", len(dirs)-failed, len(dirs))
	}
	if failed > 0 {
		return errFailed
	}
	return nil
}

func verifyDir(dev *kernels.Device, dir, dtype string) verified {
	v := verified{Dir: dir}
	r, err := runDir(dev, dir, dtype)
	if err != nil {
		v.Error = err.Error()
		return v
	}
	v.Kind, v.Outputs, v.Pass = r.Kind, r.Outputs, len(r.Outputs) > 0
	for _, o := range r.Outputs {
		v.Pass = v.Pass && passes(o, dtype)
	}
	return v
}

func passes(o golden.Output, dtype string) bool {
	if dtype == "q8" {
		return o.Cosine >= q8Cosine
	}
	return o.Exact()
}

func runDir(dev *kernels.Device, dir, dtype string) (*golden.Report, error) {
	config, err := os.ReadFile(filepath.Join(dir, "config.json"))
	if err != nil {
		return nil, err
	}
	io, err := os.ReadFile(filepath.Join(dir, "io.json"))
	if err != nil {
		return nil, err
	}
	name := "weights.safetensors"
	if _, err := os.Stat(filepath.Join(dir, name)); errors.Is(err, os.ErrNotExist) {
		name = "model.safetensors" // as families have it
	}
	weights, closer, err := transformer.OpenFile(dev, filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	defer closer.Close()
	return golden.Run(dev, config, io, weights, dtype)
}

func (v verified) print(e *env) {
	mark := "pass"
	if !v.Pass {
		mark = "FAIL"
	}
	fmt.Fprintf(e.out, "%s  %s", mark, v.Dir)
	if v.Kind != "" {
		fmt.Fprintf(e.out, "  (%s)", v.Kind)
	}
	fmt.Fprintln(e.out)
	if v.Error != "" {
		fmt.Fprintf(e.out, "      %s\n", v.Error)
	}
	for _, o := range v.Outputs {
		fmt.Fprintf(e.out, "      %-28s worst error %.2e   cosine %.6f\n", o.Name, o.Worst, o.Cosine)
	}
}
