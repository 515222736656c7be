//go:build !js

package folder_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/lodestone-wasm/lodestone/weights/folder"
)

// A manifest is written once, by whoever publishes the model, and checked by everybody.
func ExampleVerify() {
	dir, err := os.MkdirTemp("", "model")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	config := filepath.Join(dir, "config.json")
	os.WriteFile(config, []byte(`{"layers": 4}`), 0o644)
	if _, err := folder.Pack(dir); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(folder.Verify(dir, nil))

	os.WriteFile(config, []byte(`{"layers": 5}`), 0o644)
	err = folder.Verify(dir, nil)
	fmt.Println(errors.Is(err, folder.ErrHash))
	// Output:
	// <nil>
	// true
}
