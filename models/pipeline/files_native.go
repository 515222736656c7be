//go:build !js

package pipeline

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// Dir is a model folder of the operating system.
func Dir(path string) Files {
	return fsFiles{os.DirFS(path), filepath.Clean(path) + string(filepath.Separator)}
}

// FS is a model folder in a file system: an embed.FS, for example, or a part of one.
func FS(fsys fs.FS) Files { return fsFiles{fsys, ""} }

// fsFiles are the files of an fs.FS. Only regular files are opened: a pipe or a device
// that somebody put into a folder would be read for ever.
type fsFiles struct {
	fsys fs.FS
	dir  string // what stands before a name in errors
}

// stat is an error unless name is a regular file.
func (f fsFiles) stat(name string) (fs.FileInfo, error) {
	info, err := fs.Stat(f.fsys, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("pipeline: %s%s: %w: %w", f.dir, name, ErrNoFile, fs.ErrNotExist)
	case err != nil:
		return nil, fmt.Errorf("pipeline: %s%s: %w", f.dir, name, err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("pipeline: %s%s is not a regular file (%s)", f.dir, name, info.Mode().Type())
	}
	return info, nil
}

func (f fsFiles) ReadFile(name string, limit int64) ([]byte, error) {
	info, err := f.stat(name)
	if err != nil {
		return nil, err
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("pipeline: %s%s: %w: it has %d bytes, the limit for this file is %d", f.dir, name, ErrTooLarge, info.Size(), limit)
	}
	file, err := f.fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("pipeline: %s%s: %w", f.dir, name, err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, limit+1)) // it may grow while it is read
	if err == nil && int64(len(text)) > limit {
		err = fmt.Errorf("%w: it has more than %d bytes", ErrTooLarge, limit)
	}
	if err != nil {
		return nil, fmt.Errorf("pipeline: %s%s: %w", f.dir, name, err)
	}
	return text, nil
}

func (f fsFiles) Weights() ([]string, error) {
	_, err := f.stat(WeightsFile)
	if !errors.Is(err, ErrNoFile) {
		return []string{WeightsFile}, err
	}
	index, err := f.ReadFile(IndexFile, maxIndex)
	if errors.Is(err, ErrNoFile) {
		return nil, fmt.Errorf("pipeline: neither %[1]s%[2]s nor %[1]s%[3]s: %[4]w: %[5]w", f.dir, WeightsFile, IndexFile, ErrNoFile, fs.ErrNotExist)
	}
	if err != nil {
		return nil, err
	}
	names, err := ShardNames(index)
	if err != nil {
		return nil, fmt.Errorf("pipeline: %s%s: %w", f.dir, IndexFile, err)
	}
	return names, nil
}

func (f fsFiles) Open(dev *kernels.Device, name string) (Stream, error) {
	info, err := f.stat(name)
	if err != nil {
		return nil, err
	}
	file, err := f.fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("pipeline: %s%s: %w", f.dir, name, err)
	}
	return &fsStream{transformer.NewStream(dev, name, info.Size(), file), file}, nil
}

// fsStream is a file of an fs.FS. Its size is known, so that SetSize has nothing to do.
type fsStream struct {
	transformer.Stream
	file fs.File
}

func (s *fsStream) SetSize(int64)    {}
func (s *fsStream) Close(bool) error { return s.file.Close() }
