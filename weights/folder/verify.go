//go:build !js

package folder

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Problem is one file that is not what the manifest says.
type Problem struct {
	Path string
	Err  error // of kind ErrMissing, ErrSize, ErrHash or ErrUnlisted, or of reading
}

// MismatchError lists every file that is not what the manifest says. It is
// [ErrMismatch] and the kind of each problem.
type MismatchError struct{ Problems []Problem }

func (e *MismatchError) Error() string {
	var b strings.Builder
	b.WriteString("folder: ")
	b.WriteString(strconv.Itoa(len(e.Problems)))
	b.WriteString(" of the files are not what the manifest says")
	for _, p := range e.Problems {
		b.WriteString("\n\t" + strings.TrimPrefix(p.Err.Error(), "folder: "))
	}
	return b.String()
}

// Unwrap makes errors.Is find each problem's kind.
func (e *MismatchError) Unwrap() []error {
	errs := []error{ErrMismatch}
	for _, p := range e.Problems {
		errs = append(errs, p.Err)
	}
	return errs
}

// Verify reads every file of a folder and compares it with manifest.json. All mismatches
// are reported together in a [*MismatchError], in the manifest's order; files that are
// in the folder but not in the manifest come last. progress may be nil; total is the
// bytes that will be read. Files of another size are not read.
func Verify(dir string, progress func(done, total int64)) error {
	m, err := ReadManifest(dir)
	if err != nil {
		return err
	}
	found := make([]error, len(m.Files))
	var done, total int64
	for i, f := range m.Files {
		switch info, err := os.Stat(filepath.Join(dir, f.Path)); {
		case errors.Is(err, fs.ErrNotExist), err == nil && !info.Mode().IsRegular():
			found[i] = refuse(ErrMissing, "%q is missing, or not a regular file", f.Path)
		case err != nil:
			found[i] = refuse(err, "%q: %v", f.Path, err)
		case info.Size() != f.Size:
			found[i] = m.Check(f.Path, info.Size(), "")
		default:
			total += f.Size
		}
	}
	bad := &MismatchError{}
	for i, f := range m.Files {
		err := found[i]
		if err == nil {
			var got File
			got, err = hash(dir, f.Path, func(n int) {
				// A file that grows meanwhile must not count beyond the total.
				done = min(done+int64(n), total)
				if progress != nil {
					progress(done, total)
				}
			})
			if err == nil {
				err = m.Check(f.Path, got.Size, got.SHA256)
			}
		}
		if err != nil {
			bad.Problems = append(bad.Problems, Problem{f.Path, err})
		}
	}
	names, err := list(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, err := m.Lookup(name); err != nil {
			bad.Problems = append(bad.Problems, Problem{name, err})
		}
	}
	if len(bad.Problems) > 0 {
		return bad
	}
	return nil
}
