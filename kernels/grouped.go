package kernels

// attendOnce is Attention of one query whose heads share keys and values, a step of
// generation: the heads of a group are the rows of a call of their own, so that four of
// them pass over their keys together. It takes half the time. seen is the number of keys
// that the query sees.
func (d *Device) attendOnce(y, q uint32, k, v Tensor, heads, h int, scale float32, keep, seen, scratch uint32) {
	shared := k.Cols / h
	group, row := uint32(heads/shared), uint32(h)
	for kv := range uint32(shared) {
		from, to := kv*row*4, kv*group*row*4
		d.b.Attention(y+to, row, q+to, row, k.At+from, v.At+from, uint32(k.Stride),
			group, seen, 1, 1, row, scale, keep, 0, 0, 0, 0, 0, seen, scratch)
	}
}
