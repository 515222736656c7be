// Command edge is the program of an edge worker: package service over
// github.com/syumai/workers.
//
// Begin with main_js.go, which reads the configuration and serves. files_js.go reads model
// folders from static assets, weights straight into the kernels' memory; hash_js.go has the
// runtime verify them. web/edge/worker.mjs starts this program once for each isolate, and
// calls it with one request at a time, so that each promise that it waits for belongs to the
// request that is being served.
package main
