#!/usr/bin/env bash
# Everything `make test` proves, in one build with ASan and UBSan: lints, unit tests, fuzz corpora, the programs
# together, crashes, interop. The last line counts: "N passed, N failed, N skipped"; exit 1 when one failed.
set -uo pipefail
cd "$(dirname "$0")/.."
jobs=${JOBS:-$(nproc)}
began=$SECONDS

echo "== build (ASan, UBSan)"
cmake --preset asan >/dev/null || { echo "0 passed, 1 failed"; exit 1; }
cmake --build --preset asan -j "$jobs" >build/asan/build.log 2>&1 ||
  { grep -E 'error:|warning:|FAILED|undefined' -A 6 build/asan/build.log | head -n 60; echo "the build failed: see build/asan/build.log"; echo "0 passed, 1 failed"; exit 1; }
tail -n 1 build/asan/build.log

echo "== tests"
log=build/asan/test.log
ctest --preset asan -j "$jobs" --timeout 900 --no-tests=error 2>&1 | tee "$log" | grep --line-buffered -E '^ *[0-9]+/[0-9]+ '
rc=${PIPESTATUS[0]}

count() { grep -cE "^ *[0-9]+/[0-9]+ +Test +#[0-9]+: .*$1" "$log"; }
total=$(count '') passed=$(count ' Passed ') skipped=$(count '\*\*\*Skipped')
failed=$((total - passed - skipped))

# outputs are in LastTest.log, each between dashes under its test's name
out=build/asan/Testing/Temporary/LastTest.log
if [ "$skipped" -gt 0 ]; then
  echo "== skipped"
  for t in $(grep -oE 'Test +#[0-9]+: [^ ]+ .*\*\*\*Skipped' "$log" | awk '{ print $3 }'); do
    echo "$t: $(awk -v t="$t" '$0 ~ "^[0-9]+/[0-9]+ Test: " t "$" { on = 1 } on && /^<end of output>/ { on = 0 } on' "$out" |
      grep -vE '^(-+|Output:|Command:|Directory:|".*" (start|end) time.*)' | grep . | tail -n 1)"
  done
fi
if [ "$failed" -gt 0 ]; then
  echo "== failed"
  sed -n '/^The following tests FAILED/,$p' "$log" | grep -E '^[[:space:]]+[0-9]+ - '
  grep -vE '^ *(Start +[0-9]+:|[0-9]+/[0-9]+ Test +#.*(Passed|Skipped))' "$log" | grep -vE '^$' | head -n 300
fi
# a proof prints its figures in lines that start with "proof:"
if grep -qE '^proof:' "$out" 2>/dev/null; then
  echo "== proofs"
  grep -hE '^proof:' "$out" | sort -u
fi

echo
echo "took $(((SECONDS - began) / 60)) min $(((SECONDS - began) % 60)) s; the whole output is in $log"
# ctest's word counts too: it knows of tests that never started
[ "$rc" -ne 0 ] && [ "$failed" -eq 0 ] && failed=1
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
