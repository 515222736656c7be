package ui

import (
	"context"

	"github.com/lodestone-wasm/lodestone/models/describe"
)

// Inspector is what the view "Model" needs of the module: one model at a time. Folder "" is the model of the search.
type Inspector interface {
	// Size is how many bytes loading a folder downloads: 0 if nothing, −1 if nobody knows.
	Size(ctx context.Context, folder string) (int64, error)
	// Load replaces the model.
	Load(ctx context.Context, folder string, progress func(Progress)) (*Loaded, error)
	// Cancel ends a load that is under way.
	Cancel()
	// Inspect runs a text, or ids where the model has no tokenizer.
	Inspect(ctx context.Context, text string) (*Inspection, error)
}

// Loaded is a model that is there.
type Loaded struct {
	Model *describe.Description
	// TakesText is false for a model without a tokenizer, which takes ids.
	TakesText bool
	DType     string
}

// Inspection is a text of T tokens inside a model.
type Inspection struct {
	Labels    []string // of the tokens
	Truncated bool
	Heads     int
	// Attentions has for each layer the shares (Heads, T, T) of each query, row by row.
	Attentions [][]float32
	Routing    []Routing
}

// Routing is one mixture of experts.
type Routing struct {
	Layer, Experts, K int
	Expert, Kept      []int32   // (T, K), best first
	Weights           []float32 // (T, K)
	Gates             []float32 // (T, Experts)
	Load              []int32   // (Experts)
	Dropped           int
	Entropy           float64
}

// fits tells whether the numbers are as many as the shape says: what comes from the module is checked before it is indexed.
func (x *Inspection) fits() bool {
	t := len(x.Labels)
	for _, a := range x.Attentions {
		if len(a) != x.Heads*t*t {
			return false
		}
	}
	for _, r := range x.Routing {
		if r.Experts < 1 || r.K < 1 || len(r.Expert) != t*r.K || len(r.Kept) != t*r.K || len(r.Weights) != t*r.K || len(r.Gates) != t*r.Experts || len(r.Load) != r.Experts {
			return false
		}
	}
	return true
}
