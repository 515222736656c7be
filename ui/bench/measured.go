package bench

import (
	"fmt"
	"strings"

	"github.com/lodestone-wasm/lodestone/ui/format"
)

// Measured is the result of a measurement.
type Measured struct {
	Kernels, WhyKernels string // the variant that ran, and the reason for the choice
	Threads             int
	WhyThreads          string
	Bytes               int64 // of the model's weights
	DType               string
	Rates               []Rate
	Calls               []Call
	WhyGPU              string // the GPU, or why there is none
	Browser             string
	Date                string // ISO 8601
}

// Rate is how fast the kernels ran a linear layer.
type Rate struct {
	DType         string
	Rows, In, Out int
	PerSecond     float64 // multiply-adds
	GPU           bool    // measured on the GPU, not on the processor
}

// Call is how long the model took from texts to vectors.
type Call struct {
	Texts, Tokens    int     // of all texts together
	Median, Shortest float64 // milliseconds
	Count            int
	GPU              bool // measured on the GPU, not on the processor
}

// on is what follows the name of a measurement.
func on(gpu bool) string {
	if gpu {
		return ", GPU"
	}
	return ""
}

// group is the colour of a bar.
func group(name string, gpu bool) string {
	if gpu {
		return "gpu"
	}
	return name
}

// Giga is the rate in billions of multiply-adds a second, in words.
func (r Rate) Giga() string { return format.Digits(r.PerSecond / 1e9) }

// Name says what a reader would do with the layer.
func (r Rate) Name() string {
	kind := map[string]string{"q8": "8 bits", "q4": "4 bits", "f32": "float32"}[r.DType]
	if kind == "" {
		kind = r.DType
	}
	return kind + ", " + format.Count(r.Rows, "token", "tokens") + on(r.GPU)
}

// Weights is the type of the weights, and the GPU if it was there.
func (r Rate) Weights() string { return r.DType + on(r.GPU) }

// Shape is the layer's rows, inputs and outputs.
func (r Rate) Shape() string { return fmt.Sprintf("%d × %d × %d", r.Rows, r.In, r.Out) }

// Name says what was called.
func (c Call) Name() string {
	return fmt.Sprintf("%s of %d tokens", format.Count(c.Texts, "text", "texts"), c.Tokens/max(1, c.Texts)) + on(c.GPU)
}

// PerSecond is how many tokens a second became part of a vector.
func (c Call) PerSecond() float64 {
	if c.Median <= 0 {
		return 0
	}
	return float64(c.Tokens) / c.Median * 1000
}

// Summary is the result in a few short sentences.
func (m *Measured) Summary() []string {
	var s []string
	for _, r := range m.Rates {
		if r.DType == "q8" && r.Rows > 1 && !r.GPU {
			s = append(s, r.Giga()+" billion multiply-adds a second in 8 bits")
		}
	}
	if len(m.Calls) > 0 {
		s = append(s, fmt.Sprintf("a short sentence becomes a vector in %s ms", format.Digits(m.Calls[0].Median)))
	}
	return append(s, fmt.Sprintf("kernels %s, %s", m.Kernels, format.Count(m.Threads, "thread", "threads")))
}

// RateBars are the rates of the kernels as bars.
func (m *Measured) RateBars() []Bar {
	var bars []Bar
	for _, r := range m.Rates {
		bars = append(bars, Bar{Label: r.Name(), Value: r.PerSecond / 1e9, Text: r.Giga(), Group: group(r.DType, r.GPU)})
	}
	return bars
}

// CallBars are the tokens a second of the model as bars.
func (m *Measured) CallBars() []Bar {
	var bars []Bar
	for _, c := range m.Calls {
		bars = append(bars, Bar{Label: c.Name(), Value: c.PerSecond(), Text: format.Number(int64(c.PerSecond() + 0.5)), Group: group("model", c.GPU)})
	}
	return bars
}

// Text is the result as text, for a report.
func (m *Measured) Text() string {
	var t strings.Builder
	fmt.Fprintf(&t, "Lodestone, %s\n%s\nkernels: %s (%s)\nthreads: %d (%s)\nGPU: %s\n", m.Date, m.Browser, m.Kernels, m.WhyKernels, m.Threads, m.WhyThreads, m.WhyGPU)
	for _, r := range m.Rates {
		fmt.Fprintf(&t, "%s %d×%d×%d%s: %s GMAC/s\n", r.DType, r.Rows, r.In, r.Out, on(r.GPU), r.Giga())
	}
	for _, c := range m.Calls {
		fmt.Fprintf(&t, "%s, %s model: median %s ms, shortest %s ms of %d calls\n", c.Name(), m.DType, format.Digits(c.Median), format.Digits(c.Shortest), c.Count)
	}
	return t.String()
}
