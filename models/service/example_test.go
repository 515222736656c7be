//go:build !js

package service_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/simd"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/service"
)

func Example() {
	backend, err := simd.New(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	defer backend.Close()
	s, err := service.New(service.Config{
		Device: kernels.NewDevice(backend),
		Models: []service.Model{{ID: "prompt", Task: pipeline.FeatureExtraction.Name, Files: pipeline.Dir("../../weights/prompt-magneto-en-de-fr")}},
	})
	if err != nil {
		log.Fatal(err)
	}
	server := httptest.NewServer(s) // or http.ListenAndServe(addr, s)
	defer server.Close()
	r, err := http.Post(server.URL+"/v1/embeddings", "application/json", strings.NewReader(`{"model":"prompt","input":"Guten Morgen"}`))
	if err != nil {
		log.Fatal(err)
	}
	defer r.Body.Close()
	fmt.Println(r.Status)
	// Output: 200 OK
}
