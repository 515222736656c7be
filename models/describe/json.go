package describe

import (
	"strconv"

	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// AppendJSON appends the description as JSON, with the names of the fields' tags.
func (d *Description) AppendJSON(b []byte) []byte {
	w := &writer{b: b}
	w.object(func() {
		w.text("model_type", d.ModelType)
		w.text("kind", d.Kind)
		w.list("stacks", len(d.Stacks), func(i int) { w.stack(&d.Stacks[i]) })
		w.number("parameters", d.Parameters)
		w.sizes("stored", d.Stored)
		w.sizes("sizes", d.Sizes)
		w.words("kept_f32", d.KeptF32)
		w.text("head", d.Head)
	})
	return w.b
}

func (w *writer) sizes(name string, all []Size) {
	w.list(name, len(all), func(i int) {
		w.object(func() {
			w.text("type", all[i].Type)
			w.number("bytes", all[i].Bytes)
			w.flag("exact", all[i].Exact)
		})
	})
}

func (w *writer) stack(s *Stack) {
	w.object(func() {
		w.text("name", s.Name)
		w.number("layers", int64(s.Layers))
		w.number("hidden_size", int64(s.HiddenSize))
		w.number("heads", int64(s.Heads))
		w.number("kv_heads", int64(s.KVHeads))
		w.number("head_size", int64(s.HeadSize))
		w.number("intermediate_size", int64(s.IntermediateSize))
		w.number("vocab_size", int64(s.VocabSize))
		w.number("max_positions", int64(s.MaxPositions))
		w.text("activation", s.Activation)
		w.flag("gated", s.Gated)
		w.text("norm", s.Norm)
		w.text("norm_kind", s.NormKind)
		w.words("norm_places", s.NormPlaces)
		w.key("alpha")
		w.b = strconv.AppendFloat(w.b, s.Alpha, 'g', -1, 32)
		w.text("positions", s.Positions)
		w.flag("causal", s.Causal)
		w.flag("cross_attention", s.CrossAttention)
		if r := s.Routing; r != nil {
			w.key("routing")
			w.object(func() {
				w.numbers("layers", r.Layers)
				w.number("experts", int64(r.Experts))
				w.number("top_k", int64(r.TopK))
				w.text("router", r.Router)
				w.text("gate", r.Gate)
				w.text("capacity", r.Capacity)
				w.number("dimension", int64(r.Dimension))
			})
		}
		if k := s.Knowledge; k != nil {
			w.key("knowledge")
			w.object(func() {
				w.numbers("layers", k.Layers)
				w.number("items", int64(k.Items))
			})
		}
		if v := s.Vision; v != nil {
			w.key("vision")
			w.object(func() {
				w.number("image_size", int64(v.ImageSize))
				w.number("patch_size", int64(v.PatchSize))
				w.number("channels", int64(v.Channels))
				w.number("tokens", int64(v.Tokens))
			})
		}
		w.key("parts")
		w.parts(s.Parts)
		w.list("layer_parts", len(s.LayerParts), func(i int) { w.parts(s.LayerParts[i]) })
	})
}

func (w *writer) parts(all []Part) {
	w.array(len(all), func(i int) {
		w.object(func() {
			w.text("name", all[i].Name)
			w.number("parameters", all[i].Parameters)
			w.number("bytes", all[i].Bytes)
		})
	})
}

// writer writes JSON. Inside an object, key and what builds on it put the commas.
type writer struct {
	b     []byte
	first bool
}

func (w *writer) object(members func()) {
	outer := w.first
	w.b, w.first = append(w.b, '{'), true
	members()
	w.b, w.first = append(w.b, '}'), outer
}

func (w *writer) key(name string) {
	if !w.first {
		w.b = append(w.b, ',')
	}
	w.first = false
	w.b = append(strictjson.AppendString(w.b, name), ':')
}

func (w *writer) text(name, value string) {
	w.key(name)
	w.word(value)
}

func (w *writer) number(name string, value int64) {
	w.key(name)
	w.b = strconv.AppendInt(w.b, value, 10)
}

func (w *writer) flag(name string, value bool) {
	w.key(name)
	w.b = strconv.AppendBool(w.b, value)
}

func (w *writer) word(s string) { w.b = strictjson.AppendString(w.b, s) }

// list writes a member of n elements.
func (w *writer) list(name string, n int, one func(i int)) {
	w.key(name)
	w.array(n, one)
}

func (w *writer) array(n int, one func(i int)) {
	w.b = append(w.b, '[')
	for i := range n {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		one(i)
	}
	w.b = append(w.b, ']')
}

func (w *writer) words(name string, all []string) {
	w.list(name, len(all), func(i int) { w.word(all[i]) })
}
func (w *writer) numbers(name string, all []int) {
	w.list(name, len(all), func(i int) { w.b = strconv.AppendInt(w.b, int64(all[i]), 10) })
}
