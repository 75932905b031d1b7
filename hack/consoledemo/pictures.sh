#!/usr/bin/env bash
# Takes the pictures of the console in docs/images, from the demo and with Debian's chromium.
# Usage: hack/consoledemo/pictures.sh, after `make build localcluster`. ADDRESS=host:port takes them from a console that runs.
set -euo pipefail
cd "$(dirname "$0")/../.."

address=${ADDRESS:-127.0.0.1:8090}
if [ -z "${ADDRESS:-}" ]; then
  KUBEBUILDER_ASSETS=$(bin/localcluster assets)
  export KUBEBUILDER_ASSETS
  "${GO:-go}" build -o bin/consoledemo ./hack/consoledemo
  bin/consoledemo -bind-address "$address" &
  demo=$!
  trap 'kill "$demo"' EXIT
fi
for _ in $(seq 120); do
  ! curl -sf -o /dev/null "http://$address/readyz" || break
  sleep 1
done
cd apiserver/console/web
node scripts/pictures.mjs "http://$address"
