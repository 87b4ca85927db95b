#!/usr/bin/env python3
"""kill -9 of wad at random moments of a campaign: all shown once, none missing, no counter used twice."""
import os
import random
import sys
import time

from crashing import checked, leads, link
from wadtest import World, run_tests

KILLS, DEVICES, MESSAGES = 30, 20, 3000


def thirty_kills_lose_and_repeat_nothing(build):
    seed = int(os.environ.get("WAD_TEST_SEED", random.SystemRandom().randrange(1 << 30)))
    dice = random.Random(seed)
    print(f"seed {seed}")
    with World(build, (60120000001, MESSAGES), name="crash-random") as w:
        link(w.wad, DEVICES)
        leads(w.wad, MESSAGES)
        campaign = w.wad.campaign(title="crash", text="exactly once", delay_min_ms=150, delay_max_ms=250)
        back = []
        for _ in range(KILLS):
            time.sleep(dice.uniform(0.05, 1.5))
            w.wad.process.kill()
            start = time.monotonic()
            w.wad.start()
            back.append(time.monotonic() - start)
            if dice.random() < 0.7:  # sometimes it dies again before the devices are back
                w.wad.wait_online(DEVICES, 60)
        result = checked(w, campaign, "exactly once", MESSAGES, 240)
        print(f"proof: crash: {KILLS} kill -9 of wad in {MESSAGES} messages over {DEVICES} devices: {result['shown']} shown "
              f"once, 0 missing, 0 twice, 0 counters reused; {result['repeats']} repeats dropped by the phones; "
              f"answering again after {max(back):.1f} s at most")


if __name__ == "__main__":
    sys.exit(run_tests([thirty_kills_lose_and_repeat_nothing], sys.argv[1]))
