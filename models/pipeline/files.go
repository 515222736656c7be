package pipeline

import (
	"errors"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/transformer"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// The files of a model folder that are read.
const (
	ConfigFile     = "config.json"
	TokenizerFile  = "tokenizer.json"
	GenerationFile = "generation_config.json"
	// The last two are read when a chat is written.
	TokenizerConfigFile = "tokenizer_config.json"
	ChatTemplateFile    = "chat_template.jinja"
	WeightsFile         = "model.safetensors"
	IndexFile           = "model.safetensors.index.json"
)

// The largest files that are read whole, in bytes; web/src has the same limits.
const (
	maxConfig    = 1 << 20
	maxTokenizer = 64 << 20
	maxIndex     = 16 << 20
	// maxTokenizerConfig is that of tokenizer_config.json, which may list thousands of tokens.
	maxTokenizerConfig = 16 << 20
)

// ErrNoFile: the folder does not have a file.
var ErrNoFile = errors.New("no such file in the folder")

// ErrTooLarge: a file that is read whole is larger than any real one.
var ErrTooLarge = errors.New("the file is too large")

// Files is where the files of a model folder come from.
type Files interface {
	// ReadFile returns a file of at most limit bytes whole. It is ErrNoFile if there is
	// none, and ErrTooLarge if the file is larger.
	ReadFile(name string, limit int64) ([]byte, error)
	// Weights names the files that hold the weights, in the order in which they are read.
	// It is ErrNoFile if the folder has none.
	Weights() ([]string, error)
	// Open opens one of these for reading into the memory of dev.
	Open(dev *kernels.Device, name string) (Stream, error)
}

// Stream is a file of weights while it is read.
type Stream interface {
	transformer.Stream
	// SetSize says how many bytes the file has by manifest.json, where Size is −1.
	SetSize(n int64)
	// Close ends reading. complete tells whether everything was read and is right.
	Close(complete bool) error
}

// ShardNames are the names of the weights files of a folder whose index is
// model.safetensors.index.json.
func ShardNames(index []byte) ([]string, error) {
	x, err := safetensors.ReadIndex(index)
	if err != nil {
		return nil, err
	}
	return x.Shards, nil
}
