#!/usr/bin/env bash
# Installs what the console's end-to-end tests need: Debian's chromium, which Playwright drives, and the packages of npm in
# apiserver/console/e2e, and builds hack/steadynet. Playwright downloads no browser. CHROMIUM names another browser that is there. Called by hack/e2e.
#
# It needs Node, as console.sh does. What is missing is installed if possible (root and apt). Exits with 77 if it is not.
set -euo pipefail
cd "$(dirname "$0")/.."

lacking() {
  echo "the console is not tested in a browser: $1" >&2
  echo "install Node 20.19 or newer with npm, and Chromium (the packages nodejs, npm and chromium of Debian 13); CHROMIUM=/path names another Chromium" >&2
  exit 77
}
# shellcheck source=hack/node.sh
. hack/node.sh

node_fits || install_node
chromium=${CHROMIUM:-/usr/bin/chromium}
if ! [ -x "$chromium" ]; then
  [ -z "${CHROMIUM:-}" ] || lacking "there is no program $CHROMIUM"
  [ "$(id -u)" = 0 ] || lacking "there is no $chromium on this machine, and only root may install it"
  command -v apt-get >/dev/null || lacking "there is no $chromium on this machine, and no apt-get to install it"
  echo "installing chromium" >&2
  apt_installs chromium || lacking "chromium could not be installed"
fi

[ "$(uname -s)" != Linux ] || CGO_ENABLED=0 "${GO:-go}" build -trimpath -o bin/steadynet ./hack/steadynet

export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1
cd apiserver/console/e2e
npm_packages
npm run --silent check
