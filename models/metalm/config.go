package metalm

import (
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/transformer"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// Prefix is that of a connector's tensors in a folder.
const Prefix = "connector."

// ConnectorOf is the connector that a config.json describes, nil if its model, of which
// c is the configuration, has none. Its members are
//
//	"connector": "simple" (the default), "complex" or "xconnector", "latent_query_num": 64
//
// the latter for an xconnector alone.
func ConnectorOf(config *strictjson.Document, c *transformer.Config) (*Connector, error) {
	if c.ModelType != "metalm" {
		return nil, nil
	}
	y := &Connector{From: c.Encoder.HiddenSize, To: c.HiddenSize, Heads: c.NumHeads}
	err := config.Members(func(key string, d *strictjson.Decoder) error {
		switch key {
		case "connector":
			name, err := d.String()
			for kind, known := range [...]string{"simple", "complex", "xconnector"} {
				if name == known {
					y.Kind = Kind(kind)
					return err
				}
			}
			return lean.Errorf("%q; supported: simple, complex, xconnector", name)
		case "latent_query_num":
			n, err := d.Int()
			y.Latents = int(max(0, min(n, 1<<16)))
			return err
		}
		return nil
	})
	if err != nil {
		return nil, lean.Errorf("metalm: %w: %w", ErrConnector, err)
	}
	return y, y.Check()
}
