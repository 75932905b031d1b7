// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package jobseal

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func apiWith(t *testing.T, funcs interceptor.Funcs) client.Client {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	return fake.NewClientBuilder().WithScheme(scheme).WithInterceptorFuncs(funcs).Build()
}

func life(t *testing.T, api client.Client) *Sealer {
	t.Helper()
	s, err := New(api, api, clocktesting.NewFakePassiveClock(noon), "system")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func aJob() *batchv1.Job {
	return &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "job"}}
}

func made(t *testing.T, by *Sealer, job *batchv1.Job) bool {
	t.Helper()
	is, err := by.Made(t.Context(), job, "run-uid")
	if err != nil {
		t.Fatal(err)
	}
	return is
}

func TestSealProvesWhoMadeAJob(t *testing.T) {
	api := apiWith(t, interceptor.Funcs{})
	earlier := life(t, api)
	job := aJob()
	if err := earlier.Seal(t.Context(), job, "run-uid"); err != nil {
		t.Fatal(err)
	}
	later := life(t, api)
	if !made(t, earlier, job) || !made(t, later, job) {
		t.Error("a Job of ours is not known")
	}
	text := job.Annotations[v1alpha1.AnnotationSeal]
	for name, change := range map[string]func(*batchv1.Job){
		"no seal":                   func(j *batchv1.Job) { delete(j.Annotations, v1alpha1.AnnotationSeal) },
		"nothing of a seal":         func(j *batchv1.Job) { j.Annotations[v1alpha1.AnnotationSeal] = "" },
		"a key without a signature": func(j *batchv1.Job) { j.Annotations[v1alpha1.AnnotationSeal] = text[:idLength] },
		"half of a signature":       func(j *batchv1.Job) { j.Annotations[v1alpha1.AnnotationSeal] = text[:idLength+9] },
		"another signature": func(j *batchv1.Job) {
			j.Annotations[v1alpha1.AnnotationSeal] = text[:idLength+1] + strings.Repeat("A", 86) + "=="
		},
		"another key":       func(j *batchv1.Job) { j.Annotations[v1alpha1.AnnotationSeal] = "0" + text[1:] },
		"another name":      func(j *batchv1.Job) { j.Name = "other" },
		"another namespace": func(j *batchv1.Job) { j.Namespace = "other" },
	} {
		changed := job.DeepCopy()
		if change(changed); made(t, later, changed) {
			t.Errorf("%s: it is taken for ours", name)
		}
	}
	if is, err := later.Made(t.Context(), job, "other-uid"); is || err != nil {
		t.Errorf("of another execution: %t, %v", is, err)
	}
	if stranger := life(t, apiWith(t, interceptor.Funcs{})); made(t, stranger, job) {
		t.Error("a key that was not published is believed")
	}
}

// A key that cannot be published makes no seal, because nobody could verify it after a crash. A key counts as published
// if only the answer was lost.
func TestKeyIsPublishedBeforeItIsUsed(t *testing.T) {
	refused, lost := errors.New("refused"), errors.New("lost")
	var answer error
	writes := 0
	api := apiWith(t, interceptor.Funcs{Create: func(ctx context.Context, api client.WithWatch, o client.Object, options ...client.CreateOption) error {
		if writes++; errors.Is(answer, refused) {
			return refused
		}
		return errors.Join(api.Create(ctx, o, options...), answer)
	}})
	s := life(t, api)
	for _, answer = range []error{refused, lost} {
		job := aJob()
		if err := s.Seal(t.Context(), job, "run-uid"); !errors.Is(err, answer) || !strings.Contains(err.Error(), "system/"+ConfigMapName) {
			t.Errorf("got %v, want %v", err, answer)
		}
		if job.Annotations[v1alpha1.AnnotationSeal] != "" {
			t.Error("it is sealed all the same")
		}
	}
	for range 2 {
		job := aJob()
		if err := s.Seal(t.Context(), job, "run-uid"); err != nil || !made(t, life(t, api), job) {
			t.Errorf("it is not published: %v", err)
		}
	}
	if writes != 2 {
		t.Errorf("%d writes, want 2", writes)
	}
}

// Controllers that start at once do not lose each other's keys.
func TestKeysOfManyLives(t *testing.T) {
	api := apiWith(t, interceptor.Funcs{})
	lives, jobs := make([]*Sealer, 4), make([]*batchv1.Job, 4)
	var all sync.WaitGroup
	for i := range lives {
		lives[i], jobs[i] = life(t, api), aJob()
		all.Go(func() {
			if err := lives[i].Seal(t.Context(), jobs[i], "run-uid"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, by := range lives {
		for i, job := range jobs {
			if !made(t, by, job) {
				t.Errorf("the Job of life %d is not known", i)
			}
		}
	}
}

func TestKeysAreBounded(t *testing.T) {
	data := map[string]string{"nonsense": "nonsense", "more": noon.Format(time.RFC3339) + " AAAA"}
	var first, last ed25519.PublicKey
	for i := range maxKeys + 1 {
		key, _, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = key
		}
		data, last = withKey(data, key, noon.Add(time.Duration(i)*time.Second)), key
	}
	keys := keysIn(data)
	if len(data) != maxKeys || len(keys) != maxKeys || keys[idOf(first)] != nil || keys[idOf(last)] == nil {
		t.Errorf("%d entries with %d keys; the first is kept: %t, the last is: %t", len(data), len(keys), keys[idOf(first)] != nil, keys[idOf(last)] != nil)
	}
	data[idOf(first)] = entry(last, noon)
	if keysIn(data)[idOf(first)] != nil {
		t.Error("a key stands under the id of another")
	}
}

// Whatever is written on a Job or in the ConfigMap, nothing crashes and no forged seal is accepted.
func FuzzSeal(f *testing.F) {
	f.Add("0123456789abcdef AAAA", "2026-01-02T12:00:00Z AAAA")
	f.Add("", "")
	f.Add(" ", " ")
	f.Add(fmt.Sprintf("%016d %s", 0, strings.Repeat("A", 88)), "2026-01-02T12:00:00Z "+strings.Repeat("A", 43)+"=")
	f.Fuzz(func(t *testing.T, seal, text string) {
		id, _ := parseSeal(seal)
		job := aJob()
		job.Annotations = map[string]string{v1alpha1.AnnotationSeal: seal}
		keys := keysIn(map[string]string{id: text, "x": text})
		for id, key := range keys {
			if len(key) != ed25519.PublicKeySize || idOf(key) != id {
				t.Errorf("%q is taken for a key", text)
			}
		}
		if keys.Made(job, "run-uid") {
			t.Errorf("%q is taken for a seal by %q", seal, text)
		}
	})
}
