package parse

import "regexp"

// aLetter begins lines that state their level in one letter: "E, [2024-01-01T00:00:00 #7] ERROR -- : x" (Ruby's Logger,
// whose A is for what has no level) and "[E 240101 00:00:00 web:7] x" (Tornado, Jupyter).
var aLetter = regexp.MustCompile(`^(?:([DIWEFA]), \[\d{4}-|\[([DIWEC]) \d)`)

// letter is the word for the letter that a line begins with.
func letter(head string) string {
	if len(head) < 4 || head[1] != ',' && head[0] != '[' {
		return "" // nearly all lines
	}
	found := aLetter.FindStringSubmatch(head)
	if found == nil {
		return ""
	}
	switch found[1] + found[2] {
	case "D":
		return "debug"
	case "W":
		return "warn"
	case "E", "F", "C":
		return "error"
	default:
		return "info"
	}
}
