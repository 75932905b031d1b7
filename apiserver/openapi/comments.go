package openapi

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"reflect"
	"strings"
)

// Comments are the doc comments of types and their fields, by "Type" and "Type.Field": what the source says of a
// field is what the API says of it.
type Comments map[string]string

// ReadComments takes them from the Go files of a folder.
func ReadComments(source fs.FS) (Comments, error) {
	names, err := fs.Glob(source, "*.go")
	if err != nil {
		return nil, err
	}
	comments := Comments{}
	for _, name := range names {
		text, err := fs.ReadFile(source, name)
		if err != nil {
			return nil, err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, fmt.Errorf("reading the comments of %s: %w", name, err)
		}
		for _, declaration := range file.Decls {
			comments.readTypes(declaration)
		}
	}
	return comments, nil
}

func (c Comments) readTypes(declaration ast.Decl) {
	types, isTypes := declaration.(*ast.GenDecl)
	if !isTypes || types.Tok != token.TYPE {
		return
	}
	for _, spec := range types.Specs {
		one, _ := spec.(*ast.TypeSpec)
		doc := one.Doc
		if doc == nil {
			doc = types.Doc
		}
		c[one.Name.Name] = doc.Text()
		fields, isStruct := one.Type.(*ast.StructType)
		if !isStruct {
			continue
		}
		for _, field := range fields.Fields.List {
			for _, name := range field.Names {
				c[one.Name.Name+"."+name.Name] = field.Doc.Text()
			}
		}
	}
}

// describe gives the comment of a type, or of a field of it, in words that do not speak of Go.
func (c Comments) describe(t reflect.Type, field string) string {
	key := t.Name()
	if field != "" {
		key += "." + field
	}
	text := strings.Join(strings.Fields(c[key]), " ")
	if field == "" {
		return strings.Replace(text, t.Name(), schemaName(t), 1)
	}
	found, _ := t.FieldByName(field)
	name, _, _ := strings.Cut(found.Tag.Get("json"), ",")
	if rest, begins := strings.CutPrefix(text, field+" "); begins && name != "" {
		return name + " " + rest
	}
	return text
}
