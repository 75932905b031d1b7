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
# What installs the packages. Older versions leave out optional packages of a lock file that was made on another platform.
npm_version=11.19.1
oldest_npm=11

lacking() {
  echo "console: $1" >&2
  echo "console: install Node 20.19 or newer with npm (https://nodejs.org, or the packages nodejs and npm of Debian 13), then run 'make console'" >&2
  exit 77
}

# node_fits reports whether there is a Node that Vite runs on: 20.19, or 22.12 and newer.
node_fits() {
  command -v node >/dev/null && command -v npm >/dev/null &&
    node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit((a === 20 && b >= 19) || (a === 22 && b >= 12) || a > 22 ? 0 : 1)'
}

install_node() {
  [ "$(id -u)" = 0 ] || lacking "there is no Node that fits on this machine, and only root may install it"
  command -v apt-get >/dev/null || lacking "there is no Node that fits on this machine, and no apt-get to install it"
  echo "console: installing nodejs and npm" >&2
  export DEBIAN_FRONTEND=noninteractive
  apt-get install -y --no-install-recommends nodejs npm >/dev/null 2>&1 ||
    { apt-get update >/dev/null 2>&1 && apt-get install -y --no-install-recommends nodejs npm >/dev/null; } ||
    lacking "nodejs and npm could not be installed"
  node_fits || lacking "Debian's nodejs is $(node --version 2>/dev/null || echo missing), which is too old"
}

# npm_11 runs npm in a version that understands the lock file.
npm_11() {
  if [ "$(npm --version | cut -d . -f 1)" -ge "$oldest_npm" ]; then
    npm "$@"
  else
    npx --yes "npm@$npm_version" "$@"
  fi
}

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
if ! [ node_modules/.package-lock.json -nt package-lock.json ]; then
  npm_11 ci --no-audit --no-fund --loglevel=error
  touch node_modules/.package-lock.json
fi
npm run --silent types >/dev/null
npm run --silent check
npm run --silent build
cd - >/dev/null
echo "$now" >"$dist/.sources"
