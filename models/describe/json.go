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
		list(w, "stacks", d.Stacks, func(s Stack) { w.stack(&s) })
		w.number("parameters", d.Parameters)
		for _, l := range []struct {
			name  string
			sizes []Size
		}{{"stored", d.Stored}, {"sizes", d.Sizes}} {
			list(w, l.name, l.sizes, func(s Size) {
				w.object(func() {
					w.text("type", s.Type)
					w.number("bytes", s.Bytes)
					w.flag("exact", s.Exact)
				})
			})
		}
		list(w, "kept_f32", d.KeptF32, w.word)
		w.text("head", d.Head)
	})
	return w.b
}

func (w *writer) stack(s *Stack) {
	w.object(func() {
		w.text("name", s.Name)
		for _, n := range []struct {
			name  string
			value int
		}{
			{"layers", s.Layers}, {"hidden_size", s.HiddenSize}, {"heads", s.Heads}, {"kv_heads", s.KVHeads}, {"head_size", s.HeadSize},
			{"intermediate_size", s.IntermediateSize}, {"vocab_size", s.VocabSize}, {"max_positions", s.MaxPositions},
		} {
			w.number(n.name, int64(n.value))
		}
		w.text("activation", s.Activation)
		w.flag("gated", s.Gated)
		w.text("norm", s.Norm)
		w.text("norm_kind", s.NormKind)
		list(w, "norm_places", s.NormPlaces, w.word)
		w.key("alpha")
		w.b = strconv.AppendFloat(w.b, s.Alpha, 'g', -1, 32)
		w.text("positions", s.Positions)
		w.flag("causal", s.Causal)
		w.flag("cross_attention", s.CrossAttention)
		if r := s.Routing; r != nil {
			w.key("routing")
			w.object(func() {
				list(w, "layers", r.Layers, w.integer)
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
				list(w, "layers", k.Layers, w.integer)
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
		list(w, "parts", s.Parts, w.part)
		list(w, "layer_parts", s.LayerParts, func(p []Part) { array(w, p, w.part) })
	})
}

func (w *writer) part(p Part) {
	w.object(func() {
		w.text("name", p.Name)
		w.number("parameters", p.Parameters)
		w.number("bytes", p.Bytes)
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
func (w *writer) integer(n int) { w.b = strconv.AppendInt(w.b, int64(n), 10) }

func list[T any](w *writer, name string, all []T, one func(T)) {
	w.key(name)
	array(w, all, one)
}

func array[T any](w *writer, all []T, one func(T)) {
	w.b = append(w.b, '[')
	for i, v := range all {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		one(v)
	}
	w.b = append(w.b, ']')
}
