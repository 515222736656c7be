package evaluator

import (
	"fmt"
	"math"
	"sync"

	"github.com/lodestone-wasm/lodestone/models/thex"
	"github.com/lodestone-wasm/lodestone/models/thex/wire"
	"github.com/tuneinsight/lattigo/v6/core/rlwe"
	"github.com/tuneinsight/lattigo/v6/ring"
	"github.com/tuneinsight/lattigo/v6/schemes/ckks"
)

// encoded are the weights of a model as polynomials, encoded when they are first needed
// and shared by all runs.
type encoded struct {
	mutex   sync.Mutex
	encoder *ckks.Encoder
	of      map[string]encoding
}

type encoding struct {
	poly  ring.Poly // in the NTT domain
	level int
	scale float64
}

// get is a vector of weights at a level and a scale; montgomery: as a factor.
func (e *encoded) get(p thex.Plain, level int, scale float64, montgomery bool) (ring.Poly, error) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if w, ok := e.of[p.Name]; ok {
		if w.level != level || math.Abs(w.scale/scale-1) > thex.ScaleTolerance {
			return ring.Poly{}, fmt.Errorf("weights %s were encoded for level %d and scale %v, asked for at %d and %v", p.Name, w.level, w.scale, level, scale)
		}
		return w.poly, nil
	}
	v := make([]complex128, thex.Slots)
	p.Fill(v)
	params := wire.Parameters()
	plaintext := ckks.NewPlaintext(params, level)
	plaintext.Scale = rlwe.NewScale(scale)
	if err := e.encoder.Encode(v, plaintext); err != nil {
		return ring.Poly{}, fmt.Errorf("weights %s: %w", p.Name, err)
	}
	if r := params.RingQ().AtLevel(level); montgomery {
		r.MForm(plaintext.Value, plaintext.Value)
	}
	e.of[p.Name] = encoding{plaintext.Value, level, scale}
	return plaintext.Value, nil
}
