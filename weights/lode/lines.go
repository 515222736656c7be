package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// maxLine bounds a line of standard input.
const maxLine = 16 << 20

// maxFile bounds a file that is read whole.
const maxFile = 256 << 20

// readRegular reads a file that is neither a device nor a pipe, and of maxFile bytes at most.
func readRegular(path string) ([]byte, error) {
	f, err := safetensors.OpenRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("%s: more than %d bytes, the limit for a file that is read whole", path, maxFile)
	}
	return text, err
}

// eachLine calls f with the lines of r, without their ends, as they arrive.
func eachLine(r io.Reader, f func(n int, line []byte) error) error {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 64<<10), maxLine)
	s.Split(splitLines)
	n := 0
	for s.Scan() {
		n++
		if err := f(n, s.Bytes()); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := s.Err(); err != nil {
		return fmt.Errorf("line %d: %w", n+1, err)
	}
	return nil
}

// splitLines is bufio.ScanLines, but only a newline ends a line: a carriage return is
// the text's.
func splitLines(data []byte, atEOF bool) (int, []byte, error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i], nil
	}
	if atEOF && len(data) > 0 {
		return len(data), data, nil
	}
	return 0, nil, nil
}
