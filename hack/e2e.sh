#!/usr/bin/env bash
# Runs a command with this checkout's operator deployed on the local cluster. A cluster that was not up is
# taken down at the end; one that was stays. Called by test.sh.
#
# The command sees KUBECONFIG, E2E_URL (the REST API) and kubectl on PATH.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=hack/operator.sh
. hack/operator.sh

port=${PORT:-8080}

state=0
bin/localcluster status >/dev/null 2>&1 || state=$?
if [ "$state" -ne 3 ]; then
  say "There is a local cluster: it stays"
else
  trap 'say "Taking the local cluster down"; bin/localcluster down' EXIT
fi
say "Local cluster"
bin/localcluster up --publish "127.0.0.1:$port=30080"
KUBECONFIG=$(bin/localcluster kubeconfig)
assets=$(bin/localcluster assets)
export KUBECONFIG PATH=$assets:$PATH
kubectl=$assets/kubectl

say "Operator of this checkout"
load_images
deploy_operator
export E2E_URL=http://127.0.0.1:$port
wait_for_url "$E2E_URL/readyz" 60 || die "the REST API does not answer at $E2E_URL"

rc=0
"$@" || rc=$?
[ "$rc" -eq 0 ] || show_operator
exit "$rc"
