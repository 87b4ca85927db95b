"""What the crash tests share: a running campaign, and the three histories compared at the end."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
from wadtest import Failure, Tally, wait_until  # noqa: E402

DEVICE, LEAD = 60110000001, 60120000001


def link(wad, devices):
    for i in range(devices):
        wad.pair(f"d{i}", DEVICE + i)
    wad.wait_online(devices)


def leads(wad, count):
    wad.call("lead.import", csv="phone,niche\n" + "".join(f"{LEAD + i},all\n" for i in range(count)))


def checked(world, campaign, text, count, seconds):
    """Waits for the end of the campaign and compares accepted, rows and screens; returns the tally."""
    wad, sandbox = world.wad, world.sandbox
    done = wad.wait_campaign(campaign, seconds, 0.3)
    tally = Tally({(str(LEAD + i), text) for i in range(count)})
    wait_until(lambda: not tally.check(sandbox.messages())["missing"], 30, "every message is shown", 0.5)
    result = tally.check(sandbox.messages())
    if done["total"] != count or done["counts"]["sent"] != count:
        raise Failure(f"rows: {done['total']} in all, {done['counts']}")
    if result["twice"]:
        raise Failure(f"shown twice: {result['twice'][:5]}")
    bad = sandbox.violations()
    if bad:
        raise Failure(f"violations: {bad[:3]}")
    return result
