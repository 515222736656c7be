package depth

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
)

func measure(t *testing.T, name string, layers int, step float64) *Growth {
	t.Helper()
	s, err := NewScheme(name, layers)
	if err != nil {
		t.Fatal(err)
	}
	dev := kernels.NewDevice(kernels.NewReference(0))
	used := dev.Used()
	g, err := Measure(dev, s, 1, step, nil)
	if err != nil {
		t.Fatal(err)
	}
	if dev.Used() != used || len(g.States) != layers+1 || len(g.Moved) != layers+1 {
		t.Fatalf("%d bytes in use, %d before; %d and %d points", dev.Used(), used, len(g.States), len(g.Moved))
	}
	return g
}

func TestStacksOfOneLayerAndOfAThousandStayFinite(t *testing.T) {
	for _, name := range []string{"postln", "preln", "subln", "deepnorm"} {
		for _, layers := range []int{1, MaxLayers} {
			g := measure(t, name, layers, 0.01)
			for i := range g.States {
				if v := float64(g.States[i] + g.Moved[i]); math.IsNaN(v) || math.IsInf(v, 0) {
					t.Fatalf("%s of %d layers: %v and %v at %d", name, layers, g.States[i], g.Moved[i], i)
				}
			}
			if g.Moved[0] != 0 || g.Moved[layers] == 0 {
				t.Errorf("%s of %d layers: the embedding moved by %v, the end by %v", name, layers, g.Moved[0], g.Moved[layers])
			}
		}
	}
}

// A LayerNorm that comes last gives states of size 1; without it they grow with the root of the depth (Xiong et al. 2020, arXiv 2002.04745).
func TestStatesGrowAsThePapersEstimate(t *testing.T) {
	for _, name := range []string{"postln", "preln", "subln", "deepnorm"} {
		g := measure(t, name, 200, 0.01)
		got, want := float64(g.States[200]), g.Scheme.Expected(200)
		if got < want/2.5 || got > want*1.6 {
			t.Errorf("%s: states of %.2f after 200 layers, estimated %.2f", name, got, want)
		}
	}
}

// DeepNet's claim: the update of a Post-LN stack grows with depth, that of DeepNorm stays small; and theorem 4.2 bounds both.
func TestDeepNormMovesLessThanPostLNAndStaysInItsBound(t *testing.T) {
	const layers, step = 200, 0.01
	post, deep := measure(t, "postln", layers, step), measure(t, "deepnorm", layers, step)
	if post.Moved[layers] < 2*deep.Moved[layers] {
		t.Errorf("Post-LN moved by %v, DeepNorm by %v", post.Moved[layers], deep.Moved[layers])
	}
	for _, g := range []*Growth{post, deep} {
		for l := 1; l <= layers; l++ {
			if bound, ok := g.Scheme.Bound(l, step); !ok || float64(g.Moved[l]) > 2*bound {
				t.Fatalf("%s moved by %v after layer %d, the bound is %v", g.Scheme.Name, g.Moved[l], l, bound)
			}
		}
	}
	// Worked by hand: 2·200·√2·step = 5.657, and β/α = (16·200²)^(−1/4) = 0.03536 of it.
	if b, _ := post.Scheme.Bound(layers, step); math.Abs(b-5.656854) > 1e-5 {
		t.Errorf("the bound of Post-LN is %v", b)
	}
	if b, _ := deep.Scheme.Bound(layers, step); math.Abs(b-0.2) > 1e-6 {
		t.Errorf("the bound of DeepNorm is %v", b)
	}
}

func TestTheSameSeedGivesTheSameStack(t *testing.T) {
	a, b := measure(t, "subln", 3, 0.1), measure(t, "subln", 3, 0.1)
	if fmt.Sprint(a) != fmt.Sprint(b) {
		t.Error("two runs differ")
	}
	s, _ := NewScheme("subln", 3)
	dev := kernels.NewDevice(kernels.NewReference(0))
	c, err := Measure(dev, s, 2, 0.1, nil)
	if err != nil || fmt.Sprint(c.States) == fmt.Sprint(a.States) {
		t.Errorf("another seed: %v, %v", c, err)
	}
}

func TestStacksThatCannotBeAreRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		layers int
	}{{"postln", 0}, {"postln", -1}, {"preln", MaxLayers + 1}, {"layernorm", 2}, {"", 2}} {
		if _, err := NewScheme(c.name, c.layers); !errors.Is(err, ErrOptions) {
			t.Errorf("%q of %d layers: %v", c.name, c.layers, err)
		}
	}
	s, _ := NewScheme("preln", 50)
	stop := errors.New("stop")
	n := 0
	dev := kernels.NewDevice(kernels.NewReference(0))
	used := dev.Used()
	if _, err := Measure(dev, s, 1, 0.1, func() error {
		if n++; n > 3 {
			return stop
		}
		return nil
	}); !errors.Is(err, stop) || dev.Used() != used {
		t.Errorf("stopped: %v, %d bytes in use", err, dev.Used()-used)
	}
}

func ExampleMeasure() {
	s, err := NewScheme("deepnorm", 100)
	if err != nil {
		panic(err)
	}
	g, err := Measure(kernels.NewDevice(kernels.NewReference(0)), s, 1, 0.01, nil)
	if err != nil {
		panic(err)
	}
	bound, _ := s.Bound(100, 0.01)
	fmt.Printf("states of %.1f, within the bound: %t\n", g.States[100], float64(g.Moved[100]) < bound)
	// Output: states of 1.0, within the bound: true
}
