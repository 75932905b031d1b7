// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package openapi

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strings"
)

var (
	//go:embed page.html
	pageText string
	// Style is the page's only style sheet. A Content-Security-Policy can allow it by its hash.
	//
	//go:embed page.css
	Style string
)

// pageOperation is an operation on the page.
type pageOperation struct {
	Entry
	*OperationObject
	// Curl is a command line that calls it.
	Curl string
}

// pageGroup is a tag with its operations.
type pageGroup struct {
	Tag
	Operations []pageOperation
}

// Page makes an HTML page of a document. It has no scripts and loads nothing.
func Page(api API, d *Document) ([]byte, error) {
	groups := make([]pageGroup, len(api.Tags))
	for i, tag := range api.Tags {
		groups[i].Tag = tag
	}
	for _, e := range api.Entries {
		i := slices.IndexFunc(api.Tags, func(t Tag) bool { return t.Name == e.Tag })
		if i < 0 {
			return nil, fmt.Errorf("%s %s: there is no tag %q", e.Method, e.Path, e.Tag)
		}
		object := d.Paths[e.Path][strings.ToLower(e.Method)]
		groups[i].Operations = append(groups[i].Operations, pageOperation{e, object, curl(e, api.Bearer)})
	}
	page, err := template.New("page").Funcs(template.FuncMap{
		"style":  func() template.CSS { return template.CSS(Style) }, // ours, embedded
		"typeOf": typeOf,
		"code": func(text string) template.HTML {
			parts := strings.Split(template.HTMLEscapeString(text), "`")
			for i := 1; i < len(parts); i += 2 {
				parts[i] = "<code>" + parts[i] + "</code>"
			}
			return template.HTML(strings.Join(parts, "")) // escaped above
		},
		"sorted":   func(schemas map[string]any) []string { return slices.Sorted(maps.Keys(schemas)) },
		"required": isRequired,
		"lower":    strings.ToLower,
	}).Parse(pageText)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := page.Execute(&out, map[string]any{"Document": d, "Groups": groups, "Bearer": api.Bearer}); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func isRequired(schema any, property string) bool {
	object, _ := schema.(Schema)
	names, _ := object["required"].([]any)
	return slices.Contains(names, any(property))
}

// curl returns a command line that calls an operation. The user has to replace the names in braces.
func curl(e Entry, bearer bool) string {
	parts := []string{"curl -s"}
	if e.Method != http.MethodGet {
		parts = append(parts, "-X "+e.Method)
	}
	if bearer && !e.Public {
		parts = append(parts, `-H "Authorization: Bearer $TOKEN"`)
	}
	if e.Body != nil {
		parts = append(parts, "-H 'Content-Type: application/json'", "-d '"+exampleBody(e)+"'")
	}
	return strings.Join(append(parts, `"$URL`+e.Path+`"`), " ")
}

func exampleBody(e Entry) string {
	raw, err := json.Marshal(e.Body)
	if err != nil {
		return "{}"
	}
	return strings.ReplaceAll(string(raw), "null", "[]")
}

// typeOf describes a schema in a few words.
func typeOf(schema any) (template.HTML, error) {
	object, isObject := schema.(Schema)
	if !isObject {
		return "any JSON", nil
	}
	if ref, isRef := object["$ref"].(string); isRef {
		name := template.HTMLEscapeString(strings.TrimPrefix(ref, "#/components/schemas/"))
		return template.HTML(`<a href="#schema-` + name + `">` + name + `</a>`), nil // escaped above
	}
	if either, has := object["oneOf"].([]any); has {
		return alternatives(either)
	}
	var words []string
	switch kind := object["type"].(type) {
	case string:
		words = append(words, kind)
	case []any:
		for _, k := range kind {
			words = append(words, fmt.Sprint(k))
		}
	default:
		return "any JSON", nil
	}
	text := template.HTMLEscapeString(strings.Join(words, " or "))
	if format, has := object["format"].(string); has {
		text += " (" + template.HTMLEscapeString(format) + ")"
	}
	if items, has := object["items"]; has {
		of, err := typeOf(items)
		if err != nil {
			return "", err
		}
		text += " of " + string(of)
	}
	text += template.HTMLEscapeString(bounds(object))
	return template.HTML(text), nil // escaped above
}

func alternatives(schemas []any) (template.HTML, error) {
	all := make([]string, len(schemas))
	for i, schema := range schemas {
		one, err := typeOf(schema)
		if err != nil {
			return "", err
		}
		all[i] = string(one)
	}
	return template.HTML(strings.Join(all, " or ")), nil // typeOf has escaped them
}

// bounds returns the limits of a schema in words.
func bounds(object Schema) (text string) {
	switch words := object["enum"].(type) {
	case []any:
		text += fmt.Sprintf(": %s", strings.Trim(fmt.Sprint(words), "[]"))
	case []string:
		text += ": " + strings.Join(words, " ")
	}
	for _, b := range []struct{ keyword, says string }{
		{"minimum", "from %v"}, {"maximum", "to %v"}, {"minItems", "at least %v"}, {"maxItems", "at most %v"}, {"maxLength", "at most %v characters"},
	} {
		if value, has := object[b.keyword]; has {
			text += ", " + fmt.Sprintf(b.says, value)
		}
	}
	return text
}
