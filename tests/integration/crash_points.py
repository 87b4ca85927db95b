#!/usr/bin/env python3
"""kill at each named crash point (WAD_CRASH_AT=point:n): the same promise."""
import base64
import os
import re
import subprocess
import sys

from crashing import DEVICE, LEAD, checked, leads, link
from wadtest import Failure, World, png, run_tests, wait_until

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
    if point.startswith("retry."):
        sandbox.faults(forceRetry=3)


def every_point_keeps_the_promise(build):
    with World(build, (LEAD, MESSAGES), name="crash-points") as w:
        link(w.wad, DEVICES)
        leads(w.wad, MESSAGES)
        died = 0
        for round_no, (point, n) in enumerate((p, n) for p in points() for n in (1, 7)):
            w.wad.process.stop()
            w.wad.start(env={"WAD_CRASH_AT": f"{point}:{n}"})
            text = f"point {point} {n}"
            kind = {"text": text}
            if point.startswith("media."):
                # a picture of its own each time, since an uploaded one is not uploaded again
                kind = {"image": base64.b64encode(png(16, 16, round_no + 1)).decode(), "caption": text}
            try:
                provoke(w, point, round_no)
                campaign = w.wad.campaign(title=text, delay_min_ms=1, delay_max_ms=3, **kind)
                wait_until(lambda: not w.wad.process.alive(), 4 if n == 1 else 6, f"wad dies at {point}:{n}")
                died += 1
            except (OSError, ConnectionError):
                wait_until(lambda: not w.wad.process.alive(), 5, f"wad dies at {point}:{n}")
                died += 1
                campaign = None
            except Failure:
                if n == 1:
                    raise  # a point that is never passed proves nothing
                w.wad.process.stop()
            w.wad.process.child.wait()
            w.wad.start()
            w.wad.wait_online(DEVICES)
            w.sandbox.admin("DELETE", "/admin/faults")
            if campaign is None:
                campaign = w.wad.campaign(title=text, delay_min_ms=1, delay_max_ms=3, **kind)
            checked(w, campaign, text, MESSAGES, 60)
            if point.startswith("receive."):
                incoming(w, round_no)
        print(f"proof: crash points: {len(points())} named points, {died} deaths there, each campaign of {MESSAGES} shown "
              f"once, no counter reused")


def incoming(w, round_no):
    wanted = {f"in {round_no} {i}" for i in range(12)}

    def texts():
        got = w.wad.call("message.list", limit=1000)["messages"]
        return [m["text"] for m in got if m.get("text") in wanted]

    wait_until(lambda: len(texts()) >= 12, 20, "all that came in is stored")
    if sorted(texts()) != sorted(wanted):
        raise Failure(f"stored {sorted(texts())}")


if __name__ == "__main__":
    sys.exit(run_tests([every_point_keeps_the_promise], sys.argv[1]))
