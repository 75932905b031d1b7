// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/taskexec/taskexec/cmd/internal/version"
)

// tracingVariables turn tracing on. Without any of them nothing is exported.
var tracingVariables = []string{"OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"}

// tracingStop limits how long the export of the last spans may take at shutdown.
const tracingStop = 5 * time.Second

// tracing returns a provider that exports spans as OpenTelemetry's environment variables say:
// https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
// The provider is nil if none of tracingVariables is set.
func tracing(ctx context.Context) (provider trace.TracerProvider, stop func(), err error) {
	stop = func() {}
	asked := false
	for _, name := range tracingVariables {
		asked = asked || os.Getenv(name) != ""
	}
	if !asked || strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") {
		return nil, stop, nil
	}
	exporter, err := autoexport.NewSpanExporter(ctx)
	if err != nil {
		return nil, stop, fmt.Errorf("exporting traces (OTEL_*): %w", err)
	}
	if autoexport.IsNoneSpanExporter(exporter) {
		return nil, stop, nil
	}
	// The last option wins, so that the environment variables can override the name of the service.
	described, err := resource.New(ctx, resource.WithAttributes(semconv.ServiceName("taskexec-apiserver"), semconv.ServiceVersion(version.Number())), resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return nil, stop, fmt.Errorf("describing the service (OTEL_RESOURCE_ATTRIBUTES): %w", err)
	}
	made := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(described))
	return made, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tracingStop)
		defer cancel()
		_ = made.Shutdown(ctx) // the exporter has logged why
	}, nil
}
