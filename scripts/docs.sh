#!/usr/bin/env bash
# docs.sh WACTL [--check]: writes completions and the tables of the manual pages from the program; with
# --check only says which are stale.
set -euo pipefail
cd "$(dirname "$0")/.."
wactl=$1 check=${2:-}
fresh=$(mktemp)
trap 'rm -f "$fresh"' EXIT
rc=0

put() { # file: takes $fresh
  cmp -s "$fresh" "$1" && return
  if [ "$check" = --check ]; then
    echo "$1 is stale: run scripts/docs.sh $wactl"
    rc=1
  else
    cat "$fresh" >"$1"
    echo "wrote $1"
  fi
}

"$wactl" docs completions bash >"$fresh"; put completions/wactl.bash
"$wactl" docs completions zsh >"$fresh"; put completions/_wactl
"$wactl" docs completions fish >"$fresh"; put completions/wactl.fish

for page in man/*; do
  grep -q '^\.\\" begin: wactl docs man ' "$page" || continue
  skip=
  while IFS= read -r line; do
    [ "$line" = '.\" end' ] && skip=
    [ -z "$skip" ] && printf '%s\n' "$line"
    case $line in
    '.\" begin: wactl docs man '*) skip=1; "$wactl" docs man "${line##* }" ;;
    esac
  done <"$page" >"$fresh"
  put "$page"
done
exit $rc
