// Package e2e tests Taskexec as its users meet it: over HTTP and with kubectl, on a real cluster in which the
// operator was deployed from config/. Every container is a real one.
//
// `make test-e2e` sets all that it needs: KUBECONFIG, E2E_URL, E2E_TOKEN, kubectl on the PATH, and an image busybox:1.37. Tests
// that restart parts of the node need E2E_LOCALCLUSTER too, the path of the program that can, and are skipped
// without it. No test runs in parallel with another: several kill what all of them need.
package e2e
