// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package send

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/notify/message"
	"github.com/taskexec/taskexec/controllers/notify/rules"
)

// Whatever a run prints, each request is JSON within the vendor's limits, and has no markup of the run.
func FuzzRequest(f *testing.F) {
	f.Add("exited with code 3", "no such table")
	f.Add("<at id=all></at>", "```\n![x](http://evil)")
	f.Add("\xff\x00\x1b[31m", "<!channel> & <@U1>")
	f.Fuzz(func(t *testing.T, sentence, line string) {
		e := &v1alpha1.TaskExecution{}
		e.Namespace, e.Name, e.Spec.TaskRef.Name, e.Status.Message = "shop", "report-1", "report", sentence
		facts := message.OfRun(e, rules.Due{Event: rules.Failed, At: noon}, []v1alpha1.LogEntry{{Message: line}, {Message: line}}).WithNote(line)
		m := message.Of("msg_1", facts, message.Options{Language: message.English})
		for _, kind := range httpTypes() {
			r, err := New(targetOf(kind), m, noon)
			if err != nil || !json.Valid(r.Body) || !utf8.Valid(r.Body) || len(r.Body) > 20000 {
				t.Fatalf("%s: %v, %d bytes", kind, err, len(r.Body))
			}
			var body map[string]any
			if err := json.Unmarshal(r.Body, &body); err != nil {
				t.Fatal(err)
			}
			checkLimits(t, body)
			checkMarkup(t, kind, r.Body)
		}
	})
}

// checkMarkup finds what only a run can have put there: these messages have no link and no mention of their own.
func checkMarkup(t *testing.T, kind Type, body []byte) {
	t.Helper()
	var texts []string
	collect(body, &texts)
	for _, text := range texts {
		switch kind {
		case DingTalk, WeCom:
			if strings.ContainsAny(text, "[]<") || strings.Count(text, "`")%6 != 0 {
				t.Errorf("%s: %q", kind, text)
			}
		case Slack:
			if strings.ContainsAny(text, "<>") || strings.Count(text, "```")%2 != 0 {
				t.Errorf("%s: %q", kind, text)
			}
		}
	}
}

// No error about a target has its secrets.
func FuzzValidate(f *testing.F) {
	f.Add("https://u:hunter2-hunter2@x/y", "whsec_xyz-0123456789")
	f.Add("://0123456789", goodSecret)
	f.Fuzz(func(t *testing.T, address, secret string) {
		for _, kind := range httpTypes() {
			target := Target{Type: kind, URL: address, Secret: secret}
			_ = target.Secrets()
			err := target.Validate()
			if _, requestErr := New(target, message.Of("msg_1", message.Facts{Event: rules.Failed, At: noon}, message.Options{}), time.Time{}); (err == nil) != (requestErr == nil) {
				t.Errorf("%s: valid %v, request %v", kind, err, requestErr)
			}
			if err == nil {
				continue
			}
			fixed := (Target{Type: kind}).knownErrors()
			if !fixed[err.Error()] {
				t.Errorf("%s: an error with something of the target: %v", kind, err)
			}
		}
	})
}

// knownErrors are the errors of Validate. They are constants, so none has a secret.
func (t Target) knownErrors() map[string]bool {
	known := map[string]bool{}
	for _, url := range []string{"", "x", "https://u@x/", "https://x/"} {
		for _, secret := range []string{"", "x"} {
			if err := (Target{Type: t.Type, URL: url, Secret: secret}).Validate(); err != nil {
				known[err.Error()] = true
			}
		}
	}
	return known
}
