#!/usr/bin/env python3
"""One device against the simulated network: pairing and its refusals, the restart and login that follow,
loss and return, every class of failure, the server's wishes, logout. usage: device_life.py BUILD"""
import json
import os
import sys
import tempfile
import time

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(root, "tests/harness"))
from wadtest import Failure, Rpc, RpcError, Sandbox, Wad, wait_until  # noqa: E402

PHONE = 60110000001


def expect(what, got, want):
    if got != want:
        raise Failure(f"{what}: {got!r}, expected {want!r}")


class Bench:
    def __init__(self, build, directory):
        self.sandbox = Sandbox(build, directory, phones=(PHONE, 20))
        self.wad = Wad(build, directory, self.sandbox)

    def device(self, name):
        return self.wad.call("device.show", device=name)

    def wait_state(self, name, *states, seconds=40):
        return wait_until(lambda: self.device(name)["state"] in states and self.device(name), seconds,
                          f"device {name} is {' or '.join(states)}; it is {self.device(name)}")

    def wait_fault(self, name, fault, state, seconds=40):
        got = wait_until(lambda: self.device(name).get("fault") == fault and self.device(name), seconds,
                         f"device {name} is stopped by {fault}; it is {self.device(name)}")
        expect(f"state with {fault}", got["state"], state)
        return got

    def wait_online(self, name, seconds=40):
        return wait_until(lambda: self.device(name)["online"] and self.device(name), seconds,
                          f"device {name} is online; it is {self.device(name)}")

    def wait_offline(self, name, seconds=40):
        return wait_until(lambda: not self.device(name)["online"], seconds, f"device {name} is offline")

    def connections(self):
        return self.sandbox.admin("GET", "/admin/stats")

    def faults(self, **knobs):
        self.sandbox.admin("DELETE", "/admin/faults")
        if knobs:
            self.sandbox.faults(**knobs)

    def stop(self):
        self.wad.stop()
        self.sandbox.stop()


def fail_next_login(b, **how):
    b.sandbox.faults(target=str(PHONE), failLogin={"count": 1, **how})
    b.sandbox.faults(target=str(PHONE), dropNow=True)


def rows(answer, key):
    return answer[key] if isinstance(answer, dict) else answer


def pairs_and_logs_in(b):
    b.wad.pair("one", PHONE)
    got = b.wait_online("one")
    expect("state", got["state"], "online")
    expect("phone", str(got["phone"]), str(PHONE))
    if not got["lid"]:
        raise Failure(f"no LID after pairing: {got}")
    stock = rows(b.sandbox.admin("GET", "/admin/devices"), "devices")[0]["prekeys"]
    if not 800 <= stock <= 812:
        raise Failure(f"prekeys on the server: {stock}")


def honours_a_refreshed_secret(b):
    b.faults(companionRegRefresh=True)
    b.wad.call("device.create", name="refreshed")
    b.wad.call("device.pair", device="refreshed")
    first = wait_until(lambda: b.wad.call("device.qr", device="refreshed").get("qr"), 30, "a QR code")
    time.sleep(1)  # the refresh follows pair-device; a code drawn before it must still be accepted
    second = b.wad.call("device.qr", device="refreshed")["qr"]
    expect("same ref after the refresh", second.split(",")[0], first.split(",")[0])
    b.sandbox.scan(second, PHONE + 1)
    b.wait_online("refreshed")
    b.faults()


def comes_back_after_a_drop(b):
    before = b.device("one")
    b.sandbox.faults(target=str(PHONE), dropNow=True)
    b.faults()
    b.wait_offline("one")
    b.wait_online("one")
    expect("same address", b.device("one")["lid"], before["lid"])
    expect("still without a fault", b.device("one")["state"], "online")


def survives_a_restart_of_the_network(b):
    b.sandbox.stop()
    b.wait_offline("one")
    b.sandbox.start()
    b.wait_online("one", 60)


def comes_back_after_its_own_restart(b):
    b.wad.process.kill()
    b.wad.start()
    b.wait_online("one")
    b.wait_online("refreshed")


def waits_out_a_503(b):
    fail_next_login(b, reason=503)
    b.wait_offline("one")
    b.wait_online("one", 60)
    b.faults()


def stops_on_failures(b):
    """Each class of login failure is its own state, and stays until the operator says otherwise."""
    for reason, fault, state in ((405, "outdated", "paused"), (403, "account_locked", "banned"),
                                 (409, "bad_user_agent", "paused"), (406, "account_banned", "banned")):
        fail_next_login(b, reason=reason)
        got = b.wait_fault("one", fault, state)
        if str(reason) not in got.get("reason", ""):
            raise Failure(f"the reason is not told: {got}")
        b.faults()
        time.sleep(1.5)  # longer than the first backoff: it does not come back by itself
        expect(f"state after {reason}", b.device("one")["state"], state)
        b.wad.call("device.resume", device="one")
        expect("state again", b.wait_online("one")["state"], "online")


def a_lock_outlives_a_restart(b):
    fail_next_login(b, reason=403)
    b.wait_fault("one", "account_locked", "banned")
    b.faults()
    b.wad.stop()
    b.wad.start()
    b.wait_online("refreshed")
    expect("after a restart", b.device("one")["state"], "banned")
    b.wad.call("device.pair", device="one")
    b.wait_online("one")


def stops_when_replaced(b):
    b.sandbox.faults(target=str(PHONE), streamError={"child": "conflict", "attrs": {"type": "replaced"}})
    b.sandbox.faults(target=str(PHONE), dropNow=True)
    b.wait_fault("one", "replaced", "paused")
    b.faults()
    b.wad.call("device.pair", device="one")
    b.wait_online("one")


def bans_end_by_themselves(b):
    fail_next_login(b, reason=402, attrs={"code": "101", "expire": "3"})
    got = b.wait_fault("one", "temp_banned", "banned")
    if "strangers" not in (got.get("reason") or ""):
        raise Failure(f"the ban's cause is not told: {got}")
    b.faults()
    b.wait_online("one")


def answers_the_servers_ping(b):
    def answered():  # the drop before may still be on its way to one side
        return str(PHONE) in str(b.sandbox.faults(serverPing={"timeoutMs": 3000}))

    wait_until(answered, 20, "an answer to the server's ping")


def an_unlinked_device_is_logged_out(b):
    b.sandbox.admin("POST", f"/admin/phones/{PHONE}/unlink", {"device": 1})
    b.wait_state("one", "logged_out")
    b.wad.pair("one", PHONE, create=False)  # with new keys
    b.wait_online("one")


def logout_removes_it_from_the_phone(b):
    b.wait_online("one")
    b.wad.call("device.logout", device="one")
    b.wait_state("one", "logged_out")
    left = [d for d in rows(b.sandbox.admin("GET", "/admin/devices"), "devices") if d["phone"] == str(PHONE)]
    expect("devices of the phone", left, [])


def unused_codes_end(b):
    """The server's end of a registration leads to new codes, not to an error."""
    b.wad.call("device.create", name="unused")
    b.wad.call("device.pair", device="unused")
    first = wait_until(lambda: b.wad.call("device.qr", device="unused").get("qr"), 30, "a QR code")
    b.sandbox.faults(dropAll=True)
    b.faults()
    second = wait_until(lambda: b.wad.call("device.qr", device="unused").get("qr") not in (None, first) and
                        b.wad.call("device.qr", device="unused")["qr"], 30, "a new QR code")
    expect("the same keys", second.split(",")[1:], first.split(",")[1:])
    b.sandbox.scan(second, PHONE + 2)
    b.wait_online("unused")


def linking_is_an_object(b):
    """Each attempt has its number; it can be cancelled; nobody's phone is linked twice."""
    topics = []
    b.wad.call("device.create", name="third")
    expect("before", b.wad.call("device.qr", device="third")["state"], "none")
    first = b.wad.call("device.pair", device="third")
    expect("asked", first["state"], "connecting")
    expect("device", b.device("third")["state"] in ("new", "pairing"), True)
    wait_until(lambda: b.wad.call("device.qr", device="third").get("qr"), 30, "a QR code")
    expect("state while a code is shown", b.device("third")["state"], "pairing")
    expect("asked again: the same attempt", b.wad.call("device.pair", device="third")["pairing"], first["pairing"])
    b.wad.call("device.cancel", device="third")
    b.wait_state("third", "new")
    got = b.wad.call("device.qr", device="third")
    expect("cancelled", (got["state"], got.get("reason")), ("failed", "linking was cancelled"))
    try:
        b.wad.call("device.cancel", device="third")
        raise Failure("cancelled twice")
    except RpcError as e:
        expect("code", e.code, -32003)
    second = b.wad.call("device.pair", device="third")
    if second["pairing"] == first["pairing"]:
        raise Failure("a new attempt has the old number")
    qr = wait_until(lambda: b.wad.call("device.qr", device="third").get("qr"), 30, "a QR code")
    try:
        b.sandbox.scan(qr, PHONE + 1)  # linked as "refreshed" already
        raise Failure("the phone was told that it is linked")
    except Failure as e:
        if "409" not in str(e) and "422" not in str(e):
            raise
    b.wait_state("third", "new")
    if "another device" not in b.wad.call("device.qr", device="third").get("reason", ""):
        raise Failure(f"the reason is not told: {b.wad.call('device.qr', device='third')}")
    expect("the first link", b.wait_online("refreshed")["state"], "online")
    topics = [e["topic"] for e in events_of(b, "third")]
    expect("events of failed attempts", topics.count("device.pair_failed"), 2)
    b.wad.pair("third", PHONE + 3, create=False)
    b.wait_online("third")


def settings_survive_pairing_again(b):
    b.wad.call("device.update", device="third", delay_min_ms=10, delay_max_ms=20, per_day_max=77, quiet_hours="01:00-02:30",
               keep_days=30, store_chats=False, warm_up=False)
    before = b.device("third")
    expect("settings", [before[k] for k in ("delay_max_ms", "per_day_max", "quiet_hours", "keep_days", "store_chats")],
           [20, 77, "01:00-02:30", 30, False])
    b.wad.call("device.logout", device="third")
    b.wait_state("third", "logged_out")
    b.wad.pair("third", PHONE + 3, create=False)
    after = b.wait_online("third")
    for key in ("id", "delay_min_ms", "delay_max_ms", "per_day_max", "quiet_hours", "keep_days", "store_chats", "warm_up"):
        expect(key, after[key], before[key])


def a_paused_device_is_paused_until_it_is_resumed(b):
    b.wad.call("device.pause", device="third", reason="holiday")
    got = b.device("third")
    expect("paused", (got["state"], got["reason"], got["online"]), ("paused", "holiday", True))
    row = b.wad.call("message.send", device="third", to=str(PHONE + 10), text="after the holiday")["id"]
    b.wad.stop()
    b.wad.start()
    b.wait_online("third")
    expect("after a restart", b.device("third")["state"], "paused")
    time.sleep(0.5)
    expect("what it is to send", b.wad.call("message.show", id=row)["state"], "pending")
    b.wad.call("device.resume", device="third")
    expect("resumed", b.device("third")["state"], "online")
    wait_until(lambda: b.sandbox.shown("after the holiday"), 20, "the message is shown")
    topics = [e["topic"] for e in events_of(b, "third")]
    expect("events", [t for t in topics if t in ("device.paused", "device.resumed")], ["device.paused", "device.resumed"])


def events_of(b, name):
    """All stored events of a device."""
    ident, rpc, found = b.device(name)["id"], Rpc(b.wad.socket), []
    rpc.call("event.subscribe", topics=["device.*"], since_id="0")
    rpc.sock.settimeout(1)
    try:
        while True:
            line = json.loads(rpc.file.readline())
            event = line.get("params", {})
            if event.get("id") and event.get("data", {}).get("device") == ident:
                found.append(event)
    except (TimeoutError, OSError):
        return found


def no_complaints(b):
    expect("violations", b.sandbox.violations(), [])
    expect("stanzas without an answer", rows(b.sandbox.admin("GET", "/admin/unhandled"), "unhandled"), [])


STEPS = (pairs_and_logs_in, honours_a_refreshed_secret, comes_back_after_a_drop, answers_the_servers_ping,
         waits_out_a_503, stops_on_failures, a_lock_outlives_a_restart, stops_when_replaced,
         bans_end_by_themselves, comes_back_after_its_own_restart, survives_a_restart_of_the_network,
         an_unlinked_device_is_logged_out, unused_codes_end, linking_is_an_object, settings_survive_pairing_again,
         a_paused_device_is_paused_until_it_is_resumed, logout_removes_it_from_the_phone, no_complaints)


def main(build):
    with tempfile.TemporaryDirectory(prefix="wad-link-") as directory:
        os.chmod(directory, 0o755)  # the private PostgreSQL runs as another user
        b = Bench(build, directory)
        try:
            for step in STEPS:
                began = time.monotonic()
                step(b)
                print(f"ok {step.__name__} ({time.monotonic() - began:.1f} s)", flush=True)
        except Exception:
            print(b.wad.process.tail(40))
            raise
        finally:
            b.stop()


if __name__ == "__main__":
    main(os.path.abspath(sys.argv[1]))
