//go:build !js

package prune_test

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/prune"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

func tensor(t *testing.T, dir, name string) []float32 {
	t.Helper()
	w, err := safetensors.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	v, err := w.Float32s(name)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestAClusterBecomesTheMeanOfItsExperts(t *testing.T) {
	const router, fc1 = "layers.1.moe_layer.gate.wg.weight", "layers.1.moe_layer.experts.%.fc1.weight"
	expert := func(dir string, e int) []float32 {
		return tensor(t, dir, strings.Replace(fc1, "%", string(rune('0'+e)), 1))
	}
	for _, c := range []struct {
		name     string
		clusters int
		load     []float64
		share    []float64
	}{
		{"without loads all count alike", 2, nil, []float64{.5, .5, .5, .5}},
		{"by load; a cluster without counts alike", 2, []float64{30, 10, 0, 0}, []float64{.75, .25, .5, .5}},
		{"one cluster", 1, []float64{1, 1, 2, 4}, []float64{.125, .125, .25, .5}},
		{"a cluster for each changes nothing", 4, []float64{1, 0, 2, 4}, []float64{1, 1, 1, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			in, out := mixtureFolder(t, "enc_moe_top1_cap100"), filepath.Join(t.TempDir(), "merged")
			loads := map[int][]float64{}
			if c.load != nil {
				loads[1] = c.load
			}
			m, err := prune.Merge(context.Background(), in, out, c.clusters, loads)
			if err != nil {
				t.Fatal(err)
			}
			if len(m.Layers) != 1 || m.Layers[0].Layer != 1 || !near(m.Layers[0].Share, c.share, 1e-12) {
				t.Fatalf("%+v", m)
			}
			size := 4 / c.clusters
			for cluster := range c.clusters {
				want, rows := make([]float64, 24*16), make([]float64, 16)
				for e := cluster * size; e < (cluster+1)*size; e++ {
					for i, x := range expert(in, e) {
						want[i] += c.share[e] * float64(x)
					}
					for i, x := range tensor(t, in, router)[16*e : 16*e+16] {
						rows[i] += c.share[e] * float64(x)
					}
				}
				got, row := expert(out, cluster), tensor(t, out, router)[16*cluster:16*cluster+16]
				for i := range got {
					if math.Abs(float64(got[i])-want[i]) > 1e-6 {
						t.Fatalf("cluster %d, number %d is %v, expected %v", cluster, i, got[i], want[i])
					}
				}
				for i := range row {
					if math.Abs(float64(row[i])-rows[i]) > 1e-6 {
						t.Fatalf("router of cluster %d, number %d is %v, expected %v", cluster, i, row[i], rows[i])
					}
				}
			}
			dense, err := pipeline.OpenStack(kernels.NewDevice(kernels.NewReference(0)), pipeline.Dir(out), pipeline.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if n := dense.Experts(1).Len(); n != c.clusters {
				t.Errorf("%d experts, expected %d", n, c.clusters)
			}
			got := states(t, dense)
			before, err := pipeline.OpenStack(kernels.NewDevice(kernels.NewReference(0)), pipeline.Dir(in), pipeline.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if same := slices.Equal(got, states(t, before)); same != (c.clusters == 4) {
				t.Errorf("the states are the same: %v", same)
			}
		})
	}
}

// The rows of X-MoE count by their direction.
func TestRowsOfUnitLengthMergeByDirection(t *testing.T) {
	in, out := mixtureFolder(t, "enc_xmoe_top1_cap100"), filepath.Join(t.TempDir(), "merged")
	if _, err := prune.Merge(context.Background(), in, out, 2, nil); err != nil {
		t.Fatal(err)
	}
	rows, got := tensor(t, in, "layers.1.moe_layer.gate.wg"), tensor(t, out, "layers.1.moe_layer.gate.wg")
	for c := range 2 {
		for i := range 16 {
			want := 0.0
			for e := 2 * c; e < 2*c+2; e++ {
				sq := 0.0
				for _, x := range rows[16*e : 16*e+16] {
					sq += float64(x) * float64(x)
				}
				want += float64(rows[16*e+i]) / math.Sqrt(sq) / 2
			}
			if math.Abs(float64(got[16*c+i])-want) > 1e-6 {
				t.Fatalf("row %d, column %d is %v, expected %v", c, i, got[16*c+i], want)
			}
		}
	}
}

func TestLoadsAreThoseOfTheTexts(t *testing.T) {
	m, err := pipeline.OpenStack(kernels.NewDevice(kernels.NewReference(0)), pipeline.Dir(mixtureFolder(t, "enc_moe_top1_cap100")), pipeline.Options{})
	if err != nil {
		t.Fatal(err)
	}
	loads, err := prune.Loads(m, sequences(), prune.Options{})
	if err != nil {
		t.Fatal(err)
	}
	tokens, sum := 0, 0.0
	for _, s := range sequences() {
		tokens += len(s)
	}
	for _, n := range loads[1] {
		sum += n
	}
	if len(loads) != 1 || len(loads[1]) != 4 || sum != float64(tokens) {
		t.Errorf("loads %v of %d tokens", loads, tokens)
	}
}

func TestWhatCannotBeMergedIsNamed(t *testing.T) {
	in, dense := mixtureFolder(t, "enc_moe_top1_cap100"), mixtureFolder(t, "enc_subln")
	out := filepath.Join(t.TempDir(), "x")
	merge := func(in string, clusters int, loads map[int][]float64) error {
		_, err := prune.Merge(context.Background(), in, out, clusters, loads)
		return err
	}
	for name, c := range map[string]struct {
		err   error
		names string
	}{
		"clusters that do not divide": {merge(in, 3, nil), "4 experts do not divide into 3 clusters"},
		"no cluster":                  {merge(in, 0, nil), "0 clusters"},
		"a dense model":               {merge(dense, 1, nil), "experts"},
		"loads of others":             {merge(in, 2, map[int][]float64{1: {1}}), "loads of 1 experts"},
		"a load that is no number":    {merge(in, 2, map[int][]float64{1: {1, math.NaN(), 1, 1}}), "expert 1"},
	} {
		if !errors.Is(c.err, prune.ErrInput) || !strings.Contains(c.err.Error(), c.names) {
			t.Errorf("%s: error %v, expected it to name %q", name, c.err, c.names)
		}
		if _, err := os.Stat(out); err == nil {
			t.Fatalf("%s: a folder was written", name)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := prune.Merge(ctx, in, out, 2, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, expected %v", err, context.Canceled)
	}
	if left, _ := os.ReadDir(filepath.Dir(out)); len(left) != 0 {
		t.Errorf("%v is left", left)
	}
}
