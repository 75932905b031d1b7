package main

import (
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// lazily has what a logger was given with WithValues encoded when something is logged. controller-runtime makes three such
// loggers for each look at an object, and most looks log nothing.
func lazily() []zap.Option {
	return []zap.Option{zap.WrapCore(func(core zapcore.Core) zapcore.Core { return lazyCore{core} })}
}

type lazyCore struct{ zapcore.Core }

func (c lazyCore) With(fields []zapcore.Field) zapcore.Core {
	return lazyCore{zapcore.NewLazyWith(c.Core, fields)}
}
