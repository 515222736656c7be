package download_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/lodestone-wasm/lodestone/weights/download"
)

// A folder of this repository is served, and fetched: its manifest lists the files and their
// SHA-256.
func ExampleClient_Folder() {
	server := httptest.NewServer(http.FileServer(http.Dir("..")))
	defer server.Close()
	dir, err := os.MkdirTemp("", "model")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	source, err := download.Address(server.URL + "/thex-kinds-en/")
	if err != nil {
		fmt.Println(err)
		return
	}
	var c download.Client
	report, err := c.Folder(context.Background(), source, dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range report.Files {
		fmt.Println(f.Path, f.Verified)
	}
	// Output:
	// manifest.json size
	// LICENSE manifest
	// MODEL_CARD.md manifest
	// config.json manifest
	// model.safetensors manifest
	// tokenizer.json manifest
}
