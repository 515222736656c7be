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

// verified is a line of `lode verify --json`.
type verified struct {
	Dir     string          `json:"dir"`
	Kind    string          `json:"kind,omitempty"`
	Outputs []golden.Output `json:"outputs,omitempty"`
	// Routed and Choices: of a quantised mixture of experts, how many choices of experts
	// are as in float32, and of how many.
	Routed  int    `json:"routed,omitempty"`
	Choices int    `json:"choices,omitempty"`
	Pass    bool   `json:"pass"`
	Error   string `json:"error,omitempty"`
	// Cases are those of a file that is no directory: CROP's, or a trace of pruning.
	Cases []golden.Case `json:"cases,omitempty"`
}

func init() {
	register(checksGroup, func(e *env) *flags {
		f := newCommand(e, "verify DIR|FILE.json...", "compare models, and the functions of CROP and of pruning, with golden vectors").computes()
		dtype := f.String("dtype", "f32", "f32: errors up to the tolerance pass; q8: a cosine of at least 0.99; q4: of 0.85")
		return f.runs(1, -1, func(args []string) error { return f.verify(e, args, *dtype) })
	})
}

func (f *flags) verify(e *env, paths []string, dtype string) error {
	if _, quantised := golden.Least[dtype]; !quantised && dtype != "f32" {
		return fmt.Errorf("%w: --dtype %q; known: f32, q8, q4", errUsage, dtype)
	}
	dev, err := f.device()
	if err != nil {
		return err
	}
	failed, what := 0, "directories"
	for _, path := range paths {
		info, err := os.Stat(path)
		isFile := err == nil && info.Mode().IsRegular()
		var v verified
		if isFile {
			what = "directories and files"
			v = verifyFile(path)
		} else {
			v = verifyDir(dev, path, dtype)
		}
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
		fmt.Fprintf(e.out, "%d of %d %s pass\n", len(paths)-failed, len(paths), what)
	}
	if failed > 0 {
		return errFailed
	}
	return nil
}

func verifyDir(dev *kernels.Device, dir, dtype string) verified {
	v := verified{Dir: dir}
	r, err := runDir(dev, dir, dtype)
	if err == nil && dtype != "f32" && len(r.Routes) > 0 {
		var exact *golden.Report
		if exact, err = runDir(dev, dir, "f32"); err == nil {
			v.Routed, v.Choices = golden.Agreement(exact, r)
		}
	}
	if err != nil {
		v.Error = err.Error()
		return v
	}
	v.Kind, v.Outputs, v.Pass = r.Kind, r.Outputs, len(r.Outputs) > 0
	for _, o := range r.Outputs {
		v.Pass = v.Pass && o.Passes(dtype)
	}
	return v
}

// verifyFile runs the cases of a file.
func verifyFile(path string) verified {
	v := verified{Dir: path}
	text, err := readRegular(path)
	if err == nil {
		v.Kind, v.Cases, err = golden.RunCases(text)
	}
	if err != nil {
		v.Error = err.Error()
		return v
	}
	v.Pass = len(v.Cases) > 0
	for _, c := range v.Cases {
		v.Pass = v.Pass && c.Wrong == ""
	}
	return v
}

func runDir(dev *kernels.Device, dir, dtype string) (*golden.Report, error) {
	config, err := readRegular(filepath.Join(dir, "config.json"))
	if err != nil {
		return nil, err
	}
	io, err := readRegular(filepath.Join(dir, "io.json"))
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
		fmt.Fprintf(e.out, "      %-28s worst error %.2e   cosine %.6f", o.Name, o.Worst, o.Cosine)
		if o.Undetermined > 0 {
			fmt.Fprintf(e.out, "   %d undetermined", o.Undetermined)
		}
		fmt.Fprintln(e.out)
	}
	if v.Choices > 0 {
		fmt.Fprintf(e.out, "      %d of %d choices of experts as in float32\n", v.Routed, v.Choices)
	}
	right := 0
	for _, c := range v.Cases {
		if c.Wrong == "" {
			right++
			continue
		}
		fmt.Fprintf(e.out, "      %s: %s\n", c.Name, c.Wrong)
	}
	if v.Cases != nil {
		fmt.Fprintf(e.out, "      %d of %d cases pass\n", right, len(v.Cases))
	}
}
