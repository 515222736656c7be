package golden

import (
	"fmt"
	"strings"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/transformer"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// runFamily computes what a model whose config.json has a model_type returns for
// input_ids, attention_mask and optionally token_type_ids [B,T], as Hugging Face's models name it: last_hidden_state
// and logits, of a decoder or of the head that architectures names
// (start_logits and end_logits of question answering). An encoder–decoder also takes decoder_input_ids and
// decoder_attention_mask [B,U], whose are then the states and logits, and
// encoder_last_hidden_state is the encoder's. Rows of padding are 0.
//
// incremental_logits [1,n,V] of a decoder are those of the last n tokens of the first row,
// when they follow the others one at a time.
func runFamily(dev *kernels.Device, config []byte, v *Vectors, weights transformer.Stream, dtype string) (*outputs, error) {
	doc, err := strictjson.ReadDocument(config)
	if err != nil {
		return nil, err
	}
	c, err := transformer.ConfigOf(doc)
	if err != nil {
		return nil, err
	}
	_, logits := v.Outputs["logits"]
	options := transformer.LoadOptions{DType: dtype, Head: logits && c.Causal}
	var head *heads.Head
	if _, answers := v.Outputs["start_logits"]; (logits || answers) && !c.Causal {
		if head, err = taskHead(c, doc); err != nil {
			return nil, err
		}
		head.Load(&options)
	}
	m, err := transformer.Load(dev, c, []transformer.Stream{weights}, options)
	if err != nil {
		return nil, err
	}
	in, err := v.tokens("input_ids", "attention_mask")
	if err != nil {
		return nil, err
	}
	o := collect(dev)
	states, name := m, "last_hidden_state"
	if m.Encoder != nil {
		states, name = m.Encoder, "encoder_last_hidden_state"
	}
	padded := transformer.Padded{IDs: in.ids, Mask: in.mask, Rows: in.rows, Cols: in.columns}
	if types, ok := v.Inputs["token_type_ids"]; ok {
		padded.Types = types.Ints()
	}
	x, _, err := states.RunPadded(padded)
	if err != nil {
		return nil, err
	}
	o.add(name, x)
	if head != nil {
		y, _, err := head.Padded(m, padded)
		if err != nil {
			return nil, err
		}
		o.add("logits", y)
		if head.Kind == heads.QuestionAnswering {
			for i, x := range o.got["logits"] {
				name := [2]string{"start_logits", "end_logits"}[i%2]
				o.got[name] = append(o.got[name], x)
			}
		}
	}
	cache := transformer.CacheOptions{Sequences: 1}
	if m.Encoder != nil {
		source := in
		cache.Source, cache.SourceLengths, cache.SourceKeep = x.Slice(0, in.columns), []int{in.columns}, in.keep()[:in.columns]
		if in, err = v.tokens("decoder_input_ids", "decoder_attention_mask"); err != nil {
			return nil, err
		}
		x, err = m.Forward(transformer.Batch{IDs: in.ids, Lengths: in.lengths(), Keep: in.keep(),
			Source: x, SourceLengths: source.lengths(), SourceKeep: source.keep()})
		if err != nil {
			return nil, err
		}
		o.add("last_hidden_state", x)
		in.clear(o.got["last_hidden_state"])
	}
	if !options.Head {
		return o, dev.Err()
	}
	y, err := m.Logits(x)
	if err != nil {
		return nil, err
	}
	o.add("logits", y)
	in.clear(o.got["logits"])
	if want, ok := v.Outputs["incremental_logits"]; ok {
		if len(want.Shape) != 3 || want.Shape[1] < 1 || want.Shape[1] > in.columns {
			return nil, fmt.Errorf("golden: %w: incremental_logits is %v, %d tokens", ErrVectors, want.Shape, in.columns)
		}
		cache.Capacity = in.columns
		if o.got["incremental_logits"], err = incremental(m, in.ids[:in.columns], cache, want.Shape[1]); err != nil {
			return nil, err
		}
	}
	return o, dev.Err()
}

// taskHead is the head that config.json names in architectures; if it names none, a masked
// language model's.
func taskHead(c *transformer.Config, config *strictjson.Document) (*heads.Head, error) {
	l, err := heads.LabelsOf(config)
	if err != nil {
		return nil, err
	}
	kind := heads.MaskedLM
	for _, a := range l.Architectures {
		for suffix, k := range map[string]heads.Kind{"TokenClassification": heads.TokenClassification,
			"SequenceClassification": heads.SequenceClassification, "QuestionAnswering": heads.QuestionAnswering} {
			if strings.HasSuffix(a, suffix) {
				kind = k
			}
		}
	}
	return heads.New(kind, c, config)
}

// tokens is a padded batch, row-major; mask is 0 at padding.
type tokens struct {
	rows, columns int
	ids, mask     []int32
}

func (v *Vectors) tokens(ids, mask string) (t tokens, err error) {
	x, err := v.input(ids, 2)
	if err != nil {
		return t, err
	}
	m, err := v.input(mask, 2)
	if err != nil {
		return t, err
	}
	if len(m.Data) != len(x.Data) || len(x.Data) == 0 {
		return t, fmt.Errorf("golden: %w: %s is %v, %s %v", ErrVectors, mask, m.Shape, ids, x.Shape)
	}
	return tokens{x.Shape[0], x.Shape[1], x.Ints(), m.Ints()}, nil
}

func (t tokens) lengths() []int {
	n := make([]int, t.rows)
	for i := range n {
		n[i] = t.columns
	}
	return n
}

func (t tokens) keep() []byte {
	k := make([]byte, len(t.mask))
	for i, m := range t.mask {
		k[i] = byte(min(1, max(0, m)))
	}
	return k
}

// clear sets the rows of padding of v (rows·columns, n) to 0.
func (t tokens) clear(v []float32) {
	n := len(v) / len(t.mask)
	for i, m := range t.mask {
		if m == 0 {
			clear(v[i*n : (i+1)*n])
		}
	}
}
