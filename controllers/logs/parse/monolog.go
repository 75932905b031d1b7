package parse

import "strings"

// afterChannel is the word of "app.ERROR: x {context} []", as Monolog writes it after its time in brackets; the channel
// is a name of the program's own.
func afterChannel(head string) string {
	name, _, ok := strings.Cut(head, ": ")
	if !ok {
		name, ok = strings.CutSuffix(head, ":")
	}
	dot := strings.LastIndexByte(name, '.')
	if !ok || dot < 1 || strings.ContainsAny(name, " \t") || !isCapitals(name[dot+1:]) {
		return ""
	}
	return name[dot+1:]
}
