// Command serve serves a built page on this machine: go run ./web/serve
//
// What it does beyond a plain file server is in package static: the headers that
// isolate the page, the content security policy, content types and compression. With
// -encrypted it also answers encrypted runs (package encrypted).
package main

import (
	"flag"
	"fmt"
	"net/http"
	"os"

	"github.com/lodestone-wasm/lodestone/web/serve/encrypted"
	"github.com/lodestone-wasm/lodestone/web/serve/static"
)

func main() {
	dir := flag.String("dir", "web/dist", "the folder to serve")
	addr := flag.String("addr", "127.0.0.1:8080", "host:port; if the port is busy, the next free one")
	classifier := flag.String("encrypted", "", "folder of a THE-X classifier for the view Private, which is answered under /encrypted")
	flag.Parse()
	if err := run(*dir, *addr, *classifier); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(dir, addr, classifier string) error {
	s, err := static.New(dir)
	if err != nil {
		return fmt.Errorf("%w; build it first: make build", err)
	}
	handler := http.Handler(s)
	if classifier != "" {
		if handler, err = encrypted.Handler(classifier, s); err != nil {
			return err
		}
	}
	l, err := static.Listen(addr)
	if err != nil {
		return err
	}
	fmt.Printf("Lodestone: http://%s/  (Ctrl-C ends it)\n", l.Addr())
	return static.Serve(l, handler)
}
