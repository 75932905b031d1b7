// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package params

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// maxSchemaNodes bounds a schema in which each reference is replaced by its target. The validator visits that expanded
// schema: a schema of twenty lines, each of which refers twice to the next, has a million nodes, and nothing can
// interrupt the validator. A list of a hundred fields has a few hundred nodes.
const maxSchemaNodes = 20_000

// checkComplexity refuses a schema that would take long to validate: one that is too large after its references are
// expanded, or that refers to itself. References must be pointers within the schema, so that checkComplexity can follow
// them as the validator does.
func checkComplexity(root any) error {
	e := &expansion{root: root, following: map[string]bool{}}
	return e.visit(root)
}

type expansion struct {
	root  any
	nodes int
	// following has the references on the way from the root to the current node.
	following map[string]bool
}

func (e *expansion) visit(node any) error {
	if e.nodes++; e.nodes > maxSchemaNodes {
		return fmt.Errorf("the schema is too large: it has more than %d parts with references expanded", maxSchemaNodes)
	}
	switch n := node.(type) {
	case map[string]any:
		for key, child := range n {
			if err := e.visitKeyword(key, child); err != nil {
				return err
			}
		}
	case []any:
		for _, child := range n {
			if err := e.visit(child); err != nil {
				return err
			}
		}
	}
	return nil
}

// visitKeyword follows $ref and visits the other keywords. It visits $defs only through references.
func (e *expansion) visitKeyword(key string, child any) error {
	text, isText := child.(string)
	switch {
	case key == "$ref" && isText:
		return e.follow(text)
	case (key == "$id" || key == "$anchor" || strings.HasPrefix(key, "$dynamic") || strings.HasPrefix(key, "$recursive")) && isText:
		return fmt.Errorf("the schema uses %s, which is not supported: refer to $defs by $ref", key)
	case key == "$defs" || key == "definitions":
		return nil
	default:
		return e.visit(child)
	}
}

func (e *expansion) follow(reference string) error {
	if e.following[reference] {
		return fmt.Errorf("the schema refers to itself by %q, so validation could take forever", reference)
	}
	target, err := e.resolve(reference)
	if err != nil {
		return err
	}
	e.following[reference] = true
	defer delete(e.following, reference)
	return e.visit(target)
}

// resolve returns the target of a JSON pointer in a fragment (RFC 6901, section 6).
func (e *expansion) resolve(reference string) (any, error) {
	pointer, ok := strings.CutPrefix(reference, "#")
	if !ok || (pointer != "" && pointer[0] != '/') {
		return nil, fmt.Errorf("the schema refers to %q, but only references within it are allowed, such as #/$defs/name", reference)
	}
	node := e.root
	for i, step := range strings.Split(pointer, "/") {
		if i == 0 {
			continue // before the first slash
		}
		child, err := descend(node, strings.NewReplacer("~1", "/", "~0", "~").Replace(step))
		if err != nil {
			return nil, fmt.Errorf("the schema refers to %q, which does not exist in it", reference)
		}
		node = child
	}
	return node, nil
}

var errNothingThere = errors.New("nothing there")

func descend(node any, step string) (any, error) {
	switch n := node.(type) {
	case map[string]any:
		if child, ok := n[step]; ok {
			return child, nil
		}
	case []any:
		if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(n) {
			return n[i], nil
		}
	}
	return nil, errNothingThere
}
