package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/weights/folder"
)

func TestManifestComparesSizeAndHash(t *testing.T) {
	m := &folder.Manifest{Files: []folder.File{{Path: "config.json", Size: 3, SHA256: strings.Repeat("ab", 32)}}}
	s, err := listed(m, "config.json")
	if err != nil {
		t.Fatal(err)
	}
	var same, other [32]byte
	for i := range same {
		same[i] = 0xab
	}
	if err := s.compare("config.json", 3, same); err != nil {
		t.Errorf("the same file: %v", err)
	}
	if err := s.compare("config.json", 4, same); !errors.Is(err, errIntegrity) {
		t.Errorf("another size: %v", err)
	}
	if err := s.compare("config.json", 3, other); !errors.Is(err, errIntegrity) {
		t.Errorf("another hash: %v", err)
	}
	if _, err := listed(m, "tokenizer.json"); !errors.Is(err, folder.ErrUnlisted) {
		t.Errorf("a file that is not listed: %v", err)
	}
}
