package describe

import (
	"strconv"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// block is one box of the picture, from top to bottom the way of a token.
type block struct {
	class string // "table", "norm", "attention", "ffn", "experts", "head": the colour
	text  string
	note  string
	dots  int // experts, drawn as so many squares
}

// group is blocks in a frame: layers that are alike.
type group struct {
	title  string
	blocks []block
}

// count writes a number of parameters as people read it.
func count(n int64) string {
	switch {
	case n < 10_000:
		return strconv.FormatInt(n, 10)
	case n < 999_500:
		return strconv.FormatInt((n+500)/1000, 10) + " k"
	case n < 999_950_000:
		return strconv.FormatFloat(float64(n)/1e6, 'f', 1, 64) + " M"
	}
	return strconv.FormatFloat(float64(n)/1e9, 'f', 2, 64) + " G"
}

// bytes writes a size in decimal units.
func bytes(n int64) string {
	switch {
	case n < 1000:
		return strconv.FormatInt(n, 10) + " B"
	case n < 999_500:
		return strconv.FormatFloat(float64(n)/1e3, 'f', 0, 64) + " kB"
	case n < 999_950_000:
		return strconv.FormatFloat(float64(n)/1e6, 'f', 1, 64) + " MB"
	}
	return strconv.FormatFloat(float64(n)/1e9, 'f', 2, 64) + " GB"
}

func (s *Stack) has(place string) bool {
	for _, p := range s.NormPlaces {
		if p == place {
			return true
		}
	}
	return false
}

// top is the blocks before the layers.
func (s *Stack) top() []block {
	y := []block{{"table", lean.Sprintf("%d tokens × %d", s.VocabSize, s.HiddenSize), s.part("tokens"), 0}}
	if v := s.Vision; v != nil {
		y = append(y, block{"table", lean.Sprintf("image %d × %d in patches of %d", v.ImageSize, v.ImageSize, v.PatchSize), s.part("image"), 0})
	}
	switch note := s.part("positions"); {
	case s.Positions == "none":
	case s.MaxPositions > 0:
		y = append(y, block{"table", lean.Sprintf("%s positions, up to %d", s.Positions, s.MaxPositions), note, 0})
	default:
		y = append(y, block{"table", s.Positions + " positions", note, 0})
	}
	if s.has("after the embeddings") {
		y = append(y, s.norm("after the embeddings"))
	}
	return y
}

// bottom is the blocks behind the layers.
func (s *Stack) bottom(head string) []block {
	var y []block
	if s.has("after the last layer") {
		y = append(y, s.norm("after the last layer"))
	}
	switch {
	case s.Name == "decoder" && head == "tied":
		y = append(y, block{"head", "output: the table of tokens", "", 0})
	case head == "own" && s.part("head") != "":
		y = append(y, block{"head", lean.Sprintf("output: %d × %d", s.VocabSize, s.HiddenSize), s.part("head"), 0})
	}
	return y
}

func (s *Stack) norm(place string) block { return block{"norm", s.NormKind, place, 0} }

// part is the parameters of a part, "" if there are none.
func (s *Stack) part(name string) string { return parameters(s.Parts, name) }

func parameters(parts []Part, name string) string {
	for _, p := range parts {
		if p.Name == name && p.Parameters > 0 {
			return count(p.Parameters)
		}
	}
	return ""
}

// groups sorts the layers by what they hold: those that are alike in one frame.
func (s *Stack) groups() []group {
	kinds := [3][]int{}
	for i := range s.Layers {
		k := 0
		switch {
		case s.Routing != nil && contains(s.Routing.Layers, i):
			k = 1
		case s.Knowledge != nil && contains(s.Knowledge.Layers, i):
			k = 2
		}
		kinds[k] = append(kinds[k], i)
	}
	var all []group
	for k, layers := range kinds {
		noun := "layer"
		if len(layers) > 1 {
			noun = "layers"
		}
		if len(layers) > 0 {
			all = append(all, group{lean.Sprintf("%s %s (%d of %d)", noun, ranges(layers), len(layers), s.Layers), s.layer(layers[0], k == 1, k == 2)})
		}
	}
	return all
}

func contains(v []int, x int) bool {
	for _, y := range v {
		if x == y {
			return true
		}
	}
	return false
}

// layer is the blocks of layer i; the numbers are those of this one.
func (s *Stack) layer(i int, experts, knowledge bool) []block {
	var parts []Part
	if i < len(s.LayerParts) {
		parts = s.LayerParts[i]
	}
	var y []block
	norm := func(place string) {
		if s.has(place) {
			y = append(y, s.norm(place))
		}
	}
	heads := lean.Sprintf("%d heads of %d", s.Heads, s.HeadSize)
	if s.KVHeads != s.Heads {
		heads += lean.Sprintf(", %d for keys", s.KVHeads)
	}
	if s.Causal {
		heads += ", causal"
	}
	norm("before attention")
	y = append(y, block{"attention", "self-attention: " + heads, parameters(parts, "attention"), 0})
	norm("before the output of attention")
	norm("after attention")
	if s.CrossAttention {
		norm("before cross-attention")
		y = append(y, block{"attention", "attention to the encoder", parameters(parts, "cross-attention"), 0})
		norm("after cross-attention")
	}
	norm("before the feed-forward")
	ffn := lean.Sprintf("feed-forward: %d, %s", s.IntermediateSize, s.Activation)
	if s.Gated {
		ffn += ", gated"
	}
	switch {
	case experts:
		r := s.Routing
		y = append(y, block{"experts", lean.Sprintf("router: %s gate, best %d of %d", r.Gate, r.TopK, r.Experts), parameters(parts, "router"), 0},
			block{"experts", lean.Sprintf("%d experts of %d, %s", r.Experts, s.IntermediateSize, s.Activation), parameters(parts, "experts"), r.Experts})
	case knowledge:
		y = append(y, block{"ffn", ffn, parameters(parts, "feed-forward"), 0},
			block{"experts", lean.Sprintf("+ %d rows of knowledge", s.Knowledge.Items), parameters(parts, "knowledge"), 0})
	default:
		y = append(y, block{"ffn", ffn, parameters(parts, "feed-forward"), 0})
	}
	norm("inside the feed-forward")
	norm("after the feed-forward")
	return y
}

// ranges writes ascending numbers as "0–2, 4".
func ranges(v []int) string {
	text := ""
	for i := 0; i < len(v); {
		j := i
		for j+1 < len(v) && v[j+1] == v[j]+1 {
			j++
		}
		if text != "" {
			text += ", "
		}
		text += strconv.Itoa(v[i])
		if j > i {
			text += "–" + strconv.Itoa(v[j])
		}
		if i = j + 1; len(text) > 24 && i < len(v) {
			return text + ", …"
		}
	}
	return text
}
