package siteindex

import (
	"math"
	"math/rand/v2"
	"sort"
)

const (
	rowsPerChunk = 16
	perCluster   = 200 // passages of a cluster, about
	mostClusters = 512
	codes        = 16 // centroids of a pair of dimensions
	rounds       = 8  // of k-means
)

// writeStatic writes the tables pieces, rows and vectors.
func (b *Builder) writeStatic(s *static, vectors []float32, have []bool, tables map[string]stored) error {
	var err error
	if tables["pieces"], tables["rows"], err = b.writePieces(s); err != nil {
		return err
	}
	tables["vectors"], err = b.writeVectors(s.dim, vectors, have)
	return err
}

func (b *Builder) writePieces(s *static) (pieces, rows stored, err error) {
	n := len(s.pieces)
	scores := make([]uint8, n)
	for i, p := range s.pieces {
		scores[i] = quantizeScore(p.Score, s.worst, s.step)
	}
	order := rowOrder(scores)
	w := newWriter("LSPV")
	w.u8(0)
	w.uv(n)
	w.f32(s.worst)
	w.f32(s.step)
	before := ""
	for _, p := range s.pieces {
		w.front(before, p.Text)
		before = p.Text
	}
	w.bytes(scores)
	if _, pieces, err = b.out.put(w); err != nil {
		return
	}
	dir := newWriter("LSRD")
	dir.uv(rowsPerChunk)
	dir.uv(n)
	for at := 0; at < n; at += rowsPerChunk {
		c := newWriter("LSRC")
		for _, i := range order[at:min(at+rowsPerChunk, n)] {
			c.f32(s.scale[i])
			c.i8s(s.quantized[i*s.dim:][:s.dim])
		}
		r, _, e := b.out.put(c)
		if e != nil {
			return pieces, rows, e
		}
		dir.ref(r)
	}
	_, rows, err = b.out.put(dir)
	return
}

// rowOrder are the pieces in the order of their rows: falling scores, so that frequent
// pieces share chunks.
func rowOrder(scores []uint8) []int {
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return scores[order[i]] > scores[order[j]] })
	return order
}

// writeVectors clusters the passages' vectors and writes the lists.
func (b *Builder) writeVectors(dim int, vectors []float32, have []bool) (stored, error) {
	var ids []int
	for i, ok := range have {
		if ok {
			ids = append(ids, i)
		}
	}
	k := min(max(1, len(ids)/perCluster), mostClusters)
	centroids := sphericalKMeans(vectors, dim, ids, k)
	w := newWriter("LSVD")
	w.uv(dim)
	w.uv(k)
	rounded := make([]float32, len(centroids))
	for c := range k {
		scale, q := quantize(centroids[c*dim:][:dim])
		w.f32(scale)
		w.i8s(q)
		for j, x := range q {
			rounded[c*dim+j] = scale * float32(x)
		}
	}
	assigned := make([]int32, len(ids))
	parallel(len(ids), func(i int) { assigned[i] = nearest(vectors[ids[i]*dim:][:dim], rounded, dim) })
	residual := func(i int, out []float32) {
		c := rounded[int(assigned[i])*dim:]
		for j, x := range vectors[ids[i]*dim:][:dim] {
			out[j] = x - c[j]
		}
	}
	scale, book := codebook(dim, len(ids), residual)
	w.f32(scale)
	w.i8s(book)
	lists := make([]*writer, k)
	counts, last := make([]int, k), make([]int, k)
	packed := make([][]byte, k)
	r := make([]float32, dim)
	for i, id := range ids {
		c := assigned[i]
		if lists[c] == nil {
			lists[c] = &writer{}
		}
		lists[c].uv(id - last[c])
		last[c] = id
		counts[c]++
		residual(i, r)
		packed[c] = encode(packed[c], r, scale, book)
	}
	for c := range k {
		w.uv(counts[c])
		var name ref
		if counts[c] > 0 {
			body := newWriter("LSVC")
			body.uv(counts[c])
			body.bytes(lists[c].b)
			body.bytes(packed[c])
			var err error
			if name, _, err = b.out.put(body); err != nil {
				return stored{}, err
			}
		}
		w.ref(name)
	}
	w.uv(min(k, defaultProbes))
	_, s, err := b.out.put(w)
	return s, err
}

// defaultProbes is the number of clusters that a query reads.
const defaultProbes = 6

// sphericalKMeans gives k centroids; a passage belongs to the one with the greatest product.
func sphericalKMeans(vectors []float32, dim int, ids []int, k int) []float32 {
	centroids := make([]float32, k*dim)
	if len(ids) == 0 {
		return centroids
	}
	rng := rand.New(rand.NewPCG(3, 4))
	sample := ids
	if most := 60 * k; len(ids) > most {
		sample = make([]int, most)
		for i, p := range rng.Perm(len(ids))[:most] {
			sample[i] = ids[p]
		}
	}
	for c, i := range rng.Perm(len(sample))[:k] {
		copy(centroids[c*dim:][:dim], vectors[sample[i]*dim:])
	}
	assigned := make([]int32, len(sample))
	for range rounds {
		parallel(len(sample), func(i int) { assigned[i] = nearest(vectors[sample[i]*dim:][:dim], centroids, dim) })
		counts := make([]int, k)
		clear(centroids)
		for i, c := range assigned {
			counts[c]++
			for j, x := range vectors[sample[i]*dim:][:dim] {
				centroids[int(c)*dim+j] += x
			}
		}
		for c := range k {
			v := centroids[c*dim:][:dim]
			if counts[c] == 0 {
				copy(v, vectors[sample[rng.IntN(len(sample))]*dim:])
			}
			normalize(v)
		}
	}
	return centroids
}

func normalize(v []float32) {
	sum := 0.0
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	if sum > 0 {
		s := float32(1 / math.Sqrt(sum))
		for i := range v {
			v[i] *= s
		}
	}
}

func dot(a, b []float32) float32 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float32
	for i := 0; i+3 < len(a); i += 4 {
		s0 += a[i] * b[i]
		s1 += a[i+1] * b[i+1]
		s2 += a[i+2] * b[i+2]
		s3 += a[i+3] * b[i+3]
	}
	return s0 + s1 + s2 + s3
}

func nearest(v, centroids []float32, dim int) int32 {
	best, at := float32(math.Inf(-1)), int32(0)
	for c := 0; c*dim < len(centroids); c++ {
		if d := dot(v, centroids[c*dim:]); d > best {
			best, at = d, int32(c)
		}
	}
	return at
}

// codebook finds 16 centroids of each pair of dimensions (Jégou, Douze, Schmid, "Product
// Quantization for Nearest Neighbor Search", PAMI 2011), in int8.
func codebook(dim, n int, residual func(i int, out []float32)) (scale float32, book []int8) {
	const most = 8192
	stride := max(1, n/most)
	var sample [][]float32
	for i := 0; i < n; i += stride {
		r := make([]float32, dim)
		residual(i, r)
		sample = append(sample, r)
	}
	exact := make([]float32, dim/2*codes*2)
	parallel(dim/2, func(m int) { pairKMeans(sample, m, exact[m*codes*2:][:codes*2]) })
	return quantize(exact)
}

func pairKMeans(sample [][]float32, m int, out []float32) {
	if len(sample) == 0 {
		return
	}
	rng := rand.New(rand.NewPCG(5, uint64(m)))
	for c := range codes {
		s := sample[rng.IntN(len(sample))]
		out[2*c], out[2*c+1] = s[2*m], s[2*m+1]
	}
	for range 10 {
		var sum [codes][3]float32
		for _, s := range sample {
			c := &sum[nearestPair(s[2*m], s[2*m+1], out)]
			c[0] += s[2*m]
			c[1] += s[2*m+1]
			c[2]++
		}
		for c, s := range sum {
			if s[2] > 0 {
				out[2*c], out[2*c+1] = s[0]/s[2], s[1]/s[2]
			}
		}
	}
}

func nearestPair(x, y float32, book []float32) int {
	best, at := float32(math.Inf(1)), 0
	for c := range codes {
		dx, dy := x-book[2*c], y-book[2*c+1]
		if d := dx*dx + dy*dy; d < best {
			best, at = d, c
		}
	}
	return at
}

// encode appends the codes of a residual.
func encode(b []byte, r []float32, scale float32, book []int8) []byte {
	var pair [codes * 2]float32
	for m := 0; 2*m < len(r); m++ {
		for i, x := range book[m*codes*2:][:codes*2] {
			pair[i] = scale * float32(x)
		}
		code := byte(nearestPair(r[2*m], r[2*m+1], pair[:]))
		if m%2 == 0 {
			b = append(b, code)
		} else {
			b[len(b)-1] |= code << 4
		}
	}
	return b
}
