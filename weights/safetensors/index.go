package safetensors

import (
	"errors"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// The names that a Hugging Face folder gives its weights.
const (
	SingleFile = "model.safetensors"
	IndexFile  = "model.safetensors.index.json"
)

// Limits on an index.
const (
	MaxIndex  = 16 << 20 // bytes
	MaxShards = 1024
)

// Index says which shard holds which tensor.
type Index struct {
	Shards    []string          // file names, sorted, each once
	WeightMap map[string]string // tensor → file name
}

// ReadIndex reads a model.safetensors.index.json:
//
//	{"metadata": {…}, "weight_map": {"tensor": "model-00001-of-00002.safetensors", …}}
//
// Errors are [ErrIndex], [ErrShardName], [ErrDuplicateTensor], [ErrTooManyTensors], [ErrName].
func ReadIndex(text []byte) (*Index, error) {
	if len(text) > MaxIndex {
		return nil, refuse(ErrIndex, "%s: %d bytes; the limit is %d", IndexFile, len(text), MaxIndex)
	}
	ix := &Index{}
	d := strictjson.NewDecoder(text)
	err := d.Object(func(key string) error {
		switch key {
		case "metadata":
			if d.Peek() != strictjson.Object {
				return refuse(ErrIndex, "%s: metadata is not an object", IndexFile)
			}
			return d.Skip()
		case "weight_map":
			return ix.readMap(d)
		}
		return refuse(ErrIndex, "%s: unknown member %q, expected metadata, weight_map", IndexFile, lean.Clip(key))
	})
	if err == nil {
		err = d.End()
	}
	var known *refusal
	switch {
	case errors.As(err, &known):
		return nil, err
	case err != nil:
		return nil, refuseFor(ErrIndex, err, "%s", IndexFile)
	case len(ix.WeightMap) == 0:
		return nil, refuse(ErrIndex, "%s: no weight_map, or an empty one", IndexFile)
	}
	return ix, nil
}

func (ix *Index) readMap(d *strictjson.Decoder) error {
	ix.WeightMap = map[string]string{}
	shards := map[string]string{} // interned: thousands of tensors share a few names
	err := d.Object(func(name string) error {
		switch {
		case len(name) == 0 || len(name) > MaxName || name == metadata:
			return refuse(ErrName, "%s: tensor %q: not a name of 1 to %d bytes", IndexFile, lean.Clip(name), MaxName)
		case len(ix.WeightMap) >= MaxTensors:
			return refuse(ErrTooManyTensors, "%s: more than %d tensors", IndexFile, MaxTensors)
		}
		shard, err := d.String()
		if err != nil {
			return err
		}
		if _, ok := shards[shard]; !ok {
			if !ValidFileName(shard) {
				return refuse(ErrShardName, "%s: tensor %q: shard %q is not a plain file name (letters, digits, '.', '_', '-', no \"..\")", IndexFile, lean.Clip(name), lean.Clip(shard))
			}
			if len(shards) >= MaxShards {
				return refuse(ErrIndex, "%s: more than %d shards", IndexFile, MaxShards)
			}
			shards[shard] = shard
			ix.Shards = append(ix.Shards, shard)
		}
		ix.WeightMap[name] = shards[shard]
		return nil
	})
	lean.SortStrings(ix.Shards)
	if errors.Is(err, strictjson.ErrDuplicateKey) {
		return refuseFor(ErrDuplicateTensor, err, "%s names a tensor twice", IndexFile)
	}
	return err
}

// Check compares a shard's header with the index: each tensor must be where the map
// says, none missing, none besides. Errors are [ErrShardMismatch].
func (ix *Index) Check(shard string, h *Header) error {
	for _, t := range h.Tensors {
		switch want, ok := ix.WeightMap[t.Name]; {
		case !ok:
			return refuse(ErrShardMismatch, "%s: tensor %q is not in the index", shard, lean.Clip(t.Name))
		case want != shard:
			return refuse(ErrShardMismatch, "%s: tensor %q: the index expects it in %s", shard, lean.Clip(t.Name), want)
		}
	}
	for name, want := range ix.WeightMap {
		if want != shard {
			continue
		}
		if _, ok := h.Lookup(name); !ok {
			return refuse(ErrShardMismatch, "%s: tensor %q is missing, although the index expects it here", shard, lean.Clip(name))
		}
	}
	return nil
}

// ValidFileName reports whether a name from a model's own files may be opened or
// fetched beside them: 1 to 255 of [A-Za-z0-9._-], without "..", not starting with '.'.
func ValidFileName(name string) bool {
	if len(name) == 0 || len(name) > 255 || name[0] == '.' {
		return false
	}
	for i := range len(name) {
		switch c := name[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '-':
		case c == '.' && (i == 0 || name[i-1] != '.'):
		default:
			return false
		}
	}
	return true
}
