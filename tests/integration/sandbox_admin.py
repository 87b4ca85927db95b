#!/usr/bin/env python3
"""The sandbox's admin interface, path by path and knob by knob, as programs outside use it; wad is the client.
usage: sandbox_admin.py BUILD [STEP ...]"""
import base64
import hashlib
import http.client
import json
import os
import shutil
import socket
import ssl
import sys
import tempfile
import threading
import time
import urllib.parse

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(root, "tests/harness"), os.path.join(root, "tests/interop")]
from party import Party  # noqa: E402
from wadtest import Failure, Process, Sandbox, Wad, png, run_tests, wait_until  # noqa: E402

OWN, PEER, OTHER = "60110000001", "60110000002", "60110000003"
LAG = 20  # seconds that anything prompt may take on a busy machine


def check(condition, what):
    if not condition:
        raise Failure(what)


def same(what, got, want):
    check(got == want, f"{what}: {got!r}, expected {want!r}")


def has(what, entry, *keys):
    missing = [k for k in keys if k not in entry]
    check(not missing, f"{what} lacks {missing}: {entry}")


class Bench:
    """One sandbox, one wad, and plain HTTP on both ports."""

    def __init__(self, build, options=(), phones=(int(OWN), 30), plain=False, devices=(), wad=True):
        self.place = tempfile.TemporaryDirectory(prefix="wad-admin-")
        os.chmod(self.place.name, 0o755)
        self.build, self.wad, self.users = build, None, {}
        self.sandbox = Sandbox(build, self.place.name, phones=phones, options=options)
        self.tls = ssl.create_default_context(cafile=self.sandbox.ca_file)
        try:
            if not wad:
                return
            self.wad = Wad(build, self.place.name, self.sandbox, plain=plain)
            for i, (name, phone) in enumerate(devices):  # a phone twice: for another user
                self.wad.pair(name, phone, as_user=self.second(name) if phone in [p for _, p in devices[:i]] else None)
            self.wad.wait_online(len(devices))
        except Exception:
            self.stop(False)
            raise

    def second(self, name):
        """A user may link a phone once: this device is another user's."""
        if not self.users:
            self.wad.call("user.create", name="second", role="operator")
        self.users[name] = "second"
        return "second"

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.stop(kind is None)
        return False

    def stop(self, good):
        codes = [(p.process.name, p.process.stop(), p.process.tail(120)) for p in (self.wad, self.sandbox) if p]
        for name, code, tail in codes:
            if code or not good:
                print(f"-- {name} ended with {code}:\n{tail}")
        self.place.cleanup()
        check(not good or not any(code for _, code, _ in codes), "a program did not end well")

    def ask(self, method, path, body=None, tls=False):
        """Status and parsed answer; bytes go out as they are, all else as JSON."""
        s = self.sandbox
        conn = http.client.HTTPSConnection("localhost", s.port, context=self.tls, timeout=90) if tls else \
            http.client.HTTPConnection("127.0.0.1", s.plain_port, timeout=90)
        try:
            conn.request(method, path, body if body is None or isinstance(body, bytes) else json.dumps(body))
            answer = conn.getresponse()
            text = answer.read().decode()
        finally:
            conn.close()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, text

    def good(self, method, path, body=None, **how):
        status, got = self.ask(method, path, body, **how)
        check(status == 200, f"{method} {path} {body}: {status} {got}")
        return got

    def bad(self, want, method, path, body=None, **how):
        status, got = self.ask(method, path, body, **how)
        check(status == want and isinstance(got, dict) and isinstance(got.get("error"), str) and got["error"],
              f"{method} {path} {body}: {status} {got}, expected {want} with an error text")

    def config(self, phone, **how):
        return self.good("POST", f"/admin/phones/{phone}/config", how)

    def faults(self, **knobs):
        return self.good("POST", "/admin/faults", knobs)

    def calm(self):
        same("faults after DELETE", self.good("DELETE", "/admin/faults"), {})

    def device(self, name):
        return self.wad.call("device.show", self.users.get(name), device=name)

    def wait_state(self, name, state, seconds=LAG):
        return wait_until(lambda: self.device(name)["state"] == state and self.device(name), seconds,
                          f"{name} is {state}: {self.device(name)}")

    def wait_online(self, name, online=True, seconds=LAG):
        wait_until(lambda: self.device(name)["online"] is online, seconds, f"{name} online {online}: {self.device(name)}")

    def qr(self, name, create=True):
        user = self.users.get(name)
        if create:
            self.wad.call("device.create", user, name=name, delay_min_ms=0, delay_max_ms=0)
        self.wad.call("device.pair", user, device=name)
        return wait_until(lambda: self.wad.call("device.qr", user, device=name).get("qr"), LAG, f"a QR code of {name}")

    def send(self, device, to, text, **more):
        return self.wad.call("message.send", device=device, to=str(to), text=text, **more)["id"]

    def row(self, ident):
        return self.wad.call("message.show", id=ident)

    def wait_row(self, ident, *states, seconds=LAG):
        return wait_until(lambda: self.row(ident)["state"] in states and self.row(ident), seconds,
                          f"message {ident} is {states}: {self.row(ident)}")

    def entries(self, **query):
        return self.good("GET", "/admin/messages?" + urllib.parse.urlencode(query))

    def wait_shown(self, text, phone, seconds=LAG):
        def there():
            return [m for m in self.entries(phone=phone) if m["kind"] == "message" and m["text"] == text]

        return wait_until(there, seconds, f"'{text}' on {phone}: {self.entries(phone=phone)}")[0]

    def stored(self, text, device, seconds=LAG):
        """The incoming message with this text as wad has it."""
        def there():
            rows = self.wad.call("message.list", device=device, limit=1000)["messages"]
            return [r for r in rows if not r["from_me"] and r.get("text") == text]

        return wait_until(there, seconds, f"{device} has '{text}'")[0]

    def clean(self):
        same("violations", self.good("GET", "/admin/violations"), [])
        same("unhandled", self.good("GET", "/admin/unhandled"), [])


# -- pairing --

def scanning(build):
    with Bench(build) as b:
        key = base64.b64encode(b"x" * 32).decode()
        for tls in (False, True):
            status, text = b.ask("GET", "/", tls=tls)
            same("GET /", status, 200)
        scan = "/admin/mock-phone/scan-qr"
        one = b.qr("one")
        head, rest = one.split("#")
        ref, noise, identity, adv, platform = rest.split(",")

        def qr(*fields):
            return (head + "#" + ",".join(fields)).encode()

        b.bad(404, "POST", scan, qr(ref[:-3] + "zzz", noise, identity, adv, platform))
        b.bad(404, "POST", scan, {"qr": qr("2@unknown", key, key, key, platform).decode(), "phone": PEER}, tls=True)
        b.bad(409, "POST", scan, qr(ref, key, identity, adv, platform))
        b.bad(409, "POST", scan, qr(ref, noise, key, adv, platform))
        b.bad(400, "POST", scan, b"no QR text")
        b.bad(400, "POST", scan, b"")
        b.bad(400, "POST", scan, b"{ not JSON")
        b.bad(400, "POST", scan, {"phone": OWN})
        b.bad(400, "POST", scan, {"qr": one, "phone": "abc"})
        b.bad(400, "POST", scan + "?phone=abc", one.encode())
        b.bad(405, "GET", scan)
        b.bad(422, "POST", scan, qr(ref, noise, identity, key, platform))  # the client finds a wrong HMAC
        one = b.qr("one", create=False)
        # without a number the push name gives one; the same name the same number and the next device
        first = b.good("POST", scan, one.encode(), tls=True)
        has("scan-qr", first, "jid", "lid", "phone", "device")
        same("first device", first["device"], 1)
        same("jid", first["jid"], f"{first['phone']}:1@s.whatsapp.net")
        check(first["lid"].endswith(":1@lid"), f"{first}")
        b.wait_online("one")
        b.second("two")
        b.second("four")
        second = b.good("POST", scan, {"qr": b.qr("two"), "phone": first["phone"]})
        same("same name, same number", second["phone"], first["phone"])
        same("next device", second["device"], 2)
        same("same person", second["lid"].split(":")[0], first["lid"].split(":")[0])
        third = b.good("POST", scan + "?phone=%2B" + OWN, b.qr("three").split("#")[1].rsplit(",", 1)[0].encode())
        same("explicit number", third["phone"], OWN)
        fourth = b.good("POST", scan, {"qr": b.qr("four"), "phone": int(OWN)}, tls=True)
        same("explicit number in JSON", (fourth["phone"], fourth["device"]), (OWN, 2))
        for name in ("one", "two", "three", "four"):
            b.wait_online(name)
        b.faults(companionRegRefresh=True)  # pairs all the same
        fifth = b.good("POST", scan, {"qr": b.qr("five"), "phone": OTHER})
        same("number nobody had linked", fifth["device"], 1)
        b.wait_online("five")
        b.calm()
        listed = b.good("GET", "/admin/phones?limit=1000")
        same("devices listed", [p["devices"] for p in listed if p["phone"] == OWN], [[1, 2]])
        b.bad(404, "POST", "/admin/mock-phone/enter-code", {"phone": PEER, "code": "ABCD1234"})
        b.bad(400, "POST", "/admin/mock-phone/enter-code", {"phone": PEER, "code": "ABC"})
        b.bad(400, "POST", "/admin/mock-phone/enter-code", {"phone": PEER})
        b.clean()


def names_and_codes(build):
    """What wad does not do: a push name at linking, and linking by a code."""
    client = os.path.join(build, "interop/baileys/client.mjs")
    if not (shutil.which("node") and os.path.exists(os.path.join(os.path.dirname(client), "node_modules/baileys"))):
        print("left out: names and codes, which need the packages of tests/interop (make interop fetches them)")
        return
    shutil.copy(os.path.join(root, "tests/interop/baileys/client.mjs"), client)
    with Bench(build, wad=False) as b:
        parties = []

        def party(name, push_name):
            p = Party(name, ["node", client, b.sandbox.url(), b.sandbox.root_key, push_name], b.place.name,
                      {"NODE_EXTRA_CA_CERTS": b.sandbox.ca_file})
            parties.append(p)
            p.do("connect")
            return p, p.wait("qr")["text"]

        try:
            got = []
            for name, push_name in (("ann", "Ann"), ("ann-again", "Ann"), ("bob", "Bob")):
                p, qr = party(name, push_name)
                got.append(b.good("POST", "/admin/mock-phone/scan-qr", qr.encode(), tls=True))
                p.wait("open")
            same("same name, same number", got[1]["phone"], got[0]["phone"])
            same("next device", [g["device"] for g in got], [1, 2, 1])
            check(got[2]["phone"] != got[0]["phone"], f"another name, the same number: {got}")
            names = {p["phone"]: p["name"] for p in b.good("GET", "/admin/phones?limit=1000")}
            same("names", (names[got[0]["phone"]], names[got[2]["phone"]]), ("Ann", "Bob"))
            p, _ = party("coded", "Coded")
            code = p.do("pair_code", phone=PEER)["code"]
            wrong = "AAAAAAAA" if code != "AAAAAAAA" else "BBBBBBBB"
            b.bad(422, "POST", "/admin/mock-phone/enter-code", {"phone": PEER, "code": wrong})
            p, _ = party("coded-again", "Coded")
            code = p.do("pair_code", phone=OTHER)["code"]
            linked = b.good("POST", "/admin/mock-phone/enter-code", {"phone": "+" + OTHER, "code": code[:4] + "-" + code[4:].lower()})
            same("linked by code", (linked["phone"], linked["device"]), (OTHER, 1))
            p.wait("open")
            same("violations", b.good("GET", "/admin/violations"), [])
        finally:
            for p in parties:
                p.stop()


# -- phones --

def phones(build):
    with Bench(build, devices=[("d", OWN)]) as b:
        made = b.good("POST", "/admin/phones", {"phone": "60120000001", "name": "Ann", "autoRead": True, "readDelayMs": 5})
        has("a phone", made, "phone", "name", "jid", "lid", "online", "receipts", "autoRead", "readDelayMs",
            "autoReply", "replyDelayMs", "restricted", "replyAfter")
        same("config at birth", (made["phone"], made["name"], made["autoRead"], made["readDelayMs"]),
             ("60120000001", "Ann", True, 5))
        b.good("POST", "/admin/phones", {"first": 60130000001, "count": 40, "receipts": False}, tls=True)
        page, after = [], ""
        while True:
            got = b.good("GET", f"/admin/phones?limit=7{after}")
            check(len(got) <= 7, f"more than the limit: {len(got)}")
            if not got:
                break
            page += got
            after = f"&after={got[-1]['phone']}"
        numbers = [p["phone"] for p in page]
        same("each once", len(set(numbers)), len(numbers))
        check({"60120000001", "60130000001", "60130000040", OWN} <= set(numbers), f"listed: {numbers}")
        same("config of many", {p["receipts"] for p in page if p["phone"].startswith("6013")}, {False})
        for body in ({}, {"phone": "12"}, {"first": 60130000001}, {"phone": PEER, "online": "no"}):
            b.bad(400, "POST", "/admin/phones", body)
        b.bad(400, "GET", "/admin/phones?limit=x")
        b.bad(404, "POST", "/admin/phones/60999999999/config", {"online": True})
        b.bad(400, "POST", f"/admin/phones/{PEER}/config", {"readDelayMs": "soon"})
        b.bad(404, "GET", "/admin/nothing")

        # offline: nothing is shown, nothing is said; all of it when it is back
        b.config(PEER, online=False)
        held = b.send("d", PEER, "held back")
        b.wait_row(held, "sent")
        same("shown while away", b.entries(phone=PEER), [])
        b.config(PEER, online=True)
        b.wait_shown("held back", PEER)
        b.wait_row(held, "delivered")

        b.config(PEER, receipts=False)
        mute = b.send("d", PEER, "no receipt")
        b.wait_shown("no receipt", PEER)
        time.sleep(0.5)
        same("without receipts", b.row(mute)["state"], "sent")
        b.config(PEER, receipts=True, autoRead=True, readDelayMs=700)
        began = time.monotonic()
        read = b.send("d", PEER, "read me")
        b.wait_row(read, "delivered")
        b.wait_row(read, "read")
        check(time.monotonic() - began > 0.65, "read before its delay")

        b.config(PEER, autoReply="you said {text}!", replyDelayMs=400, replyAfter=2)
        b.config(OTHER, autoReply="you said {text}!", replyDelayMs=400, replyAfter=2)
        b.wait_row(b.send("d", OTHER, "first"), "delivered", "read")
        time.sleep(0.8)
        began = time.monotonic()
        b.send("d", OTHER, "second")
        b.stored("you said second!", "d")
        check(time.monotonic() - began > 0.35, "replied before its delay")
        texts = [r.get("text") for r in b.wad.call("message.list", device="d", limit=1000)["messages"]]
        check("you said first!" not in texts, "replied before replyAfter")
        b.config(OTHER, autoReply=None)
        b.wait_row(b.send("d", OTHER, "third"), "delivered")
        time.sleep(0.6)
        texts = [r.get("text") for r in b.wad.call("message.list", device="d", limit=1000)["messages"]]
        check("you said third!" not in texts, "replied after autoReply was taken away")

        sends(b)
        tokens(b)
        acts(b)
        b.clean()


def sends(b):
    """A phone writes: text, picture, any message; by number, jid and LID."""
    path = f"/admin/phones/{PEER}/send"
    lid = next(p["lid"] for p in b.good("GET", f"/admin/phones?limit=100") if p["phone"] == OWN)
    got = b.good("POST", path, {"to": OWN, "text": "by number", "id": "3EB0AABBCCDDEEFF0011"})
    same("its id", got["id"], "3EB0AABBCCDDEEFF0011")
    same("stored with it", b.stored("by number", "d")["id"], "3EB0AABBCCDDEEFF0011")
    b.good("POST", path, {"to": int(OWN), "text": "an answer", "quotedId": "3EB0AABBCCDDEEFF0011"}, tls=True)
    b.stored("an answer", "d")
    entry = b.wait_shown("an answer", OWN)  # the phone of the device sees it, too
    quoted = entry["message"]["extendedTextMessage"]["contextInfo"]
    same("what it quotes", quoted["stanzaId"], "3EB0AABBCCDDEEFF0011")
    b.good("POST", path, {"to": f"{OWN}@s.whatsapp.net", "text": "by jid"})
    b.stored("by jid", "d")
    b.good("POST", path, {"to": lid, "text": "by lid"})
    b.stored("by lid", "d")
    b.good("POST", path, {"to": OWN, "imageBase64": base64.b64encode(png(20, 10)).decode(), "caption": "a picture",
                          "mimetype": "image/png"})
    same("kind", b.stored("a picture", "d")["kind"], "image")
    entry = b.wait_shown("a picture", OWN)
    same("mimetype", entry["message"]["imageMessage"]["mimetype"], "image/png")
    b.good("POST", path, {"to": OWN, "message": {"extendedTextMessage": {"text": "as JSON"}}})
    b.stored("as JSON", "d")
    known = b.good("POST", path, {"to": OWN, "message": {"conversation": "oops"}})["id"]
    b.good("POST", path, {"to": OWN, "message": {"protocolMessage": {
        "type": "REVOKE", "key": {"remoteJid": f"{OWN}@s.whatsapp.net", "fromMe": True, "id": known}}}})
    b.good("POST", path, {"to": OWN, "message": {"locationMessage": {"degreesLatitude": 3.1, "degreesLongitude": 101.7}}})
    b.good("POST", path, {"to": OWN, "message": {"reactionMessage": {
        "key": {"remoteJid": f"{OWN}@s.whatsapp.net", "id": known}, "text": "+"}}})
    for body, status in (({"to": OWN}, 400), ({"text": "to whom"}, 404), ({"to": "60999999999", "text": "x"}, 404),
                         ({"to": OWN, "imageBase64": "%%%"}, 400), ({"to": OWN, "message": {"noSuchMessage": {}}}, 400),
                         ({"to": OWN, "message": {"protocolMessage": {"type": "NO_SUCH"}}}, 400)):
        b.bad(status, "POST", path, body)
    b.bad(400, "POST", path, b"[1]")


def tokens(b):
    """A restricted phone gives tokens; those who send none are refused."""
    b.config("60110000005", restricted=True)
    b.good("POST", "/admin/phones/60110000005/token", {"to": OWN})
    b.bad(404, "POST", "/admin/phones/60110000005/token", {"to": "60999999999"})

    def token_known():
        return [s for s in b.good("GET", f"/admin/stanzas?who={OWN}&limit=100") if "privacy_token" in s["stanza"]
                and s["dir"] == "in"]

    wait_until(token_known, LAG, "wad acknowledges the token")
    b.wad.pair("cold", "60110000006", delay_min_ms=0, delay_max_ms=0)
    b.wait_online("cold")
    cold = b.send("cold", "60110000005", "without a token")

    def refused():
        return [s for s in b.good("GET", "/admin/stanzas?limit=200") if 'error="463"' in s["stanza"]]

    wait_until(refused, LAG, "463 for the cold contact")
    check(b.row(cold)["state"] not in ("sent", "delivered", "read"), f"{b.row(cold)}")
    same("what the restricted phone shows",
         [m["text"] for m in b.entries(phone="60110000005") if m["kind"] == "message"], [])


def acts(b):
    """Reads, types, unlinks."""
    b.config("60110000007", receipts=True, autoRead=False)
    ident = b.send("d", "60110000007", "unread yet")
    b.wait_row(ident, "delivered")
    entry = b.wait_shown("unread yet", "60110000007")
    path = "/admin/phones/60110000007"
    b.bad(400, "POST", path + "/read", {"from": OWN, "ids": []})
    b.bad(404, "POST", path + "/read", {"from": "60999999999", "ids": [entry["id"]]})
    b.good("POST", path + "/read", {"from": entry["from"], "ids": [entry["id"]], "participant": None})
    b.wait_row(ident, "read")
    b.good("POST", path + "/typing", {"to": OWN, "state": "composing"})
    b.good("POST", path + "/typing", {"to": OWN, "state": "paused"}, tls=True)
    b.bad(400, "POST", path + "/typing", {"to": OWN, "state": "dancing"})
    b.bad(404, "POST", path + "/call", {"to": "60999999999"})
    b.bad(400, "POST", path + "/call", {"to": OWN, "end": "timeout"})
    call = b.good("POST", path + "/call", {"to": OWN, "video": True})["id"]
    b.good("POST", path + "/call", {"to": OWN, "id": call, "end": "timeout"})
    jid = b.good("GET", f"/admin/devices?phone={OWN}")[0]["jid"]

    def rung():
        return [s for s in b.good("GET", f"/admin/stanzas?limit=50&who={urllib.parse.quote(jid)}")
                if s["stanza"].startswith("<call") or 'class="call"' in s["stanza"]]

    wait_until(lambda: len(rung()) == 4, LAG, "the call and its end, both acknowledged")

    def typed():
        return [s for s in b.good("GET", f"/admin/stanzas?limit=50&who={urllib.parse.quote(jid)}")
                if s["stanza"].startswith("<chatstate")]

    wait_until(lambda: len(typed()) == 2, LAG, "both chat states reach the device")
    b.wad.pair("gone", "60110000008")
    b.wait_online("gone")
    b.bad(404, "POST", "/admin/phones/60110000008/unlink", {"device": 7})
    b.good("POST", "/admin/phones/60110000008/unlink", {"device": 1})
    b.wait_state("gone", "logged_out")
    same("devices left", b.good("GET", "/admin/devices?phone=60110000008"), [])


# -- what it watches --

def watching(build):
    with Bench(build, devices=[("d", OWN), ("e", OWN)]) as b:
        info = b.good("GET", "/admin/info", tls=True)
        has("info", info, "port", "plainPort", "noiseRootPublicKey", "caFile", "mediaHost")
        s = b.sandbox
        same("info", (info["port"], info["plainPort"], info["noiseRootPublicKey"], info["caFile"]),
             (s.port, s.plain_port, s.root_key, s.ca_file))
        # a key share and three parts of history for each device; only these come without a test's doing
        told = {"peer_msg": 2 * 4, "hist_sync": 2 * 3}
        wait_until(lambda: {t: sum(e.get("type") == t for e in b.entries()) for t in told} == told, LAG,
                   "both devices have answered what their phone told them at login")
        b.good("DELETE", "/admin/messages")
        same("after DELETE", b.entries(), [])
        ident = b.send("d", PEER, "watch me")
        b.wait_row(ident, "delivered")
        entry = b.wait_shown("watch me", PEER)
        has("message", entry, "seq", "kind", "id", "chat", "from", "fromPn", "fromDevice", "enc", "text", "message",
            "deviceSent", "retries", "repeats")
        same("who wrote it", (entry["fromPn"], entry["fromDevice"], entry["enc"], entry["deviceSent"]),
             (OWN, 1, "pkmsg", False))
        same("protobuf", entry["message"].get("conversation") or entry["message"]["extendedTextMessage"]["text"], "watch me")
        own = b.wait_shown("watch me", OWN)
        same("copy on the own phone", (own["deviceSent"], own["id"]), (True, entry["id"]))
        picture = base64.b64encode(png(30, 20)).decode()
        b.wait_row(b.wad.call("message.send", device="d", to=PEER, image=picture, caption="look")["id"], "delivered")
        shown = b.wait_shown("look", PEER)
        same("media check", shown["media"], "ok")
        b.good("POST", f"/admin/phones/{PEER}/send", {"to": OWN, "text": "to both", "id": "3EB0112233445566"})
        wait_until(lambda: {e["fromDevice"] for e in b.entries(id="3EB0112233445566") if e["kind"] == "receipt"} == {0, 1, 2},
                   LAG, f"a receipt of each device: {b.entries(id='3EB0112233445566')}")
        log = b.entries()
        seqs = [m["seq"] for m in log]
        same("growing seq", seqs, sorted(set(seqs)))
        same("by id", {m["id"] for m in b.entries(id=entry["id"])}, {entry["id"]})
        same("since", [m["seq"] for m in b.entries(since=seqs[2])], seqs[3:])
        same("limit", [m["seq"] for m in b.entries(since=seqs[0], limit=2)], seqs[1:3])
        same("phone", {m["phone"] for m in b.entries(phone=PEER)}, {PEER})
        b.bad(400, "GET", "/admin/messages?since=x")

        devices = b.good("GET", "/admin/devices")
        same("devices", [(d["phone"], d["device"], d["online"], d["queue"]) for d in devices],
             [(OWN, 1, True, 0), (OWN, 2, True, 0)])
        check(700 < devices[0]["prekeys"] <= 812, f"prekeys left: {devices}")
        clients = b.good("GET", "/admin/clients", tls=True)
        same("clients", sorted(c["jid"] for c in clients), sorted(d["jid"] for d in devices))
        for c in clients:
            has("client", c, "unsettled")

        # a queue grows while nobody settles it
        b.wad.process.stop()
        b.good("POST", f"/admin/phones/{PEER}/send", {"to": OWN, "text": "for later"})
        same("queues", [(d["online"], d["queue"]) for d in b.good("GET", "/admin/devices")], [(False, 1), (False, 1)])
        same("nobody there", b.good("GET", "/admin/clients"), [])
        b.wad.start()
        b.stored("for later", "d")
        wait_until(lambda: all(d["queue"] == 0 for d in b.good("GET", "/admin/devices")), LAG, "queues are empty")

        lid = devices[0]["lid"]
        for who in (devices[0]["jid"], lid, OWN):
            some = b.good("GET", f"/admin/stanzas?who={urllib.parse.quote(who)}&limit=5&width=60")
            same(f"stanzas of {who}", len(some), 5)
            check(all(len(x["stanza"]) < 400 for x in some), f"width: {some}")
            check(who == OWN or {x["who"] for x in some} == {devices[0]["jid"]}, f"others' stanzas: {some}")
        bare = b.good("GET", f"/admin/stanzas?who={OWN}@s.whatsapp.net&limit=1000")
        same("a bare jid means all devices", {x["who"] for x in bare}, {d["jid"] for d in devices})
        same("both ways", {x["dir"] for x in bare}, {"in", "out"})
        stats = b.good("GET", "/admin/stats")
        has("stats", stats, "connections", "stanzasIn", "stanzasOut", "bytesIn", "bytesOut", "routed", "shown",
            "repeated", "undecryptable", "rates")
        same("shown", stats["shown"], sum(m["kind"] == "message" for m in b.entries()))
        b.clean()
        restarts(b, entry)
        b.good("POST", "/admin/reset")
        for path in ("phones", "devices", "messages", "violations", "unhandled", "stanzas"):
            same(f"{path} after a reset", b.good("GET", f"/admin/{path}"), [])
        for name in ("d", "e"):
            b.wait_state(name, "logged_out")
        b.wad.pair("d", PEER, create=False)  # the world goes on
        b.wait_online("d")


def restarts(b, entry):
    """The world is the same after SIGTERM, and after a kill as far as it was saved."""
    b.config(OTHER, online=False, autoReply="back", replyAfter=3)
    b.wait_row(b.send("d", OTHER, "across a restart"), "sent")
    wait_until(lambda: all(d["queue"] == 0 for d in b.good("GET", "/admin/devices")), LAG, "the devices have acked what they got")
    before = b.good("GET", "/admin/phones?limit=1000"), b.good("GET", "/admin/devices"), b.entries()
    b.sandbox.stop()
    b.sandbox.start()
    same("CA and ports", b.good("GET", "/admin/info", tls=True)["noiseRootPublicKey"], b.sandbox.root_key)
    after = b.good("GET", "/admin/phones?limit=1000"), b.good("GET", "/admin/devices"), b.entries()
    same("phones after a restart", after[0], before[0])
    keep = ("jid", "lid", "prekeys", "queue", "keyIndex")
    same("devices after a restart", [[d[k] for k in keep] for d in after[1]], [[d[k] for k in keep] for d in before[1]])
    same("log after a restart", after[2], before[2])
    b.wait_online("d", seconds=60)
    b.config(OTHER, online=True)
    b.wait_shown("across a restart", OTHER)
    again = b.send("d", PEER, "same ratchet")
    b.wait_row(again, "delivered")
    same("session kept", (b.wait_shown("same ratchet", PEER)["enc"], b.wait_shown("same ratchet", PEER)["retries"]), ("msg", 0))
    last = b.entries()[-1]["seq"]
    time.sleep(7)  # longer than between two saves
    b.sandbox.process.kill()
    b.sandbox.start()
    check(b.entries()[-1]["seq"] >= last, "the log was not saved in time")
    b.wait_online("d", seconds=60)
    b.wait_row(b.send("d", PEER, "after the kill"), "delivered")
    check(b.entries()[-1]["seq"] > last, "seq does not grow over a kill")
    b.clean()


def violating(build):
    """What a client does wrong is noted; its connection ends, the server goes on."""
    with Bench(build, wad=False) as b:
        def kinds():
            return [v["kind"] for v in b.good("GET", "/admin/violations")]

        def token(data):
            return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")

        body = os.urandom(500)
        status, _ = b.ask("POST", f"/mms/image/{token(b'other bytes')}?auth=x&token={token(b'other bytes')}", body)
        check(400 <= status < 500, f"a wrong upload token: {status}")
        same("noted", len(kinds()), 1)
        up = b.good("POST", f"/mms/image/{token(body)}?auth=x&token={token(body)}", body, tls=True)
        has("upload", up, "url", "direct_path")
        check("?" in up["direct_path"], f"{up}")
        conn = http.client.HTTPConnection("127.0.0.1", b.sandbox.plain_port, timeout=20)
        conn.request("GET", up["direct_path"], headers={"Range": "bytes=100-199"})
        part = conn.getresponse()
        same("a range", (part.status, part.read()), (206, body[100:200]))
        conn.close()
        b.faults(mediaStatus=503)
        same("media fault", b.ask("GET", up["direct_path"])[0], 503)
        b.calm()
        with socket.create_connection(("127.0.0.1", b.sandbox.plain_port), 20) as s:
            s.sendall(b"GET /ws/chat?ED=CAUIAggF HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                      b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
            check(s.recv(4096).startswith(b"HTTP/1.1 101 "), "no upgrade")
            wait_until(lambda: len(b.good("GET", "/admin/clients")) == 1, LAG, "the connection is listed")
            junk = b"WA\x06\x03" + b"\0\0\x20" + bytes(range(32))  # one frame that is no handshake
            s.sendall(b"\x82" + bytes([0x80 | len(junk)]) + b"\0\0\0\0" + junk)
            wait_until(lambda: "framing" in kinds(), LAG, f"a framing violation: {kinds()}")
            wait_until(lambda: not b.good("GET", "/admin/clients"), LAG, "the connection ends")
        same("accounts", len(b.good("GET", "/admin/phones?limit=1000")), 30)
        b.good("POST", "/admin/reset")
        same("forgotten", (kinds(), b.ask("GET", up["direct_path"])[0]), ([], 404))


# -- faults --

def faults_of_links(build):
    with Bench(build, devices=[("d", OWN), ("e", PEER)]) as b:
        same("no faults", b.good("GET", "/admin/faults"), {})
        b.bad(400, "POST", "/admin/faults", {"noSuchKnob": 1})
        b.bad(400, "POST", "/admin/faults", b"[]")
        b.faults(target=int(OWN), muteAcks=True)
        got = b.faults(ackDelayMs=10)
        same("merged", got, {"target": int(OWN), "muteAcks": True, "ackDelayMs": 10})
        same("shown", b.good("GET", "/admin/faults", tls=True), got)
        b.calm()

        def logins():
            return b.good("GET", "/admin/stats")["logins"]

        def conns():
            return {c["jid"]: c["connection"] for c in b.good("GET", "/admin/clients") if "jid" in c}

        def others(before, *names):
            """These have new connections, the rest the one they had."""
            now = conns()
            return len(now) == len(before) and all((now[j] != before[j]) == (not names or any(n in j for n in names))
                                                       for j in before)

        before = conns()
        b.faults(target=OWN, dropNow=True)
        wait_until(lambda: others(before, OWN), LAG, "only the target is dropped, and comes back")
        b.calm()
        before = conns()
        b.faults(dropAll=True)
        wait_until(lambda: others(before), LAG, "all are dropped, and come back")
        b.calm()
        before = conns()
        b.faults(target=OWN, dropAfterStanzas=3)
        ids = [b.send("d", OTHER, f"cut {i}") for i in range(3)]
        wait_until(lambda: others(before, OWN), LAG, "cut at the third stanza, once")
        for i in ids:
            b.wait_row(i, "delivered")
        same("each once", sorted(m["text"] for m in b.entries(phone=OTHER) if m["kind"] == "message"),
             ["cut 0", "cut 1", "cut 2"])
        b.calm()

        began = time.monotonic()
        b.faults(refuseConnects=2500, dropAll=True)
        wait_until(lambda: not conns(), LAG, "no client is left")
        wait_until(lambda: len(conns()) == len(before), LAG, "clients are back")
        check(time.monotonic() - began > 2.4, "a connection was accepted too early")
        b.calm()

        ping = b.faults(serverPing={"timeoutMs": 3000})["serverPing"]
        same("who replied", sorted(ping["replied"]), sorted(conns()))
        same("who did not", ping["silent"], [])
        b.faults(target=OWN)
        same("the target's ping", b.faults(serverPing={"timeoutMs": 3000})["serverPing"]["replied"],
             [j for j in conns() if OWN in j])
        b.calm()

        b.faults(latencyMs={"min": 100, "max": 200})
        began = time.monotonic()
        ids = [b.send("d", OTHER, f"slow {i:02}") for i in range(30)]
        for i in ids:
            b.wait_row(i, "delivered")
        check(time.monotonic() - began > 0.2, "no latency")
        same("order kept", [m["text"] for m in b.entries(phone=OTHER) if m["kind"] == "message"][-30:],
             [f"slow {i:02}" for i in range(30)])
        b.calm()

        stream_errors(b)
        logins_fail(b)
        # for clients that open with IK; others do not notice
        b.faults(noiseFallback=2, target=int(OWN) + 17, dropNow=True)
        b.wait_online("s7", False)
        b.wait_online("s7")
        b.calm()
        b.clean()


def stream_errors(b):
    """Each on a device of its own that was just linked: what falls often is slower to come back."""
    for i, (error, state) in enumerate((
            ({"code": 503}, "online"), ({"code": 500, "delayMs": 300}, "online"), ({"code": 515}, "online"),
            ({"child": "ack", "attrs": {"class": "message", "id": "1"}}, "online"),
            ({"child": "xml-not-well-formed"}, "online"),
            ({"child": "conflict", "attrs": {"type": "replaced"}}, "paused"),
            ({"code": 401, "child": "conflict", "attrs": {"type": "device_removed"}}, "logged_out"),
            ({"code": 516}, "logged_out"))):
        name, phone = f"s{i}", int(OWN) + 10 + i
        before = b.good("GET", "/admin/stats")["logins"]
        b.faults(target=phone, streamError=error)
        b.wad.pair(name, phone)
        if state == "online":  # cut after the first login, once
            wait_until(lambda: b.good("GET", "/admin/stats")["logins"] == before + 2 and b.device(name)["online"], 30,
                       f"online again after {error}: {b.device(name)}")
        else:
            b.wait_state(name, state)
        sent = [s["stanza"] for s in b.good("GET", f"/admin/stanzas?who={phone}&limit=100")
                if s["stanza"].startswith("<stream:error")]
        same(f"sent for {error}", len(sent), 1)
        for key, value in error.get("attrs", {}).items():
            check(f'{key}="{value}"' in sent[0], f"{error}: {sent}")
        b.calm()
    b.wad.call("device.resume", device="s5")
    b.wait_online("s5")
    b.wad.pair("s7", int(OWN) + 17, create=False)
    b.wait_online("s7")


def logins_fail(b):
    for i, (reason, attrs, state, word) in enumerate((
            (403, {}, "banned", "403"), (405, {}, "paused", "405"), (406, {}, "banned", "406"),
            (409, {}, "paused", "409"), (418, {}, "paused", "418"), (401, {}, "logged_out", "401"),
            (402, {"code": 101, "expire": 2}, "banned", "strangers"))):
        name, phone = f"f{i}", int(OWN) + 20 + i
        b.faults(target=phone, failLogin={"reason": reason, "count": 1, "attrs": attrs})
        b.wad.pair(name, phone)
        got = b.wait_state(name, state)
        check(word in (got.get("reason") or ""), f"the reason is not told: {got}")
        b.calm()
        if reason not in (401, 402):
            b.wad.call("device.pair", device=name)
        if state != "logged_out":  # a ban ends by itself
            b.wait_online(name)
    b.faults(target=int(OWN) + 28, failLogin={"reason": 503, "count": 2})
    b.wad.pair("unwell", int(OWN) + 28)
    b.wait_online("unwell", seconds=40)
    same("no fault after a 503", b.device("unwell")["state"], "online")
    b.calm()


def faults_of_messages(build):
    names = [(f"d{i}", int(OWN) + i) for i in range(9)]
    with Bench(build, phones=(int(OWN), 60), devices=names) as b:
        def to(i):
            return str(int(OWN) + 20 + i)

        def shown(phone):
            return [m["text"] for m in b.entries(phone=phone) if m["kind"] == "message"]

        def refused(code):
            return [s for s in b.good("GET", "/admin/stanzas?limit=1000") if f'error="{code}"' in s["stanza"]
                    and s["stanza"].startswith("<ack")]

        # what is refused is not shown: a stranger fails, a limit and trouble at the server wait, and what could be
        # mended here comes with the same id
        for i, (code, state) in enumerate(((463, "failed"), (429, "pending"), (420, "pending"), (479, "delivered"),
                                           (500, "pending"))):
            b.faults(target=str(int(OWN) + i), ackError={"code": code, "count": 1})
            ident = b.send(f"d{i}", to(i), f"refused {code}")
            wait_until(lambda: refused(code), LAG, f"an ack with {code}")
            waits = state == "pending"
            wait_until(lambda: b.row(ident).get("error") if waits else b.row(ident)["state"] == state, 40,
                       f"{state} after {code}: {b.row(ident)}")
            time.sleep(0.3)
            check(b.row(ident)["state"] in (state, "claimed" if waits else state), f"after {code}: {b.row(ident)}")
            same(f"shown after {code}", shown(to(i)), [f"refused {code}"] if state == "delivered" else [])
            b.calm()
        b.faults(target=str(int(OWN) + 5), ackError={"code": 404, "count": 1})
        b.wait_row(b.send("d5", to(5), "refused for good"), "failed")
        same("shown after 404", shown(to(5)), [])
        b.calm()

        d, phone = "d5", to(6)
        b.faults(ackDelayMs=700)
        began = time.monotonic()
        late = [b.send(d, phone, f"late {i}") for i in range(2)]
        for ident in late:
            b.wait_row(ident, "delivered")
        check(time.monotonic() - began < 10, "a late ack blocks")
        b.calm()
        b.faults(muteAcks=True, target=str(int(OWN) + 5))
        mute = b.send(d, phone, "no ack")
        b.wait_shown("no ack", phone)
        b.wait_row(mute, "delivered")  # the receipt says enough
        b.calm()
        same("each once", sorted(shown(phone)), ["late 0", "late 1", "no ack"])

        b.faults(forceRetry=1)
        b.wait_row(b.send(d, to(7), "once more"), "delivered")
        entry = b.wait_shown("once more", to(7))
        same("kinds", [m["kind"] for m in b.entries(phone=to(7))].count("forced-retry"), 1)
        same("retries", entry["retries"], 1)
        b.calm()
        b.faults(forceRetry=1, target=to(8))  # the receiver may be the target, too
        b.wait_row(b.send(d, to(9), "not meant"), "delivered")
        same("not meant", [m["kind"] for m in b.entries(phone=to(9))].count("forced-retry"), 0)
        b.wait_row(b.send(d, to(8), "meant"), "delivered")
        same("meant", [m["kind"] for m in b.entries(phone=to(8))].count("forced-retry"), 1)
        b.calm()

        b.faults(noPrekeys=True)
        b.wait_row(b.send(d, to(10), "without one-time keys"), "delivered")
        b.good("POST", f"/admin/phones/{to(11)}/send", {"to": int(OWN) + 5, "text": "no key either"})
        b.stored("no key either", d)
        b.calm()

        picture = base64.b64encode(png(16, 16)).decode()
        b.faults(mediaStatus=503)
        image = b.wad.call("message.send", device=d, to=to(12), image=picture, caption="stuck")["id"]
        time.sleep(1)
        check(b.row(image)["state"] not in ("sent", "delivered", "failed"), f"{b.row(image)}")
        b.calm()
        b.wait_row(image, "delivered", seconds=90)
        same("media check", b.wait_shown("stuck", to(12))["media"], "ok")

        b.faults(target=str(int(OWN) + 5), iqError={"code": 503, "xmlns": "usync", "count": 1})
        b.wait_row(b.send(d, to(13), "device list refused once"), "delivered", seconds=90)
        b.calm()
        b.faults(target=str(int(OWN) + 5), iqError={"code": 500, "xmlns": "encrypt", "count": 1})
        b.wait_row(b.send(d, to(14), "keys refused once"), "delivered", seconds=90)
        b.calm()
        b.faults(target=str(int(OWN) + 6), iqError={"code": 429, "xmlns": "w:m", "count": 1})
        image = b.wad.call("message.send", device="d6", to=to(15), image=picture, caption="media conn refused")["id"]
        wait_until(lambda: [s for s in b.good("GET", f"/admin/stanzas?who={int(OWN) + 6}&limit=50") if 'code="429"' in s["stanza"]],
                   LAG, "the error was given")
        check(b.row(image)["state"] != "failed", f"{b.row(image)}")
        b.calm()
        b.clean()


def half_open(build):
    """A connection on which nothing comes is noticed within a minute; the answer to a new one is not lost."""
    with Bench(build, devices=[("d", OWN), ("e", PEER)]) as b:
        began = time.monotonic()
        old = {c["jid"]: c["connection"] for c in b.good("GET", "/admin/clients")}
        b.faults(target=OWN, halfOpen=True)
        ident = b.send("d", OTHER, "into the void")
        other = b.send("e", OTHER, "others go on")
        b.wait_row(other, "delivered")
        b.wait_online("d", False, seconds=80)
        check(time.monotonic() - began < 75, "noticed late")
        b.wait_online("d")
        b.wait_row(ident, "delivered", seconds=30)
        same("once", [m["text"] for m in b.entries(phone=OTHER) if m["kind"] == "message" and m["fromPn"] == OWN],
             ["into the void"])
        now = {c["jid"]: c["connection"] for c in b.good("GET", "/admin/clients")}
        check(len(b.good("GET", "/admin/clients")) == 2 and all((now[j] != old[j]) == (OWN in j) for j in old), f"{old} {now}")
        b.calm()
        b.clean()


# -- options --

def options(build):
    with Bench(build, options=("--addressing", "pn", "--history", "none"), plain=True, devices=[("d", OWN)]) as b:
        b.good("POST", f"/admin/phones/{PEER}/send", {"to": OWN, "text": "in the PN world"})
        b.stored("in the PN world", "d")
        same("chat", b.wait_shown("in the PN world", OWN)["chat"], f"{PEER}@s.whatsapp.net")
        b.wait_row(b.send("d", PEER, "an answer"), "delivered")
        b.clean()
    with tempfile.TemporaryDirectory(prefix="wad-options-") as place:
        program = os.path.join(build, "tests/sandbox/wasandbox")
        for wrong in (("--phones", "12"), ("--phones", "abc+3"), ("--addressing", "x"), ("--port", "70000"),
                      ("--no-such",), ("extra",)):
            p = Process("wasandbox", [program, "--state-dir", os.path.join(place, "s")] + list(wrong),
                        os.path.join(place, "log"))
            check(p.child.wait(10) not in (0, None), f"{wrong} was taken")
            p.log.close()
        s = Sandbox(build, place, phones=(60140000001, 3))
        numbers = [p["phone"] for p in s.admin("GET", "/admin/phones")]
        same("--phones", numbers, ["60140000001", "60140000002", "60140000003"])
        with open(s.process.log_path) as f:
            same("--quiet", f.read(), "")
        s.stop()


class Beside:
    """A test that mostly waits: it runs beside the others, and is judged last."""

    def __init__(self, test, build):
        self.test, self.build, self.wrong = test, build, None
        self.__name__ = test.__name__
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        try:
            self.test(self.build)
        except Exception as wrong:
            self.wrong = wrong

    def __call__(self, build):
        self.thread.join()
        if self.wrong:
            raise self.wrong


TESTS = (options, scanning, names_and_codes, phones, watching, violating, faults_of_links, faults_of_messages, half_open)


def main(build, only):
    tests = [t for t in TESTS if not only or t.__name__ in only]
    if half_open in tests:
        tests[-1] = Beside(half_open, build)
    return run_tests(tests, build)


if __name__ == "__main__":
    sys.exit(main(os.path.abspath(sys.argv[1]), sys.argv[2:]))
