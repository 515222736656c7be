package main

import (
	"encoding/json"
	"fmt"

	"github.com/lodestone-wasm/lodestone/weights/folder"
)

// packed is what `lode pack --json` prints.
type packed struct {
	Dir   string       `json:"dir"`
	Bytes int64        `json:"bytes"`
	Files []packedFile `json:"files"`
}

type packedFile struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

func init() {
	register(foldersGroup, func(e *env) *flags {
		f := newCommand(e, "pack DIR", "write manifest.json with the SHA-256 of every file")
		return f.runs(1, 1, func(args []string) error { return f.pack(e, args[0]) })
	})
}

func (f *flags) pack(e *env, dir string) error {
	m, err := folder.Pack(dir)
	if err != nil {
		return err
	}
	if *f.json {
		v := packed{Dir: dir, Bytes: m.TotalSize()}
		for _, x := range m.Files {
			v.Files = append(v.Files, packedFile{x.Path, x.Size, x.SHA256})
		}
		return json.NewEncoder(e.out).Encode(v)
	}
	for _, x := range m.Files {
		fmt.Fprintf(e.out, "%s  %10d  %s\n", x.SHA256, x.Size, x.Path)
	}
	fmt.Fprintf(e.out, "%d files, %s\n", len(m.Files), megabytes(m.TotalSize()))
	return nil
}
