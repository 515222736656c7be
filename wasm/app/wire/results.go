package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/lodestone-wasm/lodestone/models/describe"
	"github.com/lodestone-wasm/lodestone/ui/bench"
	"github.com/lodestone-wasm/lodestone/ui/crop"
	"github.com/lodestone-wasm/lodestone/ui/entities"
	"github.com/lodestone-wasm/lodestone/ui/explore"
	"github.com/lodestone-wasm/lodestone/ui/host"
)

// ErrResult is the kind of every error about a result that does not have its form.
var ErrResult = errors.New("unexpected result")

func decode(what, text string, v any) error {
	if err := json.Unmarshal([]byte(text), v); err != nil {
		return fmt.Errorf("%w of %s: %w", ErrResult, what, err)
	}
	return nil
}

// Error is an error of JavaScript: its code and its message if it has both as strings, as a LodestoneError has.
func Error(code, message string) *host.EngineError {
	e := &host.EngineError{Code: "internal", Message: "the engine failed without a reason"}
	if message != "" {
		e.Message = message
	}
	if code != "" {
		e.Code = code
	}
	return e
}

// Dim is the number of columns of a result that must have as many rows as there are texts.
func Dim(dims []int, texts int) (int, error) {
	if len(dims) != 2 || dims[0] != texts || dims[1] < 1 {
		return 0, fmt.Errorf("%w of feature-extraction: got a tensor %v, expected [%d, width]", ErrResult, dims, texts)
	}
	return dims[1], nil
}

// Duration is a number of milliseconds. What is no finite positive number is 0.
func Duration(milliseconds float64) time.Duration {
	if !(milliseconds > 0) || milliseconds > math.MaxInt32 {
		return 0
	}
	return time.Duration(milliseconds * float64(time.Millisecond))
}

// Entities reads the result of token-classification for some texts.
func Entities(text string, texts int) ([][]entities.Entity, error) {
	var all [][]struct {
		Group string  `json:"entity_group"`
		Score float64 `json:"score"`
		Start int     `json:"start"`
		End   int     `json:"end"`
	}
	if err := decode("token-classification", text, &all); err != nil {
		return nil, err
	}
	if len(all) != texts {
		return nil, fmt.Errorf("%w of token-classification: got %d lists for %d texts", ErrResult, len(all), texts)
	}
	out := make([][]entities.Entity, len(all))
	for i, found := range all {
		for _, e := range found {
			out[i] = append(out[i], entities.Entity{Label: e.Group, Start: e.Start, End: e.End, Score: e.Score})
		}
	}
	return out, nil
}

// line is a CropLine of the module.
type line struct {
	Words  []string `json:"words"`
	Labels []string `json:"labels"`
	Note   string   `json:"note"`
}

// Step reads a step of CROP.
func Step(text string) (crop.Step, error) {
	var s struct {
		Name         string  `json:"name"`
		Input        []line  `json:"input"`
		Output       []line  `json:"output"`
		Milliseconds float64 `json:"milliseconds"`
	}
	if err := decode("crop", text, &s); err != nil {
		return crop.Step{}, err
	}
	lines := func(all []line) (out []crop.Line) {
		for _, l := range all {
			out = append(out, crop.Line(l))
		}
		return out
	}
	return crop.Step{Name: s.Name, In: lines(s.Input), Out: lines(s.Output), Took: Duration(s.Milliseconds)}, nil
}

// Measured reads the result of benchmark.
func Measured(text string) (*bench.Measured, error) {
	var r struct {
		DType        string `json:"dtype"`
		Bytes        int64  `json:"weight_bytes"`
		Capabilities struct {
			Kernels string `json:"kernels"`
			Threads int    `json:"threads"`
			Reasons struct {
				Kernels string `json:"kernels"`
				Threads string `json:"threads"`
			} `json:"reasons"`
		} `json:"capabilities"`
		Kernels []struct {
			DType string  `json:"dtype"`
			Shape [3]int  `json:"shape"`
			GMACs float64 `json:"gmacs"`
		} `json:"kernels"`
		Models []struct {
			Texts    int     `json:"texts"`
			Tokens   int     `json:"tokens"`
			Median   float64 `json:"median"`
			Shortest float64 `json:"shortest"`
			Calls    int     `json:"calls"`
		} `json:"model_rates"`
		Date    string `json:"date"`
		Browser string `json:"user_agent"`
	}
	if err := decode("benchmark", text, &r); err != nil {
		return nil, err
	}
	c := r.Capabilities
	m := &bench.Measured{
		Kernels: c.Kernels, WhyKernels: c.Reasons.Kernels, Threads: c.Threads, WhyThreads: c.Reasons.Threads,
		Bytes: r.Bytes, DType: r.DType, Browser: r.Browser, Date: r.Date,
	}
	for _, k := range r.Kernels {
		m.Rates = append(m.Rates, bench.Rate{DType: k.DType, Rows: k.Shape[0], In: k.Shape[1], Out: k.Shape[2], PerSecond: k.GMACs * 1e9})
	}
	for _, k := range r.Models {
		m.Calls = append(m.Calls, bench.Call{Texts: k.Texts, Tokens: k.Tokens, Median: k.Median, Shortest: k.Shortest, Count: k.Calls})
	}
	return m, nil
}

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
