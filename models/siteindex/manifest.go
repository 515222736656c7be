package siteindex

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
)

// FormatName and FormatVersion say which indexes this package reads and writes.
const (
	FormatName    = "lodestone-site-index"
	FormatVersion = 2
)

const maxManifest = 256 << 10

// ErrVersion is the error of an index of another version.
var ErrVersion = errors.New("another version of the index")

// Manifest is manifest.json.
type Manifest struct {
	Format    string            `json:"format"`
	Version   int               `json:"version"`
	Build     string            `json:"build"`
	Base      string            `json:"base"`
	Languages []string          `json:"languages"`
	Pages     int               `json:"pages"`
	Passages  int               `json:"passages"`
	Terms     int               `json:"terms"`
	K1        float64           `json:"k1"`
	Fusion    Fusion            `json:"fusion"`
	Tables    map[string]stored `json:"tables"`
	// Translates is the language whose words the table translations has, "" without one.
	Translates string  `json:"translates,omitempty"`
	Static     *Static `json:"static,omitempty"`
	Facets     []Facet `json:"facets,omitempty"`
	Total      Total   `json:"total"`
}

// Fusion are the weights of reciprocal rank fusion (Cormack, Clarke, Büttcher, SIGIR 2009).
type Fusion struct {
	K        float64 `json:"k"`
	Keywords float64 `json:"keywords"`
	Static   float64 `json:"static"`
}

// Static describes the static vectors.
type Static struct {
	Model        string    `json:"model"`
	Dim          int       `json:"dim"`
	Pieces       int       `json:"pieces"`
	RowsPerChunk int       `json:"rowsPerChunk"`
	Threshold    Threshold `json:"threshold"`
}

// Threshold are similarities: at Close and above a passage is close to a query, below
// Related it is no answer.
type Threshold struct {
	Close   float64 `json:"close"`
	Related float64 `json:"related"`
}

// Total counts the chunks.
type Total struct {
	Chunks int   `json:"chunks"`
	Bytes  int64 `json:"bytes"`
}

// FacetValue is a value of a facet and how many pages have it: in JSON [value, pages].
type FacetValue struct {
	Value string
	Pages int
}

// MarshalJSON writes [value, pages].
func (v FacetValue) MarshalJSON() ([]byte, error) { return json.Marshal([]any{v.Value, v.Pages}) }

// UnmarshalJSON reads [value, pages].
func (v *FacetValue) UnmarshalJSON(b []byte) error {
	pair := [2]json.RawMessage{}
	if err := json.Unmarshal(b, &pair); err != nil {
		return err
	}
	if err := json.Unmarshal(pair[0], &v.Value); err != nil {
		return err
	}
	return json.Unmarshal(pair[1], &v.Pages)
}

func parseManifest(b []byte) (*Manifest, error) {
	if len(b) > maxManifest {
		return nil, fmt.Errorf("siteindex: manifest.json has %d bytes; at most %d are read", len(b), maxManifest)
	}
	var m Manifest
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, fmt.Errorf("siteindex: manifest.json is %w: %w", ErrDamaged, err)
	}
	if m.Format != FormatName {
		return nil, fmt.Errorf("siteindex: manifest.json has format %q; %q was expected: is this the folder that lode index wrote?", m.Format, FormatName)
	}
	if m.Version != FormatVersion {
		return nil, fmt.Errorf("siteindex: %w: it has version %d, this reader knows %d: run lode index again", ErrVersion, m.Version, FormatVersion)
	}
	const most = 1 << 28
	if m.Pages < 0 || m.Passages < m.Pages || m.Passages > most || m.Terms < 0 || m.Terms > most {
		return nil, fmt.Errorf("siteindex: manifest.json is %w: %d pages, %d passages, %d terms", ErrDamaged, m.Pages, m.Passages, m.Terms)
	}
	if s := m.Static; s != nil && (s.Dim < 4 || s.Dim > 1024 || s.Dim%4 != 0 || s.RowsPerChunk < 1 || s.Pieces < 1 || s.Pieces >= 65535) {
		return nil, fmt.Errorf("siteindex: manifest.json is %w: static vectors of %d dimensions, %d pieces, %d rows in a chunk", ErrDamaged, s.Dim, s.Pieces, s.RowsPerChunk)
	}
	return &m, nil
}

// seal sets the build and writes the JSON.
func (m *Manifest) seal() ([]byte, error) {
	m.Build = ""
	b, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	m.Build = hex.EncodeToString(sum[:16])
	b, err = json.MarshalIndent(m, "", " ")
	if err == nil && len(b) > maxManifest {
		err = fmt.Errorf("siteindex: the manifest has %d bytes; the format allows %d: there are too many values of facets", len(b), maxManifest)
	}
	return append(b, '\n'), err
}
