package follow

import (
	"context"
	"fmt"
	"io"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
)

// ContainerRun is one start of a container: what has a log of its own.
type ContainerRun struct {
	Namespace string
	Pod       string
	PodUID    types.UID
	Container string
	// ContainerID is the runtime's, another one for each start of the container.
	ContainerID string
	// Previous: the container was started again since, so that its log is asked for as the previous one.
	Previous bool
	// Ended: the container does not run any more.
	Ended bool
}

// Request for a log.
type Request struct {
	ContainerRun
	// Since, in whole seconds; zero for the beginning.
	Since time.Time
	// Follow the log as it is written.
	Follow bool
}

// Source gives container logs, each line with its timestamp before it. It is the API server, or a script in
// a test.
type Source interface {
	Open(ctx context.Context, r Request) (io.ReadCloser, error)
}

// NewKubeSource reads logs through the API server.
func NewKubeSource(client kubernetes.Interface) Source { return kubeSource{client} }

type kubeSource struct{ client kubernetes.Interface }

func (k kubeSource) Open(ctx context.Context, r Request) (io.ReadCloser, error) {
	options := &corev1.PodLogOptions{
		Container:  r.Container,
		Follow:     r.Follow,
		Previous:   r.Previous,
		Timestamps: true,
	}
	if !r.Since.IsZero() {
		since := metav1.NewTime(r.Since)
		options.SinceTime = &since
	}
	body, err := k.client.CoreV1().Pods(r.Namespace).GetLogs(r.Pod, options).Stream(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the log of container %s in pod %s/%s: %w", r.Container, r.Namespace, r.Pod, err)
	}
	return body, nil
}
