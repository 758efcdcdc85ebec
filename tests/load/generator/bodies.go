package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
)

// readBodies loads every request once; the loops cycle through them.
func readBodies(path string, framed bool) ([][]byte, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var bodies [][]byte
	if framed {
		bodies, err = splitFrames(content)
	} else {
		bodies = splitLines(content)
	}
	if err == nil && len(bodies) == 0 {
		err = fmt.Errorf("no request in it")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return bodies, nil
}

func splitLines(content []byte) [][]byte {
	var lines [][]byte
	for line := range bytes.Lines(content) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			lines = append(lines, line)
		}
	}
	return lines
}

func splitFrames(content []byte) ([][]byte, error) {
	var frames [][]byte
	for len(content) > 0 {
		if len(content) < 4 {
			return nil, fmt.Errorf("frame %d: length cut short", len(frames)+1)
		}
		size := int(binary.BigEndian.Uint32(content))
		if content = content[4:]; size > len(content) {
			return nil, fmt.Errorf("frame %d: %d bytes announced, %d left", len(frames)+1, size, len(content))
		}
		frames = append(frames, content[:size])
		content = content[size:]
	}
	return frames, nil
}
