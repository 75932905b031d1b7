// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// aTask returns a task as the API server stores it, with extra JSON in its container.
func aTask(name, container string) string {
	return fmt.Sprintf(`{"apiVersion":"taskexec.dev/v1alpha1","kind":"Task","metadata":{"name":%q,"uid":"u","resourceVersion":"7","generation":3},
		"spec":{"retries":2,"parameters":{"type":"object","big":12345678901234567890.5,"text":"<&>"},"jobTemplate":{"spec":{"template":{"spec":{"containers":[{"name":"main"%s}]}}}}}}`, name, container)
}

const inContainer = "spec.jobTemplate.spec.template.spec.containers[0]."

// An object that does not decode does not affect others. It names the bad field and keeps all other fields.
func TestCase21ObjectsAreDecodedOneByOne(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	codec := serializer.NewCodecFactory(scheme).UniversalDeserializer()
	for name, c := range map[string]struct{ container, says string }{
		"a quantity that is none": {`,"resources":{"limits":{"memory":"1e1.5"}}`, inContainer + `resources.limits[memory]: "1e1.5" is not a quantity, such as 500m, 128Mi or 1e3`},
		"a port out of range": {
			`,"livenessProbe":{"httpGet":{"path":"/","port":80808080808}}`,
			inContainer + "livenessProbe.httpGet.port: 80808080808 is neither a string nor a 32-bit integer",
		},
		"an integer out of range": {`,"ports":[{"containerPort":1},{"containerPort":80808080808}]`, inContainer + "ports[1].containerPort: 80808080808 is not a 32-bit integer"},
		"another type":            {`,"command":{"a":1}`, inContainer + `command: {"a":1} is not a list`},
		"a text for an object":    {`,"resources":"x"`, inContainer + `resources: "x" is not an object`},
		"two":                     {`,"stdin":7,"tty":8`, inContainer + "stdin: 7: json: cannot unmarshal number into Go value of type bool; " + inContainer + "tty: 8: json: cannot unmarshal number into Go value of type bool"},
		"digits for hours":        {`,"resources":{"limits":{"cpu":"1e-2000000000"}}`, inContainer + `resources.limits[cpu]: "1e-2000000000" is not a quantity, such as 500m, 128Mi or 1e3`},
		"digits without end":      {`,"resources":{"limits":{"cpu":"` + strings.Repeat("9", 1<<20) + `"}}`, inContainer + "resources.limits[cpu]: \"999"},
	} {
		t.Run(name, func(t *testing.T) {
			list := fmt.Sprintf(`{"apiVersion":"taskexec.dev/v1alpha1","kind":"TaskList","metadata":{"resourceVersion":"9"},"items":[%s,%s,%s]}`,
				aTask("first", ""), aTask("bad", c.container), aTask("last", ""))
			decoded, _, err := codec.Decode([]byte(list), nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			tasks, ok := decoded.(*v1alpha1.TaskList)
			if !ok || len(tasks.Items) != 3 || tasks.ResourceVersion != "9" {
				t.Fatalf("got %+v", decoded)
			}
			for i, want := range []string{"first", "bad", "last"} {
				task := &tasks.Items[i]
				if task.Name != want || task.ResourceVersion != "7" || task.Generation != 3 || task.UID != "u" || task.Spec.Retries != 2 ||
					task.Spec.JobTemplate.Spec.Template.Spec.Containers[0].Name != "main" || !strings.Contains(string(task.Spec.Parameters.Raw), `12345678901234567890.5,"text":"<&>"`) {
					t.Errorf("%s lacks something: %+v", want, task)
				}
				if said := task.Undecoded.String(); (said != "") != (want == "bad") || !strings.HasPrefix(said, map[bool]string{true: c.says}[want == "bad"]) || len(said) > 1000 {
					t.Errorf("%s: %s", want, said)
				}
			}
		})
	}
}

// A finished run with an undecodable field is still finished.
func TestCase21RecordOfARunSurvivesABadField(t *testing.T) {
	e := &v1alpha1.TaskExecution{Undecoded: v1alpha1.Undecoded{{Path: "old"}}}
	if err := utiljson.Unmarshal([]byte(`{"metadata":{"name":"a","resourceVersion":"7"},"spec":{"taskRef":{"name":"t"}},
		"status":{"phase":"Completed","startTime":"2026-01-02T15:04:05+25:00","completionTime":"2026-01-02T15:04:05Z","exitCode":80808080808,
		"logs":[{"timestamp":"2026-01-02T15:04:05Z","level":"info","message":"a"},{"timestamp":"2026-01-02T15:04:05.000000Z","level":"info","message":"b"}],"job":{"name":"j","uid":"u"}}}`), e); err != nil {
		t.Fatal(err)
	}
	if e.Status.Phase != v1alpha1.PhaseCompleted || e.Status.Job.UID != "u" || e.Status.CompletionTime.Hour() != 15 || e.Status.StartTime != nil || len(e.Status.Logs) != 1 || e.Status.Logs[0].Message != "b" {
		t.Errorf("got %+v", e.Status)
	}
	paths := []string{}
	for _, f := range e.Undecoded {
		paths = append(paths, f.Path)
	}
	if diff := cmp.Diff([]string{"status.exitCode", "status.logs[0].timestamp", "status.startTime"}, paths); diff != "" {
		t.Error(diff)
	}
	if len(e.Undecoded.InSpec()) > 0 || !e.Undecoded.Has("status.logs") || e.Undecoded.Has("status.log") {
		t.Errorf("in the spec: %v", e.Undecoded.InSpec())
	}
	if err := utiljson.Unmarshal([]byte(`{"metadata":{"name":"a"}}`), e); err != nil || e.Undecoded != nil {
		t.Errorf("decoded anew it has %v, %v", e.Undecoded, err)
	}
}

// Undecodable fields are tolerated only in stored objects. In manifests they are errors, and so is malformed JSON.
func TestWhatWasNotStoredIsNotTolerated(t *testing.T) {
	for _, text := range []string{
		`{"metadata":{"name":"a"},"spec":{"timeout":"5 parsecs"}}`,
		`{"metadata":{"name":"a"},"spec":{"jobTemplate":{"spec":{"template":{"spec":{"overhead":{"cpu":"1e-2000000000"}}}}}}}`,
		`{"metadata":{"name":"a","resourceVersion":"7"}`, `[]`, `{"metadata":7}`,
	} {
		if err := json.Unmarshal([]byte(text), &v1alpha1.Task{}); err == nil {
			t.Errorf("%s was taken", text)
		}
	}
	if err := yaml.Unmarshal([]byte("spec: {timeout: 5 parsecs}"), &v1alpha1.TaskSchedule{}); err == nil {
		t.Error("a manifest with a bad timeout was taken")
	}
}

// The mark of an undecoded object is never serialized.
func TestUndecodedIsNoPartOfTheResource(t *testing.T) {
	task := &v1alpha1.Task{Undecoded: v1alpha1.Undecoded{{Path: "secret", Problem: "secret"}}}
	if raw, err := json.Marshal(task); err != nil || strings.Contains(string(raw), "secret") || strings.Contains(string(raw), "ndecoded") {
		t.Errorf("%s %v", raw, err)
	}
}

// FuzzStoredObject: any JSON object of the API server can be listed, in bounded time.
func FuzzStoredObject(f *testing.F) {
	f.Add(`"1e1.5"`)
	f.Add(`{"limits":{"memory":1e-999999}}`)
	f.Add(`[[[{"a":null}]]]`)
	f.Add(`"2026-01-02T15:04:05+25:00"`)
	f.Fuzz(func(t *testing.T, value string) {
		if !json.Valid([]byte(value)) {
			t.Skip()
		}
		begun := time.Now()
		for _, template := range []string{
			`{"metadata":{"name":"a","resourceVersion":"7"},"spec":{"jobTemplate":{"spec":{"completions":%[1]s,"template":{"spec":{"overhead":%[1]s,"containers":[{"name":"main","resources":%[1]s}]}}}},"logs":{"maxBytes":%[1]s}}}`,
			`{"metadata":{"name":"a","resourceVersion":"7"},"spec":%[1]s,"status":%[1]s}`,
			`{"metadata":{"name":"a","resourceVersion":"7"},"spec":{"timeout":%[1]s},"status":{"durations":{"mean":%[1]s},"conditions":[{"lastTransitionTime":%[1]s}]}}`,
		} {
			task := &v1alpha1.Task{}
			if err := utiljson.Unmarshal(fmt.Appendf(nil, template, value), task); err != nil || task.Name != "a" {
				t.Errorf("%s: %+v %v", value, task, err)
			}
		}
		if took := time.Since(begun); took > 10*time.Second {
			t.Errorf("%.100s took %s", value, took)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	type plain v1alpha1.Task // without its UnmarshalJSON method
	raw := []byte(aTask("a", `,"command":["sh","-c","`+strings.Repeat("echo hello; ", 200)+`"],"resources":{"limits":{"memory":"64Mi"}}`))
	b.Run("one by one", func(b *testing.B) {
		for b.Loop() {
			if err := utiljson.Unmarshal(raw, &v1alpha1.Task{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("all at once", func(b *testing.B) {
		for b.Loop() {
			if err := utiljson.Unmarshal(raw, &plain{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// UIDs, names and messages may contain digits that look like a number with a large exponent. Such an object is
// accepted, stored or not.
func TestCase21TextThatLooksEndless(t *testing.T) {
	for _, version := range []string{"", `"resourceVersion":"1",`} {
		raw := `{"metadata":{` + version + `"name":"sync-1e12345","uid":"a1e12345-0000-4000-8000-1e1234567890"},"spec":{"taskRef":{"name":"x"},"params":{"n":1e99999}}}`
		e := &v1alpha1.TaskExecution{}
		if err := json.Unmarshal([]byte(raw), e); err != nil || len(e.Undecoded) > 0 {
			t.Errorf("%s: %v %v", raw, err, e.Undecoded)
		}
		if e.Name != "sync-1e12345" || e.Spec.TaskRef.Name != "x" || e.Spec.Params == nil || string(e.Spec.Params.Raw) != `{"n":1e99999}` {
			t.Errorf("%s: %+v", raw, e)
		}
	}
}
