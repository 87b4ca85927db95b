#!/usr/bin/env python3
"""Figures of speed and memory: a table for people, JSON for programs. No thresholds: the aims are printed
beside what was measured."""
import argparse
import json
import os
import platform
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
import bench_ctl  # noqa: E402
import bench_tui  # noqa: E402
import bench_engine  # noqa: E402
import bench_tables  # noqa: E402
from bench_parts import DEVICE, LEAD, all_shown, cpu_seconds, one_campaign, pair_all, quiet  # noqa: E402
from wadtest import Failure, World  # noqa: E402

rows = []


def note(name, value, unit, aim=""):
    rows.append({"name": name, "value": value, "unit": unit, "aim": aim})
    print(f"  {name:<58}{value:>12,.{0 if value >= 100 else 2}f} {unit:<10} {aim}", flush=True)


def skip(what, why):
    rows.append({"name": what, "skipped": why})
    print(f"  {what:<58}skipped: {why}", flush=True)


def lines_of(build, program, *args):
    path = os.path.join(build, "tests/bench", program)
    if not os.path.exists(path):
        return None
    done = subprocess.run([path, *args], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def signal_ratchet(build, options):
    """Our ratchet beside libsignal-protocol-c, in turns in one process."""
    got = lines_of(build, "bench_signal")
    if got is None:
        skip("ratchet beside libsignal-protocol-c", "needs libsignal-protocol-c-dev")
        return
    aims = {"first_message": "aim 3", "later_message": "aim 1.5"}
    for row in got:
        what = row["bench"].split(".")[1]
        if "ratio" in row:
            note(f"ratchet: {what}, libsignal {row['libsignal_median']:,}", row["ours_median"], "per s")
            note(f"ratchet: {what}, times libsignal", row["ratio"], "x", aims.get(what, ""))
        elif "ours_median" in row:
            note(f"ratchet: {what}", row["ours_median"], "per s")


def node_codec(build, options):
    """Binary nodes encoded and decoded a second."""
    for row in lines_of(build, "bench_node"):
        note(f"node codec: {row['bench'].split('.')[1]} ({row['bytes']} B)", row["median"], "per s")


def campaign_rate(build, options):
    """A whole campaign with zero gaps: wad, its PostgreSQL and the simulated network on one machine."""
    expected = 0
    with World(build, (LEAD, options.messages), name="bench") as w:
        pair_all(w, options.senders)
        w.wad.call("lead.import", csv="phone,niche\n" + "".join(f"{LEAD + i},all\n" for i in range(options.messages)))
        for label, aim in (("to new contacts", "aim 400"), ("to known ones", "aim 1,500"), ("to known ones, again", "")):
            rate, cpu = one_campaign(w, label, options.messages)
            note(f"campaign over {options.senders} devices {label}", rate, "per s", aim)
            note("  processor time a message: wad", cpu[0], "us")
            note("  processor time a message: PostgreSQL", cpu[2], "us")
            note("  processor time a message: simulated network", cpu[1], "us")
            all_shown(w, expected := expected + 2 * options.messages)
            quiet(w)
        bad = w.sandbox.violations()
        if bad:
            raise Failure(f"violations: {bad[:3]}")


def idle_devices(build, options):
    """Memory of wad per connected device, and the time until all are online after a restart."""
    count = options.devices
    with World(build, None, {"network.connect_rate": "10000"}, name="bench") as w:
        quiet(w)
        empty = w.wad.memory()
        seconds = pair_all(w, count)
        note(f"pairing {count:,} devices, 812 prekeys each", seconds, "s")
        w.wad.stop()
        begin = time.monotonic()
        w.wad.start()
        started = time.monotonic()
        w.wad.wait_online(count, 300)
        note("restart: wad answers after", started - begin, "s")
        note(f"restart: {count:,} devices online after", time.monotonic() - begin, "s")
        quiet(w)
        time.sleep(5)
        full = w.wad.memory()
        note(f"memory of wad for an idle device at {count:,} (TLS)", (full["Rss"] - empty["Rss"]) / count / 1000, "kB",
             "aim < 60")
        before = cpu_seconds(w.wad.process.pid)
        time.sleep(10)
        note(f"processor time of wad, {count:,} idle devices", (cpu_seconds(w.wad.process.pid) - before) * 100,
             "ms per s")
        note("  memory: of it private and written", (full["Private_Dirty"] - empty["Private_Dirty"]) / count / 1000, "kB")


def machine():
    with open("/proc/cpuinfo") as f:
        model = next((line.split(":", 1)[1].strip() for line in f if line.startswith("model name")), platform.machine())
    return {"cores": os.cpu_count(), "processor": model, "load_at_start": os.getloadavg()[0]}


def of_engine(part):
    def run(build, options):
        part(build, options, note)

    run.__doc__ = part.__doc__
    return run


PARTS = {"signal": signal_ratchet, "node": node_codec, "campaign": campaign_rate, "expansion": of_engine(bench_tables.expansion),
         "queue": of_engine(bench_engine.queue), "analytics": of_engine(bench_engine.analytics),
         "chats": of_engine(bench_tables.chats), "idle": idle_devices, "ctl": of_engine(bench_ctl.ctl),
         "tui": of_engine(bench_tui.tui)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build")
    parser.add_argument("--json", help="file for the figures (default: BUILD/bench.json)")
    parser.add_argument("--only", default=",".join(PARTS), help="parts, with commas: " + " ".join(PARTS))
    parser.add_argument("--devices", type=int, default=1000, help="idle devices (1000)")
    parser.add_argument("--senders", type=int, default=50, help="devices of the campaign (50)")
    parser.add_argument("--messages", type=int, default=10000, help="messages of a campaign (10000)")
    parser.add_argument("--queued", type=int, default=1000000, help="rows of the long queue (1000000)")
    parser.add_argument("--analytics-messages", type=int, default=10000000, help="messages of the figures (10000000)")
    parser.add_argument("--stored", type=int, default=1000000, help="messages stored for chats (1000000)")
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    about = machine()
    print(f"{about['cores']} cores, {about['processor']}, load {about['load_at_start']:.1f}")
    failed = []
    for name in options.only.split(","):
        print(f"\n{name}: {PARTS[name].__doc__}", flush=True)
        try:
            PARTS[name](options.build, options)
        except (Failure, subprocess.CalledProcessError) as problem:
            failed.append(name)
            print(f"  FAILED {name}: {problem}", flush=True)
    path = options.json or os.path.join(options.build, "bench.json")
    with open(path, "w") as f:
        json.dump({"machine": about, "figures": rows, "failed": failed}, f, indent=1)
        f.write("\n")
    print(f"\nthe same as JSON: {path}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
