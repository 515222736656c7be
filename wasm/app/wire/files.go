package wire

import (
	"fmt"
	"strings"

	"github.com/lodestone-wasm/lodestone/ui/host"
)

// Status returns an error unless a server has answered with a status of success.
func Status(status int, path string) error {
	if status >= 200 && status < 300 {
		return nil
	}
	return &host.EngineError{Code: "http_status", Message: fmt.Sprintf("got status %d for %s, expected 200", status, base(path))}
}

// Network is the error of a file that could not be fetched.
func Network(path string, err error) error {
	return &host.EngineError{Code: "network", Message: fmt.Sprintf("%s could not be fetched (%v); check the connection and try again", base(path), err)}
}

// base is the last part of a path.
func base(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// loaded reports whether a load downloads the file of a model folder.
func loaded(path string) bool {
	return path == "config.json" || path == "tokenizer.json" || strings.HasSuffix(path, ".safetensors") || strings.HasSuffix(path, ".safetensors.index.json")
}

// ManifestBytes is how many bytes a load downloads of a folder with this manifest.json.
func ManifestBytes(text string) (int64, error) {
	var m struct {
		Files []struct {
			Path string `json:"path"`
			Size int64  `json:"size"`
		} `json:"files"`
	}
	if err := decode("manifest.json", text, &m); err != nil {
		return 0, err
	}
	var sum int64
	for _, f := range m.Files {
		switch {
		case !loaded(f.Path):
		case f.Size < 0 || f.Size > 1<<40 || sum > 1<<40:
			return 0, fmt.Errorf("%w of manifest.json: %s has the size %d", ErrResult, f.Path, f.Size)
		default:
			sum += f.Size
		}
	}
	if sum == 0 {
		return 0, fmt.Errorf("%w of manifest.json: it lists no file that a model has", ErrResult)
	}
	return sum, nil
}

// ModelFiles are the files of a folder without a manifest, in the order to ask for their sizes.
var ModelFiles = []string{"config.json", "model.safetensors", "tokenizer.json"}

// FolderBytes adds up the sizes of ModelFiles, where a size is 0 if the server did not say it. Only tokenizer.json may be missing;
// without another file the result is −1.
func FolderBytes(sizes []int64) int64 {
	var sum int64
	for i, name := range ModelFiles {
		switch {
		case i < len(sizes) && sizes[i] > 0:
			sum += sizes[i]
		case name != "tokenizer.json":
			return -1
		}
	}
	return sum
}
