// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"sync"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

const (
	// maxShared bounds how many texts are shared, and maxSharedLength their length in bytes.
	maxShared, maxSharedLength = 4096, 128
)

// shared has one copy of each text that many runs have, such as the names of tasks and nodes, so that the cache does not keep a copy
// for each run.
type shared struct {
	mu    sync.Mutex
	texts map[string]string
}

func newShared() *shared { return &shared{texts: map[string]string{}} }

// copyOf returns the shared copy of a text.
func (s *shared) copyOf(text string) string {
	if text == "" || len(text) > maxSharedLength {
		return text
	}
	if known, ok := s.texts[text]; ok {
		return known
	}
	if len(s.texts) == maxShared {
		clear(s.texts) // what is still common comes again
	}
	s.texts[text] = text
	return text
}

// share replaces texts by their shared copies.
func share[T ~string](s *shared, texts ...*T) {
	for _, text := range texts {
		*text = T(s.copyOf(string(*text)))
	}
}

// in shares the texts of a run.
func (s *shared) in(e *v1alpha1.TaskExecution) {
	s.mu.Lock()
	defer s.mu.Unlock()
	trigger, status := &e.Spec.Trigger, &e.Status
	share(s, &e.Kind, &e.APIVersion, &e.Namespace, &e.Spec.TaskRef.Name, &trigger.Name, &trigger.User, &trigger.Cluster, &status.Reason, &status.Message)
	share(s, &trigger.Source)
	share(s, &status.Phase)
	share(s, &status.Origin)
	if status.Task != nil {
		share(s, &status.Task.UID)
	}
	for i := range status.Conditions {
		c := &status.Conditions[i]
		share(s, &c.Type, &c.Reason, &c.Message)
		share(s, &c.Status)
	}
	for i := range status.Pods {
		share(s, &status.Pods[i].Phase, &status.Pods[i].Node, &status.Pods[i].Reason)
	}
	for key, value := range e.Labels {
		e.Labels[s.copyOf(key)] = s.copyOf(value) // Go takes over the key too
	}
	for key, value := range e.Annotations {
		e.Annotations[s.copyOf(key)] = value
	}
}
