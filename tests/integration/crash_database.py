#!/usr/bin/env python3
"""kill -9 of the private PostgreSQL during a campaign: sending pauses, says so, and goes on by itself."""
import os
import random
import signal
import sys
import time

from crashing import checked, leads, link
from wadtest import Failure, World, run_tests, wait_until

KILLS, DEVICES, MESSAGES = 5, 10, 1000


def a_killed_database_loses_nothing(build):
    seed = int(os.environ.get("WAD_TEST_SEED", random.SystemRandom().randrange(1 << 30)))
    dice = random.Random(seed)
    print(f"seed {seed}")
    with World(build, (60120000001, MESSAGES), name="crash-database") as w:
        link(w.wad, DEVICES)
        leads(w.wad, MESSAGES)
        campaign = w.wad.campaign(title="crash", text="still once", delay_min_ms=50, delay_max_ms=150)
        slowest = 0.0
        for _ in range(KILLS):
            time.sleep(dice.uniform(0.3, 1.5))
            old = w.wad.postmaster_pid()
            os.kill(old, signal.SIGKILL)
            start = time.monotonic()

            def up():
                try:
                    return w.wad.postmaster_pid() != old and w.wad.call("daemon.status")["database"] == "up"
                except (OSError, ValueError):
                    return False

            wait_until(up, 60, "the database is back")
            slowest = max(slowest, time.monotonic() - start)
            if not w.wad.process.alive():
                raise Failure("wad died with its database:\n" + w.wad.process.tail())
        if w.wad.online() != DEVICES:
            w.wad.wait_online(DEVICES)
        result = checked(w, campaign, "still once", MESSAGES, 200)
        with open(w.wad.process.log_path) as f:
            if "database.lost" not in f.read():
                raise Failure("wad did not say that the database was lost")
        print(f"proof: crash: {KILLS} kill -9 of PostgreSQL in {MESSAGES} messages over {DEVICES} devices: "
              f"{result['shown']} shown once, 0 missing, 0 twice; sending again after {slowest:.1f} s at most")


if __name__ == "__main__":
    sys.exit(run_tests([a_killed_database_loses_nothing], sys.argv[1]))
