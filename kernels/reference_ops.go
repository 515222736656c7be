package kernels

import "math"

func (r *Reference) EmbedF32(y, table, ids, n, d uint32, mul float32, accumulate uint32) {
	r.embed(y, ids, n, d, accumulate, func(id int32, j int) float32 {
		return mul * r.row(table, d, int(id), int(d))[j]
	})
}

func (r *Reference) EmbedF16(y, table, ids, n, d uint32, mul float32, accumulate uint32) {
	r.embed(y, ids, n, d, accumulate, func(id int32, j int) float32 { return mul * r.f16(table+2*uint32(id)*d, j) })
}

func (r *Reference) EmbedQ8(y, table, scale, ids, n, d uint32, mul float32, accumulate uint32) {
	r.embed(y, ids, n, d, accumulate, func(id int32, j int) float32 {
		s := mul * r.f32(scale+uint32(id)*4, 1)[0]
		return s * float32(r.i8(table+uint32(id)*d, int(d))[j])
	})
}

func (r *Reference) embed(y, ids, n, d, accumulate uint32, entry func(id int32, j int) float32) {
	for i, id := range r.i32(ids, int(n)) {
		out := r.row(y, d, i, int(d))
		for j := range out {
			v := float32(0)
			if id >= 0 {
				v = entry(id, j)
			}
			if accumulate != 0 {
				out[j] += v
			} else {
				out[j] = v
			}
		}
	}
}

func (r *Reference) LayerNorm(y, x, w, b, n, d uint32, eps float32) {
	gain, shift := r.f32(w, int(d)), r.f32(b, int(d))
	for i := range int(n) {
		in, out := r.row(x, d, i, int(d)), r.row(y, d, i, int(d))
		mean, sq := 0.0, 0.0
		for _, v := range in {
			mean += float64(v)
		}
		mean /= float64(d)
		for _, v := range in {
			sq += (float64(v) - mean) * (float64(v) - mean)
		}
		inv := 1 / math.Sqrt(sq/float64(d)+float64(eps))
		for j, v := range in {
			out[j] = float32((float64(v)-mean)*inv*float64(gain[j]) + float64(shift[j]))
		}
	}
}

func (r *Reference) RMSNorm(y, x, w, n, d uint32, eps float32) {
	gain := r.f32(w, int(d))
	for i := range int(n) {
		in, out := r.row(x, d, i, int(d)), r.row(y, d, i, int(d))
		sq := 0.0
		for _, v := range in {
			sq += float64(v) * float64(v)
		}
		inv := 1 / math.Sqrt(sq/float64(d)+float64(eps))
		for j, v := range in {
			out[j] = float32(float64(v) * inv * float64(gain[j]))
		}
	}
}

func (r *Reference) L2Normalize(y, x, n, d uint32, eps float32) {
	for i := range int(n) {
		in, out := r.row(x, d, i, int(d)), r.row(y, d, i, int(d))
		sq := 0.0
		for _, v := range in {
			sq += float64(v) * float64(v)
		}
		length := max(math.Sqrt(sq), float64(eps))
		for j, v := range in {
			out[j] = float32(float64(v) / length)
		}
	}
}

func (r *Reference) MeanRows(y, x, n, d uint32) {
	out := r.f32(y, int(d))
	for j := range out {
		sum := 0.0
		for i := range int(n) {
			sum += float64(r.row(x, d, i, int(d))[j])
		}
		out[j] = float32(sum / float64(n))
	}
}

func (r *Reference) Activate(y, x, n uint32, act Activation) {
	out := r.f32(y, int(n))
	for i, v := range r.f32(x, int(n)) {
		out[i] = float32(activate(float64(v), act))
	}
}

func activate(x float64, act Activation) float64 {
	if math.IsInf(x, -1) && act != None {
		return 0 // the limit; the formulas give −∞·0
	}
	switch act {
	case ReLU:
		return max(x, 0)
	case GELU:
		return x * 0.5 * math.Erfc(-x/math.Sqrt2)
	case SiLU:
		return x / (1 + math.Exp(-x))
	case GELUTanh:
		return x * 0.5 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
	}
	return x
}

func (r *Reference) Add(y, a, b, n uint32, alpha float32) {
	out, right := r.f32(y, int(n)), r.f32(b, int(n))
	for i, v := range r.f32(a, int(n)) {
		out[i] = float32(float64(alpha)*float64(v) + float64(right[i]))
	}
}

func (r *Reference) ScanQ8(y, q, x, s, keep, n, k uint32) {
	out, scale, query := r.f32(y, int(n)), r.f32(s, int(n)), r.i8(q, int(k))
	for i := range out {
		if keep != 0 && r.mem[keep+uint32(i)] == 0 {
			out[i] = float32(math.Inf(-1))
			continue
		}
		sum := int32(0)
		for l, v := range r.i8(x+uint32(i)*k, int(k)) {
			sum += int32(query[l]) * int32(v)
		}
		out[i] = scale[i] * float32(sum)
	}
}

func (r *Reference) TopK(ids, y, x, ldx, m, n, k uint32) {
	columns, values := r.i32(ids, int(m*k)), r.f32(y, int(m*k))
	for i := range int(m) {
		row := r.row(x, ldx, i, int(n))
		value := func(j int) float32 {
			if v := row[j]; v == v {
				return v
			}
			return float32(math.Inf(-1))
		}
		after := func(j, last int) bool { // whether j comes after last in the order of the result
			return last < 0 || value(j) < value(last) || value(j) == value(last) && j > last
		}
		last := -1
		for c := range int(k) {
			next := -1
			for j := range row {
				if after(j, last) && (next < 0 || value(j) > value(next)) {
					next = j
				}
			}
			columns[i*int(k)+c], values[i*int(k)+c] = int32(next), value(next)
			last = next
		}
	}
}

func (r *Reference) Gate(y, a, b, n uint32, act Activation) {
	out, right := r.f32(y, int(n)), r.f32(b, int(n))
	for i, v := range r.f32(a, int(n)) {
		out[i] = float32(activate(float64(v), act) * float64(right[i]))
	}
}

func (r *Reference) Rotate(x, ldx, n, heads, h, cos, sin uint32) {
	half := int(h / 2)
	for i := range int(n) {
		row := r.row(x, ldx, i, int(heads*h))
		co, si := r.row(cos, uint32(half), i, half), r.row(sin, uint32(half), i, half)
		for p := range int(heads) * half {
			a, b, c, s := row[2*p], row[2*p+1], co[p%half], si[p%half]
			row[2*p], row[2*p+1] = a*c-b*s, b*c+a*s
		}
	}
}

func (r *Reference) RotateHalves(x, ldx, n, heads, h, turn, cos, sin uint32) {
	half := int(turn / 2)
	for i := range int(n) {
		co, si := r.row(cos, uint32(half), i, half), r.row(sin, uint32(half), i, half)
		for head := range heads {
			row := r.row(x+head*h*4, ldx, i, int(turn))
			for p, c := range co {
				a, b, s := row[p], row[half+p], si[p]
				row[p], row[half+p] = a*c-b*s, b*c+a*s
			}
		}
	}
}
