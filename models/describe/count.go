package describe

import (
	"slices"
	"strings"

	"github.com/lodestone-wasm/lodestone/models/transformer"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// count adds up parameters and bytes.
func (d *Description) count(c *transformer.Config, tensors []safetensors.Tensor, kept []string) {
	roles := c.Roles(tensors)
	stored, total := map[string]int64{}, map[string]int64{}
	looked := kept != nil
	as := "" // what the file was quantised to: nothing, q8 or q4
	for _, t := range tensors {
		switch {
		case isPacked(t):
			as = "q4"
		case t.DType == safetensors.I8 && as == "":
			as = "q8"
		}
	}
	for i := range d.Stacks {
		d.Stacks[i].LayerParts = make([][]Part, d.Stacks[i].Layers)
	}
	for i, t := range tensors {
		stored[t.DType.String()] += t.NumBytes()
		r := roles[i]
		if r.Part == transformer.Unused {
			continue
		}
		s := &d.Stacks[len(d.Stacks)-1]
		if r.Encoder {
			s = &d.Stacks[0]
		}
		if strings.HasSuffix(t.Name, ".weight_scale") || strings.HasSuffix(t.Name, ".weight_shape") {
			s.add(r, 0, t.NumBytes())
			continue
		}
		n := elements(t)
		d.Parameters += n
		s.add(r, n, t.NumBytes())
		d.sized(total, t, r, as, looked && slices.Contains(kept, t.Name))
		if r.Part == transformer.OutputHead {
			d.Head = "own"
		}
	}
	if d.Head == "none" && c.HasHead && c.TiedHead {
		d.Head = "tied"
	}
	for _, kind := range []string{"F32", "F16", "BF16", "I8", "U8", "I32", "I64", "BOOL"} {
		if stored[kind] > 0 {
			d.Stored = append(d.Stored, Size{kind, stored[kind], true})
		}
	}
	for _, kind := range sizes {
		// Of four bits nobody makes eight.
		if as != "q4" || kind != "q8" {
			d.Sizes = append(d.Sizes, Size{kind, total[kind], kind != "q8" || as != "" || looked})
		}
	}
}

// isPacked tells whether eight numbers of four bits share an element.
func isPacked(t safetensors.Tensor) bool { return strings.HasSuffix(t.Name, ".weight_packed") }

// elements is the number of weights: of four bits, as many as there is room for.
func elements(t safetensors.Tensor) int64 {
	if isPacked(t) {
		return 8 * t.NumElements()
	}
	return t.NumElements()
}

// sized adds what a tensor takes in each type. In a file that was quantised (as) the
// matrices that are floats are those that were kept.
func (d *Description) sized(total map[string]int64, t safetensors.Tensor, r transformer.Role, as string, kept bool) {
	n, rows := elements(t), int64(1)
	if len(t.Shape) > 0 {
		rows = int64(t.Shape[0])
	}
	if r.Turned {
		rows = int64(t.Shape[1])
	}
	kept = kept || as != "" && t.DType.IsFloat()
	if r.Matrix && kept {
		d.KeptF32 = append(d.KeptF32, t.Name)
	}
	for _, kind := range sizes {
		role := r
		if kept && (kind == "q8" || kind == as) {
			role.Matrix, role.Table = false, false
		}
		total[kind] += bytesIn(kind, role, rows, n, r.Part == transformer.OutputHead)
	}
}

// add counts a tensor of a stack.
func (s *Stack) add(r transformer.Role, n, bytes int64) {
	s.Parts = added(s.Parts, r.Part, n, bytes)
	if r.Layer >= 0 && r.Layer < len(s.LayerParts) {
		s.LayerParts[r.Layer] = added(s.LayerParts[r.Layer], r.Part, n, bytes)
	}
}

// added is parts, in the order of transformer's constants, with n and bytes more in one.
func added(parts []Part, kind transformer.Part, n, bytes int64) []Part {
	at := 0
	for ; at < len(parts) && parts[at].kind <= kind; at++ {
		if parts[at].kind == kind {
			parts[at].Parameters += n
			parts[at].Bytes += bytes
			return parts
		}
	}
	parts = append(parts, Part{kind.String(), n, bytes, kind})
	for i := len(parts) - 1; i > at; i-- {
		parts[i], parts[i-1] = parts[i-1], parts[i]
	}
	return parts
}
