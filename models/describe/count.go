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
	quantised, looked := false, kept != nil
	for _, t := range tensors {
		quantised = quantised || t.DType == safetensors.I8
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
		if strings.HasSuffix(t.Name, ".weight_scale") {
			s.add(r, 0, t.NumBytes())
			continue
		}
		n := t.NumElements()
		d.Parameters += n
		s.add(r, n, t.NumBytes())
		d.sized(total, t, r, quantised, looked && slices.Contains(kept, t.Name))
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
		// A file of int8 has nothing left to make four bits of.
		if kind != "q4" || !quantised {
			d.Sizes = append(d.Sizes, Size{kind, total[kind], kind != "q8" || quantised || looked})
		}
	}
}

// sized adds what a tensor takes in each type. In a file of int8 the matrices that are
// floats are those that were kept.
func (d *Description) sized(total map[string]int64, t safetensors.Tensor, r transformer.Role, quantised, kept bool) {
	n, rows := t.NumElements(), int64(1)
	if len(t.Shape) > 0 {
		rows = int64(t.Shape[0])
	}
	if r.Turned {
		rows = int64(t.Shape[1])
	}
	if r.Matrix && (kept || quantised && t.DType != safetensors.I8) {
		d.KeptF32 = append(d.KeptF32, t.Name)
	}
	for _, kind := range sizes {
		role := r
		if kind == "q8" && (kept || quantised && t.DType != safetensors.I8) {
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
	return slices.Insert(parts, at, Part{kind.String(), n, bytes, kind})
}
