#!/usr/bin/env python3
"""watui's leads and opt-outs: lists, search, some only, labels, acts on many, import with its report, export.
usage: tui_leads.py BUILD [STEP ...]"""
import os
import signal
import stat
import sys

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(root, "tests/harness")]
from tuitest import LAG, Watui, golden  # noqa: E402
from wadtest import Failure, World, run_tests, wait_until  # noqa: E402

LEAD = 60120000001
HOSTILE = ("\u202eevil", "iso\u2066late\u2069", "C1\u0085\u009b31m", "\ufeffbom\u200d", "\u05d0\u05d1\u05d2", "\u4f60\u597d", "\U0001f468\u200d\U0001f469")


def check(condition, what):
    if not condition:
        raise Failure(what)


def fill(wad, count, niche=lambda i: '"SHOPS,VIP"' if i % 3 else "NEW"):
    wad.call("lead.import", csv="phone,name,niche\n" + "".join(f"{LEAD + i},Lead {i},{niche(i)}\n" for i in range(count)))


def by_phone(wad, phone):
    return next(lead for lead in wad.call("lead.list", limit=10000)["leads"] if lead["phone"] == str(phone))


def looked_at(build):
    """The list at three sizes and in C, details, the search of wad, some only, labels with their counts, hostile names."""
    with World(build, (LEAD, 2), name="tuileads") as world:
        wad = world.wad
        with Watui(build, wad, ["--view", "leads"]) as t:
            t.wait("no leads yet: i imports a file, a adds one")
            t.keys("a")
            t.wait("New lead")
            t.type("60125550001")
            t.keys("Tab")
            t.type("Typed In")
            t.keys("C-s")
            t.wait(["60125550001", "Typed In"])
        fill(wad, 25)
        wad.call("optout.add", phone=str(LEAD + 1))
        with Watui(build, wad, ["--view", "leads"]) as t:
            t.wait(["Lead 10", "opted out", "1/26"])
            golden("tui_leads_80", t.still())
            check(str(60125550001) in t.rows()[t.cursor()[0]], "the cursor is at the chosen lead")
            t.keys("/")
            t.type("lead 2")
            t.wait("1/6")  # 2, 20 to 24
            t.keys("Enter", "Escape")
            t.wait("1/26")
            t.keys("F")
            t.wait("Show leads only")
            t.type("new")
            t.keys("Tab", "c", "C-s")
            t.wait(["none with niche new, status customer; Esc shows all"])
            t.keys("F")
            t.wait("Show leads only")
            t.keys("Tab", "-", "C-s")  # the choice is taken back
            t.wait(["Leads: niche new ", "1/9"])
            t.keys("q")
            t.wait("1/26")
            t.keys("N")
            t.wait(["Labels of leads", "SHOPS", "16"])
            t.keys("j", "Enter")
            t.wait(["Leads: niche SHOPS", "1/16"])
            t.keys("e")
            t.wait(["SHOPS,VIP", "agreed when"])
            t.keys("Tab", "C-u")
            t.type("Renamed")
            t.keys("C-s")
            t.wait_gone("agreed when")
            t.wait("Renamed")
            t.keys("Enter")
            t.wait(["updated at", "SHOPS,VIP"])
            t.keys("q", "Escape")
            t.wait("1/26")
        for i, name in enumerate(HOSTILE):
            wad.call("lead.create", phone=str(60126660001 + i), name=name, niche="BAD")
        for size in ((120, 40), (200, 60)):
            with Watui(build, wad, ["--view", "leads"], size=size) as t:
                shown = t.wait(["device", "changed", "1/33"])
                check(not any(c in shown for c in "\u202e\u2066\u0085\u009b\ufeff\u200d"), "no control of others reaches the screen")
                check("\u4f60\u597d" in shown, "and text of any script does")
                rows = [r for r in t.rows() if "6012666" in r or "Lead 3 " in r]
                check(len(rows) == 8, "all are shown")
        with Watui(build, wad, ["--view", "leads"], locale="C", term="vt100") as t:
            check(t.wait(["Lead 10", "1/33"]).isascii(), "in C all is ASCII")
            t.keys("N")
            check(t.wait("SHOPS").isascii(), "labels too")


def optouts(build, wad):
    """Who wants no more: added, removed, live; own words. Nobody is left on the list."""
    with Watui(build, wad, ["--view", "optouts"]) as t:
        t.wait("nobody has opted out")
        t.keys("a")
        t.wait("Who wants no more messages")
        t.type("6012 000 0001")
        t.keys("C-s")
        t.wait("60120000001 is on the list")
        t.wait("1/1")
        wad.call("optout.add", phone="60120000009")
        t.wait("60120000009")
        t.keys("g", "Enter")
        t.wait("Put on the list by hand")
        t.keys("Enter", "*", "d")
        t.wait("Take 2 phones off the list?")
        t.keys("y")
        t.wait("nobody has opted out")
        check(wad.call("optout.list")["optouts"] == [], "the list is empty")
        t.keys("w")
        t.wait("none of your own")
        t.keys("a")
        t.wait("A word that opts out or in")
        t.type("no thanks")
        t.keys("C-s")
        t.wait(["stop", "1/1"])
        check(len(wad.call("optout.words")["words"]) == 1, "the word is taught")
        t.keys("d")
        t.wait("Forget the word")
        t.keys("y")
        t.wait("none of your own")


def many(build):
    """Opt-outs; acts on many: how many, who is left out and why, and what wad then has."""
    with World(build, (LEAD, 2), name="tuibulk") as world:
        wad = world.wad
        optouts(build, wad)
        fill(wad, 6, lambda i: "OLD")
        sequence = wad.call("sequence.create", name="welcome", steps=[{"day": 1, "text": "hi"}])["id"]
        wad.call("optout.add", phone=str(LEAD))
        with Watui(build, wad, ["--view", "leads"]) as t:
            t.wait(["1/6", "opted out"])
            t.keys("*", "o")
            t.wait(["Put 5 leads on the opt-out list?", "1 skipped: opted out already"])
            t.keys("n", "Escape", "g", "j", "Space", "Space", "o")
            t.wait("Put 2 leads on the opt-out list?")
            t.keys("y")
            t.wait("optout.add: 2 done")
            check(len(wad.call("optout.list")["optouts"]) == 3, "they are on the list")
            t.wait(lambda shown: shown.count("opted out") == 4)  # the column's title too
            t.keys("O")
            t.wait("Take 2 leads off the opt-out list?")
            t.keys("y")
            t.wait("optout.remove: 2 done")
            check(len(wad.call("optout.list")["optouts"]) == 1, "and off it")
            t.keys("l")
            t.wait("Labels to add to 2 leads")
            t.type("vip,-OLD")
            t.keys("Enter")
            t.wait("Change the labels of 2 leads: vip,-OLD?")
            t.keys("y")
            t.wait("lead.update: 2 done")
            check(by_phone(wad, LEAD + 1)["niche"].upper() == "VIP", "the labels are changed")
            check(by_phone(wad, LEAD + 3)["niche"] == "OLD", "of the marked ones only")
            t.keys("S")
            t.wait("Status")
            t.keys("c", "C-s")
            t.wait("Make 2 leads customer?")
            t.keys("y")
            t.wait("+ customer")
            wait_until(lambda: by_phone(wad, LEAD + 2)["status"] == "customer", LAG, "the status is set")
            t.keys("*", "S")
            t.wait("Status")
            t.keys("c", "C-s")
            t.wait(["Make 4 leads customer?", "2 skipped: customers already"])
            t.keys("n", "E")
            t.wait("Enrol 6 leads into a sequence")
            t.keys("C-p")
            t.wait("1 of 1")
            t.keys("Enter", "C-s")
            t.wait("5 enrolled; 0 were in it already, 1 want no messages")
            check(wad.call("sequence.show", sequence=sequence)["contacts"] == 5, "they are in the sequence")
            t.keys("c")
            t.wait("known numbers are on WhatsApp; 6 are asked for now")
            t.keys("Escape", "g", "d")
            t.wait(f"Delete {LEAD}?")
            t.keys("n", "d", "y")
            t.wait("1/5")
            check(len(wad.call("lead.list")["leads"]) == 5, "one lead is gone")
        wad.call("user.create", name="eve", role="viewer")
        with Watui(build, wad, ["--linear", "--view", "leads"]) as t:
            t.wait(f"phone {LEAD + 1}")
        with Watui(build, wad, ["--user", "eve", "--view", "leads"]) as t:
            t.wait("no leads yet")
            t.keys("i")
            t.wait("lead.import: your role may not do that")


def files(build):
    """Import: looked at first, with what is left out; export: whole, of what is shown, never over another file."""
    with World(build, (LEAD, 2), name="tuifiles") as world:
        wad, there = world.wad, world.directory
        fill(wad, 2)
        with open(os.path.join(there, "new.csv"), "w", encoding="utf-8") as f:
            f.write(f"phone,name,niche\n60125550001,Ali,A\nbad\x1b]0;x\x07,Bea,B\n{LEAD},Again,C\n,none,D\n" + "".join(f"x{i},,\n" for i in range(40)))
        with Watui(build, wad, ["--view", "leads"]) as t:
            t.wait("1/2")
            t.keys("i")
            t.wait("Import leads")
            t.type(os.path.join(there, "none.csv"))
            t.keys("C-s")
            t.wait("No such file or directory")
            t.keys("C-u")
            t.type(os.path.join(there, "ne"))
            t.keys("Tab")
            t.wait("new.csv")
            t.keys("C-s")
            t.wait(["Nothing was changed yet", "1 new lead", "1 known lead, to be updated", "42 lines that are left out", "line 3  phone",
                    "Import 2 leads?"])
            check(len(wad.call("lead.list")["leads"]) == 2, "a look changes nothing")
            golden("tui_leads_import", t.still())
            t.keys("G")
            t.wait("line 45")
            t.keys("Escape")
            t.wait("1/2")
            check(len(wad.call("lead.list")["leads"]) == 2, "and no means no")
            t.keys("i")
            t.wait("Import leads")
            t.type(os.path.join(there, "new.csv"))
            t.keys("C-s")
            t.wait("Import 2 leads?")
            t.keys("Enter")
            t.wait(["Imported:", "1 new lead", "1 known lead, updated"])
            t.keys("q")
            t.wait(["1/3", "Again"])
            fill(wad, 3000, lambda i: "MANY")
            t.wait("1/1000+")
            t.keys("G")
            t.wait("3001/3001")
            check(str(LEAD + 2999) in t.rows()[t.cursor()[0]], "the last is chosen")
            t.keys("e")
            t.wait("agreed when")
            t.keys("Tab")
            t.type(" the last")
            t.keys("C-s")
            t.wait_gone("agreed when")
            t.wait(["Lead 2999 the", "3001/3001"])  # the place is kept
            t.keys("x")
            t.wait("to this file")
            t.keys("C-u")
            t.type(os.path.join(there, "new.csv"))
            t.keys("Enter")
            t.wait("there is such a file already")
            t.keys("C-u")
            t.type(os.path.join(there, "out.csv"))
            t.keys("Enter")
            t.wait("3002 lines, ")
            out = os.path.join(there, "out.csv")
            with open(out, encoding="utf-8") as f:
                lines = f.read().splitlines()
            check(len(lines) == 3002 and "phone" in lines[0], f"a header and 3,001 leads: {len(lines)}")
            check(stat.S_IMODE(os.stat(out).st_mode) == 0o600, "for its owner only")
            t.keys("g", "/")
            t.type("Ali")
            t.keys("Enter")
            t.wait("1/1")
            t.keys("x")
            t.wait("to this file")
            t.keys("C-u")
            t.type(os.path.join(there, "one.csv"))
            t.keys("Enter")
            t.wait("2 lines, ")
            with open(os.path.join(there, "one.csv"), encoding="utf-8") as f:
                check("60125550001" in f.read() and sum(1 for _ in open(f.name, encoding="utf-8")) == 2, "what is shown, only")
            part = os.path.join(there, "part.csv")
            os.kill(wad.process.pid, signal.SIGSTOP)
            try:
                t.keys("x")
                t.wait("to this file")
                t.keys("C-u")
                t.type(part)
                t.keys("Enter")
                t.wait("0 lines, 0 bytes so far")
                check(os.path.exists(part), "it is begun")
                t.keys("Escape")
                t.wait_gone("so far")
                check(not os.path.exists(part), "what did not become whole is removed")
            finally:
                os.kill(wad.process.pid, signal.SIGCONT)
            with open(os.path.join(there, "bad.csv"), "w", encoding="utf-8") as f:
                f.write("name\nno phone\n")
            t.keys("i")
            t.wait("Import leads")
            t.type(os.path.join(there, "bad.csv"))
            t.keys("C-s")
            t.wait("lead.import: ")


if __name__ == "__main__":
    tests = [looked_at, many, files]
    wanted = sys.argv[2:]
    sys.exit(run_tests([t for t in tests if not wanted or t.__name__ in wanted], sys.argv[1]))
