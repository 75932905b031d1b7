{{- /* A line break in a comment is no line break on the page. An empty line is. */ -}}
{{- define "meaning" -}}
{{- if eq .Name "metadata" -}}
The metadata of every Kubernetes object.
{{- else -}}
{{ regexReplaceAll "([^\\n])\\n([^\\n])" .Doc "$1 $2" | markdownRenderFieldDoc }}
{{- end -}}
{{- end -}}
