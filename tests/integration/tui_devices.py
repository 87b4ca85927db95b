#!/usr/bin/env python3
"""watui's devices: made, linked by the QR code on the screen, settings, pauses of many, test messages, deleted.
usage: tui_devices.py BUILD [STEP ...]"""
import os
import sys

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(root, "tests/harness")]
from qrscreen import read_qr  # noqa: E402
from tuitest import LAG, Watui  # noqa: E402
from wadtest import Failure, World, run_tests, wait_until  # noqa: E402

OWN, PEER = "60110000001", "60110000002"


def check(condition, what):
    if not condition:
        raise Failure(what)


def linked_by_the_screen(build):
    """From the empty list to a linked device, with the keys alone; the code is read from the screen."""
    with World(build, (int(OWN), 5), name="tuipair") as world:
        wad = world.wad
        with Watui(build, wad, ["--view", "devices"], size=(80, 24)) as t:
            t.wait("no devices yet: a adds one")
            t.keys("a")
            t.wait("New device")
            t.type("sales")
            t.keys("C-s")
            t.wait(["code 1 of", "link sales", "Linked devices"])
            told = wad.call("device.qr", device="sales")["qr"]
            check(read_qr(t.screen(attributes=True)) == told, "80x24: the screen's code is the one wad tells")
            for style in ("b", "s"):
                t.keys(style)
                t.still_but_count()
                check(read_qr(t.screen(attributes=True)) == told, f"the code drawn with {style} is read")
            t.keys("h")
            t.wait(["need ", "have 80x22", "wactl device qr sales"])
            for size in ((120, 40), (75, 44)):
                t.resize(*size)
                t.wait("code 1 of")
                t.still_but_count()
                check(read_qr(t.screen(attributes=True)) == told, f"half blocks at {size} are read")
            t.resize(80, 24)
            world.sandbox.scan(told, OWN)
            t.wait(["sales is linked to " + OWN, "Enter goes back"])
            t.keys("Enter")
            t.wait(["+ online", OWN, "1/1 online"])
            t.keys("l")
            t.wait("sales is linked; log it out")


def few_colors(build):
    """The code on eight colours, without colours, and in ASCII."""
    with World(build, (int(OWN), 5), name="tuicolors") as world:
        wad = world.wad
        wad.call("device.create", name="x")
        for args, options in (([], {"term": "screen"}), (["--no-color"], {}), (["--theme", "light"], {})):
            with Watui(build, wad, ["--view", "devices", *args], size=(80, 24), **options) as t:
                t.wait("x ")
                t.keys("l")
                t.wait("code 1 of")
                t.still_but_count()
                told = wad.call("device.qr", device="x")["qr"]
                check(read_qr(t.screen(attributes=True)) == told, f"{args} {options}: the code is read")
                t.keys("Escape")
                t.wait("linking was given up")
            wait_until(lambda: wad.call("device.qr", device="x")["state"] in ("none", "failed"), LAG, "leaving gives the linking up")
        with Watui(build, wad, ["--view", "devices", "--ascii"], size=(150, 75)) as t:
            t.wait("x ")
            t.keys("l")
            shown = t.wait("code 1 of")
            check(shown.isascii(), "ASCII only")
            t.still_but_count()
            told = wad.call("device.qr", device="x")["qr"]
            check(read_qr(t.screen(attributes=True)) == told, "blanks with colours are read")
            t.resize(80, 24)
            t.wait(["need ", "have 80x22"])


def kept(build):
    """Settings, pauses of many with the reasons of those left out, test messages, log-out, deletion; hostile names."""
    with World(build, (int(OWN), 9), name="tuidevices") as world:
        wad = world.wad
        for i, name in enumerate(("live", "more", "third")):
            wad.pair(name, str(int(OWN) + 2 + i) if i else OWN)
        wad.wait_online(3)
        hostile = ["a\u202eevil", "b\u2066iso\u2069", "c\u200bwide\u4f60\u597d", "d\U0001f468\u200d\U0001f469\u200d\U0001f467"]
        for name in hostile:
            wad.call("device.create", name=name)
        with Watui(build, wad, ["--view", "devices"], size=(120, 40)) as t:
            shown = t.wait(["live", "+ online", "3/7 online"])
            check(not any(c in shown for c in "\u202e\u0085\u0007\u200d"), "no control of others reaches the screen")
            t.wait("100")  # health, from the workers
            t.keys("Enter")
            t.wait(["linked at", "at work", "in flight"])
            t.keys("q")
            t.wait("1/7")
            t.keys("e")
            t.wait(["Settings of a device", "quiet hours"])
            t.keys("Tab", "Tab", "Tab", "Tab", "C-u")
            t.type("77")
            t.keys("C-s")
            t.wait_gone("Settings of a device")
            wait_until(lambda: wad.call("device.show", device="live")["per_day_max"] == 77, LAG, "the setting is taken")
            t.keys("s")
            t.wait("Send from live")
            t.type(PEER)
            t.keys("Tab")
            t.type("a test, hello")
            t.keys("C-s")
            t.wait("is queued")
            wait_until(lambda: world.sandbox.shown("a test, hello", phone=PEER), LAG, "the message is on the phone")
            t.keys("p")
            t.wait("- paused")
            t.keys("*")
            t.wait("7 marked")
            t.keys("p")
            t.wait(["Pause 2 devices?", "5 skipped: paused already"])
            t.keys("y")
            t.wait("device.pause: 2 done")

            def paused():
                return sum(d["state"] == "paused" for d in wad.call("device.list")["devices"])

            check(paused() == 3, "the linked ones are paused")
            t.keys("P")
            t.wait(["Resume 3 devices?", "4 skipped: not paused"])
            t.keys("n")
            t.wait_gone("Resume 3 devices?")
            check(paused() == 3, "no means no")
            t.keys("Escape", "g", "P")
            t.wait(["+ online"])
            check(paused() == 2, "only the chosen one goes on")
            t.keys("L")
            t.wait("Unlink live from its phone?")
            t.keys("y")
            t.wait("logged_out")
            t.keys("d")
            t.wait("Type live to agree")
            t.type("love")
            t.keys("Enter")
            t.wait("not what is asked for")
            t.keys("BSpace", "BSpace", "BSpace")
            t.type("ive")
            t.keys("Enter")
            wait_until(lambda: len(wad.call("device.list")["devices"]) == 6, LAG, "it is deleted")
            t.wait("1/6")


def watched(build):
    """A viewer sees and may do nothing."""
    with World(build, (int(OWN), 5), name="tuiviewer") as world:
        wad = world.wad
        wad.call("user.create", name="eve", role="viewer")
        with Watui(build, wad, ["--user", "eve", "--view", "devices"]) as t:
            t.wait(["as eve", "no devices yet"])
            t.keys("a")
            t.wait("your role may not do that")


if __name__ == "__main__":
    tests = [linked_by_the_screen, few_colors, kept, watched]
    wanted = sys.argv[2:]
    sys.exit(run_tests([t for t in tests if not wanted or t.__name__ in wanted], sys.argv[1]))
