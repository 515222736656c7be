package kernels

import (
	"math"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// TopKOnHost is TopK for a backend whose memory the host reads at once: one pass over each
// row, which no kernel would shorten, since the row is read anyway. It returns buffer, which
// it makes longer if a row needs that.
func TopKOnHost(m Memory, buffer []byte, ids, y, x, ldx, rows, n, k uint32) []byte {
	if uint32(len(buffer)) < 4*n+8*k {
		buffer = make([]byte, 4*n+8*k)
	}
	row, number, value := buffer[:4*n], buffer[4*n:][:4*k], buffer[4*n+4*k:][:4*k]
	var columns [MaxTopK]int32
	var tops [MaxTopK]float32
	at, top := columns[:k], tops[:k]
	for i := range rows {
		m.Read(x+4*i*ldx, row)
		largest(at, top, row)
		for c := range k {
			lean.PutUint32(number[4*c:], uint32(at[c]))
			lean.PutUint32(value[4*c:], math.Float32bits(top[c]))
		}
		m.Write(ids+4*i*k, number)
		m.Write(y+4*i*k, value)
	}
	return buffer
}

// largest finds the len(at) largest numbers of a row, in order.
func largest(at []int32, top []float32, row []byte) {
	k, have := len(at), 0
	for i := 0; i < len(row); i += 4 {
		v := math.Float32frombits(lean.Uint32(row[i:]))
		if v != v {
			v = float32(math.Inf(-1))
		}
		if have == k && !(v > top[k-1]) {
			continue
		}
		c := min(have, k-1)
		for ; c > 0 && v > top[c-1]; c-- {
			top[c], at[c] = top[c-1], at[c-1]
		}
		top[c], at[c] = v, int32(i/4)
		have = min(have+1, k)
	}
}

// TopK finds the k largest numbers of each row of x, largest first, equal ones by their
// column: column ids[i·k+r] of row i with the value values[i·k+r], −∞ for NaN. Only these
// are read back. k is at most x.Cols and at most MaxTopK. See Operations.TopK.
func (d *Device) TopK(ids []int32, values []float32, x Tensor, k int) {
	const op = "top k"
	if !d.check(op, "x", x) || x.Rows == 0 {
		return
	}
	if k < 1 || k > min(x.Cols, MaxTopK) {
		d.fail(ErrArgument, "%s: k = %d of %d columns; 1 to %d was expected", op, k, x.Cols, min(x.Cols, MaxTopK))
		return
	}
	if len(ids) != x.Rows*k || len(values) != x.Rows*k {
		d.fail(ErrArgument, "%s: %d ids and %d values; %d of each were expected", op, len(ids), len(values), x.Rows*k)
		return
	}
	mark := d.Mark()
	defer d.Release(mark)
	out := d.NewTensor(2*x.Rows, k) // the values, then the ids
	if d.err != nil {
		return
	}
	size := uint32(4 * x.Rows * k)
	d.b.TopK(out.At+size, out.At, x.At, uint32(x.Stride), uint32(x.Rows), uint32(x.Cols), uint32(k))
	if len(d.numbers) < 2*x.Rows*k {
		d.numbers = make([]float32, 2*x.Rows*k)
	}
	bits := d.numbers[:2*x.Rows*k]
	d.Get(bits, out)
	copy(values, bits)
	for i := range ids {
		ids[i] = int32(math.Float32bits(bits[len(ids)+i]))
	}
}
