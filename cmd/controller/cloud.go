//go:build cloud

package main

import _ "github.com/taskexec/taskexec/controllers/logs/archive/cloud" // this is controller-cloud, which needs no other

// handOver does nothing here: this program has the clouds' clients.
func handOver(string) error { return nil }
