// Command chat writes the texts of chats in a page: it runs the chat templates of models
// (package chat). The worker fetches it with the first chat (web/src/worker/chat.ts), so that
// pages that never chat do not download it.
package main
