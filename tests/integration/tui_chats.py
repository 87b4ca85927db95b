#!/usr/bin/env python3
"""watui's chats: both panes, reading, older pages, search, files, writing, drafts, a wad that dies, hostile texts.
usage: tui_chats.py BUILD [STEP ...]"""
import base64
import os
import re
import signal
import sys
import time

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(root, "tests/harness")]
from tuitest import Watui, golden  # noqa: E402
from wadtest import Failure, World, png, run_tests, wait_until  # noqa: E402

DEVICE, LEAD = 60110000001, 60120000001
OLD = 1_760_000_000  # 9 Oct 2025: shown the same at any later time
# of the dark theme: bold, dim, underlined, reversed, its colours
OURS = re.compile(r"(|0|1|2|4|7|22|24|27|39|49|38;5;(117|245|81|114|221|210|240))")


def check(condition, what):
    if not condition:
        raise Failure(what)


def write(w, phone, to=DEVICE, **message):
    return w.sandbox.admin("POST", f"/admin/phones/{phone}/send", {"to": str(to), **message})["id"]


def watui(build, w, size=(80, 24), **options):
    env = {"HOME": w.directory, "XDG_STATE_HOME": os.path.join(w.directory, "state"), **options.pop("env", {})}
    return Watui(build, w.wad, ["--view", "chats", *options.pop("args", [])], size=size, env=env, **options)


def drafts(w):
    folder = os.path.join(w.directory, "state/watui/drafts")
    return [os.path.join(folder, n) for n in os.listdir(folder)] if os.path.isdir(folder) else []


def stored(w, count, **params):
    wait_until(lambda: len(w.wad.call("message.list", limit=1000, **params)["messages"]) >= count, 30, f"{count} are stored")


def greeted(w):
    """What phones tell at first is read."""
    wait_until(lambda: w.wad.sql("select count(*) from history_syncs") == [["0"]], 20, "the greeting is read")


def back(t):
    """Esc, and time to be known as such."""
    t.keys("Escape")
    time.sleep(0.1)


def past(w):
    """Chats of another year, so that screens are the same at any time."""
    def said(i, text, mine=False, **more):
        return {"id": f"ID{i}", "t": OLD + 60 * i, "fromMe": mine, **({"status": 4} if mine else {}), **more,
                **({} if "message" in more or "imageBase64" in more else {"text": text})}
    picture = base64.b64encode(bytes(5000)).decode()
    reaction = {"reactionMessage": {"key": {"remoteJid": f"{LEAD}@s.whatsapp.net", "fromMe": True, "id": "ID2"}, "text": "\U0001f44d"}}
    group = "123-456@g.us"

    def member(n):
        return {"participant": f"{LEAD + n}@s.whatsapp.net", "pushName": ("Ann", "Bob", "Cem")[n - 1]}
    w.sandbox.admin("POST", f"/admin/phones/{DEVICE}/history", {"chats": [
        {"with": LEAD, "name": "Ann of the shop", "unread": 2, "messages": [
            said(1, "Good morning, is the shop open today? I would come by with my brother and take the two chairs that we spoke of."),
            said(2, "We open at ten.\nCome by!", True),
            said(3, "", message=reaction),
            said(1500, "thanks", quotedId="ID2"),
            said(1501, "", imageBase64=picture, caption="our garden")]},
        {"with": group, "name": "Friends", "messages": [
            said(10, "hi all", **member(1)), said(11, "who comes?", **member(1)), said(12, "me", **member(2)),
            said(13, "and me, 也许", **member(3))]},
        {"with": LEAD + 5, "name": "\u0645\u0631\u062d\u0628\u0627", "unread": 1, "messages": [said(20, "\u0645\u0631\u062d\u0628\u0627 \U0001f600 hello")]}]})
    stored(w, 10)


def reading(build):
    """The list and the conversation at three sizes, in C and without colours; what is unread; nothing is told by looking."""
    with World(build, (LEAD, 12), name="tuireading") as w:
        w.wad.pair("d1", DEVICE)
        w.wad.wait_online(1)
        greeted(w)
        past(w)
        with watui(build, w) as t:
            t.wait(["Ann of the shop", "(2)", "Friends", "1/3"])
            golden("tui_chats_list", t.still())
            t.keys("Enter")
            t.wait(["2 unread", "thanks", "[image 1x1", "our garden"])
            golden("tui_chats_talk", t.still())
            row = t.rows()[t.cursor()[0]]
            check("thanks" in t.rows()[t.cursor()[0] + 1] or "We open" in row, f"the cursor is at the first unread one: {row}")
            t.keys("G")
            t.wait("4/4")
            t.keys("n")
            t.wait("3/4")
            t.keys("?")
            t.wait(["Keys of chats", "Looking does not"])
            golden("tui_chats_help", t.still())
            back(t)
            check(w.wad.call("chat.list")["chats"][0]["unread"] == 2, "reading alone marks nothing")
            t.keys("m")
            t.wait("2 marked as read")
            wait_until(lambda: not any(c["unread"] for c in w.wad.call("chat.list")["chats"] if c.get("phone") == str(LEAD)), 10, "it is")
            back(t)
            t.wait("Friends")
            t.wait_gone("(2)")
            t.keys("N")
            t.wait(["hello", "1 unread"])
            t.keys("N")
            t.wait("no other chat")
            t.keys("h", "U")
            t.wait("unread chats")
            t.wait_gone("Friends")
            t.keys("U")
            t.wait("Friends")
            t.keys("/")
            t.type("frien")
            t.wait_gone("Ann of")
            t.keys("Enter", "Enter")
            t.wait(["Ann", "who comes?", "Bob", "Cem", "group"])
            t.keys("c")
            t.wait("not to groups")
            back(t)
            back(t)
            t.wait("Ann of")
        with watui(build, w, size=(120, 40)) as t:
            t.wait(["Ann of the shop", "We open at ten.", "│"])
            golden("tui_chats_both", t.still())
            t.keys("G")
            t.wait("who comes?")
            t.resize(80, 24)
            t.wait("3/3")
            t.wait_gone("who comes?")
            t.resize(200, 60)
            t.wait("who comes?")
        for options in ({"locale": "C"}, {"term": "vt100"}):
            with watui(build, w, **options) as t:
                t.wait("Friends")
                t.keys("Enter")
                shown = t.wait("We open at ten.")
                check("locale" not in options or shown.isascii(), f"in C all is ASCII:\n{shown}")


def living(build):
    """Messages come, ticks rise, one writes; wad dies and comes back: each message once."""
    with World(build, (LEAD, 12), name="tuiliving") as w:
        w.wad.pair("d1", DEVICE)
        w.wad.pair("d2", DEVICE + 1)
        w.wad.wait_online(2)
        write(w, LEAD, text="first of all")
        stored(w, 1)
        with watui(build, w, size=(120, 40)) as t:
            t.wait("first of all")
            write(w, LEAD + 1, text="from another")
            write(w, LEAD + 2, to=DEVICE + 1, text="to the second device")
            t.wait(["from another", "to the second", "/3"])
            t.keys("D")
            t.wait_gone("to the second")
            t.keys("D")
            t.wait("to the second")
            t.keys("D")
            t.wait("from another")
            open_chat(t, "first of all")
            talk(w, t)
            outage(w, t)
        check(not w.sandbox.violations(), f"violations: {w.sandbox.violations()}")


def open_chat(t, text):
    """Opens the chat in whose conversation, beside the list, a text stands."""
    t.keys("g")
    for _ in range(6):
        t.still()
        if count(t, text):
            break
        t.keys("j")
    t.keys("Enter")
    t.wait("c write")


def count(t, text):
    """How often the conversation beside the list shows it."""
    return sum(text in row[36:] for row in t.rows())


def talk(w, t):
    t.keys("c")
    t.wait("Enter send")
    t.paste("one\ntwo\nthree")
    t.wait(["> one", "three"])
    check(not w.sandbox.shown("one\ntwo\nthree"), "a paste sends nothing")
    t.keys("Enter")
    wait_until(lambda: w.sandbox.shown("one\ntwo\nthree"), 20, "one message of three lines")
    t.wait(lambda _: any(r.rstrip().endswith("vv") and "three" in r for r in t.rows()))
    check(count(t, "> one") == 1, f"shown once:\n{t.screen()}")
    sent = w.sandbox.shown("one\ntwo\nthree")[0]
    w.sandbox.admin("POST", f"/admin/phones/{LEAD}/read", {"from": str(DEVICE), "ids": [sent["id"]]})
    t.wait(lambda _: any(r.rstrip().endswith("VV") and "three" in r for r in t.rows()))
    t.type("a long text that is not yet sent")
    t.wait("not yet sent")
    back(t)
    t.wait("draft, c goes on: a long text")
    check([oct(os.stat(p).st_mode & 0o777) for p in drafts(w)] == ["0o600"], drafts(w))
    write(w, LEAD, text="meanwhile another")
    t.wait(["meanwhile another", "2 unread"])
    t.keys("c")
    t.wait("Enter send")


def outage(w, t):
    """Enter while wad hangs, then it is killed: whether it had the message or not, it goes once."""
    os.kill(w.wad.process.pid, signal.SIGSTOP)
    t.keys("Enter")
    t.wait(lambda _: any(r.rstrip().endswith(" .") and "not yet sent" in r for r in t.rows()))
    w.wad.process.kill()
    t.wait(["not connected", "waits for wad"])
    t.type("next one")
    t.keys("Enter")
    t.wait("this one stays here")
    w.wad.start()
    w.wad.wait_online(2)
    for i in range(3):
        write(w, LEAD, text=f"after the fall {i}")
    t.wait("after the fall 2")
    t.wait(lambda _: any(r.rstrip().endswith("vv") and "not yet sent" in r for r in t.rows()))
    t.still()
    for text in ("a long text that", "after the fall 0", "after the fall 2", "meanwhile another", "> one"):
        check(count(t, text) == 1, f"{text!r} is shown once:\n{t.screen()}")
    check(len(w.sandbox.shown("a long text that is not yet sent")) == 1, "and arrived once")
    t.keys("Enter")
    wait_until(lambda: w.sandbox.shown("next one"), 20, "the next one")
    wait_until(lambda: not drafts(w), 10, "no draft is left")
    # a link that drops: what was typed is there the next time
    t.type("never finis")
    t.wait("never finis")
    os.kill(t.pid(), signal.SIGHUP)
    wait_until(lambda: t.pid() is None, 10, "it ended")
    editor = os.path.join(w.directory, "editor")
    with open(editor, "w", encoding="utf-8") as f:
        f.write('#!/bin/sh\ntr a-z A-Z <"$1" >"$1.new" && mv "$1.new" "$1"\n')
    os.chmod(editor, 0o755)
    with watui(w.build, w, env={"EDITOR": editor, "VISUAL": "", "TMPDIR": w.directory}) as again:
        again.wait("next one")
        again.keys("g", "Enter")
        again.wait("draft, c goes on: never finis")
        again.keys("c")
        again.wait("Enter send")
        again.keys("C-e")
        again.wait("NEVER FINIS")
        # what wad does not take comes back
        w.wad.call("device.logout", device="d1")
        again.keys("Enter")
        again.wait(["not linked", "NEVER FINIS"])
        wait_until(lambda: len(drafts(w)) == 1, 10, "it is a draft again")


def open_by(t, number):
    """Opens a person's chat by the number."""
    t.keys("/")
    t.type(str(number))
    t.wait("1/1")
    t.keys("Enter", "Enter")
    t.wait("c write")


def long_ago(build):
    """A conversation of 700 messages, what only the phone has, texts of enemies."""
    with World(build, (LEAD, 12), name="tuilongago") as w:
        w.wad.call("user.create", name="eve", role="operator")
        w.wad.pair("d1", DEVICE)
        w.wad.pair("e1", DEVICE + 1, as_user="eve")
        w.wad.wait_online(2)
        w.wad.call("user.update", id="eve", role="viewer")
        greeted(w)
        far(build, w)
        older(build, w)
        hostile(build, w)


def far(build, w):
    """A conversation of 700 messages: back to its beginning, forward again, a hit in the middle; a file."""
    w.sandbox.admin("POST", f"/admin/phones/{DEVICE}/history", {"chats": [{"with": LEAD, "name": "Ann", "fill": 349, "messages": [
        {"id": "IN", "text": "they wrote", "t": OLD}, {"id": "OUT", "text": "we wrote", "t": OLD, "fromMe": True, "status": 4}]}]})
    w.sandbox.admin("POST", f"/admin/phones/{DEVICE}/history", {"chats": [{"with": LEAD, "name": "Ann", "messages": [
        {"id": "HIT", "text": "the needle of the haystack", "t": OLD + 100}]}]})
    picture = png(300, 200)
    stored(w, 699)
    write(w, LEAD, imageBase64=base64.b64encode(picture).decode(), caption="a file", mimetype="image/png")
    stored(w, 700)
    with watui(build, w) as t:
        t.wait("Ann")
        open_by(t, LEAD)
        t.wait("1 unread")
        t.keys("Enter")
        t.wait("Save [image")
        t.keys("C-u")
        t.type("~/saved.png")
        t.keys("Enter")
        t.wait("bytes: ")
        with open(os.path.join(w.directory, "saved.png"), "rb") as f:
            check(f.read() == picture, "the same bytes")
        t.keys("Enter")
        t.wait("Save [image")
        t.keys("C-u")
        t.type("~/saved.png")
        t.keys("Enter")
        t.wait("is there already")
        for _ in range(20):
            t.keys(*["PgUp"] * 10)
            if " 1/700" in t.still():
                break
        t.wait(["the beginning of what wad has", "1/700"])
        t.keys("G")
        t.wait(["700/700", "a file"])
        t.keys("C-c")
        check(t.exit_code() == 0, "it leaves")
    with watui(build, w) as t:
        t.wait("Ann")
        open_by(t, LEAD)
        t.wait("+100/100")
        t.keys("g")
        t.wait("the beginning of what wad has")
        for _ in range(20):
            t.keys(*["PgDn"] * 10)
            if "700/700" in t.still():
                break
        t.wait(["700/700", "a file"])
        t.keys("S")
        t.wait("Search messages:")
        t.type("need hays")
        t.wait("the needle of the haystack")
        t.keys("Enter")
        t.wait(lambda shown: "needle" in t.rows()[t.cursor()[0]])
        t.keys("G")
        t.wait("a file")


def older(build, w):
    """What wad has not is asked of the phone; who may only read does only that."""
    w.sandbox.admin("POST", f"/admin/phones/{DEVICE}/history", {"tell": False, "chats": [{"with": LEAD + 1, "fill": 30, "messages": [
        {"id": "IN", "text": "they wrote", "t": OLD}, {"id": "OUT", "text": "we wrote", "t": OLD, "fromMe": True, "status": 4}]}]})
    write(w, LEAD + 1, text="today")
    stored(w, 1, chat=str(LEAD + 1))
    write(w, LEAD + 1, to=DEVICE + 1, text="for eve")
    with watui(build, w) as t:
        t.wait("today")
        open_by(t, LEAD + 1)
        t.wait("H asks the phone for older ones")
        t.keys("H")
        t.wait("they wrote")
        check("today" in t.rows()[t.cursor()[0]], "the cursor stays where it was")
        t.keys("g")
        t.wait("H asks the phone")
        t.keys("H")
        t.wait_gone("H asks the phone")
        t.keys("g")
        t.wait("the phone has nothing older")
        check(len(w.wad.call("message.list", chat=str(LEAD + 1), limit=100)["messages"]) == 61, "all are here")
        back(t)
        nobody = 60130000001
        w.sandbox.admin("POST", f"/admin/phones/{DEVICE}/history", {"chats": [{"with": nobody, "name": "Gone", "messages": [
            {"id": "GONE", "text": "some words", "t": OLD}]}]})
        stored(w, 1, chat=str(nobody))
        back(t)
        t.keys("r")
        open_by(t, nobody)
        t.keys("c")
        t.wait("Enter send")
        t.type("are you there?")
        t.keys("Enter")
        t.wait(["are you there?", "failed: the number is not on WhatsApp"])
    with watui(build, w, args=["--user", "eve"]) as t:
        t.wait("for eve")
        t.keys("Enter")
        t.wait("the beginning of what wad has")
        for key, why in (("c", "may read, not write"), ("m", "may not mark"), ("H", "may not ask")):
            t.keys(key)
            t.wait(why)


def hostile(build, w):
    """30 messages that would command the terminal, and texts whose width programs dispute."""
    marks = ["\x1b[31mred", "\x1b]0;owned\x07", "\x1b]52;c;b3duZWQ=\x07", "\x1bPq#0\x1b\\", "\x1bc", "\x1b[2J\x1b[H", "\x1b[?1049l",
             "\x1b(0", "\x1b#8", "\x9b31mC1", "\x9d0;owned\x9c", "\x90q\x9c", "\x07\x07", "\x08" * 9, "\x0e\x0f", "a\rb", "a\x0bb\x0cc",
             "\u202eevil", "\u202dx\u202c", "\u2066x\u2069", "\u2067x", "\ufeffbom", "\u200e\u200f", "\u2028line\u2029", "\x7f" * 5,
             "\x1b[5m\x1b[7mblink", "\x1b[6n", "\x1b[>c", "\x1b]8;;http://x\x07y\x1b]8;;\x07", "\u0600\ufff9\ufffa\ufffb"]
    widths = ["中文", "\U0001f600", "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466", "\U0001f1ee\U0001f1e9", "\u2764\ufe0f",
              "\U0001f44d\U0001f3fd", "1\ufe0f\u20e3", "e\u0301", "\u0645\u064e\u0631\u0652", "\u0915\u094d\u0937", "\u1112\u1161\u11ab",
              "a\u00adb", "\U0001fae8", "\U0001cd00", "\u200b\u200d", "\u0301x", "\uff21", "\u3000", "\U0001f1ee", "\u05e9\u05dc\u05d5\u05dd",
              "\u0e2a\u0e27\u0e31", "\ud55c\uae00", "Z\u0351\u036b\u0343\u0344\u0346\u0345\u0353"]
    w.sandbox.admin("POST", f"/admin/phones/{DEVICE}/history", {"chats": [
        {"with": LEAD + 3, "name": marks[0] + marks[1], "messages": [
            {"id": f"M{i}", "text": f"<{text}>", "t": OLD + i} for i, text in enumerate(marks)]},
        {"with": LEAD + 4, "name": "widths \u202e\U0001f468\u200d\U0001f469", "messages": [
            {"id": f"W{i}", "text": f"{text}|{text} end", "t": OLD + i} for i, text in enumerate(widths)]}]})
    stored(w, len(marks), chat=str(LEAD + 3))
    stored(w, len(widths), chat=str(LEAD + 4))
    with watui(build, w, size=(120, 40)) as t:
        t.tmux("set-buffer", "untouched")
        title = t.tmux("display-message", "-p", "#{pane_title}")
        t.wait("widths")
        for phone in (LEAD + 4, LEAD + 3):
            open_by(t, phone)
            t.keys("k", "k", "g", "G")
            shown = t.still()
            check(aligned(t), f"the border stands:\n{shown}")
            check(not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]", shown), f"{shown!r}")
            for codes in re.findall(r"\x1b\[([0-9;]*)m", t.screen(attributes=True)):
                rest = re.sub(r"38;5;\d+", lambda m: m.group(0).replace(";", "_"), codes).split(";")
                check(all(OURS.fullmatch(c.replace("_", ";")) for c in rest), f"an attribute that is not ours: {codes}")
            back(t)
            back(t)
        check(t.tmux("display-message", "-p", "#{pane_title}") == title, "the title is as it was")
        check("owned" not in t.tmux("list-buffers") + t.tmux("show-buffer"), "nothing was put into the clipboard by others")
        t.keys("C-c")
        check(t.exit_code() == 0, "it lives")


def aligned(t):
    """The column of the border by what tmux has in its cells, wide ones counted."""
    import unicodedata
    columns = set()
    for row in t.rows()[1:39]:
        at, border = 0, None
        for ch in row:
            if ch == "│" and border is None:
                border = at
            at += 0 if unicodedata.combining(ch) else 2 if unicodedata.east_asian_width(ch) in "WF" else 1
        columns.add(border)
    return len(columns) == 1


if __name__ == "__main__":
    tests = [reading, living, long_ago]
    wanted = sys.argv[2:]
    sys.exit(run_tests([t for t in tests if not wanted or t.__name__ in wanted], sys.argv[1]))
