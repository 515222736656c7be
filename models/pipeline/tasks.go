package pipeline

import (
	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/promptbert"
	"github.com/lodestone-wasm/lodestone/models/tasks"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// Task names a task of Hugging Face's, and says how it is made of a model.
type Task[T any] struct {
	// Name is Hugging Face's: "feature-extraction".
	Name string
	// Head is what the model has to be loaded with.
	Head Head

	of func(*Model) (T, error)
	// check, if set, is asked before the weights are read.
	check func(*Folder) error
}

// Of makes the task of a model that was loaded with its Head.
func (t Task[T]) Of(m *Model) (T, error) { return t.of(m) }

// The tasks.
var (
	FeatureExtraction   = Task[*tasks.FeatureExtraction]{"feature-extraction", NoHead, (*Model).featureExtraction, (*Folder).CheckFeatureExtraction}
	FillMask            = Task[*tasks.FillMask]{"fill-mask", Head(heads.MaskedLM), (*Model).fillMask, nil}
	TextClassification  = Task[*tasks.TextClassification]{"text-classification", Head(heads.SequenceClassification), (*Model).textClassification, nil}
	TextRanking         = Task[*tasks.TextRanking]{"text-ranking", Head(heads.SequenceClassification), (*Model).textRanking, nil}
	TokenClassification = Task[*tasks.TokenClassification]{"token-classification", Head(heads.TokenClassification), (*Model).tokenClassification, nil}
	ZeroShot            = Task[*tasks.ZeroShotClassification]{"zero-shot-classification", Head(heads.SequenceClassification), (*Model).zeroShot, nil}
	QuestionAnswering   = Task[*tasks.QuestionAnswering]{"question-answering", Head(heads.QuestionAnswering), (*Model).questionAnswering, nil}
	MultipleChoice      = Task[*tasks.MultipleChoice]{"multiple-choice", Head(heads.MultipleChoice), (*Model).multipleChoice, nil}
	TextGeneration      = Task[*tasks.TextGeneration]{"text-generation", CausalLM, (*Model).textGeneration, nil}
	Translation         = Task[*tasks.Translation]{"translation", Seq2SeqLM, (*Model).translation, nil}
)

// Open opens a model folder for a task. After an error the memory of dev is as before.
// The task keeps its memory until dev is released to a mark that was taken before.
func Open[T any](dev *kernels.Device, files Files, task Task[T], o Options) (T, error) {
	var none T
	mark := dev.Mark()
	f, err := Read(dev, files, o)
	if err != nil {
		return none, err
	}
	if task.check != nil {
		if err := task.check(f); err != nil {
			return none, err
		}
	}
	m, err := f.Load(dev, task.Head, o)
	if err != nil {
		return none, err
	}
	t, err := task.of(m)
	if err != nil {
		dev.Release(mark)
		return none, err
	}
	return t, nil
}

// CheckFeatureExtraction is an error of the kind tasks.ErrModel if the folder is one for
// another task. It needs no weights.
func (f *Folder) CheckFeatureExtraction() error { return tasks.CheckFeatureExtraction(f.Config) }

func (m *Model) featureExtraction() (*tasks.FeatureExtraction, error) {
	if err := m.needTokenizer(); err != nil {
		return nil, err
	}
	return tasks.NewFeatureExtraction(m.Stack, m.Tokenizer, m.config)
}

// PromptBERT is the prompt encoder of the model, below feature extraction: it gives the
// inputs with their templates, and embeddings that are denoised.
func (m *Model) PromptBERT() (*promptbert.Encoder, error) {
	if err := m.needTokenizer(); err != nil {
		return nil, err
	}
	return promptbert.New(m.Stack, m.Tokenizer, m.config)
}

func (m *Model) fillMask() (*tasks.FillMask, error) {
	if err := m.needHead(heads.MaskedLM); err != nil {
		return nil, err
	}
	return tasks.NewFillMask(m.Stack, m.Head, m.Tokenizer)
}

func (m *Model) textClassification() (*tasks.TextClassification, error) {
	if err := m.needHead(heads.SequenceClassification); err != nil {
		return nil, err
	}
	return tasks.NewTextClassification(m.Stack, m.Head, m.Tokenizer)
}

func (m *Model) textRanking() (*tasks.TextRanking, error) {
	if err := m.needHead(heads.SequenceClassification); err != nil {
		return nil, err
	}
	return tasks.NewTextRanking(m.Stack, m.Head, m.Tokenizer)
}

func (m *Model) zeroShot() (*tasks.ZeroShotClassification, error) {
	if err := m.needHead(heads.SequenceClassification); err != nil {
		return nil, err
	}
	return tasks.NewZeroShotClassification(m.Stack, m.Head, m.Tokenizer)
}

func (m *Model) tokenClassification() (*tasks.TokenClassification, error) {
	if err := m.needHead(heads.TokenClassification); err != nil {
		return nil, err
	}
	return tasks.NewTokenClassification(m.Stack, m.Head, m.Tokenizer)
}

func (m *Model) questionAnswering() (*tasks.QuestionAnswering, error) {
	if err := m.needHead(heads.QuestionAnswering); err != nil {
		return nil, err
	}
	return tasks.NewQuestionAnswering(m.Stack, m.Head, m.Tokenizer)
}

func (m *Model) multipleChoice() (*tasks.MultipleChoice, error) {
	if err := m.needHead(heads.MultipleChoice); err != nil {
		return nil, err
	}
	return tasks.NewMultipleChoice(m.Stack, m.Head, m.Tokenizer)
}

// A generator needs no tokenizer: it takes ids, too.

func (m *Model) textGeneration() (*tasks.TextGeneration, error) {
	return tasks.NewTextGeneration(m.Stack, m.Tokenizer, m.config, m.generation)
}

func (m *Model) translation() (*tasks.Translation, error) {
	return tasks.NewTranslation(m.Stack, m.Tokenizer, m.config, m.generation)
}

// Generator is what text generation and translation are made of, for a caller that takes
// either.
func (m *Model) Generator() (*tasks.Generator, error) {
	return tasks.NewGenerator(m.Stack, m.Tokenizer, m.config, m.generation)
}

// OpenStack opens the layers of a model folder alone, without tokenizer and head.
func OpenStack(dev *kernels.Device, files Files, o Options) (*transformer.Model, error) {
	o.NoTokenizer = true
	f, err := Read(dev, files, o)
	if err != nil {
		return nil, err
	}
	m, err := f.Load(dev, NoHead, o)
	if err != nil {
		return nil, err
	}
	return m.Stack, nil
}
