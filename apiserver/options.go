// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"github.com/taskexec/taskexec/apiserver/session"
	"github.com/taskexec/taskexec/controllers/backlog"
)

// Options of the facade.
type Options struct {
	// BindAddress is the address to listen on, such as :8080.
	BindAddress string
	// Namespace is the namespace whose tasks are served at /tasks.
	Namespace string
	// OtherNamespaces are served besides Namespace. If there are any, all are served at /namespaces/{namespace},
	// including Namespace.
	OtherNamespaces []string
	// OwnNamespace is the namespace of the facade, empty outside a cluster. The facade creates no Secrets there.
	OwnNamespace string
	// AllNamespaces says that all namespaces are served at /namespaces/{namespace}.
	AllNamespaces bool
	// MaxBodyBytes is the largest body of a request.
	MaxBodyBytes int64
	// RequestTimeout bounds the work on one request.
	RequestTimeout time.Duration
	// ShutdownTimeout is how long requests may take to end when the facade stops.
	ShutdownTimeout time.Duration
	// ShutdownDelay is how long the facade keeps serving after it reports not ready, so that load balancers notice
	// before its port closes.
	ShutdownDelay time.Duration
	// ArchiveURL is the URL of the log archive, the same as the controller's. Empty means that there is none.
	ArchiveURL string
	// ArchiveCacheBytes is how much memory the history of archived runs may take.
	ArchiveCacheBytes int64
	// MaxLogReaders is how many logs are read at once.
	MaxLogReaders int
	// Auth is AuthKubernetes or AuthNone.
	Auth string
	// TokenAudiences are the accepted audiences. A token must have one of them. Without any, the audiences of the API
	// server are accepted.
	TokenAudiences []string
	// OIDC are the settings of the login with OpenID Connect.
	OIDC session.OIDC
	// AllowUnauthenticated allows AuthNone to serve other machines.
	AllowUnauthenticated bool
	// MaxInFlight is how many requests are served at once, without streams and waiting requests.
	MaxInFlight int
	// MaxReads and MaxWrites limit the requests of one caller per second, and MaxFailures the invalid tokens of one
	// address per second. The burst is ten times that. Zero means no limit.
	MaxReads, MaxWrites, MaxFailures float64
	// Waiting limits the waiting runs of each namespace. The controller has the same limits, so the facade rejects what
	// the controller would refuse.
	Waiting backlog.Limits
	// RecheckInterval is how often the caller of a stream or waiting request is checked again.
	RecheckInterval time.Duration
	// IdempotencySecret is the Secret, as namespace/name, that conceals Idempotency-Keys. Without it, anybody who can
	// read executions can guess keys.
	IdempotencySecret string
	// ClusterID identifies the cluster, as for the controller. Empty means the UID of the namespace kube-system.
	ClusterID string
	// Tracing creates spans for requests. Nil means that there are none.
	Tracing trace.TracerProvider
	// Metrics are further metrics of the program. They are served with those of the requests.
	Metrics []prometheus.Collector
	Log     logr.Logger
}

// The values of --auth.
const (
	// AuthKubernetes asks the API server for the user of a token and its rights.
	AuthKubernetes = "kubernetes"
	// AuthNone lets everyone do everything.
	AuthNone = "none"
)

// DefaultOptions returns the defaults of the flags of cmd/apiserver.
func DefaultOptions() Options {
	return Options{
		BindAddress:     ":8080",
		Namespace:       "default",
		MaxBodyBytes:    1 << 20,
		RequestTimeout:  30 * time.Second,
		ShutdownTimeout: 15 * time.Second,
		ShutdownDelay:   3 * time.Second,
		MaxLogReaders:   100,

		ArchiveCacheBytes: 64 << 20,

		Auth:            AuthKubernetes,
		TokenAudiences:  []string{"taskexec"},
		MaxInFlight:     400,
		MaxWrites:       100,
		MaxFailures:     20,
		Waiting:         backlog.DefaultLimits,
		RecheckInterval: time.Minute,
		Log:             logr.Discard(),
	}
}
