package golden

import (
	"fmt"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/kformer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// runKformer computes what the official encoder returns for tokens [B,T] and knowledge
// [B,n,t] (both padded with padding_idx): features, features_no_knowledge, embed,
// layer0 … layerN−1, knowledge_scores [B,n] and selected_index [B,k]. Padding counts
// when items are chosen, as there.
func runKformer(dev *kernels.Device, config []byte, v *Vectors, weights transformer.Stream, dtype string) (*outputs, error) {
	f, err := readFields(config)
	if err != nil {
		return nil, err
	}
	shape, weights, err := shapes(weights)
	if err != nil {
		return nil, err
	}
	pad, layers := f.int("padding_idx"), f.ints("knowledge_layer")
	if a := f.strings["activation"]; a != "gelu" || len(layers) != 2 {
		return nil, fmt.Errorf("golden: %w: activation %q, knowledge_layer %v", ErrKind, a, layers)
	}
	c := kformer.Config(f.int("vocab"), f.int("d"), f.int("layers"), f.int("heads"), f.int("ffn"),
		shape("embed_positions.weight", 0)-pad-1, pad, layers[0], layers[1], f.int("top_n"))
	c.Eps = float32(f.numbers["eps"])
	m, err := transformer.Load(dev, c, []transformer.Stream{weights}, transformer.LoadOptions{DType: dtype})
	if err != nil {
		return nil, err
	}
	r, err := kformer.NewReader(m)
	if err != nil {
		return nil, err
	}
	batch, rows, columns, err := v.padded("tokens", "")
	if err != nil {
		return nil, err
	}
	batch.Keep = make([]byte, len(batch.IDs))
	for i, id := range batch.IDs {
		if int(id) != pad {
			batch.Keep[i] = 1
		}
	}
	items, err := v.input("knowledge", 3)
	if err != nil {
		return nil, err
	}
	n, length := items.Shape[1], items.Shape[2]
	if items.Shape[0] != rows {
		return nil, fmt.Errorf("golden: %w: knowledge is %v for %d rows", ErrVectors, items.Shape, rows)
	}
	o := collect(dev)
	var knowledge []*kformer.Knowledge
	for i := range rows {
		texts := make([][]int32, n)
		for j := range texts {
			for _, id := range items.Data[(i*n+j)*length : (i*n+j+1)*length] {
				if int(id) != pad {
					texts[j] = append(texts[j], int32(id))
				}
			}
		}
		k, err := r.Knowledge(texts)
		if err != nil {
			return nil, err
		}
		scores, err := r.Score(batch.IDs[i*columns:(i+1)*columns], k)
		if err != nil {
			return nil, err
		}
		o.got["knowledge_scores"] = append(o.got["knowledge_scores"], scores...)
		knowledge = append(knowledge, k)
	}
	x, err := m.Forward(batch)
	if err != nil {
		return nil, err
	}
	o.add("features_no_knowledge", x)
	o.watch(&batch)
	x, chosen, err := r.Forward(batch, knowledge, nil)
	if err != nil {
		return nil, err
	}
	o.add("features", x)
	for _, items := range chosen {
		for _, i := range items {
			o.got["selected_index"] = append(o.got["selected_index"], float32(i))
		}
	}
	return o, dev.Err()
}
