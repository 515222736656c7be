// Package docs holds the guides, which make docs renders beside the reference of the module.
// Its test runs their blocks of code, and those of the README, and compares what they print
// with what the text shows; web/e2e/docs.spec.ts does so for blocks of JavaScript.
//
// A block of the language console has commands behind $ and what they print below; a block of
// go is a program, and the block of text behind it what it prints. … stands for anything in a
// line. Begin with a guide.
package docs
