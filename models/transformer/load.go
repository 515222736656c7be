package transformer

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/weights/folder"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// openStreams is the most files that are held open at once: headers are read before data,
// and a browser has six connections to a server.
const openStreams = 4

// LoadOptions say how Load brings a checkpoint into memory.
type LoadOptions struct {
	// DType is "auto" (or ""): as stored, where floats are f32 in memory; "f32": refuse
	// int8; "f16": likewise, and hold linear layers and large tables as f16, rounding what
	// is stored as f32 or bf16 (a matrix with a number beyond ±65504 stays f32); "q8":
	// quantise what is stored as f32, f16 or bf16; "q4": likewise, but linear layers to 4 bits in blocks
	// (tables and the head to int8), those of an int8 checkpoint too.
	DType string
	// Head asks for the output projection.
	Head bool
	// Fold multiplies what precedes or follows a linear layer into its weights: the affine
	// of a norm that nothing but linear layers reads, and α of DeepNorm. It is for f32
	// weights. The states after each layer are the same, rounding apart; see foldLayer.
	Fold bool
	// Extra are tensors that a task needs besides the model's own.
	Extra []Extra
	// More, if set, is asked for more of them when the names in the checkpoint are known:
	// shape is that of a tensor, nil if there is none; prefix is what precedes the names
	// of the stack ("bert." for "bert.encoder.…").
	More func(shape func(name string) []int, prefix string) ([]Extra, error)
	// SHA256, if it is not nil, holds what each file must hash to; nil entries are not checked.
	SHA256 []*[32]byte
	// Progress, if set, is called with how many bytes were read, of how many (−1: unknown).
	Progress func(read, total int64)
}

// Extra is a tensor outside the stacks, by its whole name in the checkpoint.
type Extra struct {
	Name  string
	Shape []int
	// One of these receives it: a linear layer [out, in]; a matrix in device memory
	// [rows, cols], where all dimensions but the last are rows; or numbers in Go.
	Linear *kernels.Weight
	Matrix *kernels.Tensor
	Host   *[]float32

	// Of a linear layer: the whole name of its bias, by default Name with ".bias" for
	// ".weight"; NoBias if it has none. Tied: it is the table of tokens, and Name is
	// not read. Exact: it stays f32 whatever dtype was asked for, if it is stored so. With
	// dtype q4 the others hold int8: a head's last layers decide.
	Bias                string
	NoBias, Tied, Exact bool
}

// windowElements is the number of elements of a tensor that are loaded at a time.
const windowElements = 1 << 18

// Load reads the shards of a checkpoint, in order, into the memory of dev. After an
// error dev is as it was. Errors wrap those of this package, of safetensors, of
// kernels, or of a stream.
func Load(dev *kernels.Device, c *Config, files []Stream, o LoadOptions) (*Model, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	m := &Model{Config: c, dev: dev, mark: dev.Mark()}
	l := &loader{dev: dev, options: o}
	if err := l.run(files, func() error { return l.model(m) }); err != nil {
		return nil, err
	}
	m.end = dev.Mark()
	l.remember(m)
	return m, nil
}

// run loads files as plan says. After an error the device is as it was.
func (l *loader) run(files []Stream, plan func() error) error {
	mark := l.dev.Mark()
	err := l.load(files, plan)
	if e := l.dev.Err(); e != nil {
		err = e // the first cause: a stream that could not be placed fails because of it
	}
	if err != nil {
		l.dev.Release(mark)
	}
	return err
}

// shard is a file whose header has been read.
type shard struct {
	Stream
	header *safetensors.Header
	hash   *kernels.Hash
	want   *[32]byte
}

// loader places the tensors of a checkpoint.
type loader struct {
	dev     *kernels.Device
	options LoadOptions

	tensors map[string]safetensors.Tensor
	place   map[string]int // the order in which tensors come
	sinks   map[string]sink
	stacks  []*planner // what was planned
	kept    []string   // matrices that q8 leaves in f32
	shared  map[string]kernels.Table
	folds   map[*kernels.Weight]*fold
	folded  []*fold        // in the order of planning
	after   []func() error // what is left to do when everything is read

	read, total int64
}

func (l *loader) load(files []Stream, plan func() error) error {
	switch l.options.DType {
	case "", "auto", "f32", "f16", "q8", "q4":
	default:
		return lean.Errorf("transformer: %w: dtype %q; supported: auto, f32, f16, q8, q4", ErrUnsupported, l.options.DType)
	}
	if len(files) == 0 {
		return lean.Errorf("transformer: %w: no weights file", ErrMissingTensor)
	}
	var sources []*shard
	l.tensors, l.place = map[string]safetensors.Tensor{}, map[string]int{}
	for i, f := range files {
		s := &shard{Stream: f}
		if i < len(l.options.SHA256) {
			s.want = l.options.SHA256[i]
		}
		if size := f.Size(); size < 0 || l.total < 0 {
			l.total = -1
		} else {
			l.total += size
		}
		var head bytes.Buffer
		var err error
		if s.header, err = safetensors.ReadHeader(io.TeeReader(f, &head), f.Size()); err != nil {
			return lean.Errorf("transformer: %s: %w", f.Name(), err)
		}
		for i := range s.header.Tensors {
			t := &s.header.Tensors[i]
			t.Name = currentName(t.Name)
			if _, twice := l.tensors[t.Name]; twice {
				return lean.Errorf("transformer: %s: tensor %q is in an earlier shard too: %w", f.Name(), t.Name, safetensors.ErrDuplicateTensor)
			}
			l.tensors[t.Name], l.place[t.Name] = *t, len(l.place)
		}
		sources = append(sources, s)
		if p, ok := f.(Parker); ok && len(files) > openStreams {
			if err := p.Park(); err != nil {
				return lean.Errorf("transformer: %s: %w", f.Name(), err)
			}
		}
		l.progress(head.Len())
		if s.want != nil {
			l.begin(s, head.Bytes())
		}
	}
	l.sinks = make(map[string]sink, len(l.tensors))
	l.shared = map[string]kernels.Table{}
	if err := plan(); err != nil {
		return err
	}
	if err := l.leftovers(); err != nil {
		return err
	}
	for _, s := range sources {
		if err := l.stream(s); err != nil {
			return err
		}
	}
	for _, f := range l.folded {
		if err := f.finish(l.dev); err != nil {
			return err
		}
	}
	for _, f := range l.after {
		if err := f(); err != nil {
			return err
		}
	}
	return l.dev.Err()
}

// currentName is what a tensor is called now: checkpoints that came from TensorFlow,
// bert-base-uncased among them, say gamma and beta.
func currentName(name string) string {
	if norm, old := strings.CutSuffix(name, "LayerNorm.gamma"); old {
		return norm + "LayerNorm.weight"
	}
	if norm, old := strings.CutSuffix(name, "LayerNorm.beta"); old {
		return norm + "LayerNorm.bias"
	}
	return name
}

// begin starts a file's hash with the bytes of its header.
func (l *loader) begin(s *shard, head []byte) {
	s.hash = l.dev.NewHash()
	mark := l.dev.Mark()
	at := l.dev.Alloc(uint64(len(head)))
	l.dev.Write(at, head)
	s.hash.Update(at, len(head))
	l.dev.Release(mark)
}

func (l *loader) progress(n int) {
	l.read += int64(n)
	if l.options.Progress != nil {
		l.options.Progress(l.read, l.total)
	}
}

// fill moves n bytes of a file to offset at and hashes them there.
func (l *loader) fill(s *shard, t safetensors.Tensor, at uint32, n int) error {
	if err := l.dev.Err(); err != nil {
		return err
	}
	if n == 0 {
		return nil
	}
	if err := s.Fill(at, n); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = lean.Errorf("%w: %w", safetensors.ErrTruncated, err)
		}
		return lean.Errorf("transformer: %s: tensor %q: %w", s.Name(), t.Name, err)
	}
	if s.hash != nil {
		s.hash.Update(at, n)
	}
	l.progress(n)
	return nil
}

// stream places the tensors of one file.
func (l *loader) stream(s *shard) error {
	for _, t := range s.header.Tensors {
		k := l.sinks[t.Name]
		if k == nil {
			k = skipSink{}
		}
		if err := k.consume(l, s, t); err != nil {
			return err
		}
	}
	var one [1]byte
	if n, err := s.Read(one[:]); n > 0 {
		return lean.Errorf("transformer: %s: %w", s.Name(), safetensors.ErrTrailing)
	} else if err != nil && !errors.Is(err, io.EOF) {
		return lean.Errorf("transformer: %s: %w", s.Name(), err)
	}
	if s.hash != nil {
		if sum := s.hash.Sum(); sum != *s.want {
			return lean.Errorf("transformer: %s: %w: SHA-256 is %x, the manifest says %x: fetch it again, or write the manifest again with lode pack", s.Name(), folder.ErrHash, sum, *s.want)
		}
	}
	return l.dev.Err()
}
