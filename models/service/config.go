package service

import (
	"crypto/sha256"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
)

// Config says what a service offers and to whom.
type Config struct {
	// Device holds all models and serves one call at a time. Nobody else uses it.
	Device *kernels.Device
	// Models are opened by the first request that needs them. The first of each task is
	// what a request without the field "model" gets, except in /v1/embeddings, where the
	// field is required as OpenAI requires it.
	Models []Model
	// Tokens are the bearer tokens that are accepted, several so that they can be
	// rotated. Without any, the service is open to everybody who reaches it.
	Tokens []string
	// Origins are the origins whose pages may call the service (CORS), such as
	// "https://example.org"; "*" is every origin.
	Origins []string
	// Limits bound a request. A zero field is its default.
	Limits Limits
	// AutoTruncate makes vectors of the beginning of a text that is longer than the
	// model. Without it such a text is refused, unless the request says "truncate".
	AutoTruncate bool
	// MemoryOf, if set, is how many bytes each part of the program takes; /metrics states it.
	MemoryOf func() map[string]uint64
	// Log, if set, gets a line for each request, without anything of its texts.
	Log *slog.Logger
}

// Model is a model folder and what it is used for.
type Model struct {
	// ID is what requests call it.
	ID string
	// Task is the name of one of pipeline.FeatureExtraction, TextRanking,
	// TokenClassification, TextClassification and Translation.
	Task string
	// Files is the model folder.
	Files pipeline.Files
	// DType is that of pipeline.Options.
	DType string
}

// Limits bound a request.
type Limits struct {
	// Body is the most bytes of a request's body; 0 is 4 MiB.
	Body int64
	// Items is the most texts of a request; 0 is 2048, OpenAI's limit.
	Items int
	// Tokens is the most tokens of all texts of a request; 0 is 131072.
	Tokens int
	// Queue is how many requests may wait for the device; 0 is 64. A request beyond it is
	// refused with status 429.
	Queue int
	// Budget is the longest time that a request may take, with waiting; 0 is a minute, and
	// a negative one is no limit. Loading a model is not part of it, waiting for that is.
	Budget time.Duration
	// Memory is the most bytes of the device that models take together; 0 is no limit. When
	// a model has no room, the model that was not used for longest is dropped, with those
	// that were loaded after it.
	Memory uint64
}

// setDefaults fills in the fields that are zero.
func (l *Limits) setDefaults() {
	if l.Body == 0 {
		l.Body = 4 << 20
	}
	if l.Items == 0 {
		l.Items = 2048
	}
	if l.Tokens == 0 {
		l.Tokens = 131072
	}
	if l.Queue == 0 {
		l.Queue = 64
	}
	if l.Budget == 0 {
		l.Budget = time.Minute
	}
}

// modelID is what a model may be called. Ids are part of addresses, logs and metrics.
var modelID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$`)

// check is an error that names what is wrong with c.
func (c *Config) check() error {
	if c.Device == nil {
		return fmt.Errorf("service: no device")
	}
	if len(c.Models) == 0 {
		return fmt.Errorf("service: no model is configured")
	}
	seen := map[string]bool{}
	for _, m := range c.Models {
		switch {
		case !modelID.MatchString(m.ID):
			return fmt.Errorf("service: model id %q; expected letters, digits, '.', '_', '/' and '-'", m.ID)
		case seen[m.ID]:
			return fmt.Errorf("service: two models are called %q", m.ID)
		case kinds[m.Task] == nil:
			return fmt.Errorf("service: model %s: task %q; expected one of %s", m.ID, m.Task, strings.Join(taskNames(), ", "))
		case m.Files == nil:
			return fmt.Errorf("service: model %s has no files", m.ID)
		}
		seen[m.ID] = true
	}
	if l := c.Limits; l.Body < 0 || l.Items < 0 || l.Tokens < 0 || l.Queue < 0 {
		return fmt.Errorf("service: a limit is negative: %+v", l)
	}
	if slices.ContainsFunc(c.Tokens, func(t string) bool { return len(t) < 16 }) {
		return fmt.Errorf("service: a bearer token has less than 16 characters")
	}
	return nil
}

// sums are the SHA-256 of tokens, all of one length, so that comparing takes the same
// time for each.
func sums(tokens []string) [][32]byte {
	var all [][32]byte
	for _, t := range tokens {
		all = append(all, sha256.Sum256([]byte(t)))
	}
	return all
}
