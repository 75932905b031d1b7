// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package params

import (
	"fmt"
	"strings"
	"testing"
)

// doubling refers twice to the next definition, n times: 2^n parts in n lines.
func doubling(n int) string {
	var defs []string
	for i := range n {
		defs = append(defs, fmt.Sprintf(`"d%d":{"allOf":[{"$ref":"#/$defs/d%d"},{"$ref":"#/$defs/d%d"}]}`, i, i+1, i+1))
	}
	defs = append(defs, fmt.Sprintf(`"d%d":{"type":"object"}`, n))
	return `{"$ref":"#/$defs/d0","$defs":{` + strings.Join(defs, ",") + `}}`
}

func TestSchemaIsBounded(t *testing.T) {
	for name, c := range map[string]struct{ schema, says string }{
		"references that double":    {doubling(40), "too large"},
		"a few that do":             {doubling(5), ""},
		"one that refers to itself": {`{"properties":{"next":{"$ref":"#"}}}`, "refers to itself"},
		"two that refer to another": {`{"$ref":"#/$defs/a","$defs":{"a":{"not":{"$ref":"#/$defs/b"}},"b":{"not":{"$ref":"#/$defs/a"}}}}`, "refers to itself"},
		"an unused definition":      {`{"$defs":{"a":{"$ref":"#/$defs/a"}}}`, ""},
		"used twice in a row":       {`{"properties":{"a":{"$ref":"#/$defs/d"},"b":{"$ref":"#/$defs/d"}},"$defs":{"d":{"type":"string"}}}`, ""},
		"an escaped name":           {`{"$ref":"#/$defs/a~1b","$defs":{"a/b":{"type":"object"}}}`, ""},
		"a missing name":            {`{"$ref":"#/$defs/none"}`, "does not exist in it"},
		"an index":                  {`{"$ref":"#/allOf/0","allOf":[{"type":"object"}]}`, ""},
		"an anchor":                 {`{"$anchor":"a"}`, "$anchor, which is not supported"},
		"a dynamic reference":       {`{"$dynamicRef":"#a"}`, "$dynamicRef, which is not supported"},
		"a property called $id":     {`{"properties":{"$id":{"type":"string"}}}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Compile([]byte(c.schema))
			switch {
			case c.says == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
				t.Errorf("got %v, want an error that says %q", err, c.says)
			}
		})
	}
}
