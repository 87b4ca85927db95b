#!/usr/bin/env python3
"""watui's campaigns: the list, acts on several, one followed from its start to its end, its reports, failures again.
usage: tui_campaigns.py BUILD [STEP ...]"""
import os
import re
import sys

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(root, "tests/harness")]
from tuitest import Watui  # noqa: E402
from wadtest import Failure, World, run_tests, wait_until  # noqa: E402

DEVICE, LEAD = 60110000001, 60120000001


def check(condition, what):
    if not condition:
        raise Failure(what)


def following(build):
    """One that is started now, to its end: pace, pause, what waits and why, failures again; several at once from the list."""
    with World(build, (LEAD, 40), name="tuifollow") as world:
        wad = world.wad
        wad.pair("d1", DEVICE)
        wad.wait_online(1)
        wad.call("lead.import", csv="phone,name,niche\n" + "".join(f"{LEAD + i},Lead {i},shops\n" for i in range(30)))
        wad.call("lead.import", csv=f"phone,name,niche\n{LEAD + 5},\x1b[31mRed \u202eDeer,shops\n")
        for i in range(3):
            wad.call("campaign.create", title=f"later {i}", text="x", everyone=True, start_at=f"2099-01-0{i + 1}T08:00:00Z")
        with Watui(build, wad, ["--view", "campaigns"]) as t:
            t.wait(["later 2", "1/3"])
            t.keys("Space", "Space", "p")
            t.wait("Pause 2 campaigns?")
            t.keys("y")
            t.wait("campaign.pause: 2 done")
            t.wait(lambda shown: shown.count("- paused") == 2)
            t.keys("*", "P")
            t.wait(["Resume 2 campaigns?", "1 skipped: not paused"])
            t.keys("y")
            t.wait(lambda shown: shown.count("- scheduled") == 3)
            t.keys("a")
            t.wait("New campaign")
            t.type("Now")
            t.keys("Tab", "Tab", "Space")
            t.wait(["30 recipients", "starts at once"])
            t.keys("Tab", "Tab")
            t.type("Hi {name}")
            t.wait("ends within a minute")
            t.keys(*["Tab"] * 4)
            t.type("300000")
            t.keys("Tab")
            t.type("300000")
            t.wait("ends about")
            t.keys("C-u")
            t.type("150")
            t.keys("BTab", "C-u")
            t.type("150")
            t.keys("C-s")
            t.wait("Now is scheduled")
            t.keys("f")
            t.wait("Campaigns that are")
            t.keys("j", "Enter")
            t.wait(["Campaigns: running", "~ running   Now"])
            t.keys("Enter")
            t.wait(["Campaign 4", "of 30 final", "all leads", "gaps of 0.15 to 0.15 s"])
            t.wait(["pace", "queue of its device", "d1"])
            t.keys("p")
            t.wait(["Now is paused", "- paused"])
            at = wait_until(lambda: (lambda c: c if c["state"] == "paused" else None)(wad.call("campaign.show", campaign="4")), 20, "paused")
            check(0 < at["left"] < 30, f"it stands: {at}")
            t.keys("Enter")
            t.wait(["Recipients: Now", "Lead 1"])
            t.wait(["Red ", "paused"])
            check("\x1b[31m" not in t.screen(attributes=True).split("Red")[0][-12:], "colours are ours")
            t.keys("f")
            t.wait("Recipients that are")
            t.keys("j", "Enter")
            t.wait(["waiting", "paused"])
            t.wait_gone("+ ")
            t.keys("q")
            t.wait("of 30 final")
            t.keys("d")
            t.wait(["Devices of: Now", "d1"])
            t.keys("Enter")
            t.wait("Now on d1")
            t.keys("q", "q")
            t.wait("of 30 final")
            t.keys("P")
            t.wait("Now is running")
            t.wait(["+ done", "100%  30 of 30 final", "delivered"], 40)
            t.wait(lambda shown: re.search(r"d1 +\+ online +30 +30 +0 ", shown))
            t.keys("R")
            t.wait("nothing of Now has failed")
            wad.sql(f"update outbox set state = 6, error_class = 'failed', error = 'no' where campaign_id = 4 and recipient = {LEAD}")
            wad.sql(f"update outbox set state = 6, error_class = 'opted_out', error = 'no' where campaign_id = 4 and recipient = {LEAD + 1}")
            t.keys("r")
            t.wait(["failed              2"])
            t.keys("R")
            t.wait(["Send again", "all that failed       1", "opted_out", "never again"])
            t.keys("Down", "Down", "Enter")
            t.wait("opted_out: they may have arrived, or must get nothing")
            t.keys("R")
            t.wait("Send again")
            t.keys("Enter")
            t.wait("1 messages of Now go again")
            t.wait(["+ done", "failed              1"])
            t.keys("T")
            t.wait(["Test of Now", "d1"])
            t.keys("C-s")
            t.wait("the test goes out as message")
            t.keys("v")
            t.wait("device choice")
            t.keys("q")
            t.wait("of 30 final")
            for size, locale in (((120, 40), "C.UTF-8"), ((200, 60), "C.UTF-8"), ((60, 16), "C.UTF-8"), ((80, 24), "C")):
                with Watui(build, wad, ["--view", "campaigns"], size=size, locale=locale) as other:
                    other.wait("later 2")
                    other.keys("G", "Enter")
                    shown = other.wait(["Campaign 4", "30 of 30 final", *(["+ online"] if size[1] > 16 else [])])
                    bar = next(row for row in shown.split("\n") if "final" in row and "[" in row)
                    check(("#" in bar) == (locale == "C"), bar)
                    check(locale != "C" or shown.isascii(), f"in C all is ASCII:\n{shown}")
                    other.keys("Enter")
                    other.wait(["Red ", "opted_out" if size[0] > 100 else "60120000006"])
            t.keys("D")
            t.wait("Delete Now with all its figures?")
            t.keys("y")
            t.wait("Now is deleted")
            t.wait("no campaigns: a makes one")
            t.keys("C-c")
            check(t.exit_code() == 0, "it leaves nothing behind")
        check(not world.sandbox.violations(), f"{world.sandbox.violations()}")


if __name__ == "__main__":
    tests = [following]
    wanted = sys.argv[2:]
    sys.exit(run_tests([t for t in tests if not wanted or t.__name__ in wanted], sys.argv[1]))
