package wire

import (
	"errors"
	"fmt"

	"github.com/lodestone-wasm/lodestone/models/describe"
	"github.com/lodestone-wasm/lodestone/ui/explore"
)

// Load are the options of a load in the view "Model".
func Load() map[string]any { return map[string]any{"dtype": "q8"} }

// Description reads the description of a model.
func Description(text string) (*describe.Description, error) {
	d := &describe.Description{}
	if err := decode("describe", text, d); err != nil {
		return nil, err
	}
	return d, nil
}

// InspectionKeys are the properties of the result of inspect that Inspection reads. The numbers of its tensors, "data", are not among
// them.
var InspectionKeys = []string{"tokens", "offsets", "truncated", "attentions", "routing", "layer", "experts", "gates", "load", "dropped", "entropy", "dims"}

// Inspection reads the result of inspect for a text, or of a model for the ids that labels are. Its tensors have no numbers yet.
func Inspection(text, input string, labels []string) (*explore.Inspection, error) {
	type tensor struct {
		Dims []int `json:"dims"`
	}
	var r struct {
		Tokens     []string `json:"tokens"`
		Offsets    [][2]int `json:"offsets"`
		Truncated  bool     `json:"truncated"`
		Attentions []tensor `json:"attentions"`
		Routing    []struct {
			Layer   int     `json:"layer"`
			Experts tensor  `json:"experts"`
			Gates   tensor  `json:"gates"`
			Load    []int32 `json:"load"`
			Dropped int     `json:"dropped"`
			Entropy float64 `json:"entropy"`
		} `json:"routing"`
	}
	err := decode("inspect", text, &r)
	if err == nil && labels == nil {
		labels, err = explore.Labels(input, r.Tokens, r.Offsets)
	}
	if err != nil {
		return nil, err
	}
	if len(labels) == 0 {
		return nil, errors.New("the text has no token; type a word")
	}
	x := &explore.Inspection{Labels: labels, Truncated: r.Truncated, Attentions: make([][]float32, len(r.Attentions))}
	if len(r.Attentions) > 0 {
		if dims := r.Attentions[0].Dims; len(dims) == 4 {
			x.Heads = dims[1]
		}
	}
	for _, l := range r.Routing {
		if len(l.Experts.Dims) != 3 || len(l.Gates.Dims) != 3 {
			return nil, fmt.Errorf("%w of inspect: got experts %v and gates %v, expected [1, tokens, k] and [1, tokens, experts]", ErrResult, l.Experts.Dims, l.Gates.Dims)
		}
		x.Routing = append(x.Routing, explore.Routing{Layer: l.Layer, Experts: l.Gates.Dims[2], K: l.Experts.Dims[2], Load: l.Load, Dropped: l.Dropped, Entropy: l.Entropy})
	}
	return x, nil
}
