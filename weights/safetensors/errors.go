package safetensors

import "github.com/lodestone-wasm/lodestone/kernels/lean"

// ErrFormat is every refusal of this package that is about the bytes of a file
// rather than about reaching it: errors.Is(err, ErrFormat).
const ErrFormat = kind("not a valid safetensors model")

// What was handed over instead of a safetensors file.
const (
	ErrHTML            = kind("an HTML page instead of a model")          // a server's 404 or login page
	ErrLFSPointer      = kind("a git-lfs pointer instead of a model")     // a clone without git-lfs
	ErrPyTorch         = kind("a PyTorch file instead of safetensors")    // zip or pickle: pytorch_model.bin
	ErrGGUF            = kind("a GGUF file instead of safetensors")       // llama.cpp's format
	ErrNotSafetensors  = kind("not a safetensors file")                   // no header where it should be
	ErrTruncated       = kind("the file ends early")                      // an interrupted download
	ErrTrailing        = kind("bytes after the last tensor")              // data that no tensor claims
	ErrHeaderTooLarge  = kind("the header is larger than is read")        // beyond MaxHeader
	ErrHeaderJSON      = kind("the header is not valid JSON")             // or not the JSON of a header
	ErrMetadata        = kind("__metadata__ is not strings by name")      // {"string": "string"}
	ErrTooManyTensors  = kind("more tensors than are read")               // beyond MaxTensors
	ErrName            = kind("a tensor's name is empty or too long")     // 1 to MaxName bytes
	ErrDuplicateTensor = kind("two tensors of one name")                  // in a file, or in two shards
	ErrMember          = kind("a tensor's description is not of 3 parts") // dtype, shape, data_offsets
	ErrUnknownDType    = kind("a data type that is not read")             // beyond the DType constants
	ErrRank            = kind("more dimensions than are read")            // beyond MaxRank
	ErrShape           = kind("a shape that no tensor has")               // negative, fraction, too large
	ErrSize            = kind("shape and data_offsets disagree")          // elements × width ≠ end − begin
	ErrOffsets         = kind("data_offsets that no tensor has")          // negative, fraction, end < begin
	ErrOverlap         = kind("two tensors share bytes")
	ErrHole            = kind("bytes between two tensors")
)

// Of shards and of what a caller asks for.
const (
	ErrIndex         = kind("not a valid model.safetensors.index.json")
	ErrShardName     = kind("a shard name that is not a plain file name")
	ErrShardMismatch = kind("index and shards disagree")
	ErrNotFound      = kind("no such tensor")
	ErrType          = kind("a tensor of another type")
	ErrEntry         = kind("an entry that cannot be written")
)

// kind is a sentinel. Its text is its identity.
type kind string

func (k kind) Error() string { return string(k) }

// Is makes all that is about a file's bytes ErrFormat.
func (k kind) Is(target error) bool {
	switch k {
	case ErrNotFound, ErrType, ErrEntry:
		return false
	}
	return target == error(ErrFormat)
}

// refusal is a sentence about one object, of a kind.
type refusal struct {
	kind  kind
	where string // file, or empty
	msg   string
	cause error // or nil
}

func (r *refusal) Error() string {
	s := "weights: "
	if r.where != "" {
		s += r.where + ": "
	}
	s += r.msg
	if r.cause != nil {
		s += ": " + r.cause.Error()
	}
	return s
}

func (r *refusal) Unwrap() []error {
	if r.cause == nil {
		return []error{r.kind}
	}
	return []error{r.kind, r.cause}
}

func refuse(k kind, format string, args ...any) error {
	return &refusal{kind: k, msg: lean.Sprintf(format, args...)}
}

func refuseFor(k kind, cause error, format string, args ...any) error {
	return &refusal{kind: k, msg: lean.Sprintf(format, args...), cause: cause}
}

// in names the file that an error is about.
func in(file string, err error) error {
	if r, ok := err.(*refusal); ok && r.where == "" {
		return &refusal{kind: r.kind, where: file, msg: r.msg, cause: r.cause}
	}
	return lean.Errorf("weights: %s: %w", file, err)
}
