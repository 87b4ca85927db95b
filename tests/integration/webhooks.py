#!/usr/bin/env python3
"""Webhooks: signed events at receivers that behave and at receivers that do not; where wad may not connect nothing
arrives; a killed wad loses none."""
import gzip
import hashlib
import hmac
import http.server
import json
import os
import random
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
from crash_points import points, start_with  # noqa: E402
from wadtest import Failure, Rpc, RpcError, World, run_tests, wait_until  # noqa: E402

DEVICE, LEAD = 60110000001, 60120000001
OPEN = {"webhook.allow": "127.0.0.0/8", "webhook.ports": "1-65535", "webhook.http": "true"}


def check(condition, what):
    if not condition:
        raise Failure(what)


class Receiver:
    """An HTTP server on loopback that keeps what came; answer(handler, number) may misbehave."""

    def __init__(self, answer=None):
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with receiver.lock:
                    receiver.got.append({"at": time.time(), "headers": dict(self.headers), "body": body,
                                         "id": self.headers["Wad-Event-Id"], "path": self.path})
                    number = len(receiver.got)
                try:
                    (answer or plain)(self, number)
                except OSError:
                    pass

            do_GET = do_POST

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads, request_queue_size = True, 256

            def handle_error(self, request, client_address):
                pass

        self.lock, self.got = threading.Lock(), []
        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def url(self, path="/hook"):
        return f"http://127.0.0.1:{self.port}{path}"

    def ids(self):
        with self.lock:
            return [g["id"] for g in self.got]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def plain(handler, _number, status=200, body=b"thank you", **headers):
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def signed_by(secret, got):
    """Which v1 of the header fits, computed here; the hub's header too."""
    parts = [p.split("=", 1) for p in got["headers"]["Wad-Signature"].split(",")]
    check([p[0] for p in parts] == ["t"] + ["v1"] * (len(parts) - 1), f"header {got['headers']['Wad-Signature']}")
    check(abs(int(parts[0][1]) - got["at"]) < 60, "the time of the signature")
    mac = hmac.new(secret.encode(), parts[0][1].encode() + b"." + got["body"], hashlib.sha256).hexdigest()
    hub = "sha256=" + hmac.new(secret.encode(), got["body"], hashlib.sha256).hexdigest()
    return [i for i, p in enumerate(parts[1:]) if p[1] == mac], got["headers"]["X-Hub-Signature-256"] == hub


def opt_outs(w, count, first=LEAD):
    """That many events lead.opt_out, one transaction each; the time each call took."""
    rpc, took = Rpc(w.wad.socket), []
    for i in range(count):
        start = time.monotonic()
        rpc.call("optout.add", phone=str(first + i))
        took.append(time.monotonic() - start)
    rpc.close()
    return took


def phones(receiver):
    return [json.loads(g["body"])["data"]["phone"] for g in list(receiver.got)]


def deliveries(w, **params):
    return w.wad.call("webhook.deliveries", limit=1000, **params)["deliveries"]


def an_event_arrives_signed_and_filtered(build):
    with World(build, (LEAD, 5), settings=OPEN, name="webhook") as w, Receiver() as r, Receiver() as messages:
        made = w.wad.call("webhook.create", url=r.url(), topics=["lead.*", "message.received"])
        own = "a secret of my own choice"
        ours = w.wad.call("webhook.create", url=messages.url(), topics=["message.received"], secret=own)
        check("secret" not in ours and made["secret"].startswith("whsec_") and len(made["secret"]) == 70, f"{made}")
        check(made["secret"] not in json.dumps([w.wad.call("webhook.list"), w.wad.call("webhook.show", webhook="1")]),
              "a secret is shown once")
        opt_outs(w, 1)
        wait_until(lambda: r.got, 10, "the event arrives")
        got = r.got[0]
        envelope = json.loads(got["body"])
        check(list(envelope) == ["id", "event", "version", "occurred_at", "user", "data"], f"{envelope}")
        check(envelope["event"] == "lead.opt_out" and envelope["version"] == 1 and envelope["user"] == "1"
              and envelope["data"] == {"phone": str(LEAD)}, f"{envelope}")
        h = got["headers"]
        check(h["Wad-Event-Id"] == envelope["id"] and h["Wad-Event-Type"] == "lead.opt_out" and h["Wad-Attempt"] == "1"
              and h["Content-Type"] == "application/json" and h["Wad-Delivery"] == "1", f"{h}")
        check(signed_by(made["secret"], got) == ([0], True), "the signatures")
        check(signed_by("another", got) == ([], False), "a wrong key does not fit")
        # an incoming message, to both; the device is named in the envelope
        w.wad.pair("d1", DEVICE)
        w.wad.wait_online(1)
        w.sandbox.admin("POST", f"/admin/phones/{LEAD}/send", {"to": str(DEVICE), "text": "hällo"})
        wait_until(lambda: messages.got and len(r.got) == 2, 10, "the message arrives at both")
        envelope = json.loads(messages.got[0]["body"])
        check(envelope["device"] == "1" and envelope["data"]["text"] == "hällo", f"{envelope}")
        check(signed_by(own, messages.got[0]) == ([0], True), "the signature by an own secret")
        # two keys for a day
        rotated = w.wad.call("webhook.rotate", webhook="1")
        opt_outs(w, 1, LEAD + 1)
        wait_until(lambda: len(r.got) == 3, 10, "the next event")
        check(signed_by(rotated["secret"], r.got[2]) == ([0], True), "the new key is the first")
        check(signed_by(made["secret"], r.got[2])[0] == [1], "the old one signs too")
        # the log
        wait_until(lambda: w.wad.call("webhook.show", webhook="1")["waiting"] == 0, 10, "the outcomes are stored")
        log = deliveries(w, webhook="1")
        check([d["state"] for d in log] == ["delivered"] * 3 and log[0]["status"] == 200 and log[0]["answer"] == "thank you"
              and log[2]["event"] == r.got[0]["id"], f"{log}")
        check(len(messages.got) == 1, "what was not asked for does not come")
        # a test, then off, on again: nothing of the time between
        tried = w.wad.call("webhook.test", webhook="2")
        check(tried["good"] and tried["status"] == 200, f"{tried}")
        check(messages.got[-1]["headers"]["Wad-Event-Type"] == "webhook.ping", "a ping")
        w.wad.call("webhook.update", webhook="1", enabled=False)
        opt_outs(w, 1, LEAD + 2)
        w.wad.call("webhook.update", webhook="1", enabled=True)
        opt_outs(w, 1, LEAD + 3)
        wait_until(lambda: str(LEAD + 3) in [json.loads(g["body"])["data"].get("phone") for g in r.got], 10, "on again")
        check(str(LEAD + 2) not in [json.loads(g["body"])["data"].get("phone") for g in r.got], "off is off")
        w.wad.call("webhook.delete", webhook="1")
        check(not deliveries(w, webhook="1"), "its log goes with it")


def a_call_is_told_once(build):
    with World(build, (LEAD, 5), settings=OPEN, name="call") as w, Receiver() as r:
        w.wad.call("webhook.create", url=r.url(), topics=["call.*"])
        w.wad.pair("d1", DEVICE)
        w.wad.wait_online(1)
        ring = f"/admin/phones/{LEAD}/call"
        call = w.sandbox.admin("POST", ring, {"to": str(DEVICE), "video": True})["id"]
        w.sandbox.admin("POST", ring, {"to": str(DEVICE), "id": call, "end": "timeout"})
        wait_until(lambda: r.got, 10, "the call is told")
        envelope = json.loads(r.got[0]["body"])
        data = envelope["data"]
        check(envelope["event"] == "call.offered" and envelope["device"] == "1" and data["call"] == call
              and data["video"] is True and data["phone"] == str(LEAD) and data["from"].endswith("@lid")
              and "offline" not in data and "group" not in data, f"{envelope}")
        w.sandbox.admin("POST", ring, {"to": str(DEVICE), "id": call})  # rings again: the same call
        # an id nobody can show is acknowledged and not told
        w.sandbox.admin("POST", ring, {"to": str(DEVICE), "id": "x" * 300})
        w.sandbox.admin("POST", ring, {"to": str(DEVICE), "id": "a\nb"})
        wait_until(lambda: all(d["queue"] == 0 for d in w.sandbox.admin("GET", f"/admin/devices?phone={DEVICE}")), 10,
                   "every call is acknowledged")
        # what rings while wad is away is told when it comes back, also when it dies between
        w.wad.process.stop()
        missed = w.sandbox.admin("POST", ring, {"to": str(DEVICE)})["id"]
        start_with(w, "group.after_commit", 1)
        wait_until(lambda: not w.wad.process.alive(), 10, "wad dies after a commit")
        w.wad.process.child.wait()
        w.wad.start()
        wait_until(lambda: len(r.got) > 1, 20, "the missed call is told")
        wait_until(lambda: all(d["queue"] == 0 for d in w.sandbox.admin("GET", f"/admin/devices?phone={DEVICE}")), 10,
                   "it is acknowledged")
        told = w.wad.sql("select data->>'call', data->>'offline', data->>'video' from events where topic = 'call.offered' order by id")
        check(told == [[call, "", "true"], [missed, "true", "false"]], f"{told}")
        check(not w.sandbox.violations(), f"{w.sandbox.violations()}")


def a_burst_is_all_delivered(build):
    with World(build, (LEAD, 2), settings=OPEN, name="burst") as w, Receiver() as r:
        w.wad.call("webhook.create", url=r.url(), topics=["lead.*"])
        start = time.monotonic()
        opt_outs(w, 1000)
        wait_until(lambda: len(set(r.ids())) == 1000, 60, "all thousand arrive")
        took = time.monotonic() - start
        check(len(r.got) == 1000, f"{len(r.got)} requests for 1000 events")
        check(sorted(phones(r)) == sorted(str(LEAD + i) for i in range(1000)), "each its own")
        wait_until(lambda: w.wad.call("webhook.show", webhook="1")["waiting"] == 0, 10, "none waits")
        print(f"proof: webhooks: a burst of 1000 events delivered in {took:.1f} s with the calls that made them")


def the_order_is_kept_where_it_is_asked_for(build):
    failed = []

    def fails_once(handler, number):
        if number == 3:
            failed.append(time.monotonic())
            plain(handler, number, 500, b"not now")
        else:
            plain(handler, number)

    with World(build, (LEAD, 2), settings=OPEN, name="order") as w, Receiver(fails_once) as r:
        w.wad.call("webhook.create", url=r.url(), topics=["lead.*"], ordered=True)
        opt_outs(w, 60)
        wait_until(lambda: len(r.got) == 3, 10, "the third fails")
        time.sleep(2)
        check(len(r.got) == 3, "those behind it wait")
        wait_until(lambda: len(r.got) == 61, 30, "then all come")
        ids = r.ids()
        check(ids[2] == ids[3] and ids[:3] + ids[4:] == sorted(set(ids), key=int), f"the order: {ids}")
        waited = r.got[3]["at"] - r.got[2]["at"]
        check(7.9 <= waited <= 13, f"the first retry is after 10 s, give or take 20 %: {waited:.1f}")
        check(r.got[3]["headers"]["Wad-Attempt"] == "2" and
              r.got[3]["headers"]["Wad-Delivery"] == r.got[2]["headers"]["Wad-Delivery"], "the same delivery")


def hang(_handler, _number):
    time.sleep(40)


def drip(handler, _number):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    for _ in range(40):
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(1)


def huge(handler, _number):
    handler.send_response(200)
    handler.send_header("Content-Length", str(10 << 30))
    handler.end_headers()
    for _ in range(10 << 10):
        handler.wfile.write(b"\0" * (1 << 20))


BOMB = gzip.compress(b"\0" * (64 << 20))


def bomb(handler, number):
    plain(handler, number, 200, BOMB, Content_Encoding="gzip")


def silent_socket():
    """Listens and never accepts what connects: TCP stands, no answer."""
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    s.listen(64)
    return s


def bad_receivers_do_not_delay_others(build):
    inner = Receiver()
    silent = silent_socket()

    def inward(handler, number):
        plain(handler, number, 302, b"", Location=inner.url("/inner"))

    bad = {"hangs": Receiver(hang), "drips": Receiver(drip), "huge": Receiver(huge), "bomb": Receiver(bomb),
           "redirects": Receiver(inward), "fails": Receiver(lambda h, n: plain(h, n, 500))}
    with World(build, (LEAD, 2), settings=OPEN, name="bad") as w, Receiver() as good:
        before = w.wad.memory()["Pss"]
        hooks = {name: w.wad.call("webhook.create", url=r.url(), topics=["lead.*"])["id"] for name, r in bad.items()}
        hooks["silent"] = w.wad.call("webhook.create", url=f"http://127.0.0.1:{silent.getsockname()[1]}/",
                                     topics=["lead.*"])["id"]
        hooks["refuses"] = w.wad.call("webhook.create", url="http://127.0.0.1:1/", topics=["lead.*"])["id"]
        w.wad.call("webhook.create", url=good.url(), topics=["lead.*"])
        opt_outs(w, 8)
        wait_until(lambda: len(bad["hangs"].got) == 4 and len(bad["drips"].got) == 4, 10, "the slow ones are busy")
        late = []
        for i in range(30):
            start = time.time()
            opt_outs(w, 1, LEAD + 100 + i)
            wait_until(lambda: str(LEAD + 100 + i) in phones(good), 10, "the good one gets it", 0.005)
            late.append(time.time() - start)
            time.sleep(0.1)
        check(max(late) < 1, f"the good receiver waits: {max(late):.2f} s")
        check(len(bad["hangs"].got) <= 8, "four at a time")
        start = time.monotonic()
        log = wait_until(lambda: (lambda got: got if len([d for d in got if d.get("error")]) >= 4 else None)(
            deliveries(w, webhook=hooks["hangs"])), 15, "the places of the one that hangs are free")
        check(all(9000 <= d["took_ms"] <= 11500 for d in log if d.get("error")), f"ten seconds: {log[-4:]}")
        check(wait_until(lambda: len(deliveries(w, webhook=hooks["drips"], state="waiting")) > 4 and
                         any(d.get("error") for d in deliveries(w, webhook=hooks["drips"])), 15, "drips end"), "")
        check(all(d["state"] == "delivered" and len(d.get("answer", "")) <= 400
                  for d in deliveries(w, webhook=hooks["huge"])[-8:]), "a huge answer is cut")
        check(all(d["state"] == "delivered" for d in deliveries(w, webhook=hooks["bomb"])[-8:]), "a bomb is not unpacked")
        check(any(d.get("error") == "HTTP 302" for d in deliveries(w, webhook=hooks["redirects"])), "3xx is a failure")
        check(not inner.got, "no redirect is followed")
        # one that fails is left alone after some failures in a row
        check(len(bad["fails"].got) < 20, f"{len(bad['fails'].got)} attempts at one that fails")
        grown = w.wad.memory()["Pss"] - before
        check(grown < 64 << 20, f"memory grew by {grown >> 20} MB")
        print(f"proof: webhooks: beside 8 bad receivers a good one waits {max(late) * 1000:.0f} ms at most, "
              f"{sorted(late)[len(late) // 2] * 1000:.0f} ms in the middle; memory grew by {grown >> 20} MB")
    for r in list(bad.values()) + [inner]:
        r.__exit__()
    silent.close()


def nothing_arrives_where_wad_may_not_go(build):
    closed = {"webhook.ports": "1-65535", "webhook.http": "true"}
    with World(build, (LEAD, 2), settings=closed, name="ssrf") as w, Receiver() as r:
        literal = ["127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0.0.0.0", "[::1]",
                   "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::127.0.0.1]", "169.254.169.254", "10.0.0.1",
                   "192.168.1.1", "[fe80::1]", "[fc00::1]", "user@localhost", "a:b@localhost"]
        for host in literal:
            try:
                w.wad.call("webhook.create", url=f"http://{host}:{r.port}/")
                raise Failure(f"{host} was taken")
            except RpcError as e:
                check(e.code == -32602, f"{host}: {e}")
        for url in (f"ftp://localhost:{r.port}/", f"file:///etc/passwd", "http://localhost:0/", f"http://localhost:{r.port}/ x"):
            try:
                w.wad.call("webhook.create", url=url)
                raise Failure(f"{url} was taken")
            except RpcError as e:
                check(e.code == -32602, f"{url}: {e}")
        # a name is judged by what it leads to, when it is connected to
        hook = w.wad.call("webhook.create", url=f"http://localhost:{r.port}/", topics=["lead.*"])["id"]
        tried = w.wad.call("webhook.test", webhook=hook)
        check(not tried["good"] and "not allowed" in tried["error"] and "status" not in tried, f"{tried}")
        opt_outs(w, 3)
        wait_until(lambda: len([d for d in deliveries(w, webhook=hook, state="waiting") if d.get("error")]) == 3, 10,
                   "the deliveries failed")
        check(not r.got, f"{len(r.got)} requests arrived")
        check(w.wad.call("webhook.show", webhook=hook).get("failing_since"), "it is said to fail")
    with World(build, (LEAD, 2), settings=dict(OPEN, **{"webhook.http": "false", "webhook.ports": "443"}),
               name="ssrf2") as w, Receiver() as r:
        for url in (r.url(), r.url().replace("http:", "https:")):
            try:
                w.wad.call("webhook.create", url=url)
                raise Failure(f"{url} was taken")
            except RpcError as e:
                check(e.code == -32602, f"{url}: {e}")


def openssl(directory, *args):
    done = subprocess.run(["openssl", *args], cwd=directory, capture_output=True, text=True, timeout=60)
    check(done.returncode == 0, f"openssl {args[0]}: {done.stderr}")


def certificates(directory):
    """An authority of our own, and two certificates by it for localhost: one good, one that ended in 2021."""
    with open(os.path.join(directory, "ca.conf"), "w") as f:
        f.write("[ca]\ndefault_ca = d\n[d]\ndatabase = index\nnew_certs_dir = .\nserial = serial\ndefault_md = sha256\n"
                "policy = p\ncopy_extensions = copy\nunique_subject = no\n[p]\ncommonName = supplied\n")
    open(os.path.join(directory, "index"), "w").close()
    with open(os.path.join(directory, "serial"), "w") as f:
        f.write("01\n")
    openssl(directory, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-subj",
            "/CN=An authority of tests", "-days", "365")
    for name, begin, end in (("good", "20250101000000Z", "20490101000000Z"), ("expired", "20200101000000Z", "20210101000000Z")):
        openssl(directory, "req", "-newkey", "rsa:2048", "-nodes", "-keyout", name + ".key", "-out", name + ".csr", "-subj",
                "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
        openssl(directory, "ca", "-batch", "-notext", "-config", "ca.conf", "-cert", "ca.pem", "-keyfile", "ca.key", "-in",
                name + ".csr", "-out", name + ".pem", "-startdate", begin, "-enddate", end)


def a_certificate_that_has_expired_is_refused(build):
    with tempfile.TemporaryDirectory(prefix="wad-cert-") as directory:
        os.chmod(directory, 0o755)
        certificates(directory)
        os.chmod(os.path.join(directory, "ca.pem"), 0o644)
        with World(build, (LEAD, 2), settings=dict(OPEN, **{"webhook.ca_file": os.path.join(directory, "ca.pem")}),
                   name="expired") as w, Receiver() as good, Receiver() as expired:
            hooks = {}
            for name, r in (("good", good), ("expired", expired)):
                tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                tls.load_cert_chain(os.path.join(directory, name + ".pem"), os.path.join(directory, name + ".key"))
                r.server.socket = tls.wrap_socket(r.server.socket, server_side=True)
                hooks[name] = w.wad.call("webhook.create", url=f"https://localhost:{r.port}/", topics=["lead.*"])["id"]
            check(w.wad.call("webhook.test", webhook=hooks["good"])["good"], "the same authority, a certificate that holds")
            tried = w.wad.call("webhook.test", webhook=hooks["expired"])
            check(not tried["good"] and "status" not in tried and "certificate has expired" in tried["error"], f"{tried}")
            opt_outs(w, 2)
            wait_until(lambda: len(good.got) == 3, 10, "the other goes on")
            log = wait_until(lambda: [d for d in deliveries(w, webhook=hooks["expired"], state="waiting") if d.get("error")], 10,
                             "the delivery failed")
            check(all("certificate has expired" in d["error"] for d in log), f"{log}")
            check(not expired.got, "nothing was told to it")


def gone_is_off_and_what_failed_can_be_replayed(build):
    state = {"answer": 410}

    def answer(handler, number):
        plain(handler, number, state["answer"], b"no such hook" if state["answer"] != 200 else b"")

    with World(build, (LEAD, 2), settings=OPEN, name="gone") as w, Receiver(answer) as r, Receiver() as watch:
        w.wad.call("webhook.create", url=watch.url(), topics=["webhook.*"])
        hook = w.wad.call("webhook.create", url=r.url(), topics=["lead.*", "webhook.*"], ordered=True)["id"]
        opt_outs(w, 5)
        shown = wait_until(lambda: (lambda s: None if s["enabled"] else s)(w.wad.call("webhook.show", webhook=hook)), 10,
                           "410 switches it off")
        check("410" in shown["reason"] and shown["failed"] >= 1, f"{shown}")
        wait_until(lambda: "webhook.disabled" in [g["headers"]["Wad-Event-Type"] for g in watch.got], 10, "others hear of it")
        check(all(g["headers"]["Wad-Event-Type"] == "lead.opt_out" for g in r.got), "no news of itself")
        try:
            w.wad.call("webhook.replay", webhook=hook)
            raise Failure("replayed to one that is off")
        except RpcError as e:
            check(e.code == -32003, str(e))
        tries = len(r.got)
        time.sleep(1)
        check(len(r.got) == tries, "nothing goes to one that is off")
        failed = deliveries(w, webhook=hook, state="failed")
        state["answer"] = 200
        w.wad.call("webhook.update", webhook=hook, enabled=True)
        check(w.wad.call("webhook.replay", webhook=hook)["replayed"] == len(failed), "all that failed, once more")
        check(w.wad.call("webhook.replay", webhook=hook)["replayed"] == 0, "but once")
        wait_until(lambda: len(r.got) == tries + len(failed), 10, "they arrive")
        again = {g["id"]: g["headers"]["Wad-Delivery"] for g in r.got[tries:]}
        check(set(again) == {d["event"] for d in failed}, "the same events")
        check(not set(again.values()) & {d["id"] for d in failed}, "as new deliveries")
        check(r.ids()[tries:] == sorted(again, key=int), "in their order")
        # one event, and a range with those that came while it was off
        first = int(min(again, key=int))
        check(w.wad.call("webhook.replay", webhook=hook, event=str(first))["replayed"] == 1, "one event")
        check(w.wad.call("webhook.replay", webhook=hook, **{"from": str(first), "to": str(first + 50)})["replayed"] == 5, "a range")
        wait_until(lambda: w.wad.call("webhook.show", webhook=hook)["waiting"] == 0, 10, "all done")
        check(w.wad.call("webhook.replay", webhook=hook, event="999999")["replayed"] == 0, "an event that is not there")


def a_receiver_may_ask_for_a_pause(build):
    def answer(handler, number):
        if number == 1:
            plain(handler, number, 503, b"", Retry_After="2")
        else:
            plain(handler, number)

    with World(build, (LEAD, 2), settings=OPEN, name="pause") as w, Receiver(answer) as r:
        w.wad.call("webhook.create", url=r.url(), topics=["lead.*"])
        opt_outs(w, 1)
        wait_until(lambda: len(r.got) == 1, 10, "the first")
        opt_outs(w, 1, LEAD + 1)
        time.sleep(1)
        check(len(r.got) == 1, "nothing comes in the pause")
        wait_until(lambda: len(r.got) == 3, 10, "then both")
        check(1.9 <= r.got[1]["at"] - r.got[0]["at"] < 5, "after what was asked for")


def kills_lose_nothing(build):
    with World(build, (LEAD, 2), settings=OPEN, name="kill") as w:
        with Receiver(lambda h, n: (time.sleep(0.02), plain(h, n))) as r:
            w.wad.call("webhook.create", url=r.url(), topics=["lead.*"])
            w.wad.call("webhook.create", url=r.url("/ordered"), topics=["lead.*"], ordered=True)
            wanted, seed = 0, int(os.environ.get("SEED", "7"))
            dice = random.Random(seed)
            for _ in range(6):
                opt_outs(w, 50, LEAD + wanted)
                wanted += 50
                time.sleep(dice.random() * 0.5)
                w.wad.process.kill()
                w.wad.start()
            for point in [p for p in points() if p.startswith("webhook.")]:
                for n in (1, 3):
                    w.wad.process.stop()
                    try:
                        if start_with(w, point, n):
                            opt_outs(w, 10, LEAD + wanted)
                    except (OSError, ConnectionError):
                        pass  # it died while it answered
                    wait_until(lambda: not w.wad.process.alive(), 15, f"wad dies at {point}:{n}")
                    w.wad.process.child.wait()
                    w.wad.start()
                    opt_outs(w, 10, LEAD + wanted)  # those it had are no events again
                    wanted += 10
            every = {str(LEAD + i) for i in range(wanted)}
            wait_until(lambda: all(set(json.loads(g["body"])["data"]["phone"] for g in list(r.got)
                                       if g["path"] == path) == every for path in ("/hook", "/ordered")), 60,
                       "every event at both")
            wait_until(lambda: all(h["waiting"] == 0 for h in w.wad.call("webhook.list")["webhooks"]), 30, "none waits")
            of = {}
            for g in r.got:
                of.setdefault(json.loads(g["body"])["data"]["phone"], set()).add(g["id"])
            check(all(len(ids) == 1 for ids in of.values()), "one event, one id")
            in_order = list(dict.fromkeys(g["id"] for g in r.got if g["path"] == "/ordered"))
            check(in_order == sorted(in_order, key=int), "the order is kept through all of it")
            check(len({d["event"] for d in deliveries(w, webhook="1")}) == len(deliveries(w, webhook="1")),
                  "one delivery an event")
            print(f"proof: webhooks: {wanted} events through 6 kills and {len([p for p in points() if p.startswith('webhook.')])}"
                  f" crash points: each arrived, {len(r.got) - 2 * wanted} repeats")


if __name__ == "__main__":
    sys.exit(run_tests([an_event_arrives_signed_and_filtered, a_call_is_told_once, a_burst_is_all_delivered,
                        the_order_is_kept_where_it_is_asked_for, bad_receivers_do_not_delay_others,
                        nothing_arrives_where_wad_may_not_go, a_certificate_that_has_expired_is_refused,
                        gone_is_off_and_what_failed_can_be_replayed,
                        a_receiver_may_ask_for_a_pause, kills_lose_nothing], os.path.abspath(sys.argv[1])))
