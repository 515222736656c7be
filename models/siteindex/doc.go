// Package siteindex writes and reads the search index of a site: a folder of small files
// from which a page finds pages by keywords and by meaning, without a server.
//
// FORMAT.md beside this file says what is in each byte. Begin with [Build], which makes an
// index of pages ([Directory], [Lines], [Sitemap]), and with [OpenIndex], which searches
// one as a page does: it fetches what a query needs and nothing else.
//
// A page is parsed ([ParseHTML], [ParseMarkdown], [ParseRecord]), cut into passages, and
// indexed twice: by terms with BM25F (bm25.go, terms.go) and by static vectors that are
// distilled from a sentence encoder ([Distill], project.go, vectors.go).
package siteindex
