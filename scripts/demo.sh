#!/usr/bin/env bash
# demo.sh BUILD: a campaign on the simulated network, from nothing to the phones' screens.
exec python3 "$(dirname "$0")/demo.py" "$@"
