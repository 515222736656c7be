package transformer

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
)

const multiway = `"multiway":true,"img_size":6,"patch_size":3,"in_chans":2`

func picture(seed float64) []float32 {
	v := make([]float32, 2*6*6)
	for i := range v {
		v[i] = float32(math.Sin(seed + 1.7*float64(i)))
	}
	return v
}

func TestImagesAndTextsOfABatchEqualThemselvesAlone(t *testing.T) {
	m := build(t, kernels.NewReference(0), parse(t, tinyConfig(multiway)), LoadOptions{})
	a, err := m.Patches(picture(0))
	if err != nil {
		t.Fatal(err)
	}
	b, err := m.Patches(picture(5))
	if err != nil {
		t.Fatal(err)
	}
	if a.Rows != 5 {
		t.Fatalf("%d tokens of an image of four patches", a.Rows)
	}
	five := make([]int32, 5)
	both := Batch{IDs: slices.Concat(five, second), Lengths: []int{8}, Images: []int{5}, Spans: []Span{{0, a}}}
	text := Batch{IDs: first, Lengths: []int{6}}
	image := Batch{IDs: five, Lengths: []int{5}, Images: []int{5}, Spans: []Span{{0, b}}}
	want := slices.Concat(states(t, m, both), states(t, m, text), states(t, m, image))
	all := Batch{IDs: slices.Concat(five, second, first, five), Lengths: []int{8, 6, 5}, Images: []int{5, 0, 5}, Spans: []Span{{0, a}, {14, b}}}
	got := states(t, m, all)
	if d := far(got, want); d > 1e-5 {
		t.Errorf("differs by %g", d)
	}
	all.Select = []int32{0, 7, 9, 18}
	var rows []float32
	for _, r := range all.Select {
		rows = append(rows, want[int(r)*18:int(r+1)*18]...)
	}
	if d := far(states(t, m, all), rows); d > 1e-5 {
		t.Errorf("selected rows differ by %g", d)
	}
	// The branches are not the same weights: an image's rows run as text differ.
	image.Images = nil
	if far(states(t, m, image), want[14*18:]) < 1e-2 {
		t.Error("the branch makes no difference")
	}
}

// The patches of a convolution whose weight is 1 at one pixel are that pixel.
func TestPatchesAreThoseOfAConvolution(t *testing.T) {
	c := parse(t, tinyConfig(multiway))
	k := tiny(c)
	w := k.values["vision_embed.proj.weight"] // [18, 2, 3, 3]
	clear(w)
	clear(k.values["vision_embed.proj.bias"])
	w[0], w[18+9+5] = 1, 1 // column 0: channel 0 at (0, 0); column 1: channel 1 at (1, 2)
	dev := newDevice()
	m, err := Load(dev, c, []Stream{stream(dev, k.encode(t))}, LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	p := picture(1)
	x, err := m.Patches(p)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]float32, 5*18)
	dev.Get(got, x)
	if far(got[:18], k.values["vision_embed.cls_token"]) != 0 {
		t.Error("the first token is not the one for the whole image")
	}
	for i, at := range []struct{ y, x int }{{0, 0}, {0, 3}, {3, 0}, {3, 3}} {
		row := got[(i+1)*18:]
		if row[0] != p[at.y*6+at.x] || row[1] != p[36+(at.y+1)*6+at.x+2] {
			t.Errorf("patch %d: %v and %v, expected %v and %v", i, row[0], row[1], p[at.y*6+at.x], p[36+(at.y+1)*6+at.x+2])
		}
	}
}

func TestImagesThatDoNotFitAreRefused(t *testing.T) {
	m := build(t, kernels.NewReference(0), parse(t, tinyConfig(multiway)), LoadOptions{})
	forward := func(b Batch) error {
		_, err := m.Forward(b)
		return err
	}
	_, size := m.Patches(make([]float32, 7))
	_, text := load(t, "").Patches(make([]float32, 7))
	six := make([]int32, 6)
	for _, c := range []struct {
		name  string
		err   error
		want  error
		names string
	}{
		{"an image of another size", size, ErrInput, "7 numbers"},
		{"an image for a text model", text, ErrInput, "no images"},
		{"an image longer than its sequence", forward(Batch{IDs: six, Lengths: []int{6}, Images: []int{7}}), ErrInput, "7 of an image"},
		{"an image of too many tokens", forward(Batch{IDs: six, Lengths: []int{6}, Images: []int{6}}), ErrTooLong, "5 positions"},
		{"a text of too many", forward(Batch{IDs: make([]int32, 17), Lengths: []int{17}}), ErrTooLong, "14 positions"},
		{"images for other sequences", forward(Batch{IDs: six, Lengths: []int{6}, Images: []int{0, 0}}), ErrInput, "2 images"},
	} {
		if !errors.Is(c.err, c.want) || !strings.Contains(c.err.Error(), c.names) {
			t.Errorf("%s: error %v, expected %v naming %q", c.name, c.err, c.want, c.names)
		}
	}
}

// What a span brings is added to positions like an embedding of the table.
func TestASpanOfATablesRowsChangesNothing(t *testing.T) {
	for name, extra := range map[string]string{"plain": ``, "scaled": `"no_scale_embedding":false`} {
		c := parse(t, tinyConfig(extra))
		k := tiny(c)
		dev := newDevice()
		m, err := Load(dev, c, []Stream{stream(dev, k.encode(t))}, LoadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		want := states(t, m, Batch{IDs: first, Lengths: []int{6}})
		for _, s := range [][2]int{{0, 2}, {4, 6}, {0, 6}, {3, 3}} {
			x := dev.NewTensor(s[1]-s[0], 18)
			var rows []float32
			ids := slices.Clone(first)
			for i := s[0]; i < s[1]; i++ {
				rows = append(rows, k.values["embed_tokens.weight"][int(ids[i])*18:int(ids[i]+1)*18]...)
				ids[i] = 28
			}
			dev.Set(x, rows)
			if d := far(states(t, m, Batch{IDs: ids, Lengths: []int{6}, Spans: []Span{{s[0], x}}}), want); d > 1e-6 {
				t.Errorf("%s: the span %v differs by %g", name, s, d)
			}
		}
	}
}
