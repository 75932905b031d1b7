#!/usr/bin/env bash
# Generates a client from an OpenAPI document, compiles it, and uses it against a running API.
# Usage: clients.sh ogen|oapi-codegen|openapi-typescript DOCUMENT URL
# Exits with 77 if the machine lacks what the generator needs.
set -euo pipefail
cd "$(dirname "$0")/clients"
tool=$1 document=$2 url=$3
go=${GO:-go}

case $tool in
  ogen)
    "$go" tool ogen --target ogen/api --package api --clean --config ogen/config.yaml "$document"
    exec "$go" run ./ogen "$url"
    ;;
  oapi-codegen)
    mkdir -p oapicodegen/api
    "$go" tool oapi-codegen -package api -generate types,client -o oapicodegen/api/api.gen.go "$document"
    exec "$go" run ./oapicodegen "$url"
    ;;
  openapi-typescript)
    if ! command -v npm >/dev/null; then
      echo "there is no npm on this machine: the TypeScript client is not checked"
      exit 77
    fi
    cd typescript
    [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --no-audit --no-fund --silent
    npx --no-install openapi-typescript "$document" --output api.d.ts >/dev/null
    npx --no-install tsc
    exec node build/drive.js "$url"
    ;;
  *)
    echo "there is no generator $tool" >&2
    exit 2
    ;;
esac
