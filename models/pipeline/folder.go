package pipeline

import (
	"errors"
	"runtime"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/tasks"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
	"github.com/lodestone-wasm/lodestone/weights/folder"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// ErrDisagree: the files of the folder do not belong together.
var ErrDisagree = errors.New("the files of the folder do not belong together")

// Options say how a folder is opened. The zero value opens all of it as it is stored.
type Options struct {
	// DType is how weights lie in memory: "auto" (or "") as they are stored, "f32", "f16",
	// "q8", "q4"; see transformer.LoadOptions.
	DType string
	// NoTokenizer leaves tokenizer.json out: a model that takes ids needs none.
	NoTokenizer bool
	// Progress, if set, is called with how many bytes of weights are read, of how many
	// (−1: unknown).
	Progress func(read, total int64)
	// Context, if set, ends loading when its Err is not nil.
	Context tasks.Context
}

// Folder is what the small files of a model folder say. They are read once; all who need
// a part of them are handed the same document.
type Folder struct {
	// Config is the architecture.
	Config *transformer.Config
	// Tokenizer is nil if Options.NoTokenizer left it out.
	Tokenizer *tokenizer.Tokenizer
	// Manifest is nil if the folder has no manifest.json. Otherwise every file that is read
	// is held against it.
	Manifest *folder.Manifest

	config *strictjson.Document
	files  Files
}

// Read reads the small files of a folder and checks that they belong together. dev
// computes their SHA-256; its memory is as before.
func Read(dev *kernels.Device, files Files, o Options) (*Folder, error) {
	f := &Folder{files: files}
	if err := f.readManifest(); err != nil {
		return nil, err
	}
	text, err := f.read(dev, ConfigFile, maxConfig)
	if err != nil {
		return nil, err
	}
	if f.config, err = strictjson.ReadDocument(text); err != nil {
		return nil, lean.Errorf("pipeline: %w: %s: %w", transformer.ErrConfig, ConfigFile, err)
	}
	if f.Config, err = transformer.ConfigOf(f.config); err != nil {
		return nil, err
	}
	if !o.NoTokenizer {
		if err := f.readTokenizer(dev); err != nil {
			return nil, err
		}
	}
	runtime.GC() // in a page, what parsing left makes room before the weights need it
	if o.Context != nil {
		return f, o.Context.Err()
	}
	return f, nil
}

// ReadTokenizer reads the tokenizer of a folder, which need not hold a model.
func ReadTokenizer(dev *kernels.Device, files Files) (*tokenizer.Tokenizer, error) {
	f := &Folder{files: files}
	err := f.readManifest()
	if err == nil {
		err = f.readTokenizer(dev)
	}
	return f.Tokenizer, err
}

// Labels are what config.json says of the classes of a head.
func (f *Folder) Labels() (heads.Labels, error) { return heads.LabelsOf(f.config) }

func (f *Folder) readManifest() error {
	text, err := f.files.ReadFile(folder.ManifestFile, folder.MaxManifest)
	if errors.Is(err, ErrNoFile) {
		return nil
	}
	if err == nil {
		f.Manifest, err = folder.ParseManifest(text)
	}
	return err
}

func (f *Folder) readTokenizer(dev *kernels.Device) error {
	text, err := f.read(dev, TokenizerFile, maxTokenizer)
	if errors.Is(err, ErrNoFile) {
		err = lean.Errorf("%w; a model folder needs %s, %s and %s", err, ConfigFile, TokenizerFile, WeightsFile)
	}
	if err != nil {
		return err
	}
	if f.Tokenizer, err = tokenizer.Parse(text); err != nil {
		return err
	}
	if n := f.Tokenizer.VocabSize(); f.Config != nil && n > f.Config.VocabSize {
		return lean.Errorf("pipeline: %w: %s has %d tokens, %s a vocabulary of %d", ErrDisagree, TokenizerFile, n, ConfigFile, f.Config.VocabSize)
	}
	return nil
}

// read is a small file, held against the manifest.
func (f *Folder) read(dev *kernels.Device, name string, limit int64) ([]byte, error) {
	text, err := f.files.ReadFile(name, limit)
	if err != nil || f.Manifest == nil {
		return text, err
	}
	want, err := f.Manifest.Lookup(name)
	if err == nil {
		err = want.CheckSize(int64(len(text)))
	}
	if err != nil {
		return nil, err
	}
	// The kernels hash, so that crypto/sha256 need not be in the engine.
	mark := dev.Mark()
	defer dev.Release(mark)
	at := dev.Alloc(uint64(len(text)))
	dev.Write(at, text)
	hash := dev.NewHash()
	hash.Update(at, len(text))
	sum := hash.Sum()
	if err := dev.Err(); err != nil {
		return nil, err
	}
	return text, want.CheckSum(sum)
}

// readGeneration is generation_config.json, nil if there is none.
func (f *Folder) readGeneration(dev *kernels.Device) (*strictjson.Document, error) {
	text, err := f.read(dev, GenerationFile, maxConfig)
	if errors.Is(err, ErrNoFile) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	doc, err := strictjson.ReadDocument(text)
	if err != nil {
		return nil, lean.Errorf("pipeline: %w: %s: %w", transformer.ErrConfig, GenerationFile, err)
	}
	return doc, nil
}
