package vectorsearch

import (
	"math"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// TrainOptions are the options of [Index.Train]; zeros are sensible numbers.
type TrainOptions struct {
	// Clusters is the number of clusters; 0 is the square root of the number of vectors.
	Clusters int
	// Probes is the number of clusters that a search reads; 0 is what [Index.Train] measures.
	Probes int
	// Recall is the share of the true ten nearest neighbours that searches should find where
	// Probes is 0. 0 is 0.99.
	Recall float64
	// Progress, if set, is called while vectors are moved.
	Progress func(done, total int)
	// Pause, if set, is called now and then; an error ends the training, and the index is as
	// it was before.
	Pause func() error
}

const (
	trainRounds  = 6
	trainSample  = 40    // vectors for each cluster
	trainMost    = 40000 // vectors altogether
	probeQueries = 64
)

// Train puts the vectors into clusters, which makes searches of many vectors fast and no
// longer exact. Vectors that are added later go to the nearest cluster. With fewer than 1000
// vectors it does nothing.
func (x *Index) Train(o TrainOptions) error {
	if x.count < 1000 {
		return nil
	}
	if o.Clusters <= 0 {
		o.Clusters = int(math.Sqrt(float64(x.count)))
	}
	o.Clusters = min(max(o.Clusters, 2), x.count/4, 1<<16)
	if o.Recall <= 0 || o.Recall > 1 {
		o.Recall = 0.99
	}
	if o.Progress == nil {
		o.Progress = func(int, int) {}
	}
	if o.Pause == nil {
		o.Pause = func() error { return nil }
	}
	mark := x.dev.Mark()
	x.reserveScores(o.Clusters)
	table := x.dev.NewTable(kernels.I8, o.Clusters, x.padded)
	if err := x.dev.Err(); err != nil {
		return err
	}
	ids := x.sample(min(trainMost, trainSample*o.Clusters))
	if err := x.cluster(table, ids, o.Pause); err != nil {
		if x.scoresFor == o.Clusters {
			x.scoresFor = 0
		}
		x.dev.Release(mark)
		if x.scoresFor == 0 {
			x.reserveScores(pageRows)
		}
		return err
	}
	truth, queries := x.truth(ids)
	x.move(table, o.Progress)
	x.probes = min(o.Probes, o.Clusters)
	if o.Probes <= 0 {
		x.measure(truth, queries, o.Recall)
	}
	return x.dev.Err()
}

// SetProbes sets the number of clusters that a search reads; more find more and take longer.
func (x *Index) SetProbes(n int) { x.probes = min(max(n, 1), len(x.lists)) }

// Probes is the number of clusters that a search reads, 0 before [Index.Train].
func (x *Index) Probes() int { return x.probes }

// Clusters is the number of clusters, 0 before [Index.Train].
func (x *Index) Clusters() int {
	if x.centroids == nil {
		return 0
	}
	return len(x.lists)
}

// sample is n ids, spread over the index.
func (x *Index) sample(n int) []uint32 {
	ids := make([]uint32, 0, n)
	seen := 0
	for id := range x.where {
		if x.where[id] == gone {
			continue
		}
		if seen*n/x.count >= len(ids) {
			ids = append(ids, uint32(id))
		}
		seen++
	}
	return ids
}

// cluster runs spherical k-means on a sample and leaves the centroids in table.
func (x *Index) cluster(table kernels.Table, ids []uint32, pause func() error) error {
	k := table.Rows
	centroids := make([]float32, k*x.padded)
	for c := range k {
		x.vector(ids[c*len(ids)/k], centroids[c*x.padded:][:x.padded])
	}
	v := make([]float32, x.padded)
	for round := range trainRounds {
		x.write(table, centroids)
		clear(centroids)
		counts := make([]int, k)
		for i, id := range ids {
			if i%256 == 0 {
				if err := pause(); err != nil {
					return err
				}
			}
			place := x.where[id]
			row, _ := x.read(&x.lists[place>>32], int(uint32(place)))
			c := x.best(table, row)
			counts[c]++
			x.vector(id, v)
			for j, y := range v {
				centroids[c*x.padded+j] += y
			}
		}
		for c := range k {
			// A cluster that lost all its vectors begins again at one of the sample.
			if counts[c] == 0 {
				x.vector(ids[(c*7919+round)%len(ids)], centroids[c*x.padded:][:x.padded])
			}
		}
	}
	x.write(table, centroids)
	return x.dev.Err()
}

// vector reads a vector.
func (x *Index) vector(id uint32, v []float32) {
	place := x.where[id]
	row, scale := x.read(&x.lists[place>>32], int(uint32(place)))
	for j := range v {
		v[j] = scale * float32(int8(row[j]))
	}
}

// write rounds centroids and writes them.
func (x *Index) write(table kernels.Table, centroids []float32) {
	rows, scales := make([]byte, table.Rows*x.padded), make([]byte, 0, 4*table.Rows)
	for c := range table.Rows {
		scale := x.round(rows[c*x.padded:][:x.padded], centroids[c*x.padded:][:x.padded])
		scales = lean.AppendUint32(scales, math.Float32bits(scale))
	}
	x.dev.Write(table.At, rows)
	x.dev.Write(table.Scale.At, scales)
}

// compare gives the similarities of the centroids to a row.
func (x *Index) compare(table kernels.Table, row []byte) []float32 {
	x.dev.Write(x.query, row)
	return x.compareQuery(table)
}

func (x *Index) compareQuery(table kernels.Table) []float32 {
	y := kernels.Vector{At: x.scores, Len: table.Rows}
	x.dev.Scan(y, x.query, table, 0)
	scores := make([]float32, table.Rows)
	x.dev.Get(scores, kernels.Tensor{At: y.At, Rows: 1, Cols: y.Len, Stride: y.Len})
	return scores
}

func (x *Index) best(table kernels.Table, row []byte) int {
	at := 0
	scores := x.compare(table, row)
	for c, s := range scores {
		if s > scores[at] {
			at = c
		}
	}
	return at
}

// nearestList is the list of a row that is added.
func (x *Index) nearestList(row []byte) int { return x.best(*x.centroids, row) }

// nearestLists are the lists that a search reads, the nearest first.
func (x *Index) nearestLists() []int {
	top := newTop(max(x.probes, 1))
	for c, s := range x.compareQuery(*x.centroids) {
		top.add(Hit{uint32(c), s})
	}
	lists := make([]int, 0, top.n)
	for _, h := range top.sorted() {
		lists = append(lists, int(h.ID))
	}
	return lists
}

// move puts every row into the list of its cluster. A page of the old lists is free as soon as
// its rows are moved, so the memory does not double.
func (x *Index) move(table kernels.Table, progress func(done, total int)) {
	old := x.lists
	x.lists, x.centroids = make([]list, table.Rows), &table
	done := 0
	for i := range old {
		s := &old[i]
		for p, at := range s.pages {
			ids := s.ids[p*pageRows : min(len(s.ids), (p+1)*pageRows)]
			rows := make([][]byte, len(ids))
			scales := make([]float32, len(ids))
			for n := range ids {
				rows[n], scales[n] = x.read(s, p*pageRows+n)
			}
			x.free = append(x.free, at)
			for n, id := range ids {
				x.append(x.nearestList(rows[n]), id, rows[n], scales[n])
			}
			done += len(ids)
			progress(done, x.count)
		}
	}
}

// truth is the ten nearest neighbours of some vectors of the sample, by exact search.
func (x *Index) truth(ids []uint32) (truth [][]Hit, queries [][]float32) {
	for i := range min(probeQueries, len(ids)) {
		v := make([]float32, x.padded)
		x.vector(ids[i*len(ids)/min(probeQueries, len(ids))], v)
		row := make([]byte, x.padded)
		scale := x.round(row, v[:x.dim])
		x.dev.Write(x.query, row)
		top := newTop(min(10, x.count))
		for l := range x.lists {
			x.scan(&x.lists[l], scale, nil, top)
		}
		truth, queries = append(truth, top.sorted()), append(queries, v[:x.dim])
	}
	return truth, queries
}

// measure finds the smallest number of clusters with which the searches of truth find the
// share recall of it, and a quarter more: other queries are less well placed.
func (x *Index) measure(truth [][]Hit, queries [][]float32, recall float64) {
	found := func(probes int) float64 {
		x.probes = probes
		hit, all := 0, 0
		for i, q := range queries {
			got, _ := x.Search(q, len(truth[i]), nil)
			all += len(truth[i])
			for _, h := range truth[i] {
				for _, g := range got {
					if g.ID == h.ID {
						hit++
					}
				}
			}
		}
		return float64(hit) / float64(max(all, 1))
	}
	low, high := 1, len(x.lists)
	for low < high {
		if mid := (low + high) / 2; found(mid) >= recall {
			high = mid
		} else {
			low = mid + 1
		}
	}
	x.probes = min(len(x.lists), low+(low+3)/4)
}

func (x *Index) wrongLength(n int) error {
	return lean.Errorf("vectorsearch: %w: %d numbers; the index has vectors of %d", ErrInput, n, x.dim)
}
