package pipeline

import (
	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/metalm"
	"github.com/lodestone-wasm/lodestone/models/tasks"
	"github.com/lodestone-wasm/lodestone/models/transformer"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// Head is what stands on a model's layers. Its values are the empty string, for none,
// CausalLM, Seq2SeqLM, and the kinds of package heads.
type Head string

// The heads that are no kind of package heads; the names are those of Hugging Face's classes.
const (
	NoHead    Head = ""
	CausalLM  Head = "causal-lm"  // a decoder alone, with its output projection
	Seq2SeqLM Head = "seq2seq-lm" // a decoder with an encoder, with its output projection
)

// Generates tells whether a head is one for generation.
func (h Head) Generates() bool { return h == CausalLM || h == Seq2SeqLM }

// Model is a folder whose weights are in the memory of a device. What tasks are made of
// it share it; one of them runs at a time.
type Model struct {
	*Folder
	// Stack is the layers.
	Stack *transformer.Model
	// Head is nil unless the model was loaded with a kind of package heads.
	Head *heads.Head
	// Connector is nil unless the model is a MetaLM.
	Connector *metalm.Connector

	generation *strictjson.Document // nil if the folder has none, or no head that generates
}

// Load brings the weights of a folder into the memory of dev, with a head. After an error
// dev is as before.
func (f *Folder) Load(dev *kernels.Device, head Head, o Options) (*Model, error) {
	mark := dev.Mark()
	m, err := f.load(dev, head, o)
	if err != nil {
		dev.Release(mark)
		return nil, err
	}
	return m, nil
}

func (f *Folder) load(dev *kernels.Device, head Head, o Options) (*Model, error) {
	m := &Model{Folder: f}
	options, err := m.plan(dev, head, o)
	if err != nil {
		return nil, err
	}
	names, err := f.files.Weights()
	if err != nil {
		return nil, err
	}
	var streams []transformer.Stream
	close := func(complete bool) error {
		var first error
		for _, s := range streams {
			if err := s.(Stream).Close(complete); err != nil && first == nil {
				first = err
			}
		}
		streams = nil
		return first
	}
	defer func() { close(false) }()
	for _, name := range names {
		s, err := f.files.Open(dev, name)
		if err != nil {
			return nil, err
		}
		streams = append(streams, s)
		if err := f.expect(s, &options); err != nil {
			return nil, err
		}
	}
	if m.Stack, err = transformer.Load(dev, f.Config, streams, options); err != nil {
		return nil, err
	}
	return m, close(true)
}

// plan says what is read of the weights besides the layers.
func (m *Model) plan(dev *kernels.Device, head Head, o Options) (transformer.LoadOptions, error) {
	options := transformer.LoadOptions{DType: o.DType, Head: head.Generates(), Progress: o.Progress}
	var err error
	if m.Connector, err = metalm.ConnectorOf(m.config, m.Config); err != nil {
		return options, err
	}
	if m.Connector != nil {
		options.Extra = m.Connector.Extra(metalm.Prefix)
	}
	switch {
	case head.Generates():
		if err := tasks.CheckGenerates(m.Config, head == Seq2SeqLM); err != nil {
			return options, err
		}
		m.generation, err = m.readGeneration(dev)
	case head != NoHead:
		var kind heads.Kind
		if kind, err = heads.ParseKind(string(head)); err != nil {
			return options, err
		}
		if m.Head, err = heads.New(kind, m.Config, m.config); err == nil {
			m.Head.Load(&options)
		}
	}
	return options, err
}

// expect has a file of weights held against the manifest.
func (f *Folder) expect(s Stream, o *transformer.LoadOptions) error {
	if f.Manifest == nil {
		return nil
	}
	want, err := f.Manifest.Lookup(s.Name())
	if err != nil {
		return err
	}
	if s.Size() >= 0 {
		if err := want.CheckSize(s.Size()); err != nil {
			return err
		}
	}
	sum, err := want.Sum()
	if err != nil {
		return err
	}
	s.SetSize(want.Size)
	o.SHA256 = append(o.SHA256, &sum)
	return nil
}

// withoutTokenizer is the error of a task of a model that was opened without one.
func (m *Model) needTokenizer() error {
	if m.Tokenizer == nil {
		return lean.Errorf("pipeline: %w: this task needs tokenizer.json, which was left out", tasks.ErrModel)
	}
	return nil
}

// needHead is the error of a task of a model that was loaded without its head.
func (m *Model) needHead(kind heads.Kind) error {
	if m.Head == nil {
		return lean.Errorf("pipeline: %w: the model was loaded without a head, this task needs %s", tasks.ErrHead, string(kind))
	}
	return m.needTokenizer()
}
