package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/lodestone-wasm/lodestone/models/thex"
	"github.com/lodestone-wasm/lodestone/models/thex/remote"
)

// encryptedResult is a line of `lode encrypt-classify --json`.
type encryptedResult struct {
	Text      string    `json:"text"`
	Label     string    `json:"label"`
	Logits    []float64 `json:"logits"`
	Truncated bool      `json:"truncated"`
	Up        int       `json:"up"`
	Down      int       `json:"down"`
	Seconds   float64   `json:"seconds"`
}

func init() {
	register(textsGroup, func(e *env) *flags {
		f := newCommand(e, "encrypt-classify --server URL --model MODEL TEXT...", "classes of texts, computed under encryption by lode serve --encrypted")
		url := f.String("server", "", "address of encrypted runs, which lode serve --encrypted prints")
		model := f.modelFlag()
		tokens := f.Int("tokens", thex.DefaultTokens, "tokens that texts are padded to, as at the server")
		return f.runs(1, -1, func(args []string) error { return f.encryptClassify(e, *url, *model, *tokens, args) })
	})
}

// encryptClassify has texts classified by a server that cannot read them.
func (f *flags) encryptClassify(e *env, url, model string, tokens int, texts []string) error {
	if url == "" {
		return fmt.Errorf("%w: no --server", errUsage)
	}
	dir, err := f.modelDir(e, model)
	if err != nil {
		return err
	}
	folder, err := thex.OpenFolder(dir, tokens)
	if err != nil {
		return err
	}
	ctx := e.context()
	begin := time.Now()
	s, err := remote.Open(ctx, url, folder, &http.Client{Timeout: 10 * time.Minute})
	if err != nil {
		return err
	}
	fmt.Fprintf(e.err, "keys: %.1f MB made and sent in %.1f s\n", float64(s.KeyBytes)/1e6, time.Since(begin).Seconds())
	for _, text := range texts {
		begin := time.Now()
		r, err := s.Classify(ctx, text, func(x remote.Step) {
			fmt.Fprintf(e.err, "exchange %d: up %.2f MB, down %.2f MB, server %.2f s, client %.2f s\n", x.Exchange, float64(x.Up)/1e6, float64(x.Down)/1e6, x.Server.Seconds(), x.Client.Seconds())
		})
		if err != nil {
			return err
		}
		y := encryptedResult{Text: text, Label: r.Label, Logits: r.Logits, Truncated: r.Truncated, Seconds: time.Since(begin).Seconds()}
		for _, x := range r.Steps {
			y.Up, y.Down = y.Up+x.Up, y.Down+x.Down
		}
		if *f.json {
			err = json.NewEncoder(e.out).Encode(y)
		} else {
			_, err = fmt.Fprintf(e.out, "%s\t%.4f\t%s\n", y.Label, y.Logits, text)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
