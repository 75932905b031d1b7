// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// lazily returns the options of a logger that encodes the values of WithValues only when something is logged.
// controller-runtime creates three such loggers for each reconcile, and most reconciles log nothing.
func lazily() []zap.Option {
	return []zap.Option{zap.WrapCore(func(core zapcore.Core) zapcore.Core { return lazyCore{core} })}
}

type lazyCore struct{ zapcore.Core }

func (c lazyCore) With(fields []zapcore.Field) zapcore.Core {
	return lazyCore{zapcore.NewLazyWith(c.Core, fields)}
}
