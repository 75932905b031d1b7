package params

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Unstorable finds the numbers in params that the API server would change without a word. It keeps a whole
// number as int64 and any other as float64, so that 12345678901234567890 would come back as
// 12345678901234567000 (sigs.k8s.io/json). Only who has the text as it was sent can tell: the facade, and no
// controller. What is no JSON object has none; Apply says what is wrong with it.
func Unstorable(given []byte) FieldErrors {
	value, problem := decode(given)
	if problem != "" {
		return nil
	}
	var found FieldErrors
	var walk func(value any, path []string)
	walk = func(value any, path []string) {
		switch v := value.(type) {
		case map[string]any:
			for key, child := range v {
				walk(child, append(path[:len(path):len(path)], key))
			}
		case []any:
			for i, child := range v {
				walk(child, append(path[:len(path):len(path)], strconv.Itoa(i)))
			}
		case json.Number:
			if message := unstorable(v.String()); message != "" {
				found = append(found, FieldError{Pointer(path...), message})
			}
		}
	}
	walk(value, nil)
	return bounded(found)
}

func unstorable(number string) string {
	if strings.ContainsAny(number, ".eE") {
		if _, err := strconv.ParseFloat(number, 64); err != nil {
			return "is a number too large for Kubernetes; send it as a string"
		}
		return ""
	}
	if _, err := strconv.ParseInt(number, 10, 64); err != nil {
		return "is a whole number of more than 64 bits, of which Kubernetes would lose digits; send it as a string"
	}
	return ""
}
