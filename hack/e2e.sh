#!/usr/bin/env bash
# Runs a command with this checkout's operator deployed in a cluster. Called by test.sh and `make bench-logs`.
#
# Without KUBECONFIG it uses the local cluster. One that was not up is taken down at the end; one that was up stays.
# With KUBECONFIG it uses that cluster, and only if E2E_INSTALL=true allows it to install there. Tests that need the local
# cluster's node are skipped. The images are $REGISTRY/controller:$TAG and $REGISTRY/apiserver:$TAG; on a kind cluster they are
# built and loaded.
#
# The command gets these variables:
#   KUBECONFIG, and kubectl on the PATH
#   E2E_URL            the REST API
#   E2E_TOKEN          a token of an account that may do everything in the namespace default
#   E2E_METRICS_TOKEN  a token of an account that may scrape both programs, and nothing else
#   E2E_LOCALCLUSTER   the program that restarts parts of the node; only on the local cluster
# E2E_UP has the flags of a local cluster that is started here. By default its kubelet rotates logs early, for the tests of logs.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=hack/operator.sh
. hack/operator.sh
# shellcheck source=hack/cluster.sh
. hack/cluster.sh

port=${PORT:-8080}
at_exit=()
finish() {
  local command
  for command in "${at_exit[@]}"; do $command; done
}
trap finish EXIT

take_down() {
  say "Taking the local cluster down"
  bin/localcluster down
}

on_local_cluster() {
  local up state=0
  read -ra up <<<"${E2E_UP---container-log-max-size 64Ki --container-log-monitor-interval 3s}"
  bin/localcluster status >/dev/null 2>&1 || state=$?
  if [ "$state" -ne 3 ]; then
    say "There is a local cluster: it stays"
    up=()
  else
    at_exit+=(take_down)
  fi
  say "Local cluster"
  bin/localcluster up --publish "127.0.0.1:$port=30080" "${up[@]}"
  KUBECONFIG=$(bin/localcluster kubeconfig)
  assets=$(bin/localcluster assets)
  export KUBECONFIG PATH=$assets:$PATH
  kubectl=$assets/kubectl

  say "Operator of this checkout"
  load_images
  deploy_on_local_cluster
  export E2E_LOCALCLUSTER=$PWD/bin/localcluster
}

on_given_cluster() {
  kubectl=${KUBECTL:-kubectl}
  command -v "$kubectl" >/dev/null || die "$kubectl is not installed, and KUBECONFIG names a cluster"
  need_leave_to_install
  if [ -n "$("$kubectl" -n "$namespace" get deployment taskexec-controller --ignore-not-found -o name)" ]; then
    say "Replacing Taskexec in $(given_cluster) by this checkout, which stays"
  else
    say "Installing Taskexec in $(given_cluster); it stays until 'make undeploy uninstall'"
  fi
  images_for_given_cluster "$("$kubectl" config current-context)" | deploy
  forward_port &
  at_exit+=("kill $!")
}

# Prints the overlay for a given cluster, and loads the images if it is one of kind. Usage: images_for_given_cluster CONTEXT
images_for_given_cluster() {
  local program
  echo 'resources: [../../config/default]'
  if "$kubectl" api-resources --api-group=admissionregistration.k8s.io -o name | grep -q '^mutatingadmissionpolicies'; then
    echo 'components: [../../config/admission-caller]'
  fi
  if [[ $1 == kind-* ]] && kind_is_possible; then
    kind_load_images "${1#kind-}" >&2
    images_of_checkout
  else
    echo 'images:'
    for program in "${programs[@]}"; do
      echo "  - {name: ghcr.io/taskexec/$program, newName: ${REGISTRY:?}/$program, newTag: \"${TAG:?}\"}"
    done
  fi
}

# Forwards the port to the REST API, again each time that its pod goes.
forward_port() {
  trap 'kill $(jobs -p) 2>/dev/null; exit' TERM
  while :; do
    "$kubectl" -n "$namespace" port-forward service/taskexec-apiserver "$port:80" >/dev/null 2>&1 &
    wait $! || true
    sleep 0.5
  done
}

# The local cluster is meant for this, so that no choice is offered.
if cluster_is_given; then
  on_given_cluster
else
  on_local_cluster
fi
export E2E_URL=http://127.0.0.1:$port
wait_for_url "$E2E_URL/readyz" 60 || die "the REST API does not answer at $E2E_URL"
make_caller e2e
E2E_TOKEN=$("$kubectl" -n default create token e2e --audience="$audience" --duration=12h)
make_scraper e2e-scraper
E2E_METRICS_TOKEN=$("$kubectl" -n default create token e2e-scraper --duration=12h)
export E2E_TOKEN E2E_METRICS_TOKEN

rc=0
"$@" || rc=$?
[ "$rc" -eq 0 ] || show_operator
exit "$rc"
