#!/usr/bin/env bash
# Builds the images of this checkout's programs without Docker and loads them into the local cluster.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=hack/operator.sh
. hack/operator.sh

load_images
for program in "${programs[@]}"; do
  echo "ghcr.io/taskexec/$program:$(image_tag "$program")"
done
