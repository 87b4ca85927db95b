#!/usr/bin/env python3
"""One device against the simulated network: pairing and its refusals, the restart and login that follow,
loss and return, every class of failure, the server's wishes, logout. usage: device_life.py BUILD"""
import os
import sys
import tempfile
import time

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(root, "tests/harness"))
from wadtest import Failure, Sandbox, Wad, wait_until  # noqa: E402

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
    expect("state", got["state"], "paired")
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
    expect("still without a fault", b.device("one")["state"], "paired")


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
    for reason, state in ((405, "outdated"), (403, "account_locked"), (409, "bad_user_agent"),
                          (406, "account_banned")):
        fail_next_login(b, reason=reason)
        got = b.wait_state("one", state)
        if str(reason) not in got.get("reason", ""):
            raise Failure(f"the reason is not told: {got}")
        b.faults()
        time.sleep(1.5)  # longer than the first backoff: it does not come back by itself
        expect(f"state after {reason}", b.device("one")["state"], state)
        b.wad.call("device.pair", device="one")
        expect("state again", b.wait_online("one")["state"], "paired")


def a_lock_outlives_a_restart(b):
    fail_next_login(b, reason=403)
    b.wait_state("one", "account_locked")
    b.faults()
    b.wad.stop()
    b.wad.start()
    b.wait_online("refreshed")
    expect("after a restart", b.device("one")["state"], "account_locked")
    b.wad.call("device.pair", device="one")
    b.wait_online("one")


def stops_when_replaced(b):
    b.sandbox.faults(target=str(PHONE), streamError={"child": "conflict", "attrs": {"type": "replaced"}})
    b.sandbox.faults(target=str(PHONE), dropNow=True)
    b.wait_state("one", "replaced")
    b.faults()
    b.wad.call("device.pair", device="one")
    b.wait_online("one")


def bans_end_by_themselves(b):
    fail_next_login(b, reason=402, attrs={"code": "101", "expire": "3"})
    got = b.wait_state("one", "temp_banned")
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


def no_complaints(b):
    expect("violations", b.sandbox.violations(), [])
    expect("stanzas without an answer", rows(b.sandbox.admin("GET", "/admin/unhandled"), "unhandled"), [])


STEPS = (pairs_and_logs_in, honours_a_refreshed_secret, comes_back_after_a_drop, answers_the_servers_ping,
         waits_out_a_503, stops_on_failures, a_lock_outlives_a_restart, stops_when_replaced,
         bans_end_by_themselves, comes_back_after_its_own_restart, survives_a_restart_of_the_network,
         an_unlinked_device_is_logged_out, unused_codes_end, logout_removes_it_from_the_phone, no_complaints)


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
