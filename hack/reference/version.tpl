{{- define "version" -}}
API version `{{ .GroupVersionString }}`. Users write {{ range $i, $kind := .SortedKinds }}{{ if $i }}, {{ end }}{{ $.TypeForKind $kind | markdownRenderTypeLink }}{{ end }}; the other types are their parts.
{{ range .SortedTypes }}{{ if markdownShouldRenderType . }}
## {{ .Name }}

{{ .Doc }}
{{ if .References }}
Used by {{ range $i, $user := .SortedReferences }}{{ if $i }}, {{ end }}{{ markdownRenderTypeLink $user }}{{ end }}.
{{ end }}{{ if .Validation }}
Validation:
{{ range .Validation }}
- {{ . }}
{{- end }}
{{ end }}{{ if .Members }}
| Field | Meaning | Default | Validation |
| --- | --- | --- | --- |
{{- range .Members }}
| `{{ .Name }}` {{ markdownRenderType .Type }} | {{ template "meaning" . }} | {{ with .Default }}`{{ . }}`{{ end }} | {{ range $i, $rule := .Validation }}{{ if $i }}<br />{{ end }}{{ markdownRenderFieldDoc $rule | replace "Optional: \\{\\}" "Optional" | replace "Required: \\{\\}" "Required" }}{{ end }} |
{{- end }}
{{ end }}{{ if .EnumValues }}
| Value | Meaning |
| --- | --- |
{{- range .EnumValues }}
| `{{ .Name }}` | {{ regexReplaceAll "\\s+" .Doc " " | trim | markdownRenderFieldDoc }} |
{{- end }}
{{ end }}{{ end }}{{ end }}
{{- end -}}
