package main

import "syscall/js"

// writeChat serves ChatRequest of web/src/protocol/chat.ts: the text of a chat. The worker adds
// the files with the folder's templates, which are read with the first chat.
func (e *engine) writeChat(request js.Value, j *job) (any, error) {
	if _, err := e.tokenizer(); err != nil {
		return nil, err
	}
	if e.chats == nil {
		chats, err := e.folder.ReadChat(e.dev, pageFiles{request, j})
		if err != nil {
			return nil, err
		}
		e.chats = chats
	}
	return e.chats.Render(request.Get("template").String(), []byte(request.Get("variables").String()))
}
