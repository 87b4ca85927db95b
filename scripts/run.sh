#!/usr/bin/env bash
# run.sh BUILD: wad in the foreground on the real network, its state below the user's own state directory.
set -euo pipefail
build=$1
state=${XDG_STATE_HOME:-$HOME/.local/state}/wad
[ "$(id -u)" -eq 0 ] && state=/var/lib/wad # the database does not run as root and must reach it
cat <<TEXT
wad starts in the foreground; Ctrl-C stops it. Its state is kept in $state

In another terminal:
  export WAD_SOCKET=$state/wad.sock PATH="$PWD/$build/ctl:$PWD/$build/tui:\$PATH"
  watui                            the console: a adds a device and shows its QR code, ? tells the keys
or by commands:
  wactl device create phone1       a place for one linked phone
  wactl device pair phone1         shows the QR code: WhatsApp > Linked devices > Link a device
  wactl message send --device phone1 --to 60123456789 --text "hi" --wait delivered
  wactl lead import leads.csv      columns: phone,name,niche,status
  wactl campaign create "Hello" --niche shops --text "We are open on Sunday"
  wactl campaign list              how far each is
  wactl queue workers              what each device does, and what it waits for
  wactl doctor                     what is wrong, and what to do
  wactl help                       everything else

TEXT
exec "$build/daemon/wad" --state-dir "$state"
