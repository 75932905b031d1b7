#!/usr/bin/env bash
# Looks for known vulnerabilities that the programs reach, with govulncheck.
# GOVULNDB is the URL of the database, or file:///folder of a copy. The default is https://vuln.go.dev.
# Exits with 0 if it finds nothing, 3 if it finds something, and 4 if the database cannot be read.
set -euo pipefail
cd "$(dirname "$0")/.."

go=${GO:-go}
database=${GOVULNDB:-https://vuln.go.dev}

case $database in
  file://*) readable() { [ -r "${database#file://}/index/db.json" ]; } ;;
  *) readable() { curl -fsS -o /dev/null --max-time 20 "$database/index/db.json"; } ;;
esac
if ! readable; then
  echo "The vulnerability database at $database cannot be read, so nothing was checked." >&2
  echo "Where there is no network, fetch $database/vulndb.zip on a machine that has one, unpack it, and set GOVULNDB=file:///that/folder." >&2
  exit 4
fi
exec "$go" tool -modfile=hack/tools/go.mod govulncheck -db "$database" -tags cloud ./...
