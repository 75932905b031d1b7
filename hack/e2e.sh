#!/usr/bin/env bash
# Runs a command with this checkout's operator deployed on the local cluster. A cluster that was not up is
# taken down at the end; one that was stays as it is. Called by test.sh and `make bench-logs`.
#
# The command sees KUBECONFIG, E2E_URL (the REST API), E2E_TOKEN (of one who may do everything there), E2E_METRICS_TOKEN (of one
# who may scrape both programs and nothing else), E2E_LOCALCLUSTER (the program that restarts parts of the node) and kubectl on PATH. E2E_UP has the flags of a cluster that is brought up here; by default its kubelet
# rotates logs early, for the tests of logs.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=hack/operator.sh
. hack/operator.sh

port=${PORT:-8080}

read -ra up <<<"${E2E_UP---container-log-max-size 64Ki --container-log-monitor-interval 3s}"

state=0
bin/localcluster status >/dev/null 2>&1 || state=$?
if [ "$state" -ne 3 ]; then
  say "There is a local cluster: it stays"
  up=()
else
  trap 'say "Taking the local cluster down"; bin/localcluster down' EXIT
fi
say "Local cluster"
bin/localcluster up --publish "127.0.0.1:$port=30080" "${up[@]}"
KUBECONFIG=$(bin/localcluster kubeconfig)
assets=$(bin/localcluster assets)
export KUBECONFIG PATH=$assets:$PATH
kubectl=$assets/kubectl

say "Operator of this checkout"
load_images
deploy_operator
export E2E_URL=http://127.0.0.1:$port E2E_LOCALCLUSTER=$PWD/bin/localcluster
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
