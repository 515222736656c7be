//go:build !js

package safetensors

import (
	"errors"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Folder is the weights of a model folder, one file or several shards, as one set of
// tensors. Its methods may be called from several goroutines.
type Folder struct {
	Metadata map[string]string // of the first file that has any
	Tensors  []Tensor          // shard after shard, each in file order; offsets are within the shard
	files    []*File
	at       map[string]int // index in files
}

// OpenFolder opens dir's model.safetensors or, if there is none, the shards that
// model.safetensors.index.json lists, which must hold exactly what it says.
func OpenFolder(dir string) (*Folder, error) {
	single := filepath.Join(dir, SingleFile)
	names := []string{SingleFile}
	var ix *Index
	if _, err := os.Stat(single); errors.Is(err, fs.ErrNotExist) {
		if ix, err = openIndex(filepath.Join(dir, IndexFile)); err != nil {
			return nil, err
		}
		names = ix.Shards
	}
	f := &Folder{at: map[string]int{}}
	for i, name := range names {
		file, err := Open(filepath.Join(dir, name))
		if err != nil {
			f.Close()
			return nil, err
		}
		f.files = append(f.files, file)
		if ix != nil {
			if err := ix.Check(name, file.Header); err != nil {
				f.Close()
				return nil, in(dir, err)
			}
		}
		if f.Metadata == nil {
			f.Metadata = file.Metadata
		}
		for _, t := range file.Tensors {
			f.at[t.Name] = i
			f.Tensors = append(f.Tensors, t)
		}
	}
	return f, nil
}

func openIndex(path string) (*Index, error) {
	f, err := OpenRegular(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, in(filepath.Dir(path), refuse(ErrNotSafetensors, "neither %s nor %s: not a model folder with safetensors weights", SingleFile, IndexFile))
	}
	if err != nil {
		return nil, in("open", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, MaxIndex+1))
	if err != nil {
		return nil, in(path, err)
	}
	ix, err := ReadIndex(text)
	if err != nil {
		return nil, in(filepath.Dir(path), err)
	}
	return ix, nil
}

// Close closes all files.
func (f *Folder) Close() error {
	var errs []error
	for _, file := range f.files {
		errs = append(errs, file.Close())
	}
	return errors.Join(errs...)
}

// Lookup finds a tensor in any shard.
func (f *Folder) Lookup(name string) (Tensor, bool) {
	i, ok := f.at[name]
	if !ok {
		return Tensor{}, false
	}
	return f.files[i].Lookup(name)
}

// Section is [File.Section].
func (f *Folder) Section(name string) (*io.SectionReader, Tensor, error) {
	file, err := f.file(name)
	if err != nil {
		return nil, Tensor{}, err
	}
	return file.Section(name)
}

// ReadTensor is [File.ReadTensor].
func (f *Folder) ReadTensor(name string) ([]byte, error) {
	file, err := f.file(name)
	if err != nil {
		return nil, err
	}
	return file.ReadTensor(name)
}

// Float32s is [File.Float32s].
func (f *Folder) Float32s(name string) ([]float32, error) {
	file, err := f.file(name)
	if err != nil {
		return nil, err
	}
	return file.Float32s(name)
}

func (f *Folder) file(name string) (*File, error) {
	i, ok := f.at[name]
	if !ok {
		return nil, refuse(ErrNotFound, "no tensor %q among %d", lean.Clip(name), len(f.Tensors))
	}
	return f.files[i], nil
}
