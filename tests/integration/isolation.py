#!/usr/bin/env python3
"""Walls between users (S1, S2): every method of the catalogue by every kind of caller on an own, a foreign and a
missing object. What is another's is answered like what is not there: same code, same words. A method that the
matrix does not know fails. Then: identity on the socket, limits, the audit log, secrets that are kept."""
import base64
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
from wadtest import Failure, Rpc, RpcError, World, png, run_tests, wait_until  # noqa: E402

FIRST = 60120000001
SECRET = "canary-password-of-b"
NAMES = ("canary-b",)  # whatever is B's says so
UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, CONFLICT = -32001, -32002, -32004, -32003
MISSING = {"lead": "999999", "spare_lead": "999998", "sequence": "999999", "spare_sequence": "999998",
           "device": "no-such-device", "campaign": "999999", "message": "999999", "token": "999999",
           "session": "999999", "user": "no-such-user", "rule": "999999", "spare_rule": "999998", "optout": "60120000013",
           "word": "no such word", "chat": "60120000014", "picture": "3EB0NONE"}
MISSING.update(webhook="999999", spare_webhook="999998")
HOOK = "https://localhost:8443/"  # a name that leads to where no webhook may go
VIEWER, OPERATOR, ADMIN, ANYONE = "viewer", "operator", "admin", "anyone"


def check(condition, what):
    if not condition:
        raise Failure(what)


# method: least role, params. A value that is a function gets the object: own, foreign or missing.
def of(kind):
    return lambda objects: objects[kind]


MATRIX = {
    "device.create": (OPERATOR, {"name": "made-by-matrix"}),
    "device.list": (VIEWER, {}),
    "device.show": (VIEWER, {"device": of("device")}),
    "device.update": (OPERATOR, {"device": of("device"), "per_day_max": 9}),
    "device.reconnect": (OPERATOR, {"device": of("device")}),
    "device.pause": (OPERATOR, {"device": of("device")}),
    "device.resume": (OPERATOR, {"device": of("device")}),
    "device.pair": (OPERATOR, {"device": of("device")}),
    "device.cancel": (OPERATOR, {"device": of("device")}),
    "device.qr": (VIEWER, {"device": of("device")}),
    "device.logout": (OPERATOR, {"device": of("device")}),
    "device.delete": (OPERATOR, {"device": of("spare_device")}),
    "message.send": (OPERATOR, {"device": of("device"), "to": "60120000009", "text": "hello", "key": "the-key"}),
    "message.show": (VIEWER, {"id": of("message")}),
    "message.list": (VIEWER, {"device": of("device")}),
    "message.search": (VIEWER, {"words": "private", "device": of("device")}),
    "message.media": (VIEWER, {"device": of("device"), "id": of("picture")}),
    "chat.list": (VIEWER, {"device": of("device")}),
    "chat.show": (VIEWER, {"chat": of("chat")}),
    "chat.read": (OPERATOR, {"device": of("device"), "chat": of("chat")}),
    "chat.sync": (OPERATOR, {"device": of("device"), "chat": of("chat")}),
    "lead.import": (OPERATOR, {"csv": "phone,name\n60120000009,Own\n"}),
    "lead.list": (VIEWER, {}),
    "lead.create": (OPERATOR, {"phone": "60120000008", "device": of("device")}),
    "lead.show": (VIEWER, {"lead": of("lead")}),
    "lead.update": (OPERATOR, {"lead": of("lead"), "note": "changed"}),
    "lead.delete": (OPERATOR, {"lead": of("spare_lead")}),
    "lead.labels": (VIEWER, {}),
    "lead.check": (OPERATOR, {"phones": ["60120000005"]}),
    "lead.export": (VIEWER, {}),
    "campaign.create": (OPERATOR, {"title": "matrix", "text": "hello", "everyone": True, "devices": lambda o: [o["device"]],
                                   "start_at": "2099-01-01T00:00:00Z"}),
    "campaign.list": (VIEWER, {}),
    "campaign.show": (VIEWER, {"campaign": of("campaign")}),
    "campaign.update": (OPERATOR, {"campaign": of("campaign"), "expire_s": 7200}),
    "campaign.preview": (VIEWER, {"campaign": of("campaign")}),
    "campaign.report": (VIEWER, {"campaign": of("campaign")}),
    "campaign.recipients": (VIEWER, {"campaign": of("campaign")}),
    "campaign.retry": (OPERATOR, {"campaign": of("campaign"), "device": of("device")}),
    "campaign.test": (OPERATOR, {"campaign": of("campaign"), "device": of("device")}),
    "campaign.start": (OPERATOR, {"campaign": of("campaign"), "start_at": "2099-01-01T00:00:00Z"}),
    "campaign.pause": (OPERATOR, {"campaign": of("campaign")}),
    "campaign.resume": (OPERATOR, {"campaign": of("campaign")}),
    "campaign.cancel": (OPERATOR, {"campaign": of("campaign")}),
    "sequence.create": (OPERATOR, {"name": "made by matrix", "steps": [{"day": 1, "text": "hello"}]}),
    "sequence.list": (VIEWER, {}),
    "sequence.show": (VIEWER, {"sequence": of("sequence")}),
    "sequence.update": (OPERATOR, {"sequence": of("sequence"), "description": "changed"}),
    "sequence.start": (OPERATOR, {"sequence": of("sequence")}),
    "sequence.pause": (OPERATOR, {"sequence": of("sequence")}),
    "sequence.resume": (OPERATOR, {"sequence": of("sequence")}),
    "sequence.enrol": (OPERATOR, {"sequence": of("sequence"), "phones": ["60120000008"]}),
    "sequence.remove": (OPERATOR, {"sequence": of("sequence"), "phone": "60120000005"}),
    "sequence.contacts": (VIEWER, {"sequence": of("sequence")}),
    "sequence.log": (VIEWER, {"sequence": of("sequence")}),
    "sequence.summary": (VIEWER, {}),
    "sequence.delete": (OPERATOR, {"sequence": of("spare_sequence")}),
    "campaign.delete": (OPERATOR, {"campaign": of("campaign")}),
    "optout.list": (VIEWER, {}),
    "optout.add": (OPERATOR, {"phone": "60120000007"}),
    "optout.remove": (OPERATOR, {"phone": of("optout")}),
    "optout.words": (VIEWER, {}),
    "optout.teach": (OPERATOR, {"word": "matrix word"}),
    "optout.unteach": (OPERATOR, {"word": of("word")}),
    "reply.create": (OPERATOR, {"text": "made by matrix", "match": "keyword", "pattern": "matrix"}),
    "reply.list": (VIEWER, {}),
    "reply.show": (VIEWER, {"rule": of("rule")}),
    "reply.update": (OPERATOR, {"rule": of("rule"), "daily_max": 5}),
    "reply.delete": (OPERATOR, {"rule": of("spare_rule")}),
    "reply.log": (VIEWER, {}),
    "queue.stats": (VIEWER, {"device": of("device")}),
    "analytics.summary": (VIEWER, {"campaign": of("campaign")}),
    "analytics.devices": (VIEWER, {}),
    "analytics.campaigns": (VIEWER, {}),
    "analytics.sequences": (VIEWER, {}),
    "analytics.export": (VIEWER, {"device": of("device")}),
    "queue.workers": (VIEWER, {"device": of("device")}),
    "queue.pause": (OPERATOR, {"reason": "matrix"}),
    "queue.resume": (OPERATOR, {}),
    "queue.retry": (OPERATOR, {"device": of("device"), "class": "failed"}),
    "event.subscribe": (VIEWER, {"since_id": "0"}),
    "event.unsubscribe": (VIEWER, {"subscription": "999999"}),
    "webhook.create": (OPERATOR, {"url": HOOK + "made-by-matrix"}),
    "webhook.list": (VIEWER, {}),
    "webhook.show": (VIEWER, {"webhook": of("webhook")}),
    "webhook.update": (OPERATOR, {"webhook": of("webhook"), "ordered": True}),
    "webhook.rotate": (OPERATOR, {"webhook": of("webhook")}),
    "webhook.test": (OPERATOR, {"webhook": of("webhook")}),
    "webhook.deliveries": (VIEWER, {}),
    "webhook.replay": (OPERATOR, {"webhook": of("webhook")}),
    "webhook.delete": (OPERATOR, {"webhook": of("spare_webhook")}),
    "user.create": (ADMIN, {"name": "made-by-matrix"}),
    "user.list": (ADMIN, {}),
    "user.show": (ADMIN, {"id": of("user")}),
    "user.update": (ADMIN, {"id": of("user"), "full_name": "Changed"}),
    "user.passwd": (VIEWER, {"password": "a new password of mine"}),
    "user.pause": (ADMIN, {"id": of("user")}),
    "user.resume": (ADMIN, {"id": of("user")}),
    "user.delete": (ADMIN, {"id": of("spare_user")}),
    "token.create": (VIEWER, {"title": "matrix"}),
    "token.list": (VIEWER, {}),
    "token.revoke": (VIEWER, {"id": of("token")}),
    "session.list": (VIEWER, {}),
    "session.revoke": (VIEWER, {"id": of("session")}),
    "audit.list": (VIEWER, {}),
    "daemon.status": (ADMIN, {}),
    "daemon.doctor": (ADMIN, {}),
    "daemon.show": (ADMIN, {"what": "mem"}),
    "daemon.reload": (ADMIN, {}),
    "daemon.log_level": (ADMIN, {"level": "info"}),
    "config.list": (ADMIN, {}),
    "daemon.stop": (ADMIN, None),  # rights only: it would end the test
    "system.hello": (ANYONE, {}),
    "system.ping": (ANYONE, {}),
    "system.names": (VIEWER, {"noun": "device"}),
    "system.act_as": (ADMIN, {"user": of("user")}),
    "rpc.discover": (ANYONE, {}),
}
RANK = {ANYONE: 0, VIEWER: 1, OPERATOR: 2, ADMIN: 3}


class Caller:
    """A connection of its own for each call, as one user."""

    def __init__(self, world, name, role):
        self.world, self.name, self.role = world, name, role

    def ask(self, method, params):
        """The answer as (code, message) or (0, result)."""
        rpc = Rpc(self.world.wad.socket)
        try:
            if self.name:
                rpc.call("system.act_as", user=self.name)
            return 0, rpc.call(method, **params)
        except RpcError as e:
            return e.code, str(e)
        finally:
            rpc.close()


STRANGER = """
import os, sys
sys.path.insert(0, sys.argv[1])
from wadtest import Rpc, RpcError
import json
os.setgroups([]); os.setgid(int(sys.argv[3])); os.setuid(int(sys.argv[3]))
r = Rpc(sys.argv[2])
for method, params in json.loads(sys.argv[4]):
    try:
        print(json.dumps([0, r.call(method, **params)]))
    except RpcError as e:
        print(json.dumps([e.code, str(e)]))
"""
NOBODYS_UID, MAPPED_UID = 64001, 64002


def all_as_uid(world, uid, calls):
    harness = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness")
    done = subprocess.run([sys.executable, "-c", STRANGER, harness, world.wad.socket, str(uid), json.dumps(calls)],
                          capture_output=True, text=True, timeout=60)
    check(done.returncode == 0, f"as uid {uid}: {done.stderr}")
    return [tuple(json.loads(line)) for line in done.stdout.splitlines()]


def as_uid(world, uid, method, params):
    return all_as_uid(world, uid, [(method, params)])[0]


def fill(params, objects):
    return {k: v(objects) if callable(v) else v for k, v in params.items()}


def is_about_an_object(params):
    return any(callable(v) for v in (params or {}).values())


def prepare(world):
    """Users A (with a viewer's and an operator's right, in turn) and B, each with one of everything."""
    admin = Caller(world, None, ADMIN)
    objects = {}
    for name, phone in (("anna", FIRST), ("bert", FIRST + 1)):
        role, mark = ("operator", "" if name == "anna" else NAMES[0])
        code, user = admin.ask("user.create", {"name": name + mark, "role": role, "password": SECRET + name})
        check(code == 0, f"user.create: {user}")
        rpc = Rpc(world.wad.socket)
        rpc.call("system.act_as", user=name + mark)
        rpc.call("device.create", name=f"dev-{name}{mark}")
        rpc.call("device.create", name=f"spare-{name}{mark}")
        rpc.call("device.pair", device=f"dev-{name}{mark}")
        qr = wait_until(lambda: rpc.call("device.qr", device=f"dev-{name}{mark}").get("qr"), 30, "a QR code")
        world.sandbox.scan(qr, phone)
        wait_until(lambda: rpc.call("device.show", device=f"dev-{name}{mark}")["online"], 30, "the device is online")
        sent = rpc.call("message.send", device=f"dev-{name}{mark}", to="60120000005", text=f"private {name}{mark}",
                        key="the-key-of-both")
        rpc.call("lead.import", csv=f"phone,name,niche\n60120000005,Lead {name}{mark},label {name}{mark}\n")
        rpc.call("lead.import", csv=f"phone,name\n60120000006,Spare {name}{mark}\n")
        leads = [lead["id"] for lead in rpc.call("lead.list")["leads"]]
        campaign = rpc.call("campaign.create", title=f"Campaign {name}{mark}", everyone=True, text=f"private {name}{mark}",
                            start_at="2099-01-01T00:00:00Z")
        token = rpc.call("token.create", title=f"token {name}{mark}")
        chat = str(FIRST + 2 + (name == "bert"))
        world.sandbox.admin("POST", f"/admin/phones/{chat}/send", {"to": str(phone), "text": f"private to {name}{mark}"})
        wait_until(lambda: rpc.call("chat.show", chat=chat) if any(c.get("phone") == chat for c in
                   rpc.call("chat.list")["chats"]) else None, 20, "a chat")
        world.sandbox.admin("POST", f"/admin/phones/{chat}/send", {"to": str(phone), "mimetype": "image/png",
                            "imageBase64": base64.b64encode(png(8, 8, name == "bert")).decode()})
        picture = wait_until(lambda: [m["id"] for m in rpc.call("message.list", chat=chat)["messages"]
                             if m["kind"] == "image"], 20, "a picture")[0]
        optout = str(60120000010 + (name == "bert"))
        rpc.call("optout.add", phone=optout)
        rpc.call("optout.teach", word=f"word {name}{mark}")
        rules = [rpc.call("reply.create", text=f"rule {name}{mark}", match="keyword", pattern=f"{name}{mark}")["id"]
                 for _ in range(2)]
        sequences = [rpc.call("sequence.create", name=f"Sequence {n} {name}{mark}", niche="none",
                              steps=[{"day": 1, "text": f"private {name}{mark}"}])["id"] for n in range(2)]
        rpc.call("sequence.enrol", sequence=sequences[0], phones=["60120000005"])
        hooks = [rpc.call("webhook.create", url=f"{HOOK}{name}{mark}")["id"] for _ in range(2)]
        rpc.close()
        objects[name] = {"lead": leads[0], "spare_lead": leads[1], "sequence": sequences[0], "spare_sequence": sequences[1],
                         "rule": rules[0], "spare_rule": rules[1], "chat": chat, "picture": picture, "optout": optout, "word": f"word {name}{mark}",
                         "device": f"dev-{name}{mark}", "spare_device": f"spare-{name}{mark}", "message": sent["id"],
                         "campaign": campaign["id"], "token": token["id"], "session": "999998",
                         "user": name + mark, "spare_user": name + mark}
        objects[name].update(webhook=hooks[0], spare_webhook=hooks[1])
    objects["missing"] = dict(MISSING, spare_device="no-such-device", spare_user="no-such-user")
    return objects


def neutral(text, objects):
    """An error's words without the name of the object that was asked for, nor of the method."""
    for value in sorted({str(v) for v in objects.values()}, key=len, reverse=True):
        text = re.sub(r"(?<![\w-])" + re.escape(value) + r"(?![\w-])", "?", text)
    return text


def one_cell(caller, method, objects, mine):
    least, params = MATRIX[method]
    if method == "system.act_as" and caller.name:
        return  # an admin who acts as another may go back; real users: the_socket_knows_who_calls
    if RANK[caller.role] < RANK[least]:
        for which in ("anna", "bert", "missing"):
            code, text = caller.ask(method, fill(params or {}, objects[which]))
            check(code == FORBIDDEN, f"{method} by {caller.role} on {which}: {code} {text}")
        return
    if params is None:
        return
    if caller.role == ADMIN:  # manages users; has no other's objects
        if method.startswith("user.") or method == "system.act_as":
            return
        mine = None
    if is_about_an_object(params):
        foreign = "bert" if mine == "anna" else "anna"
        answers = {w: caller.ask(method, fill(params, objects[w])) for w in (foreign, "missing")}
        a = (answers[foreign][0], neutral(str(answers[foreign][1]), objects[foreign]))
        b = (answers["missing"][0], neutral(str(answers["missing"][1]), objects["missing"]))
        check(a == b, f"{method} by {caller.name}: foreign {a}, missing {b}")
        check(a[0] in (NOT_FOUND, CONFLICT), f"{method} by {caller.name} on a foreign object: {a}")
    if mine:
        code, got = caller.ask(method, fill(params, objects[mine]))
        if method != "event.unsubscribe" and method != "session.revoke":
            check(code in (0, CONFLICT), f"{method} by {caller.name} on an own object: {code} {got}")
        if mine == "anna":
            text = json.dumps(got)
            for name in NAMES:
                check(name not in text, f"{method}: an answer to A holds what is B's: {text[:400]}")


def strangers_get_nothing(world, objects):
    if os.geteuid() != 0:
        print("     (strangers need root: left out)")
        return
    calls = [(m, fill(MATRIX[m][1] or {}, objects[o])) for m in MATRIX for o in ("anna", "bert", "missing")
             if MATRIX[m][0] != ANYONE]
    for call, (code, text) in zip(calls, all_as_uid(world, NOBODYS_UID, calls)):
        check(code == UNAUTHENTICATED, f"{call} by a stranger: {code} {text}")
        check(text.endswith(f"{call[0]}: not permitted to this caller"), f"{call} by a stranger: {text}")


def foreign_is_missing(build):
    with World(build, (FIRST, 5), name="isolation") as w:
        os.chmod(w.directory, 0o755)
        os.chmod(w.wad.socket, 0o666)
        known = {m["name"] for m in w.wad.call("rpc.discover")["methods"]}
        check(known == set(MATRIX), f"methods that the matrix does not know, or that are gone: {known ^ set(MATRIX)}")
        objects = prepare(w)
        a, b, admin = "anna", "bert" + NAMES[0], Caller(w, None, ADMIN)
        quiet = ("device.reconnect", "device.logout", "device.delete", "campaign.cancel", "campaign.delete", "user.passwd")  # in the end
        order = [m for m in MATRIX if m not in quiet] + list(quiet)
        strangers_get_nothing(w, objects)
        for method in order:
            one_cell(admin, method, objects, None)
        check(admin.ask("user.update", {"id": a, "role": "viewer"})[0] == 0, "A becomes a viewer")
        for method in order:
            one_cell(Caller(w, a, VIEWER), method, objects, "anna")
        check(admin.ask("user.update", {"id": a, "role": "operator"})[0] == 0, "A becomes an operator")
        for method in order:
            one_cell(Caller(w, a, OPERATOR), method, objects, "anna")
        for method in order:
            one_cell(Caller(w, b, OPERATOR), method, objects, "bert")


def lists_counts_and_events_hold_own_rows_only(build):
    with World(build, (FIRST, 5), name="lists") as w:
        prepare(w)
        rpc = Rpc(w.wad.socket)
        rpc.call("system.act_as", user="anna")
        for method in ("device.list", "lead.list", "campaign.list", "message.list", "chat.list", "token.list", "audit.list",
                       "optout.words", "reply.list", "webhook.list"):
            got = rpc.call(method)
            text = json.dumps(got)
            check("anna" in text, f"{method}: nothing of her own: {text[:300]}")
            check(NAMES[0] not in text, f"{method}: {text[:300]}")
        check(sum(v for k, v in rpc.call("queue.stats").items() if k in
                  ("pending", "claimed", "sending", "sent", "delivered", "read", "failed")) == 1, "counts are of own rows")
        # events from the very beginning
        rpc.call("event.subscribe", since_id="0")
        rpc.sock.settimeout(2)
        seen = []
        try:
            while True:
                seen.append(rpc.file.readline().decode())
        except TimeoutError:
            pass
        check(len(seen) >= 2 and all(NAMES[0] not in e for e in seen), "events of A only")
        rpc.close()
        # one key, two users: two messages
        check(len(w.sandbox.shown(text="private anna")) == 1, "A's message with the key of both")
        check(len(w.sandbox.shown(text="private bert" + NAMES[0])) == 1, "B's message with the key of both")


def the_socket_knows_who_calls(build):
    if os.geteuid() != 0:
        print("     (needs root: left out)")
        return
    with World(build, (FIRST, 1), name="peers") as w:
        os.chmod(w.wad.socket, 0o666)
        check(as_uid(w, MAPPED_UID, "system.ping", {})[0] == 0, "anyone may ping")
        check(as_uid(w, MAPPED_UID, "device.list", {})[0] == UNAUTHENTICATED, "an unknown uid is nobody")
        code, nobody = as_uid(w, MAPPED_UID, "system.hello", {})
        check(code == 0 and nobody["server"] == "wad" and not {"user", "name", "role", "zone"} & nobody.keys(), f"{nobody}")
        w.wad.call("user.create", name="cara", role="operator", os_uid=MAPPED_UID)
        check(as_uid(w, MAPPED_UID, "device.create", {"name": "caras"})[0] == 0, "the mapped uid is the user")
        check(as_uid(w, MAPPED_UID, "user.list", {})[0] == FORBIDDEN, "but no admin")
        check(as_uid(w, MAPPED_UID, "system.act_as", {"user": "admin"})[0] == FORBIDDEN, "nor another")
        check(w.wad.call("device.list")["devices"] == [], "the admin has no devices of his own")
        w.wad.call("user.update", id="cara", active=False)
        check(as_uid(w, MAPPED_UID, "device.list", {})[0] == UNAUTHENTICATED, "an inactive user is nobody")


def who(answer):
    return answer["name"], answer["role"], answer["zone"]


def an_admin_acts_as_a_user_and_no_longer(build):
    with World(build, (FIRST, 1), name="acting") as w:
        w.wad.wactl("user", "create", "dora", "--password-file", "-", stdin="a long enough word\n")
        w.wad.wactl("--user", "dora", "device", "create", "doras")
        check("doras" not in w.wad.wactl("device", "list").stdout, "not the admin's device")
        check("doras" in w.wad.wactl("--user", "dora", "device", "list").stdout, "dora's device")
        check(w.wad.wactl("--user", "dora", "user", "list", check=False).returncode == 4, "with her rights only")
        check(w.wad.wactl("--user", "nobody", "device", "list", check=False).returncode == 5, "an unknown user")
        rpc = Rpc(w.wad.socket)
        w.wad.call("user.update", id="dora", zone="Asia/Jakarta")
        check(who(rpc.call("system.hello")) == ("admin", "admin", "UTC"), "hello says who calls")
        acting = rpc.call("system.act_as", user="dora")
        check(who(acting) == ("dora", "operator", "Asia/Jakarta"), f"and act_as whom one is: {acting}")
        check(rpc.call("system.hello")["user"] == acting["user"], "hello, too, from then on")
        check(rpc.call("system.act_as")["name"] == "admin", "back again")
        rpc.call("system.act_as", user="dora")
        w.wad.call("user.update", id="dora", active=False)
        try:
            rpc.call("device.list")
            raise Failure("a user that is not active any more still lists")
        except (OSError, RpcError):
            rpc.sock.close()
        refused = w.wad.wactl("user", "update", "admin", "--role", "viewer", check=False)
        check(refused.returncode == 6, f"the only admin stays one: {refused.stderr}")
        check(w.wad.wactl("user", "delete", "dora", "--yes", check=False).returncode == 6, "a user with devices stays")
        w.wad.call("user.update", id="dora", active=True)
        w.wad.wactl("--user", "dora", "device", "delete", "doras", "--yes")
        w.wad.wactl("user", "delete", "dora", "--yes")
        check("dora" not in w.wad.wactl("user", "list").stdout, "dora is gone")
        text = wait_until(lambda: (lambda t: "user.delete" in t and "device.create" in t and t)(
            w.wad.wactl("audit", "list", "-o", "json").stdout), 10, "the audit outlives her")
        check("a long enough word" not in text, "no password in the audit")


def limits_are_kept(build):
    with World(build, (FIRST, 9), name="limits") as w:
        w.wad.call("user.create", name="emil", max_devices=1, max_messages_day=3)
        rpc = Rpc(w.wad.socket)
        rpc.call("system.act_as", user="emil")
        rpc.call("device.create", name="one", delay_min_ms=0, delay_max_ms=0)
        try:
            rpc.call("device.create", name="two")
            raise Failure("a second device was made")
        except RpcError as e:
            check(e.code == CONFLICT, str(e))
        rpc.call("device.pair", device="one")
        qr = wait_until(lambda: rpc.call("device.qr", device="one").get("qr"), 30, "a QR code")
        w.sandbox.scan(qr, FIRST)
        wait_until(lambda: rpc.call("device.show", device="one")["online"], 30, "online")
        for i in range(2):
            rpc.call("message.send", device="one", to=str(FIRST + 1), text=f"day {i}", key=f"k{i}")
        rpc.call("lead.import", csv="phone\n" + "".join(f"{FIRST + i}\n" for i in range(1, 7)))
        campaign = rpc.call("campaign.create", title="wide", everyone=True, text="wide")["id"]
        wait_until(lambda: rpc.call("campaign.show", campaign=campaign)["total"] == 6, 30, "the campaign is expanded")
        wait_until(lambda: len(w.sandbox.shown(text="wide")) == 1, 30, "one of it goes today")
        check(rpc.call("queue.stats")["pending"] == 5, "the rest waits for other days")
        try:
            rpc.call("message.send", device="one", to=str(FIRST + 1), text="too much")
            raise Failure("a fourth message was taken")
        except RpcError as e:
            check(e.code == -32005, str(e))
        again = rpc.call("message.send", device="one", to=str(FIRST + 1), text="day 1", key="k1")
        check(again["id"], "a repeat is no new message")
        rpc.close()


def secrets_are_not_told(build):
    with World(build, (FIRST, 1), name="secrets") as w:
        with open(w.wad.process.log_path) as f:
            log = f.read()
        code = re.search(r"setup code, good once: (\S+)", log)
        check(code, "the first start prints a setup code")
        w.wad.call("user.create", name="frida", password=SECRET)
        rpc = Rpc(w.wad.socket)
        rpc.call("system.act_as", user="frida")
        token = rpc.call("token.create", title="t", scope="read")["token"]
        check(re.fullmatch(r"wad_[A-Za-z0-9_-]{43}[0-9a-f]{6}", token), f"token {token}")
        check(token not in json.dumps(rpc.call("token.list")), "a token is shown once")
        rpc.close()
        w.wad.stop()
        w.wad.start()
        with open(w.wad.process.log_path) as f:
            check(f.read().count("setup code") == 1, "the code is printed once only")
        sockets = os.path.dirname(os.path.dirname(os.path.join(w.wad.state, "postgres/data")))
        found = subprocess.run(["grep", "-rlaF", "-e", SECRET, "-e", token, "-e", code.group(1), sockets],
                               capture_output=True, text=True, timeout=120)
        check(found.stdout == "", f"secrets on the disk: {found.stdout}")


if __name__ == "__main__":
    sys.exit(run_tests([foreign_is_missing, lists_counts_and_events_hold_own_rows_only, the_socket_knows_who_calls,
                        an_admin_acts_as_a_user_and_no_longer, limits_are_kept, secrets_are_not_told],
                       os.path.abspath(sys.argv[1])))
