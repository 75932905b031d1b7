package apiserver

import (
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"github.com/taskexec/taskexec/controllers/room"
)

// Options of the facade.
type Options struct {
	// BindAddress to listen on, such as :8080.
	BindAddress string
	// Namespace whose tasks are served at /tasks.
	Namespace string
	// OtherNamespaces are served beside Namespace. Where there are any, each is served under /namespaces/{namespace}, Namespace too.
	OtherNamespaces []string
	// OwnNamespace is where the facade runs; empty outside of a cluster. No Secrets are made there.
	OwnNamespace string
	// AllNamespaces are served too, each under /namespaces/{namespace}.
	AllNamespaces bool
	// MaxBodyBytes of a request.
	MaxBodyBytes int64
	// RequestTimeout bounds the work on one request.
	RequestTimeout time.Duration
	// ShutdownTimeout is for requests under way when the facade is told to stop.
	ShutdownTimeout time.Duration
	// ShutdownDelay is how long the facade goes on serving after it said that it is not ready, so that load
	// balancers have noticed before it closes its port.
	ShutdownDelay time.Duration
	// ArchiveURL of the logs' archive, as the controller has it. Empty means that there is none.
	ArchiveURL string
	// MaxLogReaders is how many logs are read at once.
	MaxLogReaders int
	// Auth is AuthKubernetes or AuthNone.
	Auth string
	// TokenAudiences of which a token must have one. None means those of the API server.
	TokenAudiences []string
	// AllowUnauthenticated lets AuthNone serve beyond this machine.
	AllowUnauthenticated bool
	// MaxInFlight is how many requests are served at once, those that last apart.
	MaxInFlight int
	// MaxReads, MaxWrites and MaxFailures are how many reads and writes of one caller, and tokens that are not
	// valid from one address, are taken in a second, ten seconds' worth at once. Zero means any number.
	MaxReads, MaxWrites, MaxFailures float64
	// Waiting bounds what waits in each namespace, as the controller does; what it would refuse is refused here.
	Waiting room.Limits
	// RecheckInterval is how often the caller of an answer that lasts is asked for anew.
	RecheckInterval time.Duration
	// IdempotencySecret is the Secret, as namespace/name, that conceals Idempotency-Keys. Empty means that who can read
	// executions can try keys.
	IdempotencySecret string
	// Tracing makes the spans of requests. Nil means that there are none.
	Tracing trace.TracerProvider
	// Metrics of the program, which are served beside those of the requests.
	Metrics []prometheus.Collector
	Log     logr.Logger
}

// The ways to know callers.
const (
	// AuthKubernetes asks the API server who a token is of and what that user may do.
	AuthKubernetes = "kubernetes"
	// AuthNone lets everyone do everything.
	AuthNone = "none"
)

// DefaultOptions are what the flags of cmd/apiserver begin with.
func DefaultOptions() Options {
	return Options{
		BindAddress:     ":8080",
		Namespace:       "default",
		MaxBodyBytes:    1 << 20,
		RequestTimeout:  30 * time.Second,
		ShutdownTimeout: 15 * time.Second,
		ShutdownDelay:   3 * time.Second,
		MaxLogReaders:   100,
		Auth:            AuthKubernetes,
		TokenAudiences:  []string{"taskexec"},
		MaxInFlight:     400,
		MaxWrites:       100,
		MaxFailures:     20,
		Waiting:         room.DefaultLimits,
		RecheckInterval: time.Minute,
		Log:             logr.Discard(),
	}
}
