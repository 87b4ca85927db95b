#!/bin/sh
# All figures of speed and memory, from one build folder: a table, and the same as JSON.
# usage: tests/bench/run.sh BUILD [--json FILE] [--only NAME,NAME] (names: bench.py --help)
set -eu
exec python3 "$(dirname "$0")/bench.py" "$@"
