// Package service answers HTTP requests with models: an embeddings service that the
// clients of OpenAI, Cohere, Jina and Text Embeddings Inference call unchanged.
//
// Begin with [New], which makes an http.Handler of a [Config]. The same handler runs
// natively (lode serve) and in an edge worker (wasm/edge):
//
//	POST /v1/embeddings     OpenAI's: vectors of texts or of token ids
//	GET  /v1/models         OpenAI's; /v1/models/{id}
//	POST /v1/rerank         Cohere's and Jina's, by a cross-encoder, or the cosine of vectors; also /v2/rerank
//	POST /v1/entities       entities with byte and UTF-16 positions
//	POST /v1/classify       labels
//	POST /v1/translate      translations
//	POST /embed /rerank /tokenize, GET /info /health   Text Embeddings Inference's
//	GET  /metrics /openapi.json
//
// openapi.json is the contract; a test holds the handlers against it.
//
//	$ curl -s http://127.0.0.1:8080/v1/embeddings -H 'Content-Type: application/json' \
//	    -d '{"model":"prompt-magneto-en-de-fr","input":"Guten Morgen","encoding_format":"base64"}'
//
// # What to know
//
// A model is opened by the first request that needs it. Requests that come meanwhile wait
// for the same load, and after a failed load the next request tries again. One device
// serves one call at a time: others wait in a queue with a limit ([Limits]). Where models do
// not fit into Limits.Memory together, those that were not used for longest are dropped.
//
// Vectors of /v1/embeddings have unit length and are those of `lode embed --normalize`, to
// the bit, for the same texts in one call. What is computed beside a text may change the
// last bits of its vector, about 1e-7, since kernels take several rows at a time.
//
// Token ids are those of the model, without special tokens. The token counts of usage are
// of the texts alone, without special tokens and templates.
//
// Of a request, the log has its id, the route, status, time, and how many texts and tokens
// there were; nothing of texts, headers and addresses is logged, and errors do not quote
// texts.
package service
