package lexicon

import (
	"bufio"
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// Translation is a term that another may stand for.
type Translation struct {
	Term        string  // a stem of Snowball's English algorithm
	Probability float64 // above 0, up to 1
}

//go:embed de-en.txt.gz
var packed []byte

// German has the English terms of German ones, which are stems of Snowball's German algorithm;
// the most probable one first.
var German = sync.OnceValues(func() (map[string][]Translation, error) { return read(packed) })

// read reads lines of a term and its translations, each with its probability in hundredths.
func read(b []byte) (map[string][]Translation, error) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("lexicon: %w", err)
	}
	out := map[string][]Translation{}
	lines := bufio.NewScanner(z)
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) < 3 || len(f)%2 == 0 {
			return nil, fmt.Errorf("lexicon: the line %q has %d fields; a term, then pairs of a term and a number were expected", lines.Text(), len(f))
		}
		for i := 1; i < len(f); i += 2 {
			n, err := strconv.Atoi(f[i+1])
			if err != nil || n < 1 || n > 100 {
				return nil, fmt.Errorf("lexicon: the line %q has the number %q; 1 to 100 was expected", lines.Text(), f[i+1])
			}
			out[f[0]] = append(out[f[0]], Translation{f[i], float64(n) / 100})
		}
	}
	return out, lines.Err()
}
