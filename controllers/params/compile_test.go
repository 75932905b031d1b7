// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package params

import (
	"fmt"
	"testing"

	"golang.org/x/sync/errgroup"
)

func TestCompileRemembers(t *testing.T) {
	text := `{"type": "object", "properties": {"remembered": {"type": "integer", "default": 1}}}`
	first, err := Compile([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	again, err := Compile([]byte(text))
	if err != nil || again != first {
		t.Errorf("the same text gave %p and then %p, %v", first, again, err)
	}
	other, err := Compile([]byte(text + " "))
	if err != nil || other == first {
		t.Errorf("another text gave the same schema, or %v", err)
	}
	for range 2 {
		if _, err := Compile([]byte(`{"type": "no such type"}`)); err == nil {
			t.Error("what cannot be compiled was compiled")
		}
	}
}

func TestCompileForgets(t *testing.T) {
	for i := range 2 * remembered {
		if _, err := Compile(fmt.Appendf(nil, `{"title": "one of many, %d"}`, i)); err != nil {
			t.Fatal(err)
		}
	}
	if n := memory.Len(); n > remembered {
		t.Errorf("%d schemas are kept, want at most %d", n, remembered)
	}
}

// One schema serves all runs of a Task, several at a time. No run sees the params of another.
func TestOneSchemaForMany(t *testing.T) {
	var runs errgroup.Group
	for i := range 8 {
		runs.Go(func() error {
			for range 50 {
				schema, err := Compile([]byte(`{"type": "object", "properties": {"n": {"type": "integer"}, "at": {"default": {"x": [1]}}}}`))
				if err != nil {
					return err
				}
				effective, problems := schema.Apply(fmt.Appendf(nil, `{"n": %d}`, i))
				if want := fmt.Sprintf(`{"at":{"x":[1]},"n":%d}`, i); len(problems) > 0 || string(effective) != want {
					return fmt.Errorf("got %s, %d problems, want %s", effective, len(problems), want)
				}
			}
			return nil
		})
	}
	if err := runs.Wait(); err != nil {
		t.Error(err)
	}
}

func BenchmarkCompile(b *testing.B) {
	schema := []byte(`{"type": "object", "required": ["n"], "properties": {"n": {"type": "integer", "minimum": 0}, "force": {"type": "boolean", "default": false}}}`)
	for name, f := range map[string]func([]byte) (*Schema, error){"anew": compile, "remembered": Compile} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := f(schema); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
