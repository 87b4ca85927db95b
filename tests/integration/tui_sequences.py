#!/usr/bin/env python3
"""watui's sequences: made, their days changed, people enrolled, each one's way, the log.
usage: tui_sequences.py BUILD [STEP ...]"""
import base64
import os
import sys

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(root, "tests/harness")]
from tuitest import LAG, Watui, golden  # noqa: E402
from wadtest import Failure, World, png, run_tests, wait_until  # noqa: E402

DEVICE, LEAD = 60110000001, 60120000001


def check(condition, what):
    if not condition:
        raise Failure(what)


def leads(wad, count, niche="new"):
    wad.call("lead.import", csv="phone,name,niche\n" + "".join(f"{LEAD + i},Lead {i},{niche}\n" for i in range(count)))


def days_of(wad, sequence):
    return [(s["day"], s.get("text")) for s in wad.call("sequence.show", sequence=sequence)["steps"]]


def made(build):
    """From nothing: a sequence, its days added, changed, deleted; pictures; three sizes, C; a viewer."""
    with World(build, (LEAD, 2), name="tuisequence") as world:
        wad = world.wad
        with Watui(build, wad, ["--view", "sequences"]) as t:
            t.wait("no sequences yet: a makes one")
            t.keys("a")
            t.wait("New sequence")
            t.type("Welcome")
            t.keys("Tab", "Enter")
            t.wait("days: add")
            t.keys("Tab", "Tab")
            t.type("Hello {name}, it is good to have you here with us")
            t.keys("C-s")
            t.wait(["day 1, Hello", "New sequence"])
            t.keys("C-s")
            t.wait(["Welcome", "- draft", "1/1"])
            check(days_of(wad, "1") == [(1, "Hello {name}, it is good to have you here with us")], "it is made")
            t.keys("Enter")
            t.wait("what is said")
            for day, text in (("4", "day four"), ("2", "day two")):
                t.keys("a")
                t.wait("Another day")
                t.keys("C-u")
                t.type(day)
                t.keys("Tab", "Tab")
                t.type(text)
                t.keys("C-s")
                t.wait(["what is said", text])
            check([d for d, _ in days_of(wad, "1")] == [1, 2, 4], "days stand in their order")
            golden("tui_sequence_80", t.still())
            t.keys("j")
            t.wait("2/3")
            check("day two" in t.rows()[t.cursor()[0]], "the cursor is at the chosen day")
            t.keys("Enter")
            t.wait("Day 2")
            t.keys("C-u")
            t.type("3")
            t.keys("Tab", "Tab", "C-u")
            t.type("it is the third")
            t.keys("C-s")
            t.wait(["what is said", "it is the third"])
            check(days_of(wad, "1")[1] == (3, "it is the third"), "a day is moved and changed")
            t.keys("d")
            t.wait("Delete day 3?")
            t.keys("n", "d", "y")
            t.wait_gone("it is the third")
            check(len(days_of(wad, "1")) == 2, "a day is deleted")
            t.keys("e")
            t.wait(["enrol labels", "day 4"])
            t.keys("C-u")
            t.type("Renamed")
            t.keys("C-s")
            t.wait("Sequence: Renamed")
        picture = base64.b64encode(png(8, 8)).decode()
        wad.call("sequence.create", name="a\u202eb \x1b[31m\u4f60\u597d", steps=[{"day": 1, "text": "x\u0085y\u200b"}, {"day": 2, "image": picture}])
        for size in ((80, 24), (120, 40), (200, 60)):
            with Watui(build, wad, ["--view", "sequences"], size=size) as t:
                t.wait(["Renamed", "1/2"])
                t.keys("j", "Enter")
                shown = t.wait(["[picture]", "\u4f60\u597d", "1/2"])
                check(not any(c in shown for c in "\u202e\u0085\u200b\x1b"), "no control of others reaches the screen")
                t.keys("Enter")
                t.wait("day 2 has a picture")
                t.keys("j", "Enter")
                t.wait("Day 2")
                t.keys("Escape")
                t.wait("what is said")
        with Watui(build, wad, ["--view", "sequences"], locale="C", term="vt100") as t:
            t.wait("Renamed")
            t.keys("Enter")
            check(t.wait("what is said").isascii(), "in C all is ASCII")
        wad.call("user.create", name="eve", role="viewer")
        with Watui(build, wad, ["--user", "eve", "--view", "sequences"]) as t:
            t.wait("no sequences yet")
            t.keys("a")
            t.wait("sequence.create: your role may not do that")


def enrolled(build):
    """By numbers and by labels, over more than one page; some only; taken out; paused one by one."""
    with World(build, (LEAD, 2), name="tuienrol") as world:
        wad = world.wad
        leads(wad, 1100)
        wad.call("optout.add", phone=str(LEAD + 5))
        sequence = wad.call("sequence.create", name="Welcome", steps=[{"day": 1, "text": "a"}, {"day": 3, "text": "b"}])["id"]
        with Watui(build, wad, ["--view", "sequences"], size=(120, 40)) as t:
            t.wait("Welcome")
            t.keys("n")
            t.wait("Enrol numbers")
            t.type(f"{LEAD}, {LEAD}, {LEAD + 5}, +1 hello, 60129990001")
            t.keys("C-s")
            t.wait("2 enrolled; 1 already in it, 1 opted out, 1 no numbers: +1 hello")
            t.keys("Enter")
            t.wait(["what is said", "contacts  2: 2 active"])
            t.keys("N")
            t.wait("any of these labels")
            t.type("new")
            t.keys("Enter")
            t.wait("1098 enrolled; 1 already in it, 1 opted out")
            t.wait("contacts  1,100: 1,100 active")
            check(wad.call("sequence.show", sequence=sequence)["contacts"] == 1100, "all pages are enrolled")
            t.keys("c")
            t.wait(["Contacts: Welcome", "+-- 0/3", "1/1000+"])
            check(str(LEAD) in t.rows()[t.cursor()[0]], "the cursor is at the first")
            t.keys("Space", "Space", "d")
            t.wait("Take 2 contacts out of the sequence?")
            t.keys("y")
            t.wait("sequence.remove: 2 done")
            t.wait(["- removed", "... 0/3"])
            t.keys("Space", "p")
            t.wait(["Pause 6012", "?", "2 skipped: not active"])
            t.keys("y")
            t.wait("- paused")
            t.keys("F")
            t.wait("Show contacts only")
            t.keys("Space", "Space", "C-s")
            t.wait(["Contacts: Welcome: state paused", "1/1"])
            t.keys("P")
            t.wait("none with state paused")
            t.keys("Escape")
            t.wait("1/1000+")
            check(wad.call("sequence.show", sequence=sequence)["by_state"]["removed"] == 2, "two are out")


def sent(build):
    """Started: each one's way goes on by itself; the log; paused, deleted."""
    with World(build, (LEAD, 10), settings={"sequence.day_s": "4"}, name="tuiway") as world:
        wad = world.wad
        wad.pair("d0", DEVICE)
        wad.wait_online(1)
        leads(wad, 3)
        wad.call("sequence.create", name="Way", niche="new", grace_s=86400, delay_min_ms=0, delay_max_ms=0,
                 steps=[{"day": 1, "text": "one"}, {"day": 2, "text": "two"}])
        with Watui(build, wad, ["--view", "sequences"]) as t:
            t.wait("Way")
            t.keys("s")
            t.wait("Start Way: enrol and send?")
            t.keys("y")
            t.wait("+ active")
            t.keys("c")
            t.wait("Contacts: Way")
            t.wait(lambda shown: shown.count("- completed") == 3 and shown.count("## 2/2") == 3, 60)
            t.keys("Enter")
            t.wait([f"Messages: Way, {LEAD}", "1/2"])
            t.keys("q", "q", "l")
            t.wait(["Messages: Way ", "1/6"])
            t.keys("F")
            t.wait("Show messages only")
            t.type(str(LEAD + 1))
            t.keys("C-s")
            t.wait([f"Messages: Way: phone {LEAD + 1}", "1/2"])
            t.keys("q", "q", "Enter")
            t.wait(["3 completed", "6 sent", "100 % sent"])
            t.keys("p")
            t.wait("- paused")
            t.keys("p")
            t.wait("it is paused")
            t.keys("P")
            t.wait("+ active")
            t.keys("q", "d")
            t.wait("Delete Way with its contacts?")
            t.keys("y")
            wait_until(lambda: wad.call("sequence.list")["sequences"] == [], LAG, "it is deleted")
            t.wait("no sequences yet")


if __name__ == "__main__":
    tests = [made, enrolled, sent]
    wanted = sys.argv[2:]
    sys.exit(run_tests([t for t in tests if not wanted or t.__name__ in wanted], sys.argv[1]))
