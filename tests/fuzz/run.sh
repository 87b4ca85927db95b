#!/usr/bin/env bash
# run.sh [TARGET...]: builds the fuzz targets with clang and lets each look for FUZZ_SECONDS (60). One line a
# target; what was found stays in build/fuzz/findings/<target>/. Exit 1 when something was found.
set -uo pipefail
cd "$(dirname "$0")/../.."
seconds=${FUZZ_SECONDS:-60} jobs=${JOBS:-$(nproc)}
command -v clang >/dev/null || { echo "fuzz: needs clang (make deps installs what building needs; make test what tests need)"; exit 1; }
targets=("$@")
[ $# -gt 0 ] || mapfile -t targets < <(grep -oE '^ *wad_fuzz\(NAME [a-z0-9_]+' tests/fuzz/CMakeLists.txt | awk '{ print $2 }')

cmake --preset fuzz >/dev/null || exit 1
cmake --build --preset fuzz -j "$jobs" --target "${targets[@]/#/fuzz_}" >build/fuzz/build.log 2>&1 ||
  { tail -n 40 build/fuzz/build.log; echo "fuzz: the build failed"; exit 1; }

fuzz_one() { # target: prints its line, writes its exit code
  local t=$1 dir=build/fuzz/findings/$1 log=build/fuzz/$1.log rc n
  mkdir -p "$dir" "build/fuzz/corpus/$t"
  "build/fuzz/tests/fuzz/fuzz_$t" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$dir/" "build/fuzz/corpus/$t" "tests/fuzz/corpus/$t" >"$log" 2>&1
  rc=$?
  n=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  if [ $rc -eq 0 ]; then
    echo "ok      $t: ${n:-0} inputs in ${seconds} s, nothing found"
  else
    echo "FOUND   $t: $(grep -m 1 -oE 'ERROR: .*|runtime error: .*|deadly signal.*' "$log" || echo "exit $rc"); see $log and $dir/"
  fi
  return $rc
}

rc=0 running=0
for t in "${targets[@]}"; do
  fuzz_one "$t" &
  running=$((running + 1))
  if [ $running -ge "$jobs" ]; then
    wait -n || rc=1
    running=$((running - 1))
  fi
done
while [ $running -gt 0 ]; do
  wait -n || rc=1
  running=$((running - 1))
done
exit $rc
