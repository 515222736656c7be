package transformer

import (
	"math"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// Cache keeps the keys and values of sequences that grow, in device memory, so that a
// decoder computes each token once. Keys are kept as they are compared: turned by
// their position, where positions turn them.
//
// It is valid until the device's memory is released to a mark taken before NewCache.
type Cache struct {
	model    *Model
	capacity int
	lengths  []int
	layers   []kernels.Tensor // (sequences·capacity, 2·Kp): keys, then values

	rel, cross bias
	source     *source
	sourced    bool

	ids, to, from []int32 // scratch
	moved         []int
}

// CacheOptions are what a Cache holds.
type CacheOptions struct {
	// Sequences is their number, Capacity the most tokens of one of them.
	Sequences, Capacity int

	// What cross-attention reads, see Batch; its keys and values are computed once, here.
	Source        kernels.Tensor
	SourceLengths []int
	SourceKeep    []byte
	// SourceOf, optional, is which source each sequence reads: beams share one.
	SourceOf []int
}

// NewCache makes an empty Cache for a decoder.
func (m *Model) NewCache(o CacheOptions) (*Cache, error) {
	c := m.Config
	if !c.Causal || c.Approx != nil {
		return nil, lean.Errorf("transformer: %w: a %s model is no decoder: it has nothing to cache", ErrUnsupported, c.Family)
	}
	if o.Sequences < 1 || o.Sequences > MaxBatchTokens || o.Capacity < 1 || o.Capacity > math.MaxInt32/8 || c.MaxPositions > 0 && o.Capacity > c.MaxPositions {
		return nil, lean.Errorf("transformer: %w: a cache of %d sequences of %d tokens; the model has %d positions (0: no limit)", ErrTooLong, o.Sequences, o.Capacity, c.MaxPositions)
	}
	if err := c.checkTurns(o.Capacity); err != nil {
		return nil, err
	}
	k := &Cache{model: m, capacity: o.Capacity, lengths: make([]int, o.Sequences), sourced: c.CrossAttention}
	if o.SourceOf != nil {
		if len(o.SourceOf) != o.Sequences {
			return nil, lean.Errorf("transformer: %w: SourceOf names %d sources for %d sequences", ErrInput, len(o.SourceOf), o.Sequences)
		}
		for _, s := range o.SourceOf {
			if s < 0 || s >= len(o.SourceLengths) {
				return nil, lean.Errorf("transformer: %w: source %d of %d", ErrInput, s, len(o.SourceLengths))
			}
		}
	}
	readers := o.Sequences
	if o.SourceOf != nil {
		readers = len(o.SourceLengths)
	}
	b := Batch{Lengths: make([]int, readers), Source: o.Source, SourceLengths: o.SourceLengths, SourceKeep: o.SourceKeep}
	if err := m.checkSource(&b); err != nil {
		return nil, err
	}
	d := m.dev
	mark := d.Mark()
	for range m.layers {
		k.layers = append(k.layers, d.NewTensor(o.Sequences*o.Capacity, 2*panels(c.keyValues())))
	}
	if c.RelBuckets > 0 {
		k.rel = m.bias(m.relative, o.Capacity, o.Capacity)
	}
	if c.CrossAttention {
		k.cross, k.source = m.readSource(o.Source, o.SourceLengths, o.SourceKeep, o.Capacity)
		k.source.origins = o.SourceOf
	}
	if err := d.Err(); err != nil {
		d.Release(mark)
		return nil, err
	}
	return k, nil
}

// Len is the number of tokens of sequence s.
func (k *Cache) Len(s int) int { return k.lengths[s] }

// Truncate forgets all but the first n tokens of sequence s.
func (k *Cache) Truncate(s, n int) { k.lengths[s] = max(0, min(n, k.lengths[s])) }

// Reorder makes sequence i what sequence from[i] was, as beam search wants it.
// Sequences that exchange places must read the same source.
func (k *Cache) Reorder(from []int) error {
	if len(from) != len(k.lengths) {
		return lean.Errorf("transformer: %w: an order of %d for %d sequences", ErrInput, len(from), len(k.lengths))
	}
	identity := true
	to, ids, lengths := k.to[:0], k.from[:0], append(k.moved[:0], from...)
	for s, f := range from {
		if f < 0 || f >= len(from) {
			return lean.Errorf("transformer: %w: sequence %d of %d", ErrInput, f, len(from))
		}
		lengths[s] = k.lengths[f]
		if f == s {
			continue
		}
		identity = false
		for p := range lengths[s] {
			to, ids = append(to, int32(s*k.capacity+p)), append(ids, int32(f*k.capacity+p))
		}
	}
	k.to, k.from = to, ids
	if identity {
		return nil
	}
	d := k.model.dev
	for _, kv := range k.layers {
		mark := d.Mark()
		rows := d.NewTensor(len(ids), kv.Cols)
		d.Gather(rows, kv, ids)
		for i := 0; i < len(to); {
			n := 1
			for i+n < len(to) && to[i+n] == to[i]+int32(n) {
				n++
			}
			k.copy(kv.Slice(int(to[i]), int(to[i])+n), rows, i)
			i += n
		}
		d.Release(mark)
	}
	k.lengths, k.moved = lengths, k.lengths
	return d.Err()
}

// check tests whether a batch continues what is cached.
func (k *Cache) check(m *Model, b *Batch) error {
	if k.model != m {
		return lean.Errorf("transformer: %w: the cache belongs to another model", ErrInput)
	}
	if len(b.Lengths) != len(k.lengths) || b.Keep != nil || b.Mask != nil {
		return lean.Errorf("transformer: %w: %d sequences, the cache has %d; with a cache there is no padding and no mask", ErrInput, len(b.Lengths), len(k.lengths))
	}
	for s, n := range b.Lengths {
		if n < 0 || n > k.capacity-k.lengths[s] {
			return lean.Errorf("transformer: %w: sequence %d has %d tokens and gets %d more, the cache holds %d", ErrTooLong, s, k.lengths[s], n, k.capacity)
		}
	}
	return nil
}

// rows are the keys and values (to − from, 2·Kp) of sequence s in a layer.
func (k *Cache) rows(layer, s, from, to int) kernels.Tensor {
	return k.layers[layer].Slice(s*k.capacity+from, s*k.capacity+to)
}

// append copies the rows of a run behind those that are there.
func (k *Cache) append(layer int, kv kernels.Tensor, lengths []int) {
	first := 0
	for s, n := range lengths {
		at := k.lengths[s]
		k.copy(k.rows(layer, s, at, at+n), kv, first)
		first += n
	}
}

// copy is to = from[at:].
func (k *Cache) copy(to, from kernels.Tensor, at int) {
	ids := k.ids[:0]
	for r := range to.Rows {
		ids = append(ids, int32(at+r))
	}
	k.ids = ids
	k.model.dev.Gather(to, from, ids)
}

// extended counts the tokens of a run that succeeded.
func (k *Cache) extended(b *Batch) {
	for s, n := range b.Lengths {
		k.lengths[s] += n
	}
}
