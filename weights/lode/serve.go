package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/service"
	"github.com/lodestone-wasm/lodestone/models/thex"
	"github.com/lodestone-wasm/lodestone/models/thex/evaluator"
	"github.com/lodestone-wasm/lodestone/models/thex/server"
)

// serveFlags are those of `lode serve`.
type serveFlags struct {
	addr, tokenFile, dtype string
	origins                []string
	models                 []servedModel
	limits                 service.Limits
	truncate               bool
	grace                  time.Duration
	encrypted              string // folder of a THE-X classifier
	encryptedTokens        int
}

func init() {
	register(textsGroup, func(e *env) *flags {
		f := newCommand(e, "serve [--model [NAME=]MODEL] [--encrypted MODEL]", "an embeddings service over HTTP, with the calls of OpenAI, Cohere, Jina and Text Embeddings Inference").computes()
		var o serveFlags
		o.define(f)
		return f.runs(0, 0, func([]string) error { return f.serve(e, o) })
	})
}

func (o *serveFlags) define(f *flags) {
	f.StringVar(&o.addr, "addr", "127.0.0.1:8080", "address to listen on")
	f.StringVar(&o.tokenFile, "token-file", "", "file of bearer tokens, one a line; without it, everybody is served")
	f.StringVar(&o.dtype, "dtype", "auto", dtypeUsage)
	f.StringArrayVar(&o.origins, "origin", nil, "origin whose pages may call, such as https://example.org, or *; may be repeated")
	f.BoolVar(&o.truncate, "auto-truncate", false, "make vectors of the beginning of texts that are longer than the model; else they are refused")
	f.Int64Var(&o.limits.Body, "max-body", 0, "most bytes of a request; 0: 4 MiB")
	f.IntVar(&o.limits.Tokens, "max-tokens", 0, "most tokens of a request; 0: 131072")
	f.IntVar(&o.limits.Queue, "queue", 0, "most requests that wait; 0: 64")
	f.DurationVar(&o.limits.Budget, "budget", 0, "longest time of a request; 0: 1m; negative: no limit")
	f.Uint64Var(&o.limits.Memory, "memory", 0, "most bytes that models take together; those that were not used for longest are dropped; 0: no limit")
	f.DurationVar(&o.grace, "grace", 10*time.Second, "how long requests may take after an interrupt")
	f.StringVar(&o.encrypted, "encrypted", "", "THE-X classifier that answers encrypted runs under /encrypted: those of lode encrypt-classify and of the demo's view Private")
	f.IntVar(&o.encryptedTokens, "encrypted-tokens", thex.DefaultTokens, "tokens that encrypted texts are padded to")
	for _, m := range []struct{ flag, task, about string }{
		{"model", pipeline.FeatureExtraction.Name, "/v1/embeddings and /v1/rerank"},
		{"rerank", pipeline.TextRanking.Name, "/v1/rerank, a cross-encoder"},
		{"entities", pipeline.TokenClassification.Name, "/v1/entities"},
		{"classify", pipeline.TextClassification.Name, "/v1/classify"},
		{"translate", pipeline.Translation.Name, "/v1/translate"},
	} {
		f.Func(m.flag, "model for "+m.about+", as MODEL or NAME=MODEL; may be repeated", func(s string) error {
			name, model, named := strings.Cut(s, "=")
			if !named {
				name, model = filepath.Base(filepath.Clean(s)), s
			}
			o.models = append(o.models, servedModel{service.Model{ID: name, Task: m.task}, model})
			return nil
		})
	}
}

// servedModel is a model that is served, and how the caller names it.
type servedModel struct {
	service.Model
	name string
}

// tokens reads a file of tokens. Lines that are empty or begin with # are left out.
func (o *serveFlags) tokens() ([]string, error) {
	if o.tokenFile == "" {
		return nil, nil
	}
	text, err := os.ReadFile(o.tokenFile)
	if err != nil {
		return nil, err
	}
	var all []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			all = append(all, line)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s has no token; expected one a line", o.tokenFile)
	}
	return all, nil
}

// serve answers requests until the context of e ends; then it lets those that run come to an end.
func (f *flags) serve(e *env, o serveFlags) error {
	ctx := e.context()
	if len(o.models) == 0 && o.encrypted == "" {
		return fmt.Errorf("%w: no --model", errUsage)
	}
	tokens, err := o.tokens()
	if err != nil {
		return err
	}
	if o.encrypted != "" && tokens != nil {
		return fmt.Errorf("%w: --encrypted with --token-file: encrypted runs have no tokens; serve them by a process of their own", errUsage)
	}
	dev, err := f.device()
	if err != nil {
		return err
	}
	var models []service.Model
	for _, m := range o.models {
		dir, err := f.modelDir(e, m.name)
		if err != nil {
			return err
		}
		m.DType, m.Files = o.dtype, pipeline.Dir(dir)
		// Weights are read by the first request; a folder that is not one is found now.
		if _, err := pipeline.Read(dev, m.Files, pipeline.Options{}); err != nil {
			return err
		}
		models = append(models, m.Model)
	}
	if o.encrypted != "" {
		if o.encrypted, err = f.modelDir(e, o.encrypted); err != nil {
			return err
		}
	}
	handler := http.NotFoundHandler()
	if len(models) > 0 {
		if handler, err = service.New(service.Config{
			Device: dev, Models: models, Tokens: tokens, Origins: o.origins, Limits: o.limits, AutoTruncate: o.truncate,
			Log: slog.New(slog.NewJSONHandler(e.err, nil)),
		}); err != nil {
			return err
		}
	}
	if o.encrypted != "" {
		if handler, err = o.withEncrypted(handler); err != nil {
			return err
		}
	}
	listener, err := net.Listen("tcp", o.addr)
	if err != nil {
		return err
	}
	web := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(slog.NewJSONHandler(e.err, nil), slog.LevelWarn)}
	o.announce(e, listener.Addr().String(), len(tokens) > 0)
	ended := make(chan error, 1)
	go func() { ended <- web.Serve(listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.Background(), o.grace)
	defer cancel()
	if err := web.Shutdown(grace); err != nil {
		return fmt.Errorf("requests still ran %v after the interrupt: %w", o.grace, errors.Join(err, web.Close()))
	}
	return nil
}

// keysTimeout is how long a client's keys, some 30 MB, may take to arrive.
const keysTimeout = 10 * time.Minute

// withEncrypted answers encrypted runs under /encrypted, and everything else by next.
func (o *serveFlags) withEncrypted(next http.Handler) (http.Handler, error) {
	folder, err := thex.OpenFolder(o.encrypted, o.encryptedTokens)
	if err != nil {
		return nil, err
	}
	runs, err := server.New(evaluator.NewModel(folder.Plan, folder.Weights), folder.Labels, server.Options{ReadTimeout: keysTimeout})
	if err != nil {
		return nil, err
	}
	stripped := http.StripPrefix("/encrypted", server.Origins(runs, o.origins...))
	mux := http.NewServeMux()
	mux.Handle("/", next)
	mux.HandleFunc("/encrypted/", func(w http.ResponseWriter, r *http.Request) {
		// Keys take longer to arrive than any other request may.
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(keysTimeout))
		stripped.ServeHTTP(w, r)
	})
	return mux, nil
}

// announce prints the address, and a call to copy.
func (o *serveFlags) announce(e *env, addr string, token bool) {
	header := ""
	if token {
		header = fmt.Sprintf(" -H \"Authorization: Bearer $(grep -v '^#' %s | head -n 1)\"", o.tokenFile)
	}
	contract := ", the contract is /openapi.json"
	if len(o.models) == 0 {
		contract = ""
	}
	fmt.Fprintf(e.out, "lode serve: http://%s%s\n", addr, contract)
	calls := map[string]string{
		pipeline.FeatureExtraction.Name:   `embeddings`,
		pipeline.TokenClassification.Name: `entities`,
		pipeline.TextClassification.Name:  `classify`,
		pipeline.Translation.Name:         `translate`,
	}
	if o.encrypted != "" {
		fmt.Fprintf(e.out, "lode encrypt-classify --server http://%s/encrypted --model %s --tokens %d 'Where is the station?'\n", addr, o.encrypted, o.encryptedTokens)
	}
	if len(o.models) == 0 {
		fmt.Fprintf(e.out, "curl -s http://%s/encrypted/v1/model\n", addr)
		return
	}
	fmt.Fprintf(e.out, "curl -s http://%s/v1/%s%s -H 'Content-Type: application/json' -d '{\"model\":%q,\"input\":\"Guten Morgen\"}'\n", addr, calls[o.models[0].Task], header, o.models[0].ID)
}
