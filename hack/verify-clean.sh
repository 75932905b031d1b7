#!/usr/bin/env bash
# Fails if the work tree differs from the commit, including untracked files: something was generated or formatted again, or was not
# committed.
set -euo pipefail
cd "$(dirname "$0")/.."

changed=$(git status --porcelain --untracked-files=all)
if [ -n "$changed" ]; then
  echo "The work tree differs from the commit:"
  echo "$changed"
  git --no-pager diff
  echo "Run 'make generate manifests fmt' and commit what it changes."
  exit 1
fi
echo "The work tree is as committed."
