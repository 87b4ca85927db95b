#!/usr/bin/env python3
"""watui's dashboard, queue and events: figures that move, alerts and where they lead, pauses and retries, the live log.
usage: tui_dashboard.py BUILD [STEP ...]"""
import os
import re
import signal
import sys
import time

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(root, "tests/harness")]
from tuitest import LAG, Terminal, Watui, golden  # noqa: E402
from wadtest import Failure, World, run_tests, wait_until  # noqa: E402

OWN, LEAD, STRANGER = 60110000001, 60110000010, "60990000001"
SIZES = ((80, 24), (120, 40), (200, 60))
HOSTILE = "a\x1b]0;owned\x07\x1b[2J\u202ebidi\u2066\ufeff\u200b\U0001f468\u200d\U0001f469 \u05e9\u05dc\u05d5\u05dd \u4f60\u597d"


def check(condition, what):
    if not condition:
        raise Failure(what)


def number_of(shown, name):
    """The number behind a name, of tiles and of the queue's header."""
    found = re.search(rf"\b{name} +([\d,]+)", shown)
    return int(found.group(1).replace(",", "")) if found else None


def linked(w, count):
    for i in range(count):
        w.wad.pair(f"sales{i + 1}", OWN + i)
    w.wad.wait_online(count)


def broadcast(w, title, **params):
    campaign = w.wad.campaign(title=title, text="hello", delay_min_ms=0, delay_max_ms=0, **params)
    w.wad.wait_campaign(campaign)
    return campaign


def a_new_house(build):
    """Nothing yet: what it says of that, in UTF-8 and in C, with few colours and none."""
    with World(build, (OWN, 3), name="dashnew") as world:
        for args, options in (([], {}), (["--ascii"], {}), ([], {"locale": "C"}), ([], {"term": "screen"}), (["--no-color"], {})):
            with Watui(build, world.wad, args, **options) as t:
                shown = t.wait(["[7 days]", "none yet; the view of devices adds one", "none: nothing needs you", "0 wait, 0 leaving"])
                t.wait(lambda s: number_of(s, "sent") == 0)
                if not args and not options:
                    clean = re.sub(r"\b\d\d [A-Z][a-z]{2}\b", "DD Mon", re.sub(r"\b[A-Z][a-z]{2} \d\d\b", "Day DD", t.still()))
                    golden("tui_dashboard_new", clean.split("\n", 1)[1])
                    t.goto("queue", "no devices yet: nothing can be sent")
                    t.goto("events", "nothing has happened since")
                elif args != ["--no-color"] and options != {"term": "screen"}:
                    check(shown.isascii(), f"ASCII only:\n{shown}")


def figures(build):
    """A broadcast counts itself up under one's eyes; periods, a range, sizes; the traffic of it."""
    with World(build, (OWN, 60), name="dashboard") as world:
        wad = world.wad
        linked(world, 2)
        wad.call("lead.import", csv="phone\n" + "".join(f"{LEAD + i}\n" for i in range(40)))
        log = os.path.join(world.directory, "typescript")
        argv = ["script", "-qfc", f"{build}/tui/watui --socket {wad.socket}", log]
        with Terminal(world.directory, argv) as t:
            t.wait(["[7 days]", "2 of 2 online"])
            broadcast(world, "spring")
            t.wait(lambda s: number_of(s, "sent") == 40 and number_of(s, "delivered") == 40)
            shown = t.wait(["100.0 %", "reached max 40 last 40"])
            check(number_of(shown, "failed") == 0 and number_of(shown, "direct") == 0, shown)
            world.sandbox.admin("POST", f"/admin/phones/{LEAD}/send", {"to": str(OWN), "text": "yes please"})
            t.wait(lambda s: number_of(s, "received") == 1)
            t.still()
            before = os.path.getsize(log)
            time.sleep(6)
            idle = os.path.getsize(log) - before
            check(idle < 2000, f"6 s idle cost {idle} bytes")
            print(f"proof: watui: dashboard, 6 s idle {idle} bytes")
            for name in ("30 days", "90 days", "today", "7 days"):
                t.keys("w")
                t.wait(f"[{name}]")
                shown = t.wait(lambda s: number_of(s, "sent") == 40)
                check(("\u2588 reached" in shown) == (name != "90 days"), f"bars, lines where there is no room for bars:\n{shown}")
            t.keys("f")
            t.wait("Figures from one day to another")
            t.keys("C-u")
            t.type("2026-01-01")
            t.keys("Tab", "C-u")
            t.type("2026-01-31")
            t.keys("C-s")
            t.wait(["[from/to]", "01 Jan to 31 Jan"])
            t.wait(lambda s: number_of(s, "sent") == 0)
            t.keys("f")
            t.wait("Figures from one day to another")
            t.keys("C-u")
            t.type("January")
            t.keys("C-s")
            t.still()
            check("Figures from one day" in t.screen(), "what is no day is refused at its field")
            t.keys("Escape")
        for size in SIZES[1:]:
            with Watui(build, wad, size=size) as t:
                shown = t.wait(["\u2500 sent \u2500", "[7 days]", "none: nothing needs you", "failures", "none in these days"])
                t.wait(["sales1", "sales2", "spring", "+ "])
                t.resize(90, 50)
                t.wait(["campaigns", "spring", "sales2"])
                t.resize(60, 16)
                t.wait(["sent", "reached", "none: nothing needs you"])
                check(t.cursor()[0] == next(i for i, r in enumerate(t.rows()) if "none: nothing" in r), "the cursor is at the alerts")


def alerts(build):
    """What is wrong is told with its reason, and Enter goes to where it is mended."""
    with World(build, (OWN, 60), {"webhook.allow": "127.0.0.0/8", "webhook.ports": "1-65535", "webhook.http": "true"}, name="dashalerts") as world:
        wad = world.wad
        linked(world, 3)
        with Watui(build, wad) as t:
            t.wait("none: nothing needs you")
            wad.call("device.pause", device="sales2")
            t.wait(["alerts: 1", "~ device sales2 is paused"])
            wad.call("queue.pause", reason=HOSTILE)
            shown = t.wait(["alerts: 2", "! the whole queue is paused: a"])
            check(not any(c in shown for c in "\u202e\u2066\ufeff\u200b\x07"), f"a reason of others is made safe:\n{shown}")
            check("owned" not in t.tmux("display-message", "-p", "#{pane_title}"), "and sets no title")
            world.sandbox.admin("POST", f"/admin/phones/{OWN + 2}/unlink", {"device": 1})
            t.wait(["alerts: 3", "! device sales3 is logged out"])
            hook = wad.call("webhook.create", url="http://127.0.0.1:1/nobody", topics=["lead.*"])["id"]
            wad.sql(f"update webhooks set failing_since = now() where id = {hook}")
            wad.call("webhook.update", webhook=hook, ordered=True)  # its news
            t.wait("webhook http://127.0.0.1:1/nobody takes nothing")
            check(t.cursor()[0] == next(i for i, r in enumerate(t.rows()) if "! the whole queue" in r), "the cursor is at the chosen alert")
            t.keys("Enter")
            t.wait(["all sending is paused", "P goes on"])
            t.keys("P")
            t.wait("the devices send again")
            t.wait_gone("all sending is paused")
            t.goto("dashboard", "device sales2 is paused")
            t.wait_gone("the whole queue is paused")
            t.keys("g", "Enter")
            t.wait(["Devices", "3/3", "! logged_out"])
            check("sales3" in t.rows()[t.cursor()[0]], "the device is the chosen one")
            t.keys("k", "P")
            t.wait_gone("- paused")
            t.goto("dashboard", "webhook http")
            t.wait_gone("device sales2 is paused")
            t.keys("g", "j", "Enter")
            t.wait(["Webhooks", "http://127.0.0.1:1/nobody"])


def database(build):
    """While the database is away the dashboard says so; when it is back, no more."""
    with World(build, (OWN, 3), name="dashdb") as world:
        wad = world.wad
        with Watui(build, wad) as t:
            t.wait("none: nothing needs you")
            part = os.path.join(wad.state, "postgres/data/global")
            os.rename(part, part + ".away")
            os.kill(wad.postmaster_pid(), signal.SIGKILL)
            try:
                t.wait("! the database is away, nothing is sent")
                t.keys("Enter")
                t.wait("[ Close ]")
                t.keys("Enter")
            finally:
                os.rename(part + ".away", part)
            t.wait("none: nothing needs you", 60)


def queue(build):
    """What waits and why, paused and resumed, what failed sent again."""
    with World(build, (OWN, 60), name="dashqueue") as world:
        wad = world.wad
        linked(world, 2)
        with Watui(build, wad, ["--view", "queue"]) as t:
            t.wait(["sales1", "+ online", "empty", "0 wait"])
            t.keys("p")
            t.wait(["Let no device send anything?", "why"])
            t.type("the printer burns")
            t.keys("C-s")
            t.wait(["all sending is paused: the printer burns; P goes on", "! queue paused"])
            for i in range(5):
                wad.call("message.send", device="sales1", to=str(LEAD + i), text=f"waits {i}")
            wad.call("message.send", device="sales2", to=STRANGER, text="not on WhatsApp")
            t.wait(lambda s: re.search(r"sales1 +\+ online +5\b", s) and "6 wait" in s)
            check(not world.sandbox.shown("waits 0"), "nothing is sent")
            t.keys("P")
            t.wait("the devices send again")
            wait_until(lambda: len([i for i in range(5) if world.sandbox.shown(f"waits {i}")]) == 5, LAG, "all are sent")
            t.wait(["5 delivered", "1 failed"])
            t.keys("j", "Enter")
            t.wait(["sent today", "its queue"])
            t.keys("q")
            t.wait(["2/2"])
            t.keys("R")
            t.wait(["Send what failed after all", "sales2", "Send again"])
            t.keys("C-s")
            t.wait("1 messages wait again")
            t.resize(120, 40)
            t.wait("health")


def eventful(build):
    """The log: what comes, in order; held still, filtered, opened; text of others is made safe; bounded."""
    with World(build, (OWN, 9), name="dashevents") as world:
        wad = world.wad
        linked(world, 1)
        with Watui(build, wad, ["--view", "events"]) as t:
            t.wait("nothing has happened since")
            wad.call("device.create", name="spare")
            t.wait(["device.created        spare", "1/1"])
            world.sandbox.admin("POST", f"/admin/phones/{OWN + 1}/send", {"to": str(OWN), "text": HOSTILE})
            shown = t.wait(["message.received", "device sales1, text a"])
            check(not any(c in shown for c in "\u202e\u2066\ufeff\u200b\x07"), f"text of others is made safe:\n{shown}")
            check("message.received" in t.rows()[t.cursor()[0]], "it follows the newest")
            t.keys("Enter")
            shown = t.wait(['"sender":', "event "])
            check(not any(c in shown for c in "\u202e\u2066\ufeff\u200b\x07"), f"here, too:\n{shown}")
            check("owned" not in t.tmux("display-message", "-p", "#{pane_title}"), "and sets no title")
            t.keys("q")
            t.keys("Space")
            t.wait("paused, 0 since")
            for i in range(3):
                wad.call("device.create", name=f"held{i}")
            t.wait("paused, 3 since")
            check("held0" not in t.screen(), "what came since is not shown")
            t.keys("Space")
            t.wait(["held0", "held2"])
            t.keys("/")
            t.type("HELD1")
            t.wait("1/1")
            t.keys("Enter", "Escape")
            t.wait("created        spare")
            wad.sql("insert into events (user_id, topic, data) select 1, 'lead.created', json_build_object('id', i::text, 'phone', i::text) "
                    "from generate_series(1, 2500) i")
            wad.call("device.create", name="last")
            t.wait("created        last", 60)
            shown = t.screen()
            total = int(re.search(r"(\d+)/(\d+) *$", shown.rstrip()).group(2))
            check(1000 <= total <= 1100, f"the last thousand are kept: {total}")
            t.keys("c")
            t.wait("nothing has happened since")


if __name__ == "__main__":
    tests = [a_new_house, figures, alerts, database, queue, eventful]
    wanted = sys.argv[2:]
    sys.exit(run_tests([t for t in tests if not wanted or t.__name__ in wanted], sys.argv[1]))
