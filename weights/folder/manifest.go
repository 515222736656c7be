package folder

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// ManifestFile is the manifest's own name. It does not list itself.
const ManifestFile = "manifest.json"

const (
	format  = "lodestone-manifest"
	version = 1
)

// Limits on a manifest.
const (
	MaxManifest = 1 << 20   // bytes
	MaxFiles    = 1000      // files
	MaxSize     = 1<<53 - 1 // bytes in a file, so that JavaScript counts exactly, too
)

// The kinds of errors, for errors.Is.
var (
	ErrManifest = errors.New("not a valid manifest.json")
	ErrVersion  = errors.New("a manifest of another version")
	ErrPath     = errors.New("a path that is not a plain file name")

	// ErrIntegrity is every way in which files are not what their manifest says. The kinds
	// below are of this kind too.
	ErrIntegrity = errors.New("integrity check failed")
	ErrUnlisted  = failed("the manifest does not list a file")
	ErrMissing   = failed("a file that the manifest lists is missing")
	ErrSize      = failed("a file has another size than the manifest says")
	ErrHash      = failed("a file has another SHA-256 than the manifest says")
	ErrMismatch  = failed("the folder is not what its manifest says")
)

// failed is a kind of ErrIntegrity.
func failed(msg string) error { return lean.Refuse(ErrIntegrity, "%s", msg) }

// File is one line of a manifest.
type File struct {
	Path   string // a plain file name
	Size   int64  // bytes
	SHA256 string // 64 hexadecimal digits, lower case
}

// Manifest lists a model's files.
type Manifest struct {
	Files []File // in the order of the text; Encode sorts
}

func refuse(kind error, format string, args ...any) error {
	return lean.Refuse(kind, "folder: "+format, args...)
}

// ParseManifest reads a manifest.json. It is exact: unknown members, missing members,
// paths that are not plain names, two paths that differ in case only, sizes that are
// negative and hashes that are not 64 hexadecimal digits are [ErrManifest], [ErrPath] or
// [ErrVersion].
func ParseManifest(text []byte) (*Manifest, error) {
	if len(text) > MaxManifest {
		return nil, refuse(ErrManifest, "%s has %d bytes; the limit is %d", ManifestFile, len(text), MaxManifest)
	}
	m := &Manifest{}
	d := strictjson.NewDecoder(text)
	var seen [3]bool
	folded := map[string]string{} // lower case → path
	err := d.Object(func(key string) error {
		switch key {
		case "format":
			seen[0] = true
			s, err := d.String()
			if err == nil && s != format {
				err = refuse(ErrManifest, "%s: format %q, expected %q", ManifestFile, lean.Clip(s), format)
			}
			return err
		case "version":
			seen[1] = true
			n, err := d.Int()
			if err == nil && n != version {
				err = refuse(ErrVersion, "%s: version %d, expected %d: use a newer lodestone", ManifestFile, n, version)
			}
			return err
		case "files":
			seen[2] = true
			return d.Array(func(int) error {
				if len(m.Files) >= MaxFiles {
					return refuse(ErrManifest, "%s: more than %d files", ManifestFile, MaxFiles)
				}
				f, err := readFile(d)
				if err != nil {
					return err
				}
				lower := strings.ToLower(f.Path)
				if other, ok := folded[lower]; ok {
					return refuse(ErrManifest, "%s: %q and %q are one name", ManifestFile, other, f.Path)
				}
				folded[lower] = f.Path
				m.Files = append(m.Files, f)
				return nil
			})
		}
		return refuse(ErrManifest, "%s: unknown member %q, expected format, version, files", ManifestFile, lean.Clip(key))
	})
	if err == nil {
		err = d.End()
	}
	switch {
	case errors.Is(err, strictjson.ErrSyntax):
		return nil, refuse(ErrManifest, "%s: %v", ManifestFile, err)
	case err != nil:
		return nil, err
	case seen != [3]bool{true, true, true}:
		return nil, refuse(ErrManifest, "%s: expected format, version and files", ManifestFile)
	}
	return m, nil
}

func readFile(d *strictjson.Decoder) (f File, err error) {
	members := 0
	err = d.Object(func(key string) (err error) {
		members++
		switch key {
		case "path":
			if f.Path, err = d.String(); err == nil && !validPath(f.Path) {
				err = refuse(ErrPath, "%s: path %q is not a plain file name (letters, digits, '.', '_', '-', no \"..\")", ManifestFile, lean.Clip(f.Path))
			}
		case "size":
			if f.Size, err = d.Int(); err == nil && (f.Size < 0 || f.Size > MaxSize) {
				err = refuse(ErrManifest, "%s: size %d, expected 0 to %d", ManifestFile, f.Size, int64(MaxSize))
			}
		case "sha256":
			if f.SHA256, err = d.String(); err == nil && !isHash(f.SHA256) {
				err = refuse(ErrManifest, "%s: sha256 %q, expected 64 hexadecimal digits", ManifestFile, lean.Clip(f.SHA256))
			}
			f.SHA256 = strings.ToLower(f.SHA256)
		default:
			err = refuse(ErrManifest, "%s: unknown member %q, expected path, size, sha256", ManifestFile, lean.Clip(key))
		}
		return err
	})
	if err == nil && members != 3 {
		err = refuse(ErrManifest, "%s: file %q: expected path, size and sha256", ManifestFile, f.Path)
	}
	return f, err
}

func validPath(path string) bool {
	return safetensors.ValidFileName(path) && !strings.EqualFold(path, ManifestFile)
}

func isHash(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdefABCDEF") == ""
}

// Lookup finds what the manifest says about a file; [ErrUnlisted] if nothing.
func (m *Manifest) Lookup(path string) (File, error) {
	for _, f := range m.Files {
		if f.Path == path {
			return f, nil
		}
	}
	return File{}, refuse(ErrUnlisted, "%q is not in %s: write the manifest again with lode pack", lean.Clip(path), ManifestFile)
}

// again is what to do about a file that is not the one of its manifest.
const again = "fetch it again, or write the manifest again with lode pack"

// Sum is SHA256 as bytes.
func (f File) Sum() (sum [32]byte, err error) {
	if !lean.DecodeHex(sum[:], f.SHA256) {
		err = refuse(ErrManifest, "%s: sha256 %q of %q, expected 64 hexadecimal digits", ManifestFile, lean.Clip(f.SHA256), lean.Clip(f.Path))
	}
	return sum, err
}

// CheckSize compares the size of a file with what the manifest says. The error is [ErrSize].
func (f File) CheckSize(size int64) error {
	if size != f.Size {
		return refuse(ErrSize, "%q has %d bytes, %s says %d: "+again, f.Path, size, ManifestFile, f.Size)
	}
	return nil
}

// CheckSum compares the SHA-256 of a file with what the manifest says. The error is [ErrHash].
func (f File) CheckSum(sum [32]byte) error {
	want, err := f.Sum()
	if err == nil && sum != want {
		err = refuse(ErrHash, "%q has SHA-256 %x, %s says %s: "+again, f.Path, sum, ManifestFile, f.SHA256)
	}
	return err
}

// Check compares a file that arrived with what the manifest says. sha256 is in
// hexadecimal digits. Errors are [ErrUnlisted], [ErrSize], [ErrHash].
func (m *Manifest) Check(path string, size int64, sha256 string) error {
	f, err := m.Lookup(path)
	if err == nil {
		err = f.CheckSize(size)
	}
	switch {
	case err != nil:
		return err
	case !strings.EqualFold(sha256, f.SHA256):
		return refuse(ErrHash, "%q has SHA-256 %s, %s says %s: "+again, path, lean.Clip(sha256), ManifestFile, f.SHA256)
	}
	return nil
}

// TotalSize is the sum of the files' sizes in bytes.
func (m *Manifest) TotalSize() int64 {
	var n int64
	for _, f := range m.Files {
		n += f.Size // at most 1000 · 2⁵³, which fits
	}
	return n
}

// Encode is the manifest's text, one file a line, sorted by path: the same files give
// the same bytes.
func (m *Manifest) Encode() []byte {
	files := slices.Clone(m.Files)
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	b := []byte("{\n  \"format\": \"" + format + "\",\n  \"version\": " + strconv.Itoa(version) + ",\n  \"files\": [")
	for i, f := range files {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, "\n    {\"path\": "...)
		b = strictjson.AppendString(b, f.Path)
		b = strconv.AppendInt(append(b, ", \"size\": "...), f.Size, 10)
		b = strictjson.AppendString(append(b, ", \"sha256\": "...), f.SHA256)
		b = append(b, '}')
	}
	if len(files) > 0 {
		b = append(b, "\n  "...)
	}
	return append(b, "]\n}\n"...)
}
