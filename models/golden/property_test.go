//go:build !js

package golden_test

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/golden"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
)

type jsonTensor struct {
	Shape []int  `json:"shape"`
	DType string `json:"dtype"`
	Data  any    `json:"data"`
}

// A batch of any size, with rows of any length, some of nothing but padding, must give what
// the reference kernels give for each row alone.
func TestRowsOfAnyBatchEqualThemselvesAlone(t *testing.T) {
	const reference = 0
	all := backends(t)
	for _, name := range []string{"bert", "roberta", "distilbert", "gpt2", "llama", "llama_tied_biases", "mistral", "kosmos2_text", "fairseq_roberta"} {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(7, uint64(len(name))))
			dir := filepath.Join("testdata/families", name)
			dev := kernels.NewDevice(kernels.NewReference(0))
			m, err := pipeline.OpenStack(dev, pipeline.Dir(dir), pipeline.Options{DType: "f32"})
			if err != nil {
				t.Fatal(err)
			}
			for range 8 {
				rows, columns := 1+r.IntN(6), 1+r.IntN(11)
				ids, mask := make([]int32, rows*columns), make([]int32, rows*columns)
				want := make([]float32, rows*columns*m.Dim())
				for i := range rows {
					n := r.IntN(columns + 1)
					for j := range columns {
						ids[i*columns+j] = int32(m.Config.PadTokenID)
						if j < n {
							ids[i*columns+j], mask[i*columns+j] = 3+r.Int32N(int32(m.Config.VocabSize)-3), 1
						}
					}
					if n == 0 {
						continue
					}
					x, release, err := m.ForwardPadded(ids[i*columns:i*columns+n], nil, 1, n, nil)
					if err != nil {
						t.Fatal(err)
					}
					dev.Get(want[i*columns*m.Dim():(i*columns+n)*m.Dim()], x)
					release()
				}
				shape := []int{rows, columns}
				io, err := json.Marshal(map[string]map[string]jsonTensor{
					"inputs":  {"input_ids": {shape, "i64", ids}, "attention_mask": {shape, "i64", mask}},
					"outputs": {"last_hidden_state": {[]int{rows, columns, m.Dim()}, "f32", want}},
				})
				if err != nil {
					t.Fatal(err)
				}
				config, err := os.ReadFile(filepath.Join(dir, "config.json"))
				if err != nil {
					t.Fatal(err)
				}
				weights, err := os.ReadFile(filepath.Join(dir, "model.safetensors"))
				if err != nil {
					t.Fatal(err)
				}
				for i, b := range all {
					dev := kernels.NewDevice(b)
					report, err := golden.Run(dev, config, io, golden.Bytes(dev, weights), "f32")
					if err != nil {
						t.Fatal(err)
					}
					if len(report.Outputs) != 1 || !report.Outputs[0].Passes("f32") || i == reference && report.Worst() > 1e-5 {
						t.Errorf("%s, %d rows of %d, mask %v: %+v", b.Name(), rows, columns, mask, report.Outputs)
					}
				}
			}
		})
	}
}
