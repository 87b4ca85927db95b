"""What wactl costs: its start, completion among 3,000 devices, a batch of 1,000 calls."""
import os
import statistics
import subprocess
import time

from wadtest import Failure, World, wait_until

DEVICES, CALLS, TIMES = 3000, 1000, 20


def timed(argv, times=TIMES, text=None):
    """Median and longest milliseconds of a command, and what it printed last."""
    took = []
    for _ in range(times):
        begin = time.monotonic()
        done = subprocess.run(argv, capture_output=True, text=True, input=text)
        took.append((time.monotonic() - begin) * 1000)
        if done.returncode:
            raise Failure(f"{argv}: exit {done.returncode}, {done.stderr[:300]}")
    return statistics.median(took), max(took), done.stdout


def ctl(build, options, note):
    """wactl: its start, completion among 3,000 devices, a batch of 1,000 calls"""
    wactl = os.path.join(build, "ctl/wactl")
    median, longest, _ = timed([wactl, "version"])
    note("wactl version: median", median, "ms", "aim 15")
    with World(build, (60120000001, 5), name="bench") as w:
        w.wad.pair("d0", 60120000001)
        w.wad.wait_online(1)
        w.wad.call("queue.pause")  # what is queued shall only be queued
        w.wad.sql(f"insert into devices (user_id, name) select (select min(id) from users), 'sales-' || n from generate_series(1, {DEVICES}) n")
        w.wad.process.stop()
        w.wad.start()
        wait_until(lambda: w.wad.call("daemon.status")["devices"]["total"] == DEVICES + 1, 60, "the devices are loaded")
        median, longest, out = timed([wactl, "--socket", w.wad.socket, "device", "list", "-o", "name"])
        note(f"wactl device list of {DEVICES:,}: median", median, "ms")
        complete = [wactl, "__complete", "--", "--socket", w.wad.socket, "device", "show", "s"]
        median, longest, out = timed(complete)
        if len(out.split()) != DEVICES:
            raise Failure(f"{len(out.split())} names of {DEVICES}")
        note(f"completion of {DEVICES:,} names: median", median, "ms", "aim 150")
        note(f"completion of {DEVICES:,} names: longest of {TIMES}", longest, "ms")
        lines = "".join(f"message send --device d0 --to {60120000001 + i % 5} --text 'number {i}'\n" for i in range(CALLS))
        median, longest, out = timed([wactl, "--socket", w.wad.socket, "batch", "-"], 5, lines)
        if out.count("\n") != CALLS:
            raise Failure(f"{out.count(chr(10))} answers of {CALLS}")
        note(f"batch of {CALLS:,} message.send: median", median, "ms", "aim 1000")
        w.wad.process.stop()
        median, longest, out = timed(complete)
        note("completion while wad is down: median", median, "ms", "aim 50")
        w.wad.start()
