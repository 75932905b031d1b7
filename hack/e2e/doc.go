// Package e2e tests Taskexec as its users meet it: over HTTP and with kubectl, on a real cluster in which the
// operator was deployed from config/. Every container is a real one.
//
// `make test-e2e` sets all that it needs: KUBECONFIG, E2E_URL, kubectl on the PATH, and an image busybox:1.37.
package e2e
