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


def a_campaign_is_made_once_however_often_the_database_dies(build):
    dice = random.Random(7)
    with World(build, (60120000001, 10), name="crash-database") as w:
        link(w.wad, 2)
        w.wad.sql("insert into leads (user_id, phone) select 1, 60120000000 + i from generate_series(1, 100000) i")
        campaign = w.wad.campaign(title="wide", text="hi", delay_min_ms=86400000, delay_max_ms=86400000)
        kills = 0

        def made():
            return w.wad.sql(f"select expanded_at is not null, expand_after from campaigns where id = {campaign}")[0]

        while made()[0] == "f" and kills < 4:
            time.sleep(dice.uniform(0.1, 0.6))
            old = w.wad.postmaster_pid()
            os.kill(old, signal.SIGKILL)
            kills += 1

            def up():
                try:
                    return w.wad.postmaster_pid() != old and w.wad.call("daemon.status")["database"] == "up"
                except (OSError, ValueError):
                    return False

            wait_until(up, 60, "the database is back")
        wait_until(lambda: made()[0] == "t", 180, "all rows are made")
        got = w.wad.sql("select count(*), count(distinct recipient), (select queued from user_days) from outbox")[0]
        if got != ["100000"] * 3:
            raise Failure(f"rows, recipients, rows counted: {got}")
        print(f"proof: crash: {kills} kill -9 of PostgreSQL while 100,000 rows of a campaign are made: each once")


if __name__ == "__main__":
    sys.exit(run_tests([a_killed_database_loses_nothing, a_campaign_is_made_once_however_often_the_database_dies],
                       sys.argv[1]))
