#!/usr/bin/env python3
"""Campaigns from draft to done: what each recipient reads, when, from which device; what is told about it."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
from wadtest import Failure, RpcError, World, run_tests  # noqa: E402

DEVICE, LEAD = 60110000001, 60120000001
FAST = {"delay_min_ms": 0, "delay_max_ms": 0}


def check(condition, what):
    if not condition:
        raise Failure(what)


def refused(wad, words, method="campaign.create", **params):
    try:
        wad.call(method, **params)
    except RpcError as e:
        check(words in str(e), f"{params}: {e}")
        return
    raise Failure(f"{method} took {params}")


def leads(wad, count, niche="shops", first=LEAD):
    wad.call("lead.import", csv="phone,name,niche\n" + "".join(f"{first + i},Lead {i},{niche}\n" for i in range(count)))


def shown(w, phone):
    return [m.get("text") for m in w.sandbox.shown(phone=phone)]


def texts_are_made_for_each_recipient(build):
    with World(build, (LEAD, 200), name="template") as w:
        wad = w.wad
        wad.pair("d1", DEVICE, **FAST)
        wad.wait_online(1)
        leads(wad, 199)
        wad.call("lead.import", csv=f"phone,niche\n{LEAD + 199},shops\n")
        wad.sql(f"update leads set vars = '{{\"City\": \"Bern {{name}}\"}}', note = 'n1' where phone = {LEAD}")
        for bad, words in (("Hi {name", "other one"), ("Hi {first name}", "neither"), ("Hi {frist}", "no lead has"),
                           ("}", "other one")):
            refused(wad, words, title="bad", text=bad)
        text = "{Hello|Hi} {name:friend} \\{x\\} {city:nowhere} {NOTE:-} {phone} {niche}"
        campaign = wad.campaign(title="c", text=text, **FAST)
        wad.wait_campaign(campaign)
        got = [shown(w, LEAD + i) for i in range(200)]
        check(all(len(x) == 1 for x in got), "each once")
        check(all(x[0].split()[0] in ("Hello", "Hi") for x in got), f"{got[0]}")
        check({x[0].split()[0] for x in got} == {"Hello", "Hi"}, "both variants")
        check(got[0][0].split(" ", 1)[1] == f"Lead 0 {{x}} Bern {{name}} n1 {LEAD} SHOPS", f"{got[0]}")
        check(got[199][0].split(" ", 1)[1] == f"friend {{x}} nowhere - {LEAD + 199} SHOPS", f"{got[199]}")
        wad.call("message.send", device="d1", to=str(LEAD), text="as {it} stands")
        wad.wactl("message", "send", "--device", "d1", "--to", LEAD, "--text", "{done", "--wait", "delivered")
        check(shown(w, LEAD)[1:] == ["as {it} stands", "{done"], f"{shown(w, LEAD)}")
        check(not w.sandbox.violations(), f"{w.sandbox.violations()}")


if __name__ == "__main__":
    sys.exit(run_tests([texts_are_made_for_each_recipient], sys.argv[1]))
