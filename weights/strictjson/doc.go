// Package strictjson reads JSON documents that nobody vouches for: model headers,
// configurations, tokenizers, manifests.
//
// It is a cursor over one document held in memory. Nothing is built that the
// caller did not ask for, so a 600 kB tokenizer costs its vocabulary and no tree
// beside it. It is stricter than encoding/json where that matters for a loader:
// a key that occurs twice in one object, text after the document, nesting deeper
// than [MaxDepth], invalid UTF-8 and lone surrogate escapes are errors, and keys
// are compared exactly.
//
// Begin with [NewDecoder] and [Decoder.Object]. For writing there is [AppendString]; the
// rest of JSON is punctuation.
package strictjson
