{{- /* The page. The files beside this one have its parts. */ -}}
{{- define "gvList" -}}
<!-- Generated from api/ by `make manifests`. Do not edit. -->

# Custom resources
{{ range . }}
{{ template "version" . }}
{{ end }}
{{- end -}}
