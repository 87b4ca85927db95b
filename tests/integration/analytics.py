#!/usr/bin/env python3
"""Figures of what was sent: replies matched to broadcasts; counters beside what the tables say."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
from wadtest import Failure, World, run_tests, wait_until  # noqa: E402

DEVICE, LEAD = 60110000001, 60120000001
FAST = {"delay_min_ms": 0, "delay_max_ms": 0}


def check(condition, what):
    if not condition:
        raise Failure(what)


def leads(w, count):
    w.wad.call("lead.import", csv="phone\n" + "".join(f"{LEAD + i}\n" for i in range(count)))


def linked(w, count):
    for i in range(count):
        w.wad.pair(f"d{i}", DEVICE + i, **FAST)
    w.wad.wait_online(count)


def broadcast(w, title, **params):
    campaign = w.wad.campaign(title=title, text=title, **FAST, **params)
    w.wad.wait_campaign(campaign)
    return campaign


def write(w, phone, text, device=DEVICE):
    w.sandbox.admin("POST", f"/admin/phones/{phone}/send", {"to": str(device), "text": text})


def stored(w, text):
    wait_until(lambda: any(m.get("text") == text for m in w.wad.call("message.list", limit=1000)["messages"]), 20,
               f"{text!r} is stored")


def counts(w, campaign):
    return w.wad.call("campaign.show", campaign=campaign)["counts"]


def a_message_answers_the_newest_broadcast(build):
    """From whichever device it was sent; once; and only who was written to."""
    with World(build, (LEAD, 12), name="replied") as w:
        linked(w, 2)
        leads(w, 10)
        first = broadcast(w, "first")
        write(w, LEAD, "early")  # before the second one
        stored(w, "early")
        second = broadcast(w, "second")
        for i in (0, 1, 2):
            for device in (DEVICE, DEVICE + 1):
                write(w, LEAD + i, f"answer {i} {device}", device)
                stored(w, f"answer {i} {device}")
        write(w, LEAD + 11, "hello")  # a stranger
        stored(w, "hello")
        check((counts(w, first)["replied"], counts(w, second)["replied"]) == (1, 3),
              f"{counts(w, first)} {counts(w, second)}")


if __name__ == "__main__":
    sys.exit(run_tests([a_message_answers_the_newest_broadcast], os.path.abspath(sys.argv[1])))
