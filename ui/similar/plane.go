package similar

import "math"

// block is the number of directions that are iterated together. The map needs two. With six the iteration separates the first two from
// the seventh direction, not from the third, whose variance is close: 30 rounds suffice where single vectors need hundreds.
const (
	block  = 6
	rounds = 30
)

// Plane is a centre and the two principal directions of a set.
type Plane struct {
	mean []float32    // [dim]
	axis [2][]float32 // [dim] each, of length 1, at right angles
}

// NewPlane finds the two directions of largest variance by power iteration on a block of six vectors, with a Rayleigh–Ritz step at the
// end (Golub and Van Loan, Matrix Computations, §8.2.4). The start vectors are fixed and the largest component of each direction is
// positive, so equal sets give equal maps. It costs about 2·30·6·n·dim multiplications. pause, unless nil, is called every 64 rows.
func NewPlane(s *Set, pause func()) *Plane {
	n, d := s.Len(), s.dim
	p := &Plane{mean: make([]float32, d), axis: [2][]float32{make([]float32, d), make([]float32, d)}}
	if n == 0 {
		return p
	}
	for i := range n {
		for j, x := range s.At(i) {
			p.mean[j] += x / float32(n)
		}
	}
	centred := make([]float32, n*d)
	for i := range n {
		for j, x := range s.At(i) {
			centred[i*d+j] = x - p.mean[j]
		}
	}
	b := min(block, d)
	basis := make([][]float64, b)
	for c := range basis {
		basis[c] = make([]float64, d)
		for j := range d {
			basis[c][j] = math.Sin(float64((c + 1) * (j + 1))) // any fixed vectors will do
		}
	}
	orthonormal(basis)
	image := make([][]float64, b)
	for c := range image {
		image[c] = make([]float64, d)
	}
	for range rounds {
		covariance(image, basis, centred, n, d, pause)
		basis, image = image, basis
		orthonormal(basis)
	}
	// Rayleigh–Ritz: the eigenvectors of the covariance inside the block turn the basis into the principal directions.
	covariance(image, basis, centred, n, d, pause)
	m := make([][]float64, b)
	for i := range m {
		m[i] = make([]float64, b)
		for j := range m[i] {
			m[i][j] = (dot64(basis[i], image[j]) + dot64(basis[j], image[i])) / 2
		}
	}
	values, vectors := jacobi(m)
	for a := range min(2, b) {
		best := -1
		for c, v := range values {
			if best < 0 || v > values[best] {
				best = c
			}
		}
		if values[best] <= 1e-12 { // there is no variance in the directions that are left
			break
		}
		values[best] = math.Inf(-1)
		var top float64
		for j := range d {
			var x float64
			for c := range basis {
				x += vectors[c][best] * basis[c][j]
			}
			p.axis[a][j] = float32(x)
			if math.Abs(x) > math.Abs(top) {
				top = x
			}
		}
		if top < 0 {
			for j := range p.axis[a] {
				p.axis[a][j] = -p.axis[a][j]
			}
		}
	}
	return p
}

// Project returns the coordinates of v [dim] on the two directions.
func (p *Plane) Project(v []float32) Point {
	var x, y float64
	for j, m := range p.mean {
		c := float64(v[j] - m)
		x += c * float64(p.axis[0][j])
		y += c * float64(p.axis[1][j])
	}
	return Point{x, y}
}

// covariance is out[c] = Σᵢ xᵢ (xᵢ · basis[c]) over the n rows of x [n, d].
func covariance(out, basis [][]float64, x []float32, n, d int, pause func()) {
	for c := range out {
		clear(out[c])
		for i := range n {
			if pause != nil && i%64 == 63 {
				pause()
			}
			row := x[i*d : (i+1)*d]
			var t float64
			for j, v := range row {
				t += float64(v) * basis[c][j]
			}
			for j, v := range row {
				out[c][j] += t * float64(v)
			}
		}
	}
}

// orthonormal makes the vectors of b orthonormal by modified Gram–Schmidt. A vector that vanishes becomes zero.
func orthonormal(b [][]float64) {
	for i := range b {
		for _, o := range b[:i] {
			t := dot64(b[i], o)
			for j := range b[i] {
				b[i][j] -= t * o[j]
			}
		}
		if l := math.Sqrt(dot64(b[i], b[i])); l > 1e-150 {
			for j := range b[i] {
				b[i][j] /= l
			}
		} else {
			clear(b[i])
		}
	}
}

func dot64(a, b []float64) float64 {
	var s float64
	for i, x := range a {
		s += x * b[i]
	}
	return s
}

// jacobi returns the eigenvalues of the symmetric matrix m and the eigenvectors as columns. It overwrites m.
func jacobi(m [][]float64) (values []float64, vectors [][]float64) {
	n := len(m)
	v := make([][]float64, n)
	for i := range v {
		v[i] = make([]float64, n)
		v[i][i] = 1
	}
	for range 50 { // a 6×6 matrix needs about 6 sweeps; the limit only prevents an endless loop
		var off float64
		for i := range n {
			for j := range i {
				off += m[i][j] * m[i][j]
			}
		}
		if off < 1e-24 {
			break
		}
		for p := range n {
			for q := p + 1; q < n; q++ {
				if m[p][q] == 0 {
					continue
				}
				theta := (m[q][q] - m[p][p]) / (2 * m[p][q])
				t := 1 / (math.Abs(theta) + math.Sqrt(theta*theta+1))
				if theta < 0 {
					t = -t
				}
				c := 1 / math.Sqrt(t*t+1)
				s := t * c
				for k := range n {
					m[k][p], m[k][q] = c*m[k][p]-s*m[k][q], s*m[k][p]+c*m[k][q]
				}
				for k := range n {
					m[p][k], m[q][k] = c*m[p][k]-s*m[q][k], s*m[p][k]+c*m[q][k]
				}
				for k := range n {
					v[k][p], v[k][q] = c*v[k][p]-s*v[k][q], s*v[k][p]+c*v[k][q]
				}
			}
		}
	}
	values = make([]float64, n)
	for i := range n {
		values[i] = m[i][i]
	}
	return values, v
}
