package web

import (
	"context"
	"net/http"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/trace"
)

// traces are carried as W3C Trace Context, whatever OTEL_PROPAGATORS says: it is what a run is given, too.
var traces propagation.TraceContext

// Traced begins a span for each request, as a part of the trace that its client sent. Without a provider it does
// nothing. What is asked for every few seconds by the platform is left out.
func Traced(provider trace.TracerProvider) func(http.Handler) http.Handler {
	if provider == nil {
		return func(next http.Handler) http.Handler { return next }
	}
	return otelhttp.NewMiddleware("taskexec-apiserver",
		otelhttp.WithTracerProvider(provider),
		otelhttp.WithPropagators(traces),
		otelhttp.WithMeterProvider(noop.NewMeterProvider()), // metrics.go has them
		otelhttp.WithFilter(func(r *http.Request) bool { return accessLevel(r.URL.Path) == 0 }),
	)
}

// nameSpan after the route, never the path: a path has names.
func nameSpan(ctx context.Context, method, route string) {
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() {
		return
	}
	span.SetName(method + " " + route)
	span.SetAttributes(semconv.HTTPRoute(route), attribute.String("taskexec.request_id", RequestID(ctx)))
}

// TraceparentOf gives the trace that a request belongs to, as a run is to have it: that of its span, or, where there
// is no tracing here, that which its client sent. Empty means none; what is no traceparent is none.
func TraceparentOf(r *http.Request) string {
	ctx := r.Context()
	if !trace.SpanContextFromContext(ctx).IsValid() {
		ctx = traces.Extract(ctx, propagation.HeaderCarrier(r.Header))
	}
	carrier := propagation.MapCarrier{}
	traces.Inject(ctx, carrier)
	return carrier.Get("traceparent")
}

// traceIDOf gives the id of the trace of a request, empty where it has none.
func traceIDOf(ctx context.Context) string {
	if span := trace.SpanContextFromContext(ctx); span.HasTraceID() {
		return span.TraceID().String()
	}
	return ""
}
