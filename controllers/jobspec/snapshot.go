// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package jobspec

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/lru"

	batchv1 "k8s.io/api/batch/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// These are defaults for fields without the API server's defaults, such as those of a Task from an older version of the
// CRD.
const (
	defaultMaxEntries = 100
	defaultMaxBytes   = 16 << 10
	// mainContainer is the usual name of a task's own container.
	mainContainer = "main"
	// defaultContainerAnnotation is kubectl's: the container that `kubectl logs` reads by default.
	defaultContainerAnnotation = "kubectl.kubernetes.io/default-container"
)

// Snapshot has the settings of a Task as they were when a run's Job was created. It is in an annotation of the Job, so
// that changing or deleting the Task affects only later runs.
type Snapshot struct {
	Task v1alpha1.TaskIdentity `json:"task"`
	// Timeout is the limit of the run clock. Nil means none.
	Timeout *metav1.Duration `json:"timeout,omitempty"`
	// StartTimeout is the limit of the start clock. Nil means none.
	StartTimeout *metav1.Duration `json:"startTimeout,omitempty"`
	// QueueTimeout is the limit of the queue clock while the Job is suspended. Nil means none.
	QueueTimeout *metav1.Duration `json:"queueTimeout,omitempty"`
	// Container is the container whose log is mirrored.
	Container string `json:"container"`
	// MaxEntries and MaxBytes bound the mirrored tail.
	MaxEntries int   `json:"maxEntries"`
	MaxBytes   int64 `json:"maxBytes"`
	// Archive is how the whole log is kept. Empty means raw.
	Archive v1alpha1.LogArchive `json:"archive,omitempty"`
}

// SnapshotFor returns the snapshot of a run whose Job is created now.
func SnapshotFor(task *v1alpha1.Task, execution *v1alpha1.TaskExecution) Snapshot {
	l := Snapshot{
		Task:         v1alpha1.TaskIdentity{UID: task.UID, Generation: task.Generation},
		Timeout:      cmp.Or(task.Spec.Timeout, task.Spec.MaxTimeout),
		StartTimeout: task.Spec.StartTimeout,
		QueueTimeout: task.Spec.QueueTimeout,
		Container:    logContainer(task),
		MaxEntries:   defaultMaxEntries,
		MaxBytes:     defaultMaxBytes,
	}
	if task.Spec.Logs.Archive == v1alpha1.LogArchiveRedacted {
		l.Archive = v1alpha1.LogArchiveRedacted
	}
	if execution.Spec.Timeout != nil {
		l.Timeout = execution.Spec.Timeout
	}
	if task.Spec.Logs.MaxEntries > 0 {
		l.MaxEntries = int(task.Spec.Logs.MaxEntries)
	}
	if task.Spec.Logs.MaxBytes != nil {
		l.MaxBytes = task.Spec.Logs.MaxBytes.Value()
	}
	return l
}

// DefaultSnapshot returns the snapshot of a run whose Job and Task are gone.
func DefaultSnapshot() Snapshot {
	return Snapshot{MaxEntries: defaultMaxEntries, MaxBytes: defaultMaxBytes}
}

// SnapshotOf reads the snapshot of a Job. If somebody changed the annotation, it returns the defaults with an error,
// because a run must end whatever is written on its Job. Its log is then archived without the values of sensitive
// params, because the Task may have asked for that.
func SnapshotOf(job *batchv1.Job) (Snapshot, error) {
	fallback := DefaultSnapshot()
	fallback.Archive = v1alpha1.LogArchiveRedacted
	if containers := job.Spec.Template.Spec.Containers; len(containers) > 0 {
		fallback.Container = containers[0].Name
	}
	l, err := readSnapshot(job.Annotations[v1alpha1.AnnotationLimits])
	if err != nil {
		return fallback, fmt.Errorf("reading annotation %s of job %s: %w", v1alpha1.AnnotationLimits, job.Name, err)
	}
	return l, nil
}

// knownSnapshots caches recently decoded snapshots by their text. A run is reconciled about ten times, and most runs of
// a Task have the same snapshot. The values are never changed. A text that is longer than ours was written by somebody
// else and is not cached.
var knownSnapshots = lru.New(1024)

// shortText is the longest text that is cached, in bytes.
const shortText = 1 << 10

func readSnapshot(text string) (l Snapshot, err error) {
	if known, found := knownSnapshots.Get(text); found {
		if l, ok := known.(Snapshot); ok {
			return l, nil
		}
	}
	if err := json.Unmarshal([]byte(text), &l); err != nil {
		return Snapshot{}, err
	}
	if !l.inBounds() {
		return Snapshot{}, errors.New("a value is out of bounds")
	}
	if len(text) <= shortText {
		knownSnapshots.Add(text, l)
	}
	return l, nil
}

// inBounds reports whether the CRD allows these values.
func (l *Snapshot) inBounds() bool {
	return l.MaxEntries >= 2 && l.MaxEntries <= 1000 && l.MaxBytes >= 1<<10 && l.MaxBytes <= 256<<10 &&
		l.Container != "" && (l.Archive == "" || l.Archive == v1alpha1.LogArchiveRedacted) && aSecondOrMore(l.Timeout) && aSecondOrMore(l.StartTimeout) && aSecondOrMore(l.QueueTimeout)
}

func aSecondOrMore(d *metav1.Duration) bool { return d == nil || d.Duration >= time.Second }

// logContainer picks the container whose log is mirrored: the one that the Task names, "main", kubectl's default, or
// the first.
func logContainer(task *v1alpha1.Task) string {
	if task.Spec.Logs.Container != "" {
		return task.Spec.Logs.Container
	}
	template := task.Spec.JobTemplate.Spec.Template
	for _, want := range []string{mainContainer, template.Annotations[defaultContainerAnnotation]} {
		if hasContainer(template.Spec.Containers, want) {
			return want
		}
	}
	if len(template.Spec.Containers) == 0 {
		return mainContainer // the API server refuses such a Job, with a better message than ours
	}
	return template.Spec.Containers[0].Name
}

func hasContainer(containers []corev1.Container, name string) bool {
	for i := range containers {
		if containers[i].Name == name {
			return true
		}
	}
	return false
}
