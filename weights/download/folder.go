package download

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/lodestone-wasm/lodestone/weights/folder"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// Report says what was fetched.
type Report struct {
	Files []File
}

// Bytes is the size of all files.
func (r *Report) Bytes() (n int64) {
	for _, f := range r.Files {
		n += f.Size
	}
	return n
}

// The largest files that are not weights, in bytes.
const (
	maxConfig    = 1 << 20
	maxTokenizer = 64 << 20
)

// needed are files without which a folder is no model.
var needed = []wanted{{name: "config.json", limit: maxConfig}}

// tokenizers are the forms of a tokenizer; the first that is there is taken.
var tokenizers = [][]wanted{
	{{name: "tokenizer.json", limit: maxTokenizer}},
	{{name: "vocab.txt", limit: maxTokenizer}},
	{{name: "vocab.json", limit: maxTokenizer}, {name: "merges.txt", limit: maxTokenizer}},
	{{name: "sentencepiece.bpe.model", limit: maxTokenizer}},
	{{name: "tokenizer.model", limit: maxTokenizer}},
	{{name: "spiece.model", limit: maxTokenizer}},
}

// useful are files that a folder may have.
var useful = []wanted{
	{name: "generation_config.json", limit: maxConfig},
	{name: "tokenizer_config.json", limit: maxTokenizer},
	{name: "special_tokens_map.json", limit: maxConfig},
	{name: "added_tokens.json", limit: maxConfig},
	{name: "chat_template.jinja", limit: maxConfig},
	{name: "sentence_bert_config.json", limit: maxConfig},
	{name: "modules.json", limit: maxConfig},
	{name: "1_Pooling/config.json", limit: maxConfig},
}

// Folder fetches a model folder into dir, which is made if there is none: the files of
// manifest.json or, without one, those that a model may have. Files that are there already
// stay if they are as the manifest says.
func (c *Client) Folder(ctx context.Context, s Source, dir string) (*Report, error) {
	r := &Report{}
	take := func(files ...wanted) error {
		for _, w := range files {
			f, err := c.file(ctx, s, dir, w)
			if err != nil {
				return err
			}
			r.Files = append(r.Files, f)
		}
		return nil
	}
	switch err := take(wanted{name: folder.ManifestFile, limit: folder.MaxManifest}); {
	case err == nil:
		return r, c.listed(dir, take)
	case !errors.Is(err, ErrNotFound):
		return nil, err
	}
	if err := take(needed...); err != nil {
		return nil, fmt.Errorf("%w; expected a model folder, with config.json and model.safetensors", err)
	}
	// The weights are asked for before the small files: without them the rest is of no use.
	index := wanted{name: safetensors.IndexFile, limit: safetensors.MaxIndex}
	switch err := take(index); {
	case err == nil:
		err = c.shards(dir, take)
		if err != nil {
			return nil, err
		}
	case !errors.Is(err, ErrNotFound):
		return nil, err
	default:
		if err := take(wanted{name: safetensors.SingleFile}); err != nil {
			return nil, fmt.Errorf("%w; the model has no safetensors weights", err)
		}
	}
	tokenizer := false
	for _, form := range tokenizers {
		err := take(form...)
		if err == nil {
			tokenizer = true
			break
		}
		if !errors.Is(err, ErrNotFound) {
			return nil, err
		}
	}
	if !tokenizer {
		return nil, fmt.Errorf("download: %s: %w: no tokenizer.json, nor a vocabulary", s, ErrNotFound)
	}
	for _, w := range useful {
		if err := take(w); err != nil && !errors.Is(err, ErrNotFound) {
			return nil, err
		}
	}
	return r, nil
}

// listed takes the files of the manifest.
func (c *Client) listed(dir string, take func(...wanted) error) error {
	m, err := folder.ReadManifest(dir)
	if err != nil {
		// A manifest that is none must not stay, or the next call would stop at it.
		return errors.Join(err, os.Remove(filepath.Join(dir, folder.ManifestFile)))
	}
	for _, f := range m.Files {
		if err := take(wanted{name: f.Path, known: &f}); err != nil {
			return err
		}
	}
	return nil
}

// shards takes the files of the index.
func (c *Client) shards(dir string, take func(...wanted) error) error {
	text, err := os.ReadFile(filepath.Join(dir, safetensors.IndexFile))
	if err != nil {
		return fmt.Errorf("download: %w", err)
	}
	ix, err := safetensors.ReadIndex(text)
	if err != nil {
		return errors.Join(err, os.Remove(filepath.Join(dir, safetensors.IndexFile)))
	}
	for _, name := range ix.Shards {
		if err := take(wanted{name: name}); err != nil {
			return err
		}
	}
	return nil
}
