//go:build !js

package prune

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/lodestone-wasm/lodestone/weights/safetensors"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// Files of the report in the dense folder.
const (
	ReportJSON = "prune-report.json"
	ReportText = "prune-report.txt"
)

// Write is [Convert] that nobody interrupts.
func Write(in, out string, r *Report) error { return Convert(context.Background(), in, out, r) }

// Convert makes the folder out from in, a folder of a mixture of experts: in each layer
// the expert that stays becomes the feed-forward, under torchscale's names, routers and
// the other experts are left out, and config.json has no experts any more. Other files are
// copied; a manifest is not, since it would not fit. The report is added. out must not
// exist or be empty; it appears when it is whole, and after an error or the end of ctx
// nothing is left behind.
func Convert(ctx context.Context, in, out string, r *Report) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return write(ctx, in, out, map[string]string{"moe_freq": "0"}, func(src *safetensors.Folder, _ []byte) ([]safetensors.Entry, map[string][]byte, error) {
		all, err := entries(ctx, src, r)
		return all, map[string][]byte{ReportJSON: append(text, '\n'), ReportText: []byte(r.Text())}, err
	})
}

// write makes a folder out of another: members of config.json are replaced, make gives the
// tensors and other new files.
func write(ctx context.Context, in, out string, members map[string]string, make func(src *safetensors.Folder, config []byte) ([]safetensors.Entry, map[string][]byte, error)) (err error) {
	old, err := os.ReadFile(filepath.Join(in, "config.json"))
	if err != nil {
		return err
	}
	config := old
	for key, value := range members {
		if config, err = replaced(config, key, value); err != nil {
			return err
		}
	}
	if err := Free(out); err != nil {
		return err
	}
	src, err := safetensors.OpenFolder(in)
	if err != nil {
		return err
	}
	defer src.Close()
	entries, files, err := make(src, old)
	if err != nil {
		return err
	}
	files["config.json"] = config
	out = filepath.Clean(out)
	if err := os.MkdirAll(filepath.Dir(out), 0o777); err != nil {
		return err
	}
	part := out + ".part" + strconv.Itoa(os.Getpid())
	if err := os.Mkdir(part, 0o777); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(part)
		}
	}()
	if err := copyOthers(ctx, in, part); err != nil {
		return err
	}
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(part, name), b, 0o666); err != nil {
			return err
		}
	}
	f, err := os.Create(filepath.Join(part, safetensors.SingleFile))
	if err != nil {
		return err
	}
	if err := errors.Join(safetensors.Write(f, src.Metadata, entries), f.Close()); err != nil {
		return err
	}
	if err := os.Remove(out); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Rename(part, out)
}

// Free is an error if out holds something, which Convert would not replace.
func Free(out string) error {
	switch old, err := os.ReadDir(out); {
	case err == nil && len(old) > 0:
		return fmt.Errorf("prune: %w: %s is not empty; name another folder", ErrInput, out)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return nil
}

// entries are the tensors of the dense model.
func entries(ctx context.Context, src *safetensors.Folder, r *Report) ([]safetensors.Entry, error) {
	kept := map[int]LayerReport{}
	for _, l := range r.Layers {
		kept[l.Layer] = l
	}
	found := map[int]bool{}
	var all []safetensors.Entry
	for _, t := range src.Tensors {
		name, layer, expert, part := parse(t.Name)
		l, ok := kept[layer]
		switch {
		case part == "":
			name = t.Name
		case !ok:
			return nil, fmt.Errorf("prune: %w: tensor %q belongs to a layer that the report does not have", ErrInput, t.Name)
		case expert != l.Kept: // another expert, or the router
			continue
		default:
			found[layer] = true
		}
		scale := part == "fc2.weight" || part == "fc2.bias" || part == "fc2.weight_scale"
		e := safetensors.Entry{Name: name, DType: t.DType, Shape: t.Shape}
		if t.DType == safetensors.I8 {
			scale = false // its scales carry the gate
		}
		if scale && l.Gate != 1 {
			v, err := src.Float32s(t.Name)
			if err != nil {
				return nil, err
			}
			for i := range v {
				v[i] = float32(float64(v[i]) * l.Gate)
			}
			e.Data = safetensors.Floats(v, t.DType)
		} else {
			e.Data = func(w io.Writer) error {
				s, _, err := src.Section(t.Name)
				if err == nil {
					_, err = io.Copy(w, s)
				}
				return err
			}
		}
		data := e.Data
		e.Data = func(w io.Writer) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return data(w)
		}
		all = append(all, e)
	}
	for i := range kept {
		if !found[i] {
			return nil, fmt.Errorf("prune: %w: the weights have no expert %d in layer %d", ErrInput, kept[i].Kept, i)
		}
	}
	return all, nil
}

// parse cuts "…layers.3.moe_layer.experts.2.fc1.weight" into "…layers.3.ffn.fc1.weight",
// 3, 2 and "fc1.weight". part is "" for tensors outside mixtures; a router's expert is −1.
func parse(name string) (renamed string, layer, expert int, part string) {
	head, tail, ok := strings.Cut(name, ".moe_layer.")
	if !ok {
		return name, -1, -1, ""
	}
	layer, err := strconv.Atoi(head[strings.LastIndexByte(head, '.')+1:])
	if err != nil {
		return name, -1, -1, ""
	}
	rest, ok := strings.CutPrefix(tail, "experts.")
	if !ok {
		return name, layer, -1, tail
	}
	number, part, _ := strings.Cut(rest, ".")
	if expert, err = strconv.Atoi(number); err != nil || part == "" {
		return name, layer, -1, tail
	}
	return head + ".ffn." + part, layer, expert, part
}

// replaced is config.json with another value of one member, and otherwise unchanged.
func replaced(config []byte, member, value string) ([]byte, error) {
	from, to := -1, -1
	d := strictjson.NewDecoder(config)
	err := d.Object(func(key string) error {
		d.Peek() // moves to the value
		start := d.Offset()
		err := d.Skip()
		if key == member {
			from, to = start, d.Offset()
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("prune: config.json: %w", err)
	}
	if from < 0 {
		return nil, fmt.Errorf("prune: %w: config.json has no %q", ErrInput, member)
	}
	return append(append(append([]byte(nil), config[:from]...), value...), config[to:]...), nil
}

// copyOthers copies the plain files that are not written anew.
func copyOthers(ctx context.Context, in, out string) error {
	files, err := os.ReadDir(in)
	if err != nil {
		return err
	}
	for _, f := range files {
		name := f.Name()
		if !f.Type().IsRegular() || name == "config.json" || name == "manifest.json" || name == ReportJSON || name == ReportText || name == MergeJSON || strings.Contains(name, ".safetensors") {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		b, err := os.ReadFile(filepath.Join(in, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(out, name), b, 0o666); err != nil {
			return err
		}
	}
	return nil
}
