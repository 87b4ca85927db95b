#!/usr/bin/env python3
"""watui's views of those who run wad: rules of replies, webhooks, users, tokens, sessions, the audit, settings.
usage: tui_admin.py BUILD [STEP ...]"""
import http.client
import json
import os
import re
import socket
import sys

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(root, "tests/harness"), os.path.join(root, "tests/integration")]
from tuitest import LAG, Watui  # noqa: E402
from wadtest import Failure, RpcError, World, run_tests, wait_until  # noqa: E402
from webhooks import OPEN, Receiver, plain, signed_by  # noqa: E402

OWN, PEER = 60110000001, 60110000005
SIZES = ((120, 40), (80, 24))


def check(condition, what):
    if not condition:
        raise Failure(what)


def fill(t, *texts):
    """The fields of a form from its first on; None leaves one as it is."""
    for i, text in enumerate(texts):
        if i:
            t.keys("Tab")
        if text is not None:
            t.keys("C-u")
            t.type(text)


def rules(build):
    """A rule is made, answers, is switched off and does not, is changed, deleted."""
    with World(build, (OWN, 9), name="tuirules") as world:
        wad = world.wad
        wad.pair("sales", OWN)
        wad.wait_online(1)
        with Watui(build, wad, ["--view", "replies"]) as t:
            t.wait("no rules yet: a adds one")
            t.keys("a")
            t.wait("New rule")
            t.type("Our prices are on the page.")
            t.keys("Tab", "Right", "Tab")
            t.type("price")
            t.keys("C-s")
            t.wait(["+ yes", "keyword", "price", "Our prices"])
            world.sandbox.admin("POST", f"/admin/phones/{PEER}/send", {"to": str(OWN), "text": "what is the price"})
            wait_until(lambda: world.sandbox.shown("Our prices are on the page.", phone=PEER), LAG, "the rule answers")
            t.keys("o")
            t.wait(["Answers", "sales", "Our prices"])
            t.keys("q", "t")
            t.wait("! no")
            check(not wad.call("reply.show", rule="1")["enabled"], "it is off")
            world.sandbox.admin("POST", f"/admin/phones/{PEER + 1}/send", {"to": str(OWN), "text": "the price please"})
            wait_until(lambda: any(m.get("text") == "the price please" for m in wad.call("message.list")["messages"]), LAG, "it came")
            t.keys("e")
            t.wait(["Rule", "most a day"])
            t.keys("Escape")
            t.wait_gone("most a day")
            t.keys("t")
            t.wait("+ yes")
            check(not world.sandbox.shown("Our prices are on the page.", phone=PEER + 1), "a rule that is off answers nobody")
            t.keys("Enter")
            t.wait(["rule 1", "pattern", "cooldown s"])
            t.keys("q", "d")
            t.wait("Delete rule 1?")
            t.keys("y")
            t.wait("no rules yet")


def hooks(build):
    """A webhook's key is shown once; a test, a receiver that is gone, what failed seen and sent again."""
    state = {"gone": False}

    def answer(handler, number):
        plain(handler, number, 410 if state["gone"] else 200, b"\x1b]0;owned\x07 gone" if state["gone"] else b"thank you")

    with World(build, (OWN, 3), OPEN, name="tuihooks") as world, Receiver(answer) as receiver:
        wad = world.wad
        with Watui(build, wad, ["--view", "webhooks"]) as t:
            t.wait("no webhooks yet: a adds one")
            t.keys("a")
            t.wait("New webhook")
            fill(t, receiver.url(), "lead.opt_out")
            t.keys("C-s")
            shown = t.wait("It is not shown again")
            secret = re.search(r"│ (\S{20,}) +│", shown).group(1)
            t.keys("x")
            t.wait(["It is not shown again", "y: copy  Enter: close"])
            t.keys("Enter")
            t.wait_gone("not shown again")
            check(secret not in t.screen(), "the key is gone from the screen")
            t.wait(["+ yes", receiver.url()])
            t.keys("t")
            t.wait("the receiver took it: 200")
            fits, hub = signed_by(secret, receiver.got[0])
            check(fits == [0] and hub, "the key that was shown is the one that signs")
            state["gone"] = True
            wad.call("optout.add", phone="60123456789")
            t.wait(["! no", "! switched off: ", "410"])
            t.resize(120, 40)
            t.wait("lead.opt_out")
            t.resize(80, 24)
            t.keys("Enter")
            shown = t.wait(["Deliveries", "webhook.ping", "+ delivered", "lead.opt_out", "! failed", "410"])
            t.keys("Enter")
            t.wait(["Delivery ", "lead.opt_out", "after 1 tries"])
            t.keys("Enter", "q")
            state["gone"] = False
            t.wait("Enter open")
            t.keys("e")
            t.wait(["Webhook", "enabled"])
            t.keys("Tab", "Tab", "Tab", "Left", "C-s")
            t.wait("+ yes")
            before = len(receiver.got)
            t.keys("R")
            t.wait("1 deliveries go again")
            wait_until(lambda: len(receiver.got) > before, LAG, "what failed arrives")
            t.keys("Enter")
            t.wait(["replayed", "+ delivered"])
            t.keys("q", "k")
            t.wait("Make a new key for")
            t.keys("y")
            fresh = re.search(r"│ (\S{20,}) +│", t.wait("It is not shown again")).group(1)
            check(fresh != secret, "a new key")
            t.keys("Escape", "d")
            t.wait(["Delete http:", "its log?"])
            t.keys("y")
            t.wait("no webhooks yet")
            check("owned" not in t.tmux("display-message", "-p", "#{pane_title}"), "answers of others set no title")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def ask(port, method, path, token=None, body=None):
    conn = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    conn.request(method, path, json.dumps(body) if body else None, headers)
    answer = conn.getresponse()
    answer.read()
    conn.close()
    return answer.status


def people(build):
    """A user with a password, acting as him and back; a token once shown, used, revoked; sessions; the audit tells it."""
    port = free_port()
    with World(build, (OWN, 3), {"http.listen": f"127.0.0.1:{port}"}, name="tuipeople") as world:
        wad = world.wad
        with Watui(build, wad, ["--view", "users"]) as t:
            t.wait(["admin", "+ yes"])
            t.keys("a")
            t.wait("New user")
            t.type("eve")
            t.keys("Tab", "Right", "Tab")
            t.type("a long password")
            check("a long password" not in t.still(), "a password is not shown")
            t.keys("C-s")
            t.wait_gone("New user")
            t.wait(["eve", "viewer"])
            check(ask(port, "POST", "/api/login", body={"email": "eve", "password": "a long password"}) == 200, "she can log in")
            wad.call("device.create", name="of admin")
            t.keys("G", "w")
            t.wait("Password of eve")
            t.type("another long password")
            t.keys("C-s")
            t.wait("the password is set")
            check(ask(port, "POST", "/api/login", body={"email": "eve", "password": "another long password"}) == 200, "with the new one")
            t.keys("u")
            t.wait(["as eve", "Dashboard", "no devices"])
            t.goto("sessions", "127.0.0.1")
            t.goto("devices", "no devices yet")
            t.keys("a")
            t.wait("your role may not do that")
            t.keys("q")
            t.wait(["Dashboard", "you are yourself again", "0/1 online"])
            check("as eve" not in t.screen(), "back")
            t.goto("users", "eve")
            t.keys("G", "u")
            t.wait("as eve")
            t.goto("myself", ["you are yourself again", "0/1 online"])
            t.keys("M-u")
            t.wait("you are yourself already")
            t.goto("tokens", "no tokens yet")
            t.keys("a")
            t.wait("New token")
            t.type("for n8n")
            t.keys("C-s")
            token = re.search(r"│ (\S{20,}) +│", t.wait("It is not shown again")).group(1)
            t.keys("Enter")
            t.wait_gone("not shown again")
            check(token not in t.screen(), "it is gone from the screen")
            check(ask(port, "GET", "/api/devices", token) == 200, "the token works")
            t.keys("r")
            t.wait("s ago")
            t.keys("Enter")
            t.wait(["for n8n", "may write", "last used"])
            t.keys("Enter", "d")
            t.wait("Make for n8n useless at once?")
            t.keys("y")
            t.wait("token.revoke: done")
            check(ask(port, "GET", "/api/devices", token) == 401, "the token is useless")
            t.keys("d")
            t.wait("nothing to do: revoked already")
            t.goto("users", "eve")
            t.keys("G", "d")
            t.wait("Type eve to agree")
            t.type("eve")
            t.keys("Enter")
            t.wait("user.delete: done")
            t.goto("audit", ["token.revoke", "token.create", "user.create", "user.delete", "user.passwd"])
            shown = t.screen()
            check(not any(secret in shown for secret in ("another long", "a long pass", token)), "the audit holds no secrets")
            t.keys("Enter")
            t.wait(["of user admin", "y: copy  Enter: close"])


def settings(build):
    """A good change takes effect by a reload, a wrong one is told and changes nothing; more is logged for a while."""
    with World(build, (OWN, 3), {"daemon.log_level": "info"}, name="tuiset") as world:
        wad = world.wad
        with open(wad.config, encoding="utf-8") as f:
            text = f.read()

        def write(line):
            with open(wad.config, "w", encoding="utf-8") as out:
                out.write(text.replace("log_level = info", line))

        with Watui(build, wad, ["--view", "settings"], size=(120, 40)) as t:
            t.wait(["network.url", "daemon.log_level", "WebSocket address"])
            write("log_level = warn")
            t.keys("R")
            t.wait("in force now: daemon.log_level")
            t.wait(lambda s: re.search(r"daemon\.log_level +warn", s))
            write("log_level = loud")
            t.keys("R")
            t.wait("! daemon.reload: daemon.log_level: one of trace")
            t.keys("M-m")
            t.wait(["Messages", "! daemon.reload: daemon.log_level"])
            t.keys("q")
            check(re.search(r"daemon\.log_level +warn", t.wait("daemon.log_level")), "all or nothing")
            t.keys("o")
            t.wait("Log more or less for a while")
            t.type("d")
            t.keys("C-s")
            t.wait_gone("Log more or less")
            t.keys("/")
            t.type("log_level")
            t.wait("1/1")
            t.keys("Enter", "Enter")
            t.wait(["daemon.log_level = ", "A reload is enough to change it."])


def looked_at(build):
    """Every view at every size, as a viewer too: titles whole, no line past the edge."""
    with World(build, (OWN, 3), name="tuilook") as world:
        wad = world.wad
        wad.call("user.create", name="eve", role="viewer")
        wad.call("reply.create", text="hello \x1b[31m\u202e" + "long " * 60, match="keyword", pattern="x\u2066y")
        wad.call("webhook.create", url="https://example.org/" + "a" * 200)
        wad.call("token.create", title="t\u202eitle \U0001f468\u200d\U0001f469 \u4f60\u597d")
        for args, views in ((["--user", "eve"], ("replies", "webhooks", "tokens", "sessions")),
                            ([], ("replies", "webhooks", "users", "tokens", "sessions", "audit", "settings"))):
            for size in SIZES:
                with Watui(build, wad, args, size=size) as t:
                    t.wait("[7 days]")
                    for view in views:
                        t.goto(view)
                        t.wait(f" wad  {view.capitalize()}")
                        shown = t.still()
                        check(not any(c in shown for c in "\u202e\u2066\u200d"), f"{view}: text of others is made safe:\n{shown}")
                        check(view == "sessions" or args or "asking wad" not in shown, shown)
                    if args:
                        t.keys(":")
                        t.wait("Command")
                        t.type("users")
                        t.wait_gone("who may do what")


if __name__ == "__main__":
    tests = [rules, hooks, people, settings, looked_at]
    wanted = sys.argv[2:]
    sys.exit(run_tests([t for t in tests if not wanted or t.__name__ in wanted], sys.argv[1]))
