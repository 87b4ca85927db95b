#!/usr/bin/env python3
"""Every view of watui's table at every size, in UTF-8 and C, on 256 and 8 colours and none: it comes, it has its title and its
keys whole, nothing stands outside of ASCII where that is all there is, and the cursor is on the screen.
usage: tui_views.py BUILD"""
import os
import re
import sys

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(root, "tests/harness")]
from tuitest import Watui  # noqa: E402
from wadtest import Failure, World, run_tests, wait_until  # noqa: E402

OWN, LEAD = 60110000001, 60110000100
HOSTILE = "\u202eevil \u4f60\u597d \U0001f468\u200d\U0001f469\u200d\U0001f467"


def check(condition, what):
    if not condition:
        raise Failure(what)


def views():
    """Names and titles, from the table itself."""
    with open(os.path.join(root, "tui/views.h"), encoding="utf-8") as f:
        return re.findall(r'^\tX\((\w+), +"([^"]+)"', f.read(), re.M)


def filled(world):
    """Something for every view to show, with a hostile name in it."""
    wad = world.wad
    for i, name in enumerate(("sales", HOSTILE)):
        wad.pair(name, str(OWN + i))
    wad.wait_online(2)
    wad.call("lead.import", csv="phone,name,niche\n" + "".join(f"{LEAD + i},{HOSTILE} {i},shops\n" for i in range(40)))
    wad.call("optout.add", phone=str(LEAD + 1))
    wad.wait_campaign(wad.campaign(title=HOSTILE, niche="shops", text="Hi {name}"))
    wad.call("campaign.create", title="later", everyone=True, text="x", start_at="2099-01-01T08:00:00Z")
    made = wad.call("sequence.create", name=HOSTILE, niche="shops", steps=[{"day": 1, "text": "one"}, {"day": 3, "text": "two"}])
    wad.call("sequence.start", sequence=made["id"])
    wad.call("reply.create", text="Hello", match="keyword", pattern="open")
    wad.call("webhook.create", url="https://example.org/hook")
    wad.call("token.create", title=HOSTILE)
    wad.call("user.create", name="ann")
    world.sandbox.admin("POST", f"/admin/phones/{LEAD}/send", {"to": str(OWN), "text": HOSTILE})
    wait_until(lambda: any(not m["from_me"] for m in wad.call("message.list")["messages"]), 20, "the message is stored")


def whole(line, of, what):
    """No word of the line is the beginning of one of these only."""
    for word in line.split():
        cut = [w for w in of if w != word and w.startswith(word) and len(word) > 2]
        check(not cut or word in of, f"{what}: {word} is cut of {cut}: {line}")


def one_look(t, view, title, size, plain):
    t.goto(view, title)
    shown = t.still()
    rows = shown.rstrip("\n").split("\n")
    what = f"{view} at {size}"
    check(rows[0].startswith(" wad") and title in rows[0], f"{what}: top line {rows[0]}")
    check(len(rows) == size[1] and "help" in rows[-1], f"{what}: bottom line {rows[-1]}")
    whole(rows[-1], ("filter", "refresh", "command", "help", "back", "open", "mark"), what)
    check("\u202e" not in shown and "\u200d" not in shown, f"{what}: what is hostile reached the screen")
    y, x = t.cursor()
    check(0 <= y < size[1] and 0 <= x < size[0], f"{what}: the cursor is at {y}, {x}")
    if plain:
        check(shown.isascii(), f"{what}: not ASCII:\n{shown}")


def every_view_everywhere(build):
    ways = [((80, 24), {}, []), ((120, 40), {}, []), ((200, 60), {}, []), ((80, 24), {"locale": "C"}, []), ((200, 60), {"locale": "C"}, []),
            ((80, 24), {"term": "screen"}, []), ((120, 40), {}, ["--no-color", "--theme", "mono"]), ((80, 24), {}, ["--theme", "light"])]
    table = views()
    check(len(table) >= 17, f"views of the table: {table}")
    with World(build, (OWN, 200), name="tuiviews") as world:
        filled(world)
        for size, options, args in ways:
            with Watui(build, world.wad, args, size=size, **options) as t:
                t.wait("help")
                for view, title in table:
                    one_look(t, view, title, size, options.get("locale") == "C")
                t.keys("C-c")
                check(t.exit_code() == 0, f"{size} {options} {args}: it ends well")
        print(f"proof: watui: {len(table)} views at 3 sizes, in UTF-8 and C, on 256 and 8 colours, none, and light: {len(ways)} ways")


if __name__ == "__main__":
    sys.exit(run_tests([every_view_everywhere], sys.argv[1]))
