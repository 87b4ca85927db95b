#!/usr/bin/env bash
# usage: run.sh BUILD [baileys|whatsmeow]
# Clients of other projects talk to a device of wad over wasandbox. Exit 77 when what a client needs is not
# there; its last line then says what.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${1:?usage: run.sh BUILD [baileys|whatsmeow]}" && pwd) || exit 2
work=$build/interop

skip() { echo "skipped: $1"; return 77; }

# packages are kept below the build directory; they are fetched again when the lock file changed
baileys() {
  local dir=$work/baileys log=$work/npm.log
  command -v node >/dev/null && command -v npm >/dev/null || { skip "needs node 20"; return; }
  [ "$(node -p 'parseInt(process.versions.node)')" -ge 20 ] || { skip "needs node 20"; return; }
  mkdir -p "$dir"
  if ! cmp -s "$here/baileys/package-lock.json" "$dir/node_modules/.of-lock"; then
    cp "$here/baileys"/{package.json,package-lock.json,.npmrc} "$dir/"
    (cd "$dir" && npm ci --ignore-scripts >"$log" 2>&1) ||
      { tail -n 5 "$log"; skip "needs node 20 and the packages of tests/interop/baileys (npm ci failed)"; return; }
    cp "$here/baileys/package-lock.json" "$dir/node_modules/.of-lock"
  fi
  cp "$here/baileys"/*.mjs "$dir/"
  python3 "$here/interop.py" "$build" baileys node "$dir/client.mjs"
}

whatsmeow() {
  local log=$work/go.log
  command -v go >/dev/null || { skip "needs Go"; return; }
  mkdir -p "$work"
  (cd "$here/whatsmeow" && go mod download >"$log" 2>&1) ||
    { tail -n 5 "$log"; skip "needs Go and the modules of tests/interop/whatsmeow (download failed)"; return; }
  (cd "$here/whatsmeow" && go build -mod=readonly -o "$work/whatsmeow-party" .) || return 1
  python3 "$here/interop.py" "$build" whatsmeow "$work/whatsmeow-party"
}

if [ $# -ge 2 ]; then
  case $2 in
    baileys|whatsmeow) "$2"; exit ;;
    *) echo "run.sh: no client '$2'" >&2; exit 2 ;;
  esac
fi
rc=77
for client in baileys whatsmeow; do
  $client
  case $? in
    0) [ $rc -eq 77 ] && rc=0 ;;
    77) ;;
    *) rc=1 ;;
  esac
done
exit $rc
