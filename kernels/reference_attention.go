package kernels

import "math"

func (r *Reference) Attention(y, ldy, q, ldq, k, v, ldkv, tq, tk, heads, group, h uint32, scale float32,
	keep, mask, ldmask, rel, ldrel uint32, relbase int32, causal, scratch uint32) {
	s := make([]float64, tk)
	for head := range int(heads) {
		part, shared := uint32(head)*h*4, uint32(head)/group*h*4
		for i := range int(tq) {
			query, out := r.row(q+part, ldq, i, int(h)), r.row(y+part, ldy, i, int(h))
			top := math.Inf(-1)
			for j := range s {
				if keep != 0 && r.mem[int(keep)+j] == 0 || j > i+int(causal) {
					s[j] = math.Inf(-1)
					continue
				}
				sum := 0.0
				for c, kv := range r.row(k+shared, ldkv, j, int(h)) {
					sum += float64(query[c]) * float64(kv)
				}
				s[j] = sum * float64(scale)
				if mask != 0 {
					s[j] += float64(r.row(mask, ldmask, i, j+1)[j])
				}
				if rel != 0 {
					s[j] += float64(r.f32(rel+(uint32(head)*ldrel+uint32(int(relbase)+j-i))*4, 1)[0])
				}
				top = max(top, s[j])
			}
			total := 0.0
			for j := range s {
				if s[j] = math.Exp(s[j] - top); math.IsInf(top, -1) {
					s[j] = 0
				}
				total += s[j]
			}
			for c := range out {
				sum := 0.0
				for j, p := range s {
					if p != 0 {
						sum += p * float64(r.row(v+shared, ldkv, j, int(h))[c])
					}
				}
				if out[c] = 0; total != 0 {
					out[c] = float32(sum / total)
				}
			}
		}
	}
}

func (r *Reference) AttentionScratch(tq, tk, h uint32) uint64 { return 0 }
