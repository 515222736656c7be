package wire

import "github.com/lodestone-wasm/lodestone/ui/bench"

// Benchmark are the options of a measurement.
func Benchmark() map[string]any { return map[string]any{"dtype": "q8"} }

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
		rates
		GPU *struct {
			rates
			Reason string `json:"reason"`
		} `json:"gpu"`
		Date    string `json:"date"`
		Browser string `json:"user_agent"`
	}
	if err := decode("benchmark", text, &r); err != nil {
		return nil, err
	}
	c := r.Capabilities
	m := &bench.Measured{
		Kernels: c.Kernels, WhyKernels: c.Reasons.Kernels, Threads: c.Threads, WhyThreads: c.Reasons.Threads,
		Bytes: r.Bytes, DType: r.DType, Browser: r.Browser, Date: r.Date, WhyGPU: "there is none that the model runs on",
	}
	r.add(m, false)
	if r.GPU != nil {
		r.GPU.add(m, true)
		m.WhyGPU = r.GPU.Reason
	}
	return m, nil
}

// rates are what was measured on one device.
type rates struct {
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
}

// add adds the rates of a device to m.
func (r *rates) add(m *bench.Measured, gpu bool) {
	for _, k := range r.Kernels {
		m.Rates = append(m.Rates, bench.Rate{DType: k.DType, Rows: k.Shape[0], In: k.Shape[1], Out: k.Shape[2], PerSecond: k.GMACs * 1e9, GPU: gpu})
	}
	for _, k := range r.Models {
		m.Calls = append(m.Calls, bench.Call{Texts: k.Texts, Tokens: k.Tokens, Median: k.Median, Shortest: k.Shortest, Count: k.Calls, GPU: gpu})
	}
}
