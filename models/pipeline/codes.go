package pipeline

import (
	"errors"
	"io"
	"strings"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/crop"
	"github.com/lodestone-wasm/lodestone/models/generate"
	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/kformer"
	"github.com/lodestone-wasm/lodestone/models/metalm"
	"github.com/lodestone-wasm/lodestone/models/tasks"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
	"github.com/lodestone-wasm/lodestone/weights/folder"
	"github.com/lodestone-wasm/lodestone/weights/quant"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// The kinds of errors of whoever asks for a task.
var (
	// ErrAborted: the caller has ended the call.
	ErrAborted = errors.New("aborted")
	// ErrRequest: a call that makes no sense, whatever the model is.
	ErrRequest = errors.New("invalid request")
)

// codes says which code an error has in JavaScript, and what its reader can do. The
// first line whose kind errors.Is finds in the error decides, so particular kinds
// come before general ones. The codes are those of web/src/protocol/error.ts.
var codes = []struct {
	kind   error
	code   string
	remedy string
}{
	{ErrAborted, "aborted", ""},
	{ErrRequest, "invalid_argument", ""},
	{ErrTooLarge, "config_invalid", "take the file from the model's release"},
	{folder.ErrManifest, "manifest_invalid", "write it again with lode pack"},
	{folder.ErrVersion, "manifest_invalid", ""},
	{folder.ErrPath, "manifest_invalid", "write it again with lode pack"},
	{folder.ErrUnlisted, "integrity", ""},
	{folder.ErrIntegrity, "integrity", ""},
	{ErrNoFile, "file_missing", "a model folder needs config.json, tokenizer.json and model.safetensors"},
	{ErrDisagree, "tokenizer_invalid", "take tokenizer.json and config.json from one release"},

	{safetensors.ErrHTML, "html_instead_of_model", "the server rewrote a 404 into a page: check the address"},
	{safetensors.ErrTruncated, "truncated", "fetch the file again"},
	{io.ErrUnexpectedEOF, "truncated", "fetch the file again"},
	{safetensors.ErrHeaderTooLarge, "header_too_large", "no real model has such a header: fetch the file again"},
	{safetensors.ErrTooManyTensors, "header_too_large", "no real model has that many tensors"},
	{safetensors.ErrOverlap, "tensor_overlap", "the file is damaged or hostile: do not use it"},
	{safetensors.ErrUnknownDType, "unsupported_dtype", "convert the weights to F32, F16, BF16 or I8"},
	{safetensors.ErrRank, "wrong_shape", "take config.json and the weights from one release"},
	{safetensors.ErrShape, "wrong_shape", "the file is damaged: fetch it again"},
	{safetensors.ErrSize, "wrong_shape", "the file is damaged: fetch it again"},
	{transformer.ErrMissingTensor, "missing_tensor", "take config.json and the weights from one release"},
	{transformer.ErrUnexpectedTensor, "wrong_shape", "take config.json and the weights from one release"},
	{transformer.ErrShape, "wrong_shape", "take config.json and the weights from one release"},
	{safetensors.ErrFormat, "not_safetensors", "point to a folder with a model.safetensors"},

	{quant.ErrNotFinite, "invalid_weight", "the file is damaged: fetch it again"},
	{quant.ErrScale, "invalid_weight", "the file is damaged: fetch it again"},
	{quant.ErrShape, "wrong_shape", "take config.json and the weights from one release"},
	{quant.ErrUnsupported, "config_unsupported", "use a quantisation of 8 bits by channel or of 4 bits in groups, or the original weights"},
	{quant.ErrConfig, "config_invalid", "take config.json from the model's release"},
	{transformer.ErrUnsupported, "config_unsupported", "see MODELS.md for the models that are supported"},
	{transformer.ErrConfig, "config_invalid", "take config.json from the model's release"},
	{tokenizer.ErrUnsupported, "tokenizer_unsupported", "see MODELS.md for the models that are supported"},
	{tokenizer.ErrInvalid, "tokenizer_invalid", "take tokenizer.json from the model's release"},
	{tokenizer.ErrInvalidText, "invalid_text", ""},
	{tokenizer.ErrNoUnknown, "invalid_text", "leave the character out"},
	{tokenizer.ErrOptions, "invalid_argument", ""},
	{tasks.ErrPooling, "invalid_argument", ""},
	{tasks.ErrModel, "config_unsupported", ""},
	{kformer.ErrModel, "config_unsupported", ""},
	{metalm.ErrConnector, "config_invalid", "take config.json from the model's release"},
	{tasks.ErrLanguage, "invalid_argument", ""},
	{generate.ErrOptions, "invalid_argument", ""},
	{heads.ErrKind, "invalid_argument", ""},
	{heads.ErrNoHead, "missing_tensor", "use a folder of a model that was trained for this task"},
	{tasks.ErrInput, "invalid_argument", ""},
	{tasks.ErrHead, "invalid_argument", "load the folder for this task"},
	{tasks.ErrNotFinite, "invalid_weight", "the weights are damaged: fetch them again"},
	{crop.ErrTooManyEntities, "invalid_argument", ""},
	{crop.ErrReserved, "invalid_text", ""},
	{crop.ErrInput, "invalid_argument", ""},
	{crop.ErrModel, "invalid_argument", ""},
	{transformer.ErrTooLong, "invalid_argument", "truncate the text"},
	{transformer.ErrInput, "invalid_argument", ""},

	{kernels.ErrLost, "device_lost", "call again: the next call asks for the GPU once more, and then runs on the processor"},
	{kernels.ErrMemory, "out_of_memory", "use fewer or shorter texts in a call, a smaller model or dtype 'q8'; dispose() of models that are not needed"},
	{kernels.ErrArgument, "internal", "this is a bug in Lodestone, please report it"},
}

// Code is the code of an error, one of those of web/ERRORS.md, and its text with what
// its reader can do about it. An error that is not in the table may have a kind with a
// method Code, as those of package chat; any other is "internal".
func Code(err error) (code, text string) {
	for _, c := range codes {
		if !errors.Is(err, c.kind) {
			continue
		}
		return c.code, withRemedy(err, c.remedy)
	}
	var own interface {
		error
		Code() (code, remedy string)
	}
	if errors.As(err, &own) {
		code, remedy := own.Code()
		return code, withRemedy(err, remedy)
	}
	return "internal", err.Error() + "; this is a bug in Lodestone, please report it"
}

// withRemedy is the text of an error with what its reader can do, said once.
func withRemedy(err error, remedy string) string {
	text := err.Error()
	if remedy != "" && !says(text, remedy) {
		text += "; " + remedy
	}
	return text
}

// says tells whether an error says its remedy itself: in the same words, or that the file is
// to be fetched again.
func says(text, remedy string) bool {
	if strings.Contains(text, remedy) {
		return true
	}
	for _, again := range []string{"fetch the file again", "fetch it again"} {
		if strings.Contains(text, again) {
			return strings.Contains(remedy, "fetch the file again") || strings.Contains(remedy, "fetch it again")
		}
	}
	return false
}
