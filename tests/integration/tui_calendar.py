#!/usr/bin/env python3
"""watui's calendar: months as they look, planning a campaign, where it then is.
usage: tui_calendar.py BUILD [STEP ...]"""
import datetime
import os
import re
import sys

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(root, "tests/harness")]
from tuitest import Watui, golden  # noqa: E402
from wadtest import Failure, World, png, run_tests  # noqa: E402

DEVICE, LEAD = 60110000001, 60120000001
BERLIN = {"TZ": "Europe/Berlin"}
HOSTILE = "\x1b]0;evil\x07 \x1b[31mred \u202etxt \u200f \ufeff \u009b31m sale"


def check(condition, what):
    if not condition:
        raise Failure(what)


def leads(wad, count, niche="shops", first=LEAD):
    wad.call("lead.import", csv="phone,name,niche\n" + "".join(f"{first + i},Lead {i},{niche}\n" for i in range(count)))


def has_today(shown):
    return re.search(r"\d today", shown)


def in_zone(wad, zone):
    """The user's zone is the terminal's."""
    wad.call("user.update", id="1", zone=zone)


def goto(t, date, shows):
    t.keys("g")
    t.wait("Go to (")
    t.type(date)
    t.keys("Enter")
    t.wait(shows)


def inside(shown):
    """Without the lines that are the frame's."""
    return "\n".join(shown.rstrip("\n").split("\n")[1:-1])


def months(build):
    """4, 5 and 6 weeks, a change of clocks, a leap day, all so far off that today is in none; where there is more room; in C."""
    with World(build, (LEAD, 2), name="tuimonths") as world:
        wad = world.wad
        in_zone(wad, "Europe/Berlin")

        def plan(at, title, **more):
            return wad.call("campaign.create", title=title, text="x", everyone=True, at=at, zone="Europe/Berlin", **more)["id"]
        for i in range(5):
            plan(f"2038-02-10 {9 + i:02d}:30", f"Spring sale {i + 1}")
        plan("2038-02-14 09:00", "花束 🌹 for all")
        plan("2038-02-28 23:59", HOSTILE)
        plan("2038-03-28 00:15", "before the hour")  # the clocks go on by an hour at 2
        plan("2038-03-28 23:30", "the same day")
        plan("2038-03-29 00:15", "the day after")
        plan("2038-05-31 12:00", "end of May")
        plan("2040-02-29 08:00", "leap day")
        wad.call("campaign.pause", campaign=plan("2040-02-01 08:00", "held back"))
        wad.call("campaign.cancel", campaign=plan("2040-02-02 08:00", "called off"))
        wad.call("campaign.create", title="not yet", text="x", everyone=True, draft=True)
        with Watui(build, wad, ["--view", "calendar"], env=BERLIN) as t:
            t.wait("1 draft")
            t.wait(has_today)
            for date, month, word, name in (("2038-02-10", "February 2038", "+2", "tui_calendar_4_weeks"),
                                            ("2038-03", "March 2038", "before", "tui_calendar_clocks_change"),
                                            ("2038-05-31", "May 2038", "end of", "tui_calendar_6_weeks"),
                                            ("2040-02-29", "February 2040", "leap d", "tui_calendar_leap_day")):
                goto(t, date, [month, word])
                shown = t.still()
                golden(name, inside(shown))
                row = t.rows()[t.cursor()[0]]
                check(f">{date[8:].lstrip('0') or '1'}" in row, f"the cursor is at the day: {row}")
            check(not has_today(shown), "today is in another month")
            t.keys("PgUp")
            t.wait("January 2040")
            t.keys("Left", "j", "k", "l", "h")
            t.wait("2040-01-28")
            t.keys("v")
            t.wait("23 Jan to 29 Jan 2040")
            goto(t, "2038-02-14", ["8 Feb to 14 Feb", "09:00 o scheduled"])
            golden("tui_calendar_week", inside(t.still()))
            t.keys("v")
            t.wait(["All campaigns", ">Sun 14 Feb", " drafts"])
            golden("tui_calendar_list", inside(t.still()))
            t.keys("j")
            t.wait(">Sun 28 Feb")
            t.keys("t", "v")
            t.wait(has_today)
            title = t.tmux("display-message", "-p", "#{pane_title}")
            check("evil" not in title, f"the title of the terminal is ours: {title}")
            t.resize(60, 20)  # no room for a month: the list
            t.wait("All campaigns")
            t.resize(80, 24)
            t.wait(has_today)
            t.keys("C-c")
            check(t.exit_code() == 0, "it leaves nothing behind")
        for size, word in (((120, 40), "Wednesday"), ((200, 60), "09:30 o Spring sale 1")):
            with Watui(build, wad, ["--view", "calendar"], size=size, env=BERLIN) as t:
                t.wait("1 draft")
                goto(t, "2038-02-10", ["February 2038", word, "Spring sale 5"])
                check("+2" not in t.still(), "all of the day are there")
        with Watui(build, wad, ["--view", "calendar"], locale="C", env=BERLIN) as t:
            t.wait("1 draft")
            goto(t, "2038-02-14", "for all")
            check(t.still().isascii(), f"in C all is ASCII:\n{t.screen()}")


def planning(build):
    """A campaign for tomorrow through the form: whom it reaches while one types, what is refused, where it then is; an edit."""
    with World(build, (LEAD, 12), name="tuiplan") as world:
        wad = world.wad
        in_zone(wad, "Asia/Jakarta")
        wad.pair("d1", DEVICE)
        wad.wait_online(1)
        leads(wad, 10)
        wad.call("optout.add", phone=str(LEAD + 1))
        now = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=7)))
        tomorrow = (now + datetime.timedelta(days=1)).strftime("%Y-%m-%d")
        with Watui(build, wad, ["--view", "calendar"]) as t:
            t.wait(has_today)
            t.keys("l", "Enter")  # an empty day: the form
            t.wait([f"New campaign on {tomorrow}", f"{tomorrow} 09:00"])
            t.type("Spring")
            t.wait("not yet: niche or everyone")
            t.keys("Tab")
            t.type("shops")
            t.wait(["9 recipients; left out: 1 who opted out", "starts "])
            t.resize(60, 16)
            t.wait(["9 recipients", "niche", "[ Plan ]"])
            t.resize(80, 24)
            t.keys("Tab", "Tab", "Tab")
            t.type("Hi {name}")
            t.wait(f"{LEAD} Lead 0: Hi Lead 0")
            t.keys("Tab", "Tab", "C-u")
            t.type("tomorrow at nine")
            t.keys("C-s")
            t.wait("start: a date and a time, as in")  # told at its field
            t.keys("C-u")
            t.type(f"{tomorrow} 10:45")
            t.wait(["starts ", "10:45 WIB"])
            t.keys("C-s")
            t.wait(["Spring: ", "10:45 WIB"])
            t.wait("o Spring")
            made = wad.call("campaign.list")["campaigns"]
            check([c["title"] for c in made] == ["Spring"] and made[0]["niche"] == "SHOPS", f"{made}")
            t.keys("Enter")
            t.wait(["10:45 o scheduled Spring", "plan one more"])
            t.keys("Enter")
            shown = t.wait(["- scheduled", "leads of SHOPS", "9 recipients", "Hi {name}", "given in Asia/Jakarta"])
            check(t.cursor()[0] == 1 and "Spring" in shown.split("\n")[1], "the cursor is at its title")
            t.keys("e")
            t.wait(["Edit Spring", f"{tomorrow}T10:45:00+07:00"])
            t.keys("C-u")
            t.type("Summer 🌻")
            t.keys("C-s")
            t.wait(["Summer", "- scheduled"])
            t.wait_gone("Edit ")
            check(wad.call("campaign.show", campaign=made[0]["id"])["text"] == "Hi {name}", "the rest stays")
            t.keys("p")
            t.wait("Summer 🌻 is paused")
            t.keys("q")
            t.wait("= Summer")
            t.keys("Enter")
            t.wait("plan one more")
            t.keys("Enter")
            t.wait("- paused")
            t.keys("x")
            t.wait("Cancel Summer 🌻? It has sent nothing")
            t.keys("y")
            t.wait("is cancelled")
            t.keys("x")
            t.wait("it has ended already")
            t.keys("c")
            t.wait(["Copy of Summer", "Summer 🌻 (copy)"])
            t.keys("C-s")
            t.wait(["(copy) is made", "- draft"])
            t.keys("D")
            t.wait("Delete Summer 🌻 (copy) with all its figures?")
            t.keys("n")
            t.wait_gone("all its figures")
            t.keys("s")
            t.wait("Start Summer")
            t.keys("C-s")
            t.wait(["+ done", "100%  9 of 9 final"])
            # one that somebody else plans comes in by itself
            t.keys("q", "q")
            t.wait(has_today)
            wad.call("campaign.create", title="of others", text="x", everyone=True, at=f"{tomorrow} 12:00", zone="Asia/Jakarta")
            t.wait("o of oth")
            # a picture with words below it, from a file
            picture = os.path.join(world.directory, "flower.png")
            with open(picture, "wb") as f:
                f.write(png(40, 40))
            t.keys("t", "a")
            t.wait(f"New campaign on {now:%Y-%m-%d}")
            t.type("Flower")
            t.keys("Tab", "Tab", "Space", "Tab", "Tab", "Tab")
            t.type(picture[:-3])
            t.keys("Tab")
            t.wait("flower.png")
            t.keys(*["Tab"] * 7)
            t.type("For {name}")
            t.wait(["9 recipients", f"{LEAD} Lead 0: For Lead 0"])
            t.keys("C-s")
            t.wait("o Flower")
            got = wad.call("campaign.list")["campaigns"][-1]
            check((got["media"], got["text"]) == ("image", "For {name}"), f"{got}")
            t.keys("C-c")
            check(t.exit_code() == 0, "it leaves nothing behind")
        check(len(world.sandbox.shown("Hi Lead 0")) == 1, "and the phones have it")
        wad.call("user.create", name="watcher", role="viewer")
        with Watui(build, wad, ["--view", "calendar", "--user", "watcher"]) as t:
            t.wait(has_today)
            t.keys("a")
            t.wait("campaign.create: your role may not do that")


if __name__ == "__main__":
    tests = [months, planning]
    wanted = sys.argv[2:]
    sys.exit(run_tests([t for t in tests if not wanted or t.__name__ in wanted], sys.argv[1]))
