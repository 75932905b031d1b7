// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package process

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"time"
)

// Lock makes sure that only one command at a time changes the cluster. If it must wait, it calls waiting once.
// Unlocking removes the file, so that `down` leaves nothing behind.
func Lock(ctx context.Context, path string, waiting func()) (unlock func(), err error) {
	for told := false; ; {
		file, err := tryLock(path)
		if err != nil {
			return nil, err
		}
		if file != nil {
			return func() { os.Remove(path); file.Close() }, nil
		}
		if !told {
			waiting()
			told = true
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// tryLock returns nil if somebody else holds the lock, or removed the file after it was opened: a lock on a removed
// file excludes nobody.
func tryLock(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the lock: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		file.Close()
		if err == syscall.EWOULDBLOCK {
			return nil, nil
		}
		return nil, fmt.Errorf("locking %s: %w", path, err)
	}
	named, errNamed := os.Stat(path)
	held, errHeld := file.Stat()
	if errNamed != nil || errHeld != nil || !os.SameFile(named, held) {
		file.Close()
		return nil, nil
	}
	return file, nil
}
