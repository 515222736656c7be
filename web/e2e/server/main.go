// Command server serves what the browser tests load:
//
//	/              web/dist, by the handler of web/serve
//	/e2e/          web/e2e/page, the pages that the tests open
//	/test/         web/.build/test, programs that only tests run
//	/golden/       models/golden/testdata, golden vectors
//	/f/NAME/FILE   model folders that are wrong in one way each (cases.go)
//	/fault/…       the default model over a network that fails (faults.go)
//	/assets/…      the module with one of its files changed (assets.go)
//	/f32/FILE      the default model with its weights in f32, and vectors that
//	               the reference kernels compute natively (f32.go)
//	/tiny/NAME/    random models that generate, and what they do natively (tiny.go)
//	/heads/NAME/   random models with heads, and what they say natively (heads.go)
//	/hub/          the same folders under model ids, in the layout of Hugging Face (hub.go)
//	/examples-of-transformers/NAME.js  examples that import @huggingface/transformers,
//	               with only that import changed (migration.go)
//	/encrypted/    encrypted runs of thex-kinds-en, by the handler of web/serve
//	/original/     the folder that LODESTONE_F32_MODEL names, if it is set: the
//	               default model before quantisation, for its golden vectors
//
// Begin with cases.go.
package main

import (
	"flag"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"

	"github.com/lodestone-wasm/lodestone/web/serve/encrypted"
	"github.com/lodestone-wasm/lodestone/web/serve/static"
)

const modelDir = "web/dist/models/prompt-magneto-en-de-fr"

func main() {
	addr := flag.String("addr", "127.0.0.1:4173", "host:port")
	flag.Parse()
	if err := run(*addr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(addr string) error {
	mux := http.NewServeMux()
	dirs := map[string]string{"/": "web/dist", "/e2e/": "web/e2e/page", "/test/": "web/.build/test", "/golden/": "models/golden/testdata"}
	if dir := os.Getenv("LODESTONE_F32_MODEL"); dir != "" {
		dirs["/original/"] = dir
	}
	for prefix, dir := range dirs {
		s, err := static.New(dir)
		if err != nil {
			return fmt.Errorf("%w; build it first: make build", err)
		}
		mux.Handle(prefix, http.StripPrefix(prefix[:len(prefix)-1], s))
	}
	dist, err := static.New(dirs["/"])
	if err != nil {
		return err
	}
	mux.Handle("/assets/", http.StripPrefix("/assets/", &assets{dir: dirs["/"], dist: dist}))
	base, err := readModel(modelDir)
	if err != nil {
		return err
	}
	listed := maps.Clone(base)
	if listed[manifestFile], err = os.ReadFile(filepath.Join(modelDir, manifestFile)); err != nil {
		return err
	}
	mux.Handle("/fault/", http.StripPrefix("/fault/", &faults{base: listed}))
	wrong, generating, heads := &cases{base: base}, &tiny{}, &headed{}
	mux.Handle("/attack/", http.StripPrefix("/attack/", http.HandlerFunc(serveAttack)))
	mux.Handle("/f/", http.StripPrefix("/f/", wrong))
	mux.Handle("/tiny/", http.StripPrefix("/tiny/", generating))
	mux.Handle("/heads/", http.StripPrefix("/heads/", heads))
	mux.Handle("/hub/", http.StripPrefix("/hub/", &hub{map[string]http.Handler{"f": wrong, "tiny": generating, "heads": heads}}))
	mux.HandleFunc("/examples-of-transformers/", migrated)
	mux.Handle("/f32/", http.StripPrefix("/f32/", &floats{dir: modelDir}))
	l, err := net.Listen("tcp", addr) // exactly this port: the tests know no other
	if err != nil {
		return err
	}
	handler, err := encrypted.Handler("web/dist/models/thex-kinds-en", mux)
	if err != nil {
		return err
	}
	fmt.Printf("e2e: http://%s/\n", l.Addr())
	return static.Serve(l, handler)
}
