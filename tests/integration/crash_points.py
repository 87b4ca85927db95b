#!/usr/bin/env python3
"""kill at each named crash point (WAD_CRASH_AT=point:n): the same promise."""
import base64
import os
import re
import subprocess
import sys

from crashing import DEVICE, LEAD, checked, leads, link
from wadtest import Failure, RpcError, World, png, run_tests, wait_until

MESSAGES, DEVICES = 40, 2
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")


def points():
    """Every point the sources name, so that a new one cannot be left out."""
    found = subprocess.run(["grep", "-rhoE", r'CRASH_POINT\("[a-z_.]+"\)', os.path.join(ROOT, "daemon")],
                           capture_output=True, text=True, check=True).stdout
    return sorted(set(re.findall(r'"([a-z_.]+)"', found)))


def provoke(w, point, round_no):
    """What makes wad pass the point: a campaign for most, incoming messages or a retry for others."""
    sandbox = w.sandbox
    if point.startswith("receive."):
        for i in range(12):
            sandbox.admin("POST", f"/admin/phones/{LEAD + i}/send", {"to": str(DEVICE), "text": f"in {round_no} {i}"})
    if point.startswith("history."):
        sandbox.admin("POST", f"/admin/phones/{DEVICE}/history", {"chats": [{
            "with": LEAD, "fill": 600, "messages": [{"id": f"H{round_no}", "text": "old", "t": 1_760_000_000}]}]})
    if point.startswith("retry."):
        sandbox.faults(forceRetry=3)


def start_with(w, point, n):
    """False when it died before it answered."""
    w.wad.start(env={"WAD_CRASH_AT": f"{point}:{n}"}, wait=False)
    try:
        w.wad.wait_ready()
        return True
    except Failure:
        if w.wad.process.alive():
            raise
        return False


def one_point(w, point, n, round_no):
    """A campaign under a wad that dies at the n-th passage; True when it died there."""
    text = f"point {point} {n}"
    kind = {"text": text}
    if point.startswith("media."):
        # a picture of its own each time, since an uploaded one is not uploaded again
        kind = {"image": base64.b64encode(png(16, 16, round_no + 1)).decode(), "caption": text}
    campaign = None
    w.wad.process.stop()
    if start_with(w, point, n):
        try:
            provoke(w, point, round_no)
            campaign = w.wad.campaign(title=text, delay_min_ms=1, delay_max_ms=3, **kind)
        except (OSError, ConnectionError):
            pass  # it died while it answered
        except RpcError:
            pass
    try:
        wait_until(lambda: not w.wad.process.alive(), 6, f"wad dies at {point}:{n}")
        died = True
    except Failure:
        if n == 1:
            raise  # a point that is never passed proves nothing
        w.wad.process.stop()
        died = False
    w.wad.process.child.wait()
    w.wad.start()
    w.wad.wait_online(DEVICES)
    w.sandbox.admin("DELETE", "/admin/faults")
    if campaign is None:  # not accepted, or accepted and not told: the list knows
        known = [c["id"] for c in w.wad.call("campaign.list", limit=1000)["campaigns"] if c["title"] == text]
        campaign = known[0] if known else w.wad.campaign(title=text, delay_min_ms=1, delay_max_ms=3, **kind)
    checked(w, campaign, text, MESSAGES, 60)
    if point.startswith("receive."):
        incoming(w, round_no)
    return died


def every_point_keeps_the_promise(build):
    with World(build, (LEAD, MESSAGES), name="crash-points") as w:
        link(w.wad, DEVICES)
        leads(w.wad, MESSAGES)
        elsewhere = ("check.", "device.", "lead.", "migrate.", "once.", "pair.", "prekeys.", "reach.", "reply.", "sequence.", "sync.",
                     "webhook.")
        names = [p for p in points() if not p.startswith(elsewhere)]
        rounds = [(p, n) for p in names for n in (1, 7)]
        died = sum(one_point(w, p, n, i) for i, (p, n) in enumerate(rounds))
        print(f"proof: crash points: {len(names)} named points, {died} deaths there, each campaign of {MESSAGES} shown "
              f"once, no counter reused")


def a_pairing_that_was_cut_short_can_be_done_again(build):
    names = [p for p in points() if p.startswith(("pair.", "prekeys."))]
    with World(build, (LEAD, 5), name="crash-pair") as w:
        for i, point in enumerate(names):
            w.wad.process.stop()
            if not start_with(w, point, 1):
                raise Failure(f"wad died at {point} before there was anything to pair")
            try:
                w.wad.pair(f"d{i}", DEVICE + i, delay_min_ms=0, delay_max_ms=0)
            except (OSError, ConnectionError, Failure):
                pass  # it died before the phone was told
            wait_until(lambda: not w.wad.process.alive(), 10, f"wad dies at {point}")
            w.wad.process.child.wait()
            w.wad.start()

            def settled():
                got = w.wad.call("device.show", device=f"d{i}")
                return got if got["online"] or got["state"] in ("new", "logged_out") else None

            if not wait_until(settled, 30, f"d{i} is online or can be paired again")["online"]:
                w.wad.pair(f"d{i}", DEVICE + i, create=False)
                wait_until(lambda: w.wad.call("device.show", device=f"d{i}")["online"], 30, f"d{i} is online")
            w.wad.call("message.send", device=f"d{i}", to=str(LEAD), text=f"after {point}")
            wait_until(lambda: len(w.sandbox.shown(f"after {point}")) == 1, 20, f"d{i} sends")
            w.sandbox.admin("POST", f"/admin/phones/{LEAD}/send", {"to": str(DEVICE + i), "text": f"to {point}"})
            wait_until(lambda: any(m.get("text") == f"to {point}"
                                   for m in w.wad.call("message.list", device=f"d{i}")["messages"]), 20, f"d{i} receives")
        if w.sandbox.violations():
            raise Failure(f"violations: {w.sandbox.violations()[:3]}")
        print(f"proof: crash points of pairing: {', '.join(names)}: each device works afterwards")


def a_migration_that_was_cut_short_is_done_again(build):
    with World(build, (LEAD, 1), name="crash-migrate") as w:
        fresh = os.path.join(w.directory, "fresh")
        w.wad.process.stop()
        w.wad.state = fresh
        if start_with(w, "migrate.before_commit", 1):
            raise Failure("wad did not die in its migration")
        w.wad.process.child.wait()
        w.wad.start()
        if w.wad.call("device.list")["devices"]:
            raise Failure("the new database is not empty")


def incoming(w, round_no):
    wanted = {f"in {round_no} {i}" for i in range(12)}

    def texts():
        got = w.wad.call("message.list", limit=1000)["messages"]
        return [m["text"] for m in got if m.get("text") in wanted]

    wait_until(lambda: len(texts()) >= 12, 20, "all that came in is stored")
    if sorted(texts()) != sorted(wanted):
        raise Failure(f"stored {sorted(texts())}")


if __name__ == "__main__":
    sys.exit(run_tests([every_point_keeps_the_promise, a_pairing_that_was_cut_short_can_be_done_again,
                        a_migration_that_was_cut_short_is_done_again], sys.argv[1]))
