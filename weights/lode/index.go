package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/siteindex"
	"github.com/lodestone-wasm/lodestone/models/tasks"
)

// indexFlags are the flags of lode index.
type indexFlags struct {
	out, model, base, language, cache string
	keywordsOnly                      bool
}

func init() {
	register(textsGroup, func(e *env) *flags {
		f := newCommand(e, "index DIR|SITEMAP|FILE.jsonl", "write the search index of a site: HTML, Markdown, JSON lines or the pages of a sitemap").computes()
		var o indexFlags
		f.StringVarP(&o.out, "out", "o", "", "folder of the index")
		f.StringVar(&o.model, "model", "", "model that the vectors are distilled from")
		f.BoolVar(&o.keywordsOnly, "keywords-only", false, "no vectors, and no model")
		f.StringVar(&o.base, "base", "../", "what the pages' addresses are relative to, itself relative to the index")
		f.StringVar(&o.language, "language", "", "language of pages that do not say theirs: en, de, fr")
		f.StringVar(&o.cache, "cache", "", "folder for what the next run need not read again; by default one in the user's cache")
		return f.runs(1, 1, func(args []string) error { return f.indexSite(e, e.context(), args[0], o) })
	})
}

// indexSite makes the index of a site.
func (f *flags) indexSite(e *env, ctx context.Context, source string, o indexFlags) error {
	if o.out == "" {
		return fmt.Errorf("%w: no --out, the folder of the index", errUsage)
	}
	if o.model == "" && !o.keywordsOnly {
		return fmt.Errorf("%w: no --model; with --keywords-only the index finds no meanings", errUsage)
	}
	began := time.Now()
	items, err := pagesOf(ctx, source)
	if err != nil {
		return err
	}
	cache, err := cacheOf(o)
	if err != nil {
		return err
	}
	b := siteindex.Options{Base: o.base, Language: o.language, Cache: cache}
	if !o.keywordsOnly {
		if b.Encoder, err = f.encoder(e, o.model, filepath.Dir(cache)); err != nil {
			return err
		}
		b.Threshold = b.Encoder.Threshold
	}
	stage, bar := "", newBar(e.err, "", "")
	b.Progress = func(s string, done, total int) {
		if s != stage {
			bar.end()
			stage, bar = s, newBar(e.err, s, "pages")
		}
		bar.set(int64(done), int64(total))
	}
	report, err := siteindex.Build(ctx, items, o.out, b)
	bar.end()
	if err != nil {
		return err
	}
	if *f.json {
		return json.NewEncoder(e.out).Encode(report)
	}
	for _, s := range report.Skipped {
		fmt.Fprintf(e.err, "lode index: left out: %s: %s\n", s.Address, s.Reason)
	}
	what := "written"
	if report.Unchanged {
		what = "unchanged"
	}
	fmt.Fprintf(e.out, "%s: %s: %d pages (%d read before), %d passages, %d terms; %d files, %s; %s\n", o.out, what, report.Pages, report.Cached, report.Passages, report.Terms,
		report.Chunks+1, megabytes(report.Bytes), time.Since(began).Round(100*time.Millisecond))
	return nil
}

// pagesOf lists the pages of a folder, of a file of JSON lines or of a sitemap.
func pagesOf(ctx context.Context, source string) ([]siteindex.Item, error) {
	if strings.HasPrefix(source, "http://") || strings.HasPrefix(source, "https://") {
		return siteindex.Sitemap(ctx, &http.Client{Timeout: time.Minute}, source)
	}
	info, err := os.Stat(source)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return siteindex.Directory(source)
	}
	file, err := os.Open(source)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return siteindex.Lines(file)
}

// cacheOf is the folder of what is kept between runs for an index.
func cacheOf(o indexFlags) (string, error) {
	if o.cache != "" {
		return o.cache, nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("%w: name one by --cache", err)
	}
	out, err := filepath.Abs(o.out)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(out))
	return filepath.Join(dir, "lodestone", "index", hex.EncodeToString(sum[:8])), nil
}

// encoder distils static vectors from a model, or reads those of an earlier run.
func (f *flags) encoder(e *env, model, cache string) (*siteindex.Encoder, error) {
	model, err := f.modelDir(e, model)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(model, "tokenizer.json"))
	if err != nil {
		return nil, err
	}
	pieces, err := siteindex.ReadPieces(text)
	if err != nil {
		return nil, inFolder(model, err)
	}
	// The key names the model and its files.
	sum := sha256.New()
	sum.Write(text)
	for _, name := range []string{"manifest.json", "config.json"} {
		if b, err := os.ReadFile(filepath.Join(model, name)); err == nil {
			sum.Write(b)
		}
	}
	if info, err := os.Stat(filepath.Join(model, "model.safetensors")); err == nil {
		fmt.Fprintln(sum, info.Size(), info.ModTime().UnixNano())
	}
	key := hex.EncodeToString(sum.Sum(nil))
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return nil, err
	}
	file := filepath.Join(cache, key[:16]+".vectors")
	name := filepath.Base(filepath.Clean(model))
	if x := siteindex.Distilled(pieces, name, file, key); x != nil {
		return x, nil
	}
	task, err := openTask(f, e, model, "auto", pipeline.FeatureExtraction)
	if err != nil {
		return nil, err
	}
	bar := newBar(e.err, "distilling "+name, "pieces")
	defer bar.end()
	return siteindex.Distill(tasks.Context(nil), task, pieces, name, file, key, func(done, total int) { bar.set(int64(done), int64(total)) })
}
