package vectorsearch_test

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/simd"
	"github.com/lodestone-wasm/lodestone/models/vectorsearch"
)

func devices(t testing.TB) map[string]*kernels.Device {
	b, err := simd.New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return map[string]*kernels.Device{"reference": kernels.NewDevice(kernels.NewReference(0)), b.Name(): kernels.NewDevice(b)}
}

// around are n unit vectors near some directions, as sentences are near topics.
func around(r *rand.Rand, n, dim, directions int) []float32 {
	centers := make([]float32, directions*dim)
	for i := range centers {
		centers[i] = float32(r.NormFloat64())
	}
	v := make([]float32, n*dim)
	for i := range n {
		c := r.IntN(directions)
		for j := range dim {
			v[i*dim+j] = centers[c*dim+j] + float32(r.NormFloat64())
		}
	}
	return v
}

// exact is the order of the ids by the cosine in float64.
func exact(vectors []float32, dim int, q []float32, keep func(id int) bool) []uint32 {
	type hit struct {
		id    uint32
		score float64
	}
	var hits []hit
	for i := 0; i*dim < len(vectors); i++ {
		dot, length := 0.0, 0.0
		for j, x := range vectors[i*dim:][:dim] {
			dot += float64(x) * float64(q[j])
			length += float64(x) * float64(x)
		}
		if keep(i) {
			hits = append(hits, hit{uint32(i), dot / math.Sqrt(length)})
		}
	}
	slices.SortFunc(hits, func(a, b hit) int {
		if a.score > b.score {
			return -1
		}
		return 1
	})
	ids := make([]uint32, len(hits))
	for i, h := range hits {
		ids[i] = h.id
	}
	return ids
}

func recall(hits []vectorsearch.Hit, truth []uint32) float64 {
	n := 0
	for _, h := range hits {
		if slices.Contains(truth[:len(hits)], h.ID) {
			n++
		}
	}
	return float64(n) / float64(max(len(hits), 1))
}

func all(int) bool { return true }

func TestSearchFindsTheNearestVectors(t *testing.T) {
	for name, dev := range devices(t) {
		for _, dim := range []int{3, 16, 100} { // 3 and 100 are padded
			r := rand.New(rand.NewPCG(1, 2))
			v := around(r, 1200, dim, 20)
			x, err := vectorsearch.New(dev, dim)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := x.Add(v); err != nil {
				t.Fatal(err)
			}
			found := 0.0
			for i := range 20 {
				q := v[i*dim:][:dim]
				hits, err := x.Search(q, 10, nil)
				if err != nil || len(hits) != 10 {
					t.Fatal(name, dim, len(hits), err)
				}
				if math.Abs(float64(hits[0].Score)-1) > 1e-5 {
					t.Errorf("%s: the cosine of vector %d to itself is %v", name, i, hits[0].Score)
				}
				found += recall(hits, exact(v, dim, q, all)) / 20
			}
			if least := map[int]float64{3: 0.7, 16: 0.9, 100: 0.95}[dim]; found < least {
				t.Errorf("%s: %d numbers: %.3f of the ten nearest are found, %.2f expected", name, dim, found, least)
			}
		}
	}
}

func TestFilterHidesVectorsDuringTheScan(t *testing.T) {
	for name, dev := range devices(t) {
		const dim, n = 16, 1100
		v := around(rand.New(rand.NewPCG(3, 4)), n, dim, 5)
		x, _ := vectorsearch.New(dev, dim)
		x.Add(v)
		filter := make(vectorsearch.Filter, n/8) // ids from 8·(n/8) on are not in it
		for id := 0; id < n/8*8; id += 50 {
			filter[id/8] |= 1 << (id % 8)
		}
		hits, err := x.Search(v[:dim], 40, filter)
		if err != nil || len(hits) != 22 {
			t.Fatalf("%s: %d hits, %v; 22 ids are in the filter", name, len(hits), err)
		}
		for _, h := range hits {
			if h.ID%50 != 0 {
				t.Errorf("%s: id %d is not in the filter", name, h.ID)
			}
		}
		if hits, err := x.Search(v[:dim], 5, vectorsearch.Filter{}); len(hits) != 0 || err != nil {
			t.Errorf("%s: an empty filter: %v, %v", name, hits, err)
		}
	}
}

func TestDeletedVectorsAreNotFoundAndTheirPlaceIsUsedAgain(t *testing.T) {
	for name, dev := range devices(t) {
		const dim, n = 16, 1300
		v := around(rand.New(rand.NewPCG(5, 6)), n, dim, 5)
		x, _ := vectorsearch.New(dev, dim)
		x.Add(v)
		for id := uint32(0); id < n; id++ {
			if id%3 != 0 && !x.Delete(id) {
				t.Fatalf("%s: id %d is not there", name, id)
			}
		}
		if x.Delete(1) || x.Delete(n) || x.Has(1) || !x.Has(3) {
			t.Errorf("%s: Has and Delete disagree", name)
		}
		hits, err := x.Search(v[:dim], 20, nil)
		if err != nil || x.Len() != 434 {
			t.Fatal(name, x.Len(), err)
		}
		truth := exact(v, dim, v[:dim], func(id int) bool { return id%3 == 0 })
		if got := recall(hits, truth); got < 0.85 {
			t.Errorf("%s: %.2f of the neighbours that are left", name, got)
		}
		before := dev.Used()
		first, err := x.Add(v[:dim*512])
		if err != nil || first != n || dev.Used() != before {
			t.Errorf("%s: ids from %d, memory %d → %d, %v", name, first, before, dev.Used(), err)
		}
	}
}

func TestTrainedIndexReachesTheRecallThatWasAsked(t *testing.T) {
	dev := devices(t)["simd128"]
	const dim, n = 32, 20000
	r := rand.New(rand.NewPCG(7, 8))
	v := around(r, n+100, dim, 200)
	queries := v[n*dim:]
	v = v[:n*dim]
	x, _ := vectorsearch.New(dev, dim)
	x.Add(v)
	moved := 0
	if err := x.Train(vectorsearch.TrainOptions{Recall: 0.99, Progress: func(done, total int) { moved = done }}); err != nil {
		t.Fatal(err)
	}
	if moved != n || x.Clusters() != 141 || x.Probes() < 1 || x.Probes() == x.Clusters() {
		t.Errorf("%d of %d vectors moved, %d clusters, %d of them read", moved, n, x.Clusters(), x.Probes())
	}
	// The same index with all clusters read is exact search with the same rounding.
	found, probes := 0.0, x.Probes()
	for i := range 100 {
		q := queries[i*dim:][:dim]
		x.SetProbes(x.Clusters())
		truth, _ := x.Search(q, 10, nil)
		x.SetProbes(probes)
		hits, err := x.Search(q, 10, nil)
		if err != nil {
			t.Fatal(err)
		}
		ids := make([]uint32, len(truth))
		for i, h := range truth {
			ids[i] = h.ID
		}
		found += recall(hits, ids) / 100
	}
	if found < 0.98 {
		t.Errorf("recall@10 %.3f with %d of %d clusters; 0.99 was asked of other queries", found, probes, x.Clusters())
	}
	x.Delete(5)
	if first, err := x.Add(v[5*dim:][:dim]); err != nil || first != n {
		t.Error(first, err)
	}
	if hits, _ := x.Search(v[5*dim:][:dim], 1, nil); len(hits) != 1 || hits[0].ID != n {
		t.Errorf("a vector added after training: %v", hits)
	}
}

func TestInterruptedTrainingLeavesTheIndex(t *testing.T) {
	dev := devices(t)["simd128"]
	v := around(rand.New(rand.NewPCG(9, 9)), 2000, 16, 5)
	x, _ := vectorsearch.New(dev, 16)
	x.Add(v)
	before, _ := x.Search(v[:16], 10, nil)
	stop := errors.New("stop")
	if err := x.Train(vectorsearch.TrainOptions{Pause: func() error { return stop }}); !errors.Is(err, stop) {
		t.Fatal(err)
	}
	after, err := x.Search(v[:16], 10, nil)
	if err != nil || !slices.Equal(before, after) || x.Clusters() != 0 {
		t.Errorf("%v, then %v, %v", before, after, err)
	}
}

func TestSavedIndexIsTheSame(t *testing.T) {
	for _, train := range []bool{false, true} {
		dev := devices(t)["simd128"]
		v := around(rand.New(rand.NewPCG(10, 11)), 3000, 20, 30)
		x, _ := vectorsearch.New(dev, 20)
		x.Add(v)
		x.Delete(7)
		x.Delete(2999)
		if train {
			if err := x.Train(vectorsearch.TrainOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		var saved bytes.Buffer
		if err := x.Save(&saved); err != nil {
			t.Fatal(err)
		}
		y, err := vectorsearch.Load(dev, bytes.NewReader(saved.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		if y.Len() != x.Len() || y.Next() != x.Next() || y.Clusters() != x.Clusters() || y.Probes() != x.Probes() || y.Has(7) {
			t.Errorf("%d vectors, next %d, %d clusters", y.Len(), y.Next(), y.Clusters())
		}
		for i := range 20 {
			a, _ := x.Search(v[i*20:][:20], 10, nil)
			b, err := y.Search(v[i*20:][:20], 10, nil)
			if err != nil || !slices.Equal(a, b) {
				t.Fatalf("query %d: %v, loaded %v, %v", i, a, b, err)
			}
		}
	}
}

func TestUnusableVectorsAreRefused(t *testing.T) {
	dev := devices(t)["reference"]
	if _, err := vectorsearch.New(dev, 0); !errors.Is(err, vectorsearch.ErrInput) {
		t.Error(err)
	}
	x, _ := vectorsearch.New(dev, 4)
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, v := range [][]float32{{1}, {1, 2, 3, 4, 5}, {1, 2, 3, 4, nan, 0, 0, 0}, {inf, 0, 0, 0}} {
		if _, err := x.Add(v); !errors.Is(err, vectorsearch.ErrInput) || x.Len() != 0 {
			t.Errorf("%v: %v, %d vectors", v, err, x.Len())
		}
		if _, err := x.Search(v, 1, nil); !errors.Is(err, vectorsearch.ErrInput) {
			t.Errorf("query %v: %v", v, err)
		}
	}
	// Zeros have no direction: their cosine to everything is 0.
	x.Add([]float32{0, 0, 0, 0, 1, 0, 0, 0, 1e30, 0, 0, 0, 1e-40, 0, 0, 0})
	hits, err := x.Search([]float32{2, 0, 0, 0}, 4, nil)
	if err != nil || len(hits) != 4 || hits[3].ID != 0 || hits[3].Score != 0 {
		t.Errorf("%v, %v", hits, err)
	}
}

func FuzzLoad(f *testing.F) {
	dev := kernels.NewDevice(kernels.NewReference(64 << 20))
	v := around(rand.New(rand.NewPCG(1, 1)), 1100, 4, 3)
	x, _ := vectorsearch.New(dev, 4)
	x.Add(v)
	var plain, trained bytes.Buffer
	x.Save(&plain)
	x.Train(vectorsearch.TrainOptions{Clusters: 4})
	x.Save(&trained)
	f.Add(plain.Bytes())
	f.Add(trained.Bytes())
	f.Add([]byte("LSVI\x01\x00\x00\x00\x10\x00\x00\x00\xff\xff\xff\x03\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		dev := kernels.NewDevice(kernels.NewReference(64 << 20))
		x, err := vectorsearch.Load(dev, bytes.NewReader(b))
		if err != nil {
			return
		}
		if _, err := x.Search(make([]float32, x.Dim()), 3, nil); err != nil {
			t.Fatal(err)
		}
	})
}
