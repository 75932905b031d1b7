package parse

// isKlogError tells whether fields without a level are an error of Kubernetes' JSON format (component-base/logs/json):
// information has its verbosity under v, and an error has none, but what it is of under err.
func isKlogError(fields map[string]any) bool {
	if _, information := fields["v"]; information {
		return false
	}
	text, ok := fields["err"].(string)
	return ok && text != ""
}
