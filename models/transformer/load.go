package transformer

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// Stream is a safetensors file that arrives from its beginning to its end.
type Stream interface {
	// Name is what errors call the file.
	Name() string
	// Size is the number of bytes of the file, −1 if nobody knows.
	Size() int64
	// Read reads like an io.Reader. It serves the header, and the question whether
	// the file has ended.
	Read(p []byte) (int, error)
	// Fill reads exactly n bytes into device memory at offset at.
	Fill(at uint32, n int) error
}

// LoadOptions say how Load brings a checkpoint into memory.
type LoadOptions struct {
	// DType is "auto" (or ""): as stored; "f32": refuse int8; "q8": quantise what is
	// stored as f32, f16 or bf16.
	DType string
	// Head asks for the output projection.
	Head bool
	// SHA256, if it is not nil, holds what each file must hash to; nil entries are not checked.
	SHA256 []*[32]byte
	// Progress, if set, hears how many bytes were read, of how many (−1: unknown).
	Progress func(read, total int64)
}

// windowElements is the number of elements of a tensor that are loaded at a time.
const windowElements = 1 << 18

// Load reads the shards of a checkpoint, in order, into the memory of dev. After an
// error dev is as it was. Errors wrap those of this package, of safetensors, of
// kernels, or of a stream.
func Load(dev *kernels.Device, c *Config, files []Stream, o LoadOptions) (*Model, error) {
	mark := dev.Mark()
	l := &loader{dev: dev, model: &Model{Config: c, dev: dev, mark: mark}, keys: keyMaps[c.Family], options: o}
	if l.keys == nil {
		return nil, fmt.Errorf("transformer: %w: family %q", ErrUnsupported, c.Family)
	}
	err := l.load(files)
	if e := dev.Err(); e != nil {
		err = e // the first cause: a stream that could not be placed fails because of it
	}
	if err != nil {
		dev.Release(mark)
		return nil, err
	}
	return l.model, nil
}

// source is a file whose header has been read.
type source struct {
	Stream
	header *safetensors.Header
	hash   *kernels.Hash
	want   *[32]byte
}

// loader places the tensors of a checkpoint.
type loader struct {
	dev     *kernels.Device
	model   *Model
	keys    *keyMap
	options LoadOptions

	prefix  string
	tensors map[string]safetensors.Tensor
	sinks   map[string]sink

	read, total int64
}

func (l *loader) load(files []Stream) error {
	switch l.options.DType {
	case "", "auto", "f32", "q8":
	default:
		return fmt.Errorf("transformer: %w: dtype %q; supported: auto, f32, q8", ErrUnsupported, l.options.DType)
	}
	if len(files) == 0 {
		return fmt.Errorf("transformer: %w: no weights file", ErrMissingTensor)
	}
	var sources []*source
	l.tensors = map[string]safetensors.Tensor{}
	for i, f := range files {
		s := &source{Stream: f}
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
			return fmt.Errorf("transformer: %s: %w", f.Name(), err)
		}
		for _, t := range s.header.Tensors {
			if _, twice := l.tensors[t.Name]; twice {
				return fmt.Errorf("transformer: %s: tensor %q is in an earlier shard too: %w", f.Name(), t.Name, safetensors.ErrDuplicateTensor)
			}
			l.tensors[t.Name] = t
		}
		sources = append(sources, s)
		l.progress(head.Len())
		if s.want != nil {
			l.begin(s, head.Bytes())
		}
	}
	if err := l.plan(); err != nil {
		return err
	}
	for _, s := range sources {
		if err := l.stream(s); err != nil {
			return err
		}
	}
	l.model.end = l.dev.Mark()
	return nil
}

// begin starts a file's hash with the bytes of its header.
func (l *loader) begin(s *source, head []byte) {
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
func (l *loader) fill(s *source, t safetensors.Tensor, at uint32, n int) error {
	if err := l.dev.Err(); err != nil {
		return err
	}
	if n == 0 {
		return nil
	}
	if err := s.Fill(at, n); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = fmt.Errorf("%w: %w", safetensors.ErrTruncated, err)
		}
		return fmt.Errorf("transformer: %s: tensor %q: %w", s.Name(), t.Name, err)
	}
	if s.hash != nil {
		s.hash.Update(at, n)
	}
	l.progress(n)
	return nil
}

// stream places the tensors of one file.
func (l *loader) stream(s *source) error {
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
		return fmt.Errorf("transformer: %s: %w", s.Name(), safetensors.ErrTrailing)
	} else if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("transformer: %s: %w", s.Name(), err)
	}
	if s.hash != nil {
		if sum := s.hash.Sum(); sum != *s.want {
			return fmt.Errorf("transformer: %s: %w: SHA-256 is %x, the manifest says %x: fetch it again", s.Name(), ErrIntegrity, sum, *s.want)
		}
	}
	return l.dev.Err()
}

// plan hands out memory for every tensor that the configuration asks for and says
// where it goes.
func (l *loader) plan() error {
	c, m, k := l.model.Config, l.model, l.keys
	l.sinks = make(map[string]sink, len(l.tensors))
	found := false
	for _, p := range k.prefixes {
		if _, found = l.tensors[p+k.tokens+".weight"]; found {
			l.prefix = p
			break
		}
	}
	if !found {
		return fmt.Errorf("transformer: %w: no %q (with prefix %q): are these the weights of a %s model?",
			ErrMissingTensor, k.tokens+".weight", k.prefixes, c.Family)
	}
	d, f := c.HiddenSize, c.IntermediateSize
	p := &planner{loader: l}
	m.tokens = p.table(k.tokens, c.VocabSize, d, true)
	if c.LearnedPositions {
		m.positions = p.table(k.positions, c.MaxPositions+c.PositionOffset, d, false)
	}
	if c.TypeVocabSize > 0 {
		m.types = p.table(k.types, c.TypeVocabSize, d, false)
	}
	if c.EmbedNorm {
		m.embedNorm = p.norm(k.embedNorm, d)
	}
	if c.RelBuckets > 0 {
		p.expect(l.prefix+k.relative+".weight", c.RelBuckets, c.NumHeads)
		m.relative = make([]float32, c.RelBuckets*c.NumHeads)
		l.sinks[l.prefix+k.relative+".weight"] = hostSink{m.relative}
	}
	m.layers = make([]layer, c.NumLayers)
	for i := range m.layers {
		y, at := &m.layers[i], k.layer+strconv.Itoa(i)+"."
		y.attnNorm = p.norm(at+k.attnNorm, d)
		p.projections(&y.qkv, d, at+k.q, at+k.k, at+k.v)
		p.linear(&y.out, d, d, at+k.out)
		y.ffnNorm = p.norm(at+k.ffnNorm, d)
		p.linear(&y.fc1, f, d, at+k.fc1)
		p.linear(&y.fc2, d, f, at+k.fc2)
		if c.Norm == SubLN {
			y.inner = p.norm(at+k.innerNorm, d)
			y.innerFFN = p.norm(at+k.innerFFN, f)
		}
	}
	if c.FinalNorm {
		m.finalNorm = p.norm(k.finalNorm, d)
	}
	if l.options.Head {
		if !c.HasHead {
			return fmt.Errorf("transformer: %w: a %s model has no output projection here", ErrUnsupported, c.Family)
		}
		p.matrix(&m.head, c.VocabSize, d, k.head)
	}
	if p.err != nil {
		return p.err
	}
	return l.leftovers()
}

// leftovers refuses tensors that nobody asked for, unless they are known to say
// nothing about the result: a checkpoint whose configuration does not explain it
// would give wrong numbers in silence.
func (l *loader) leftovers() error {
	var names []string
	for name := range l.tensors {
		rest, mine := strings.CutPrefix(name, l.prefix)
		head := l.keys.head != "" && rest == l.keys.head+".weight"
		if l.sinks[name] == nil && !head && !l.keys.ignores(name) && !(mine && l.keys.ignores(rest)) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	return fmt.Errorf("transformer: %w: %q (%d in all): config.json does not say what it is for", ErrUnexpectedTensor, names[0], len(names))
}
