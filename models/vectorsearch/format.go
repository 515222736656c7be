package vectorsearch

import (
	"io"
	"math"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// A saved index, little-endian:
//
//	"LSVI", u32 version 1
//	u32 dim, next id, clusters (0 before Train), probes
//	clusters × (f32 scale, i8 × padded)       padded = dim up to a multiple of 16
//	lists (clusters, or one), each:
//	  u32 vectors
//	  vectors × u32 id
//	  vectors × (f32 scale, i8 × padded)
//
// VectorIndex of the page (web/src/worker/vectors/format.ts) writes the same, and behind it its
// metadata: "LSVM", u32 bytes, JSON. [Load] leaves them unread.
const (
	magic   = "LSVI"
	version = 1
)

// Save writes the index.
func (x *Index) Save(w io.Writer) error {
	head := append([]byte(magic), 0, 0, 0, 0)
	lean.PutUint32(head[4:], version)
	for _, n := range []int{x.dim, x.next, x.Clusters(), x.probes} {
		head = lean.AppendUint32(head, uint32(n))
	}
	if _, err := w.Write(head); err != nil {
		return err
	}
	if x.centroids != nil {
		if err := x.saveRows(w, *x.centroids); err != nil {
			return err
		}
	}
	for i := range x.lists {
		s := &x.lists[i]
		b := lean.AppendUint32(nil, uint32(len(s.ids)))
		for _, id := range s.ids {
			b = lean.AppendUint32(b, id)
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
		for p, at := range s.pages {
			if err := x.saveRows(w, x.page(at, min(pageRows, len(s.ids)-p*pageRows))); err != nil {
				return err
			}
		}
	}
	return nil
}

func (x *Index) saveRows(w io.Writer, t kernels.Table) error {
	rows, scales := make([]byte, t.Rows*t.Dim), make([]byte, 4*t.Rows)
	x.dev.Read(t.At, rows)
	x.dev.Read(t.Scale.At, scales)
	if err := x.dev.Err(); err != nil {
		return err
	}
	b := make([]byte, 0, len(rows)+len(scales))
	for i := range t.Rows {
		b = append(append(b, scales[4*i:4*i+4]...), rows[i*t.Dim:][:t.Dim]...)
	}
	_, err := w.Write(b)
	return err
}

// Load reads an index that [Index.Save] wrote. What does not have the form is ErrFormat; the
// memory that was taken for it is released.
func Load(dev *kernels.Device, r io.Reader) (*Index, error) {
	mark := dev.Mark()
	x, err := load(dev, r)
	if err != nil {
		dev.Release(mark)
		return nil, err
	}
	return x, nil
}

func load(dev *kernels.Device, r io.Reader) (*Index, error) {
	head := make([]byte, 24)
	if _, err := io.ReadFull(r, head); err != nil || string(head[:4]) != magic {
		return nil, lean.Errorf("vectorsearch: %w: it does not begin with %q", ErrFormat, magic)
	}
	number := func(i int) int { return int(lean.Uint32(head[4*i:])) }
	if number(1) != version {
		return nil, lean.Errorf("vectorsearch: %w: version %d; this reader knows %d", ErrFormat, number(1), version)
	}
	next, clusters, probes := number(3), number(4), number(5)
	if next > maxRows || clusters > 1<<16 || probes > clusters || clusters > 0 && probes == 0 {
		return nil, lean.Errorf("vectorsearch: %w: %d ids, %d clusters, %d of them read", ErrFormat, next, clusters, probes)
	}
	x, err := New(dev, number(2))
	if err != nil {
		return nil, lean.Errorf("%w: %w", ErrFormat, err)
	}
	in := &reader{r: r, x: x, row: make([]byte, 4+x.padded)}
	if clusters > 0 {
		if err := in.centroids(clusters, probes); err != nil {
			return nil, err
		}
	}
	// Ids grow with what is read, not with what the head promises.
	for l := range x.lists {
		if err := in.list(l, next); err != nil {
			return nil, err
		}
	}
	x.next = next
	return x, dev.Err()
}

// reader reads the parts of a saved index.
type reader struct {
	r   io.Reader
	x   *Index
	row []byte
}

func (in *reader) next() (row []byte, scale float32, err error) {
	if _, err := io.ReadFull(in.r, in.row); err != nil {
		return nil, 0, lean.Errorf("vectorsearch: %w: it is cut off", ErrFormat)
	}
	scale = math.Float32frombits(lean.Uint32(in.row))
	if scale < 0 || scale-scale != 0 {
		return nil, 0, lean.Errorf("vectorsearch: %w: a scale is negative or not finite", ErrFormat)
	}
	return in.row[4:], scale, nil
}

func (in *reader) centroids(clusters, probes int) error {
	x := in.x
	// The rows are read before memory for all of them is taken: a short file is cheap.
	var rows, scales []byte
	for range clusters {
		row, scale, err := in.next()
		if err != nil {
			return err
		}
		rows = append(rows, row...)
		scales = lean.AppendUint32(scales, math.Float32bits(scale))
	}
	x.reserveScores(clusters)
	table := x.dev.NewTable(kernels.I8, clusters, x.padded)
	x.dev.Write(table.At, rows)
	x.dev.Write(table.Scale.At, scales)
	x.centroids, x.probes, x.lists = &table, probes, make([]list, clusters)
	return x.dev.Err()
}

func (in *reader) list(l, next int) error {
	x := in.x
	var b [4]byte
	if _, err := io.ReadFull(in.r, b[:]); err != nil {
		return lean.Errorf("vectorsearch: %w: it is cut off", ErrFormat)
	}
	n := int(lean.Uint32(b[:]))
	if n > next-x.count {
		return lean.Errorf("vectorsearch: %w: a list of %d vectors, of %d ids", ErrFormat, n, next)
	}
	var ids []uint32
	for range n {
		if _, err := io.ReadFull(in.r, b[:]); err != nil {
			return lean.Errorf("vectorsearch: %w: it is cut off", ErrFormat)
		}
		id := lean.Uint32(b[:])
		if int(id) >= next || x.Has(id) {
			return lean.Errorf("vectorsearch: %w: the id %d stands twice, or is not below %d", ErrFormat, id, next)
		}
		for int(id) >= len(x.where) {
			x.where = append(x.where, gone)
		}
		x.where[id] = 0
		ids = append(ids, id)
	}
	for _, id := range ids {
		row, scale, err := in.next()
		if err != nil {
			return err
		}
		x.append(l, id, row, scale)
		x.count++
		if err := x.dev.Err(); err != nil {
			return err
		}
	}
	return nil
}
