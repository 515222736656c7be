package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/simd"
	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/tasks"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// device makes the device that --backend names.
func (f *flags) device() (*kernels.Device, error) {
	switch *f.backend {
	case "simd128":
		b, err := simd.New(context.Background())
		if err != nil {
			return nil, err
		}
		return kernels.NewDevice(b), nil
	case "reference":
		return kernels.NewDevice(kernels.NewReference(0)), nil
	}
	return nil, fmt.Errorf("%w: --backend %q; known: simd128, reference", errUsage, *f.backend)
}

// dtypeUsage describes --dtype of commands that load weights.
const dtypeUsage = "auto (as stored), f32, q8 or q4"

// dtypeFlag is --dtype.
func (f *flags) dtypeFlag() *string { return f.String("dtype", "auto", dtypeUsage) }

// openModel opens a model, with a progress bar. Every command that runs a model opens it
// here.
func (f *flags) openModel(e *env, model, dtype string, head pipeline.Head) (*pipeline.Model, error) {
	dir, err := f.modelDir(e, model)
	if err != nil {
		return nil, err
	}
	dev, err := f.device()
	if err != nil {
		return nil, err
	}
	bar := newBar(e.err, "loading "+filepath.Base(dir), "B")
	defer bar.end()
	o := pipeline.Options{DType: dtype, Progress: bar.set}
	folder, err := pipeline.Read(dev, pipeline.Dir(dir), o)
	if err != nil {
		return nil, inFolder(dir, err)
	}
	m, err := folder.Load(dev, head, o)
	if err != nil {
		bar.end()
		if errors.Is(err, tasks.ErrModel) || errors.Is(err, heads.ErrNoHead) || errors.Is(err, transformer.ErrUnsupported) {
			err = fmt.Errorf("%w%s", err, otherTasks(dev, folder, model, head))
		}
		return nil, inFolder(dir, err)
	}
	return m, nil
}

// tasksOfHeads are the tasks that models are loaded for, by what they are loaded with.
var tasksOfHeads = []struct {
	head pipeline.Head
	task string
}{
	{pipeline.Translation.Head, pipeline.Translation.Name},
	{pipeline.TextGeneration.Head, pipeline.TextGeneration.Name},
	{pipeline.TokenClassification.Head, pipeline.TokenClassification.Name},
	{pipeline.TextClassification.Head, pipeline.TextClassification.Name},
	{pipeline.QuestionAnswering.Head, pipeline.QuestionAnswering.Name},
	{pipeline.FillMask.Head, pipeline.FillMask.Name},
	{pipeline.MultipleChoice.Head, pipeline.MultipleChoice.Name},
}

// otherTasks names a command that runs a model that could not be loaded with a head. The
// headers of its weights say which.
func otherTasks(dev *kernels.Device, folder *pipeline.Folder, model string, head pipeline.Head) string {
	for _, t := range tasksOfHeads {
		if t.head == head {
			continue
		}
		if _, _, err := folder.Memory(dev, t.head, pipeline.Options{}); err == nil {
			return fmt.Sprintf("; this model runs with: lode run %s %s", t.task, model)
		}
	}
	return ""
}

// openTask opens a model folder for a task.
func openTask[T any](f *flags, e *env, model, dtype string, task pipeline.Task[T]) (T, error) {
	m, err := f.openModel(e, model, dtype, task.Head)
	if err == nil && task.Name == pipeline.FeatureExtraction.Name && m.Config.CrossAttention {
		err = fmt.Errorf("%s: %w: it has an encoder and a decoder, and no vectors for texts; this model runs with: lode run %s %s", model, tasks.ErrModel, pipeline.Translation.Name, model)
	}
	if err != nil {
		var none T
		return none, err
	}
	t, err := task.Of(m)
	if err != nil {
		err = inFolder(model, err)
	}
	return t, err
}

// openTokenizer reads the tokenizer of a model.
func (f *flags) openTokenizer(e *env, model string) (*tokenizer.Tokenizer, error) {
	dir, err := f.modelDir(e, model)
	if err != nil {
		return nil, err
	}
	dev, err := f.device()
	if err != nil {
		return nil, err
	}
	t, err := pipeline.ReadTokenizer(dev, pipeline.Dir(dir))
	if err != nil {
		return nil, inFolder(dir, err)
	}
	return t, nil
}

// inFolder names a folder in an error that does not name it.
func inFolder(dir string, err error) error {
	if strings.Contains(err.Error(), filepath.Clean(dir)) {
		return err
	}
	return fmt.Errorf("%s: %w", dir, err)
}
