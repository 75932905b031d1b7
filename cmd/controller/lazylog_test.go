// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"strings"
	"testing"

	"go.uber.org/zap/zapcore"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
)

func TestValuesAreEncodedWhenSomethingIsLogged(t *testing.T) {
	var out bytes.Buffer
	encoded := 0
	value := zapcore.ObjectMarshalerFunc(func(to zapcore.ObjectEncoder) error {
		encoded++
		to.AddInt("n", encoded)
		return nil
	})
	log := zap.New(zap.WriteTo(&out), zap.RawZapOpts(lazily()...)).WithValues("a", value).WithValues("b", "2").WithName("part")
	log.V(5).Info("not shown")
	if encoded > 0 || out.Len() > 0 {
		t.Errorf("encoded %d times, and wrote %q", encoded, out.String())
	}
	log.Info("shown", "c", "3")
	log.WithValues("d", "4").Info("shown too")
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 || encoded != 1 {
		t.Fatalf("%d encodings, %q", encoded, lines)
	}
	for i, want := range []string{
		`"logger":"part","msg":"shown","a":{"n":1},"b":"2","c":"3"}`,
		`"logger":"part","msg":"shown too","a":{"n":1},"b":"2","d":"4"}`,
	} {
		if !strings.HasSuffix(lines[i], want) {
			t.Errorf("got %s, want %s at its end", lines[i], want)
		}
	}
}
