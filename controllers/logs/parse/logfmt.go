package parse

import (
	"bytes"

	"github.com/go-logfmt/logfmt"
)

// logfmtLine reads key=value pairs, when all of the line is such pairs and one of them is a level or a message.
func logfmtLine(line []byte) (parsed, bool) {
	if !bytes.ContainsRune(line, '=') {
		return parsed{}, false
	}
	fields, ok := pairs(line)
	if !ok {
		return parsed{}, false
	}
	return structured(fields)
}

// pairs reads key=value pairs; ok is false when the line has anything else.
func pairs(line []byte) (fields map[string]any, ok bool) {
	decoder := logfmt.NewDecoderSize(bytes.NewReader(line), len(line)+1)
	fields = map[string]any{}
	for decoder.ScanRecord() {
		for decoder.ScanKeyval() {
			if decoder.Value() == nil {
				return nil, false // a word on its own: prose with an equals sign in it
			}
			fields[string(decoder.Key())] = string(decoder.Value())
		}
	}
	return fields, decoder.Err() == nil && len(fields) > 0
}
