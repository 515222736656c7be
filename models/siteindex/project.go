package siteindex

import (
	"math"
	"math/rand/v2"
	"runtime"
	"sync"

	"gonum.org/v1/gonum/mat"
)

// The constants of the static vectors and of the fusion. sifA, staticDim, sitePart, fusionK
// and staticPart were chosen on the tuning questions of web/bench/search.
const (
	staticDim = 128
	sifA      = 3e-4 // SIF's a (Arora, Liang, Ma, ICLR 2017)
	sitePart  = 0.5  // share of the site's own frequencies in a piece's probability
	dropped   = 1    // common directions that are left out

	fusionK    = 5    // k of reciprocal rank fusion
	staticPart = 0.25 // weight of the static list in the fusion; the keywords' is 1
)

// static are the vectors of a site: rows of pieces and the map that made them.
type static struct {
	seg  *segmenter
	dim  int
	rows []float32 // (pieces, dim), with the weights in them, as the format rounds them
	// For writing:
	pieces      []Piece
	worst, step float32
	scale       []float32
	quantized   []int8
}

// newStatic weights the encoder's vectors by SIF, with frequencies of the vocabulary and of
// the site, removes the directions that are common to all passages, keeps the main ones and
// rotates them at random, so that all dimensions matter alike and two of them are coded
// with four bits each.
func newStatic(e *Encoder, texts []string) *static {
	sorted, worst, step := sortPieces(e.Pieces)
	at := make(map[int32]int, len(e.Pieces)) // row of the encoder by id
	for i, p := range e.Pieces {
		at[p.ID] = i
	}
	s := &static{pieces: sorted, worst: worst, step: step}
	names, scores := make([]string, len(sorted)), make([]float32, len(sorted))
	for i, p := range sorted {
		names[i] = p.Text
		scores[i] = worst + step*float32(quantizeScore(p.Score, worst, step))
	}
	s.seg = newSegmenter(names, scores, false)

	ids, counts, total := s.count(texts)
	weights := make([]float64, len(sorted))
	sum := 0.0
	for _, p := range sorted {
		sum += math.Exp(p.Score)
	}
	for i, p := range sorted {
		prob := (1-sitePart)*math.Exp(p.Score)/sum + sitePart*counts[i]/max(total, 1)
		weights[i] = sifA / (sifA + prob)
	}
	raw := make([]float32, len(sorted)*e.Dim)
	for i, p := range sorted {
		for k, v := range e.Vectors[at[p.ID]*e.Dim:][:e.Dim] {
			raw[i*e.Dim+k] = v * float32(weights[i])
		}
	}
	s.dim = min(staticDim, (e.Dim-dropped)/4*4)
	m := projection(raw, e.Dim, s.dim, ids)
	s.project(raw, e.Dim, m)
	return s
}

func quantizeScore(score float64, worst, step float32) uint8 {
	return uint8(min(255, max(0, math.Round((score-float64(worst))/float64(step)))))
}

// count segments texts and counts their pieces.
func (s *static) count(texts []string) (ids [][]int32, counts []float64, total float64) {
	ids = make([][]int32, len(texts))
	counts = make([]float64, len(s.pieces))
	for i, t := range texts {
		ids[i] = s.seg.pieces(t)
		for _, p := range ids[i] {
			if p >= 0 {
				counts[p]++
				total++
			}
		}
	}
	return ids, counts, total
}

// projection is the matrix (dim, d) of the directions after the dropped ones, of the second
// moments of the texts' unit vectors, rotated.
func projection(raw []float32, d, dim int, texts [][]int32) []float64 {
	const most = 20000 // texts are enough
	stride := max(1, len(texts)/most)
	moments := make([]float64, d*d)
	v := make([]float64, d)
	n := 0
	for i := 0; i < len(texts); i += stride {
		if !sumRows(v, raw, d, texts[i]) {
			continue
		}
		n++
		for a := range d {
			for b := a; b < d; b++ {
				moments[a*d+b] += v[a] * v[b]
			}
		}
	}
	for a := range d {
		moments[a*d+a] += 1e-9
		for b := range a {
			moments[a*d+b] = moments[b*d+a]
		}
	}
	var eig mat.EigenSym
	eig.Factorize(mat.NewSymDense(d, moments), true)
	var vectors mat.Dense
	eig.VectorsTo(&vectors) // columns, rising eigenvalues
	rotation := randomRotation(dim)
	m := make([]float64, dim*d)
	for i := range dim {
		for j := range dim {
			r := rotation.At(i, j)
			for k := range d {
				m[i*d+k] += r * vectors.At(k, d-1-dropped-j)
			}
		}
	}
	return m
}

// sumRows sums the rows of pieces and divides by the length; false if nothing is left.
func sumRows(v []float64, rows []float32, d int, pieces []int32) bool {
	clear(v)
	for _, p := range pieces {
		if p >= 0 {
			for k, x := range rows[int(p)*d:][:d] {
				v[k] += float64(x)
			}
		}
	}
	sum := 0.0
	for _, x := range v {
		sum += x * x
	}
	if sum < 1e-12 {
		return false
	}
	for k := range v {
		v[k] /= math.Sqrt(sum)
	}
	return true
}

func randomRotation(n int) *mat.Dense {
	rng := rand.New(rand.NewPCG(1, 2))
	g := mat.NewDense(n, n, nil)
	for i := range n {
		for j := range n {
			g.Set(i, j, rng.NormFloat64())
		}
	}
	var qr mat.QR
	qr.Factorize(g)
	var q mat.Dense
	qr.QTo(&q)
	return &q
}

// project maps the weighted rows and rounds them as the format does.
func (s *static) project(raw []float32, d int, m []float64) {
	n := len(s.pieces)
	s.rows, s.quantized, s.scale = make([]float32, n*s.dim), make([]int8, n*s.dim), make([]float32, n)
	parallel(n, func(i int) {
		v := make([]float32, s.dim)
		for k := range v {
			sum := 0.0
			for j, x := range raw[i*d:][:d] {
				sum += m[k*d+j] * float64(x)
			}
			v[k] = float32(sum)
		}
		scale, q := quantize(v)
		s.scale[i] = scale
		copy(s.quantized[i*s.dim:], q)
		for k, x := range q {
			s.rows[i*s.dim+k] = scale * float32(x)
		}
	})
}

// vector is the unit vector of a text; false if it has no piece with a row.
func (s *static) vector(v []float64, pieces []int32) bool { return sumRows(v, s.rows, s.dim, pieces) }

// parallel calls f with 0 to n-1 on all processors.
func parallel(n int, f func(i int)) {
	workers := min(runtime.GOMAXPROCS(0), n)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := w; i < n; i += workers {
				f(i)
			}
		})
	}
	wg.Wait()
}
