package main

import "syscall/js"

// chatFiles holds {tokenizerConfig, chatTemplate} against the folder's manifest, and tells which
// of them may be used. The templates in them run in a program of their own, wasm/chat.
func (e *engine) chatFiles(request js.Value, j *job) (any, error) {
	if _, err := e.tokenizer(); err != nil {
		return nil, err
	}
	config, jinja, err := e.folder.ChatFiles(e.dev, pageFiles{request: request, job: j})
	if err != nil {
		return nil, err
	}
	return map[string]any{"tokenizerConfig": config != nil, "chatTemplate": jinja != nil}, nil
}
