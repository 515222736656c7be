package similar

import "math"

// Point is a place on the plane.
type Point struct{ X, Y float64 }

const (
	near      = 8    // neighbours that attract a point, itself included
	pull      = 0.6  // share of the neighbours' mean in the final place; the rest is the projection
	softness  = 0.12 // cosine difference over which a neighbour's weight falls to 1/e
	spread    = 0.8  // exponent of the radial warp; below 1 it widens the dense middle
	apart     = 0.02 // smallest distance of two points on a map of side 2
	apartRuns = 12
)

// Layout is the map of a set: one point for each vector in the square [-1, 1]².
type Layout struct {
	Points []Point

	plane *Plane
	raw   []Point // projections before smoothing
	scale float64
	mid   Point
}

// NewLayout computes the map. It costs about n²·dim/2 + 360·n·dim multiplications. pause, unless nil, is called every few
// milliseconds.
func NewLayout(s *Set, pause func()) *Layout {
	n := s.Len()
	l := &Layout{plane: NewPlane(s, pause), raw: make([]Point, n), Points: make([]Point, n), scale: 1}
	for i := range n {
		l.raw[i] = l.plane.Project(s.At(i))
	}
	lists := neighbours(s, near, pause)
	for i := range n {
		l.Points[i] = l.smooth(l.raw[i], lists[i])
	}
	// Centre and scale to the square, then separate dots that cover each other.
	if n > 0 {
		lo, hi := l.Points[0], l.Points[0]
		for _, p := range l.Points {
			lo = Point{math.Min(lo.X, p.X), math.Min(lo.Y, p.Y)}
			hi = Point{math.Max(hi.X, p.X), math.Max(hi.Y, p.Y)}
		}
		l.mid = Point{(lo.X + hi.X) / 2, (lo.Y + hi.Y) / 2}
		if half := math.Max(hi.X-lo.X, hi.Y-lo.Y) / 2; half > 1e-12 {
			l.scale = 1 / half
		}
	}
	for i, p := range l.Points {
		l.Points[i] = l.frame(p)
	}
	separate(l.Points, pause)
	for i, p := range l.Points {
		l.Points[i] = Point{math.Max(-1, math.Min(1, p.X)), math.Max(-1, math.Min(1, p.Y))}
	}
	return l
}

// Place returns the place of the unit vector q on the map, given its nearest vectors in the set as [Set.Top] returns them.
func (l *Layout) Place(q []float32, hits []Hit) Point {
	inside := make([]Hit, 0, near)
	for _, h := range hits {
		if h.Index < len(l.raw) && len(inside) < near { // sentences added since the map was made have no place on it yet
			inside = append(inside, h)
		}
	}
	return l.frame(l.smooth(l.plane.Project(q), inside))
}

// smooth moves p towards the weighted mean of the projections of its neighbours.
func (l *Layout) smooth(p Point, hits []Hit) Point {
	var sum, x, y float64
	for _, h := range hits {
		w := math.Exp((float64(h.Score) - 1) / softness)
		sum += w
		x += w * l.raw[h.Index].X
		y += w * l.raw[h.Index].Y
	}
	if sum == 0 {
		return p
	}
	return Point{p.X*(1-pull) + pull*x/sum, p.Y*(1-pull) + pull*y/sum}
}

// frame maps a smoothed place into [-1, 1]² and widens the middle.
func (l *Layout) frame(p Point) Point {
	x, y := (p.X-l.mid.X)*l.scale, (p.Y-l.mid.Y)*l.scale
	if r := math.Hypot(x, y); r > 1e-9 {
		f := math.Pow(r, spread) / r
		x, y = x*f, y*f
	}
	return Point{math.Max(-1, math.Min(1, x)), math.Max(-1, math.Min(1, y))}
}

// neighbours returns the k nearest vectors of every vector, itself first.
func neighbours(s *Set, k int, pause func()) [][]Hit {
	n := s.Len()
	lists := make([][]Hit, n)
	for i := range n {
		lists[i] = make([]Hit, 0, k+1)
	}
	for i := range n {
		for j := range i + 1 {
			d := Dot(s.At(i), s.At(j))
			lists[i] = keep(lists[i], Hit{j, d}, k)
			if i != j {
				lists[j] = keep(lists[j], Hit{i, d}, k)
			}
		}
		if pause != nil && i%4 == 3 {
			pause()
		}
	}
	return lists
}

// separate pushes points apart that nearly cover each other, in a fixed number of rounds. Points at the same place part in a direction
// that depends on their index.
func separate(pts []Point, pause func()) {
	for range apartRuns {
		moved := false
		for i := range pts {
			if pause != nil && i%128 == 127 {
				pause()
			}
			for j := range i {
				dx, dy := pts[i].X-pts[j].X, pts[i].Y-pts[j].Y
				if dx > apart || dx < -apart || dy > apart || dy < -apart {
					continue
				}
				d := math.Hypot(dx, dy)
				if d >= apart {
					continue
				}
				if d < 1e-9 {
					sin, cos := math.Sincos(float64(i) * 2.399963) // the golden angle
					dx, dy, d = cos, sin, 1
				}
				push := (apart - math.Min(d, apart)) / 2
				if d == 1 {
					push = apart / 2
				}
				pts[i].X += dx / d * push
				pts[i].Y += dy / d * push
				pts[j].X -= dx / d * push
				pts[j].Y -= dy / d * push
				moved = true
			}
		}
		if !moved {
			return
		}
	}
}
