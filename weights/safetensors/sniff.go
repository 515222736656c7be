package safetensors

import (
	"bytes"
	"strings"
)

// sniff recognises what people hand over instead of a model, from its first bytes. It
// is asked only when these cannot be a header's length.
func sniff(head []byte) error {
	text := strings.ToLower(string(bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")))
	switch {
	case strings.HasPrefix(text, "<!doc"), strings.HasPrefix(text, "<html"), strings.HasPrefix(text, "<head"), strings.HasPrefix(text, "<?xml"):
		return refuse(ErrHTML, "got HTML, expected a model: the server answered with a page (a 404 that was rewritten, or a login)")
	case bytes.HasPrefix(head, []byte("version ")):
		return refuse(ErrLFSPointer, "got a git-lfs pointer, expected a model: run git lfs pull, or download the file itself")
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("\x80\x02\x8a\x0a")):
		return refuse(ErrPyTorch, "got a PyTorch file (zip or pickle), expected safetensors: save it with safetensors.torch.save_file")
	case bytes.HasPrefix(head, []byte("GGUF")):
		return refuse(ErrGGUF, "got a GGUF file, expected safetensors: use the model's original folder")
	case strings.HasPrefix(text, "{"):
		return refuse(ErrNotSafetensors, "got JSON text, expected a model: the server answered with a message, or this is a configuration")
	case strings.HasPrefix(text, "not found"), strings.HasPrefix(text, "entry no"), strings.HasPrefix(text, "invalid "):
		return refuse(ErrNotSafetensors, "got the text %q, expected a model: the server answered with a message", text)
	}
	return nil
}
