#!/usr/bin/env bash
# Looks for known vulnerabilities that this module's programs reach, with govulncheck.
# GOVULNDB is where the database is: a URL, or file:///folder of a copy of it; https://vuln.go.dev by default.
# Ends with 0 if nothing is found, 3 if something is, and 4, in plain words, if the database cannot be read.
set -euo pipefail
cd "$(dirname "$0")/.."

go=${GO:-go}
database=${GOVULNDB:-https://vuln.go.dev}

case $database in
  file://*) readable() { [ -r "${database#file://}/index/db.json" ]; } ;;
  *) readable() { curl -fsS -o /dev/null --max-time 20 "$database/index/db.json"; } ;;
esac
if ! readable; then
  echo "The vulnerability database at $database cannot be read, so that nothing was checked." >&2
  echo "Where there is no network, fetch $database/vulndb.zip on a machine that has one, unpack it, and set GOVULNDB=file:///that/folder." >&2
  exit 4
fi
exec "$go" tool -modfile=hack/tools/go.mod govulncheck -db "$database" -tags cloud ./...
