package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/simd"
	"github.com/lodestone-wasm/lodestone/models/service"
	"github.com/syumai/workers"
	"github.com/syumai/workers/cloudflare"
)

// glue is the object of that name in web/edge/worker.mjs.
var glue = js.Global().Get("context").Get("lodestone")

func main() {
	s, err := open()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1) // the worker answers with status 503
	}
	workers.ServeNonBlock(handler{s})
	workers.Ready()
	select {}
}

// open makes the service of the variables and secrets of the worker:
//
//	MODELS         [{"id": "…", "task": "feature-extraction", "dtype": "auto"}, …]
//	TOKENS         bearer tokens with white space between them; a secret
//	ORIGINS        origins for CORS, with white space between them
//	AUTO_TRUNCATE  "true": texts longer than the model are cut
//	MEMORY         most bytes that models take together; those that were not used for
//	               longest are dropped; "" or "0" is no limit
//
// The folder of a model is models/ID of the static assets, or of the bucket BUCKET.
// web/edge/worker.mjs reads two variables more, KERNELS and BUDGET.
func open() (*service.Service, error) {
	kernel, err := simd.New(nil)
	if err != nil {
		return nil, err
	}
	var models []struct{ ID, Task, DType string }
	if err := json.Unmarshal([]byte(cloudflare.Getenv("MODELS")), &models); err != nil {
		return nil, fmt.Errorf("edge: the variable MODELS: %w; expected [{\"id\": …, \"task\": …}]", err)
	}
	memory := uint64(0)
	if v := cloudflare.Getenv("MEMORY"); v != "" {
		if memory, err = strconv.ParseUint(v, 10, 64); err != nil {
			return nil, fmt.Errorf("edge: the variable MEMORY: %w; expected a number of bytes", err)
		}
	}
	c := service.Config{
		Device:       kernels.NewDevice(backend{kernel}),
		Tokens:       strings.Fields(cloudflare.Getenv("TOKENS")),
		Origins:      strings.Fields(cloudflare.Getenv("ORIGINS")),
		AutoTruncate: cloudflare.Getenv("AUTO_TRUNCATE") == "true",
		// worker.mjs bounds the time of a request. A timer of this program would belong to the
		// request that set it.
		Limits:   service.Limits{Body: int64(glue.Get("maxBody").Int()), Tokens: 32768, Budget: -1, Memory: memory},
		MemoryOf: memoryOf,
		Log:      slog.New(slog.NewJSONHandler(os.Stderr, nil)),
	}
	for _, m := range models {
		c.Models = append(c.Models, service.Model{ID: m.ID, Task: m.Task, DType: m.DType, Files: assets{m.ID}})
	}
	return service.New(c)
}

// memoryOf is how large the WebAssembly memories of the program and of the kernels are.
func memoryOf() map[string]uint64 {
	m := glue.Call("memory")
	return map[string]uint64{"program": uint64(m.Get("program").Float()), "kernels": uint64(m.Get("kernels").Float())}
}

// handler gives the service a body that is there already, and hands its answer over whole,
// in one call of JavaScript: a stream takes several promises for each part, and headers two
// calls each. The answer that goes through package workers is empty.
type handler struct{ http.Handler }

func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := bytesOf(glue.Get("body"))
	r.Body = io.NopCloser(bytes.NewReader(body))
	if glue.Get("broken").Truthy() {
		r.Body = io.NopCloser(brokenBody{})
	}
	y := &answer{header: http.Header{}, status: http.StatusOK}
	h.Handler.ServeHTTP(y, r)
	var headers strings.Builder
	for name, values := range y.header {
		for _, v := range values {
			headers.WriteString(name + ":" + v + "\n")
		}
	}
	array := js.Global().Get("Uint8Array").New(y.body.Len())
	js.CopyBytesToJS(array, y.body.Bytes())
	glue.Call("answer", y.status, headers.String(), array)
	w.WriteHeader(http.StatusNoContent)
}

// brokenBody is a body that did not arrive whole.
type brokenBody struct{}

func (brokenBody) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// answer keeps what a handler writes.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (y *answer) Header() http.Header         { return y.header }
func (y *answer) WriteHeader(status int)      { y.status = status }
func (y *answer) Write(p []byte) (int, error) { return y.body.Write(p) }

// bytesOf copies a Uint8Array; null and undefined are nil.
func bytesOf(v js.Value) []byte {
	if v.IsNull() || v.IsUndefined() {
		return nil
	}
	p := make([]byte, v.Length())
	js.CopyBytesToGo(p, v)
	return p
}
