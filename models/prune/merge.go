//go:build !js

package prune

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/lodestone-wasm/lodestone/models/routing"
	"github.com/lodestone-wasm/lodestone/models/transformer"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// MergeJSON is the file of the report that Merge leaves in its folder.
const MergeJSON = "merge-report.json"

// Merged is what Merge did.
type Merged struct {
	Clusters int           `json:"clusters"`
	Layers   []MergedLayer `json:"layers"`
}

// MergedLayer is one mixture: Share[e] is how much of its cluster expert e has.
type MergedLayer struct {
	Layer int       `json:"layer"`
	Share []float64 `json:"share"`
}

// Loads runs sequences of tokens and counts, for each mixture, the tokens whose first
// choice each expert was.
func Loads(m *transformer.Model, sequences [][]int32, o Options) (map[int][]float64, error) {
	if m.Encoder != nil || m.Config.MoE == nil || len(sequences) == 0 {
		return nil, fmt.Errorf("prune: %w: %d sequences; needs texts and one stack with experts", ErrInput, len(sequences))
	}
	loads := map[int][]float64{}
	c := &calibration{model: m, options: o, total: len(sequences)}
	err := c.run(sequences, func(layer int, d *routing.Decision) {
		if loads[layer] == nil {
			loads[layer] = make([]float64, m.Experts(layer).Len())
		}
		for i, n := range d.Load() {
			loads[layer][m.Experts(layer).Alive()[i]] += float64(n)
		}
	})
	return loads, err
}

// Merge makes the folder out from in, a mixture of experts: each cluster of neighbouring
// experts (MoEC, arXiv 2207.09094) becomes one, the mean of its experts and of their rows
// in the router, weighted by loads; without loads, or where a cluster has none, all count
// alike. Experts that are equal merge without loss but for the gate, which a softmax had
// divided among them. The merging is ours, the paper has none. Weights must be floats.
// out and ctx are as with [Convert].
func Merge(ctx context.Context, in, out string, clusters int, loads map[int][]float64) (*Merged, error) {
	m := &Merged{Clusters: clusters}
	err := write(ctx, in, out, map[string]string{"moe_expert_count": strconv.Itoa(clusters)}, func(src *safetensors.Folder, config []byte) ([]safetensors.Entry, map[string][]byte, error) {
		c, err := transformer.ParseConfig(config)
		if err != nil {
			return nil, nil, err
		}
		if c.Encoder != nil || c.MoE == nil {
			return nil, nil, fmt.Errorf("prune: %w: not one stack with experts", ErrInput)
		}
		if clusters < 1 || c.MoE.Experts%clusters != 0 {
			return nil, nil, fmt.Errorf("prune: %w: %d experts do not divide into %d clusters", ErrInput, c.MoE.Experts, clusters)
		}
		g := &merger{ctx: ctx, src: src, config: c, clusters: clusters, shares: map[int][]float64{}}
		for i := range c.NumLayers {
			if c.IsMoE(i) {
				if g.shares[i], err = shares(loads[i], c.MoE.Experts, clusters); err != nil {
					return nil, nil, err
				}
				m.Layers = append(m.Layers, MergedLayer{i, g.shares[i]})
			}
		}
		all, err := g.entries()
		if err != nil {
			return nil, nil, err
		}
		text, err := json.MarshalIndent(m, "", "  ")
		return all, map[string][]byte{MergeJSON: append(text, '\n')}, err
	})
	if err != nil {
		return nil, err
	}
	return m, nil
}

// shares divides each load by that of its cluster.
func shares(load []float64, experts, clusters int) ([]float64, error) {
	if load == nil {
		load = make([]float64, experts)
	}
	if len(load) != experts {
		return nil, fmt.Errorf("prune: %w: loads of %d experts, there are %d", ErrInput, len(load), experts)
	}
	y, size := make([]float64, experts), experts/clusters
	for c := range clusters {
		sum := 0.0
		for e := c * size; e < (c+1)*size; e++ {
			if !(load[e] >= 0) || math.IsInf(load[e], 0) {
				return nil, fmt.Errorf("prune: %w: expert %d has a load of %v", ErrInput, e, load[e])
			}
			sum += load[e]
		}
		for e := c * size; e < (c+1)*size; e++ {
			if y[e] = 1 / float64(size); sum > 0 {
				y[e] = load[e] / sum
			}
		}
	}
	return y, nil
}

// merger is one call of Merge.
type merger struct {
	ctx      context.Context
	src      *safetensors.Folder
	config   *transformer.Config
	clusters int
	shares   map[int][]float64
}

// entries are the tensors of the merged model. The first expert of a cluster gives its
// place to the mean.
func (g *merger) entries() ([]safetensors.Entry, error) {
	size := g.config.MoE.Experts / g.clusters
	var all []safetensors.Entry
	for _, t := range g.src.Tensors {
		_, layer, expert, part := parse(t.Name)
		share := g.shares[layer]
		inside := part != ""
		switch {
		case inside && share == nil:
			return nil, fmt.Errorf("prune: %w: tensor %q belongs to a layer without experts in config.json", ErrInput, t.Name)
		case inside && !t.DType.IsFloat():
			return nil, fmt.Errorf("prune: %w: tensor %q is %s, expected floats: lode quantize --dtype f32 makes them", ErrInput, t.Name, t.DType)
		case inside && expert >= len(share):
			return nil, fmt.Errorf("prune: %w: tensor %q, but config.json has %d experts", ErrInput, t.Name, len(share))
		case inside && expert >= 0 && expert%size != 0:
			continue
		}
		e := safetensors.Entry{Name: t.Name, DType: t.DType, Shape: t.Shape, Data: g.copy(t)}
		switch router := part == "gate.wg.weight" || part == "gate.wg"; {
		case inside && expert >= 0:
			head, tail, _ := strings.Cut(t.Name, ".moe_layer.experts.")
			_, tail, _ = strings.Cut(tail, ".")
			e.Name = head + ".moe_layer.experts." + strconv.Itoa(expert/size) + "." + tail
			e.Data = g.mean(t, head+".moe_layer.experts.", "."+tail, share, expert, size)
		case inside && router && len(t.Shape) == 2 && t.Shape[0] == len(share):
			e.Shape = []int{g.clusters, t.Shape[1]}
			e.Data = g.rows(t, share, size)
		case inside && router:
			return nil, fmt.Errorf("prune: %w: the router %q is %v, expected a row for each of %d experts", ErrInput, t.Name, t.Shape, len(share))
		}
		all = append(all, e)
	}
	return all, nil
}

func (g *merger) copy(t safetensors.Tensor) func(io.Writer) error {
	return func(w io.Writer) error {
		if err := g.ctx.Err(); err != nil {
			return err
		}
		s, _, err := g.src.Section(t.Name)
		if err == nil {
			_, err = io.Copy(w, s)
		}
		return err
	}
}

// mean is Σ share·T over the experts of a cluster, one after the other.
func (g *merger) mean(t safetensors.Tensor, before, after string, share []float64, first, size int) func(io.Writer) error {
	return func(w io.Writer) error {
		sum := make([]float64, t.NumElements())
		for e := first; e < first+size; e++ {
			if err := g.ctx.Err(); err != nil {
				return err
			}
			v, err := g.src.Float32s(before + strconv.Itoa(e) + after)
			if err != nil {
				return err
			}
			if len(v) != len(sum) {
				return fmt.Errorf("prune: %w: experts %d and %d differ in size", ErrInput, first, e)
			}
			for i, x := range v {
				sum[i] += share[e] * float64(x)
			}
		}
		v := make([]float32, len(sum))
		for i, x := range sum {
			v[i] = float32(x)
		}
		return safetensors.Floats(v, t.DType)(w)
	}
}

// rows is the means of the rows of a router, of unit length first where the router takes
// them so.
func (g *merger) rows(t safetensors.Tensor, share []float64, size int) func(io.Writer) error {
	return func(w io.Writer) error {
		v, err := g.src.Float32s(t.Name)
		if err != nil {
			return err
		}
		cols := t.Shape[1]
		sum := make([]float64, g.clusters*cols)
		for e := range share {
			row, scale := v[e*cols:(e+1)*cols], share[e]
			if g.config.MoE.Router != transformer.RouterLinear {
				sq := 0.0
				for _, x := range row {
					sq += float64(x) * float64(x)
				}
				if sq > 0 {
					scale /= math.Sqrt(sq)
				}
			}
			for i, x := range row {
				sum[e/size*cols+i] += scale * float64(x)
			}
		}
		y := make([]float32, len(sum))
		for i, x := range sum {
			y[i] = float32(x)
		}
		return safetensors.Floats(y, t.DType)(w)
	}
}
