package transformer

import (
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// kformerConfig reads a RobertaConfig with two members more: knowledge_layer [a, b), the
// layers that take knowledge, and top_n, how many items a sequence gets (5 if left out).
func kformerConfig(r *rawConfig, doc *strictjson.Document) (*Config, error) {
	c, err := bertConfig(r, "roberta")
	if err != nil {
		return nil, err
	}
	c.Family, c.TypeVocabSize = "kformer", 0
	var layers []int
	if d, ok := doc.Member("knowledge_layer"); ok {
		err = d.Array(func(int) error {
			n, err := d.Int()
			layers = append(layers, int(n))
			return err
		})
	}
	if err != nil || len(layers) != 2 {
		return nil, lean.Errorf("transformer: %w: knowledge_layer has %d numbers, expected two: the first layer that takes knowledge, and the first that does not again", ErrConfig, len(layers))
	}
	c.KnowledgeLayers = [2]int{layers[0], layers[1]}
	c.KnowledgeTop, err = r.countOr("top_n", 1, maxRows, 5)
	return c, err
}

// thexConfig reads a BertConfig with two members more: reciprocal_hidden, the columns of the
// network that stands for 1/x, and mask_value, the score of padding (−4 if left out).
func thexConfig(r *rawConfig) (*Config, error) {
	c, err := bertConfig(r, "bert")
	if err != nil {
		return nil, err
	}
	n, err := r.count("reciprocal_hidden", 1, 1<<10)
	c.Family, c.Approx = "thex", &ApproxConfig{Hidden: n, MaskValue: float32(r.floatOr("mask_value", -4))}
	return c, err
}

// metalmConfig reads a decoder into which an encoder is docked: the members decoder and
// encoder are configurations of their own.
func metalmConfig(doc *strictjson.Document) (*Config, error) {
	var stacks [2]*Config
	for i, key := range [...]string{"decoder", "encoder"} {
		d, ok := doc.Member(key)
		if !ok {
			continue
		}
		text, err := d.Raw()
		if err == nil {
			stacks[i], err = ParseConfig(text)
		}
		if err != nil {
			return nil, lean.Errorf("transformer: %s of config.json: %w", key, err)
		}
	}
	c, e := stacks[0], stacks[1]
	if c == nil || e == nil || !c.Causal || c.Encoder != nil || e.Causal {
		return nil, lean.Errorf("transformer: %w: a metalm needs a \"decoder\" and an \"encoder\"", ErrConfig)
	}
	c.Encoder = e
	return c, nil
}
