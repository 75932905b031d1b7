#!/usr/bin/env bash
# Builds the web console into apiserver/console/dist, unless it is up to date. Called by `make console`.
#
# It needs Node 20.19 or newer. Where Node is missing or too old, it installs Debian's nodejs and npm if it can (root and apt).
# Exits with 77 if the machine lacks Node and it cannot be installed.
set -euo pipefail
cd "$(dirname "$0")/.."

web=apiserver/console/web
dist=apiserver/console/dist
go=${GO:-go}

lacking() {
  echo "console: $1" >&2
  echo "console: install Node 20.19 or newer with npm (https://nodejs.org, or the packages nodejs and npm of Debian 13), then run 'make console'" >&2
  exit 77
}

# shellcheck source=hack/node.sh
. hack/node.sh

# sources prints a hash of all that the console is built from.
sources() {
  find "$web" -type f -not -path '*/node_modules/*' -not -path '*/build/*' -not -name openapi.d.ts -print0 |
    LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d ' ' -f 1
}

# With the flags of `make build`, so that nothing is compiled twice.
CGO_ENABLED=0 "$go" run -trimpath ./hack/openapi >"$web/openapi.json.new"
mv "$web/openapi.json.new" "$web/openapi.json"
now=$(sources)
if [ -f "$dist/index.html" ] && [ "$(cat "$dist/.sources" 2>/dev/null)" = "$now" ]; then
  echo "console: up to date"
  exit 0
fi

node_fits || install_node
cd "$web"
npm_packages
npm run --silent types >/dev/null
npm run --silent check
npm run --silent build
cd - >/dev/null
echo "$now" >"$dist/.sources"
