#!/usr/bin/env python3
"""A first day with watui, by keys alone: an empty system, a device linked by the code on the screen, leads from a file, a
campaign planned in the calendar and watched to its end, a reply answered in its chat, the dashboard.
usage: tui_story.py BUILD"""
import datetime
import os
import sys

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(root, "tests/harness")]
from qrscreen import read_qr  # noqa: E402
from tuitest import LAG, Watui  # noqa: E402
from wadtest import Failure, World, run_tests, wait_until  # noqa: E402

OWN, LEAD, LEADS = 60110000001, 60110000100, 12
TEXT, ANSWER, THANKS = "We are open on Sunday, {name}", "When exactly?", "From ten to four. See you!"


def check(condition, what):
    if not condition:
        raise Failure(what)


def a_device(world, t):
    t.wait("Dashboard")
    t.wait("no devices")
    t.goto("devices", "no devices yet: a adds one")
    t.keys("a")
    t.wait("New device")
    t.type("sales")
    t.keys("Tab")
    t.type("0")  # no waiting between messages, on this network
    t.keys("Tab")
    t.type("0")
    t.keys("C-s")
    t.wait("code 1 of")
    t.still_but_count()
    world.sandbox.scan(read_qr(t.screen(attributes=True)), str(OWN))
    t.wait(f"sales is linked to {OWN}")
    t.keys("Enter")
    t.wait(["+ online", "1/1 online"])


def leads(world, t):
    path = os.path.join(world.directory, "leads.csv")
    with open(path, "w", encoding="utf-8") as f:
        f.write("phone,name,niche\n" + "".join(f"{LEAD + i},Lead {i},shops\n" for i in range(LEADS)) + "nonsense,X,shops\n")
    t.goto("leads", "no leads yet")
    t.keys("i")
    t.wait("Import leads")
    t.type(path)
    t.keys("C-s")
    t.wait([f"{LEADS} new leads", "line 14", f"Import {LEADS} leads?"])
    t.keys("Enter")
    t.wait("Imported:")
    t.keys("q")
    t.wait(["Lead 0", f"1/{LEADS}"])


def a_campaign(t):
    now = datetime.datetime.now(datetime.timezone.utc)
    t.goto("calendar", f"{now:%B} {now.year}")
    t.wait(" today")
    t.keys("a")
    t.wait("New campaign on")
    t.type("Sunday")
    t.keys("Tab")
    t.type("shops")
    t.wait(f"{LEADS} recipients")
    t.keys("Tab", "Tab", "Tab")
    t.type(TEXT)
    t.wait(f"{LEAD} Lead 0: We are open on Sunday, Lead 0")
    t.keys("Tab", "Tab", "C-u")
    t.type(f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M}")  # this minute has begun: it starts at once
    t.keys("C-s")
    t.wait_gone("New campaign on")
    t.wait("Sunday")
    t.keys("Enter")
    t.wait("plan one more")
    t.keys("Enter")
    t.wait(["+ done", "leads of SHOPS"], 60)


def a_reply(world, t):
    phone = str(LEAD + 3)
    wait_until(lambda: world.sandbox.shown(TEXT.replace("{name}", "Lead 3"), phone=phone), LAG, "the campaign is on the phones")
    world.sandbox.admin("POST", f"/admin/phones/{phone}/send", {"to": str(OWN), "text": ANSWER})
    t.goto("chats", ANSWER)
    t.keys("U")
    t.wait(ANSWER)
    t.keys("Enter")
    t.wait([ANSWER, "unread"])
    t.keys("c")
    t.wait("Enter send")
    t.type(THANKS)
    t.keys("Enter")
    wait_until(lambda: world.sandbox.shown(THANKS, phone=phone), LAG, "the answer is on the phone")
    t.wait(lambda _: any("See you!" in row and row.rstrip().endswith("vv") for row in t.rows()))
    check(len(world.sandbox.shown(THANKS)) == 1, "once, and for nobody else")
    t.keys("Escape")
    t.wait_gone("Enter send")


def a_first_day(build):
    with World(build, (OWN, 200), name="tuistory") as world, Watui(build, world.wad, env={"TZ": "UTC"}) as t:
        a_device(world, t)
        leads(world, t)
        a_campaign(t)
        a_reply(world, t)
        t.goto("dashboard", "[7 days]")
        t.wait(["1 of 1 online", f"reached max {LEADS} last {LEADS}", "replied max 1 last 1", "none: nothing needs you"])
        t.keys("C-c")
        check(t.exit_code() == 0, "it ends well")
        counts = world.wad.call("campaign.list")["campaigns"][0]["counts"]
        check(counts["sent"] == LEADS, f"all were sent: {counts}")
        print("proof: watui: a first day by keys alone: linked by the screen, leads, a campaign, a reply answered")


if __name__ == "__main__":
    sys.exit(run_tests([a_first_day], sys.argv[1]))
