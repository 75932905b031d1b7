# shellcheck shell=bash
# Functions of console.sh and browser.sh, to be sourced: Node, and packages of npm. The sourcing script defines `lacking`, which
# says what the machine lacks and ends the script with 77.

# What installs the packages. Older versions leave out optional packages of a lock file that was made on another platform.
npm_version=11.19.1
oldest_npm=11

# node_fits reports whether there is a Node that Vite runs on: 20.19, or 22.12 and newer.
node_fits() {
  command -v node >/dev/null && command -v npm >/dev/null &&
    node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit((a === 20 && b >= 19) || (a === 22 && b >= 12) || a > 22 ? 0 : 1)'
}

# apt_installs installs packages of Debian, and fails if it cannot. Usage: apt_installs PACKAGE...
apt_installs() {
  export DEBIAN_FRONTEND=noninteractive
  apt-get install -y --no-install-recommends "$@" >/dev/null 2>&1 ||
    { apt-get update >/dev/null 2>&1 && apt-get install -y --no-install-recommends "$@" >/dev/null; }
}

install_node() {
  [ "$(id -u)" = 0 ] || lacking "there is no Node that fits on this machine, and only root may install it"
  command -v apt-get >/dev/null || lacking "there is no Node that fits on this machine, and no apt-get to install it"
  echo "installing nodejs and npm" >&2
  apt_installs nodejs npm || lacking "nodejs and npm could not be installed"
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

# npm_packages installs the packages of the lock file of this folder, unless they are.
npm_packages() {
  if ! [ node_modules/.package-lock.json -nt package-lock.json ]; then
    npm_11 ci --no-audit --no-fund --loglevel=error
    touch node_modules/.package-lock.json
  fi
}
