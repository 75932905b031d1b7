// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package jobspec

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

func TestIndexOf(t *testing.T) {
	for annotation, want := range map[string]*int32{"0": ptr.To[int32](0), "17": ptr.To[int32](17), "": nil, "-1": nil, "x": nil, "99999999999": nil} {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{batchv1.JobCompletionIndexAnnotation: annotation}}}
		if diff := cmp.Diff(want, IndexOf(pod)); diff != "" {
			t.Errorf("%q: -want +got:\n%s", annotation, diff)
		}
	}
	if got := IndexOf(&corev1.Pod{}); got != nil {
		t.Errorf("a pod without an index has %d", *got)
	}
}

func TestParseIndexes(t *testing.T) {
	for text, want := range map[string]Indexes{
		"":                     nil,
		"0":                    {{0, 0}},
		"1,3-5,7":              {{1, 1}, {3, 5}, {7, 7}},
		"5-3,x,-,-2,1-":        nil,
		"2147483647":           {{2147483647, 2147483647}},
		"99999999999,1":        {{1, 1}},
		"0-2147483647,nothing": {{0, 2147483647}},
	} {
		if diff := cmp.Diff(want, ParseIndexes(text)); diff != "" {
			t.Errorf("%q: -want +got:\n%s", text, diff)
		}
	}
	set := ParseIndexes("1,3-5")
	for index, want := range map[int32]bool{0: false, 1: true, 2: false, 3: true, 5: true, 6: false} {
		if set.Has(index) != want {
			t.Errorf("index %d: %t", index, !want)
		}
	}
	if set.Len() != 4 || Indexes(nil).Len() != 0 {
		t.Errorf("%d indexes", set.Len())
	}
}

func FuzzParseIndexes(f *testing.F) {
	for _, seed := range []string{"", "1,3-5", "-", "0-2147483647", "5-1", "1,,2", "x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, interval := range ParseIndexes(text) {
			if interval[0] < 0 || interval[1] < interval[0] || !ParseIndexes(text).Has(interval[0]) {
				t.Errorf("%q gives %v", text, interval)
			}
		}
	})
}
