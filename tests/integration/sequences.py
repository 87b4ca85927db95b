#!/usr/bin/env python3
"""Sequences on the simulated network, with days of a few seconds: who gets what when, what stops it, and that a
wad which dies in between still gives each contact each day once."""
import base64
import json
import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
from crash_points import points, start_with  # noqa: E402
from wadtest import Failure, RpcError, World, png, run_tests, wait_until  # noqa: E402

DEVICE, LEAD = 60110000001, 60120000001
FAST = {"delay_min_ms": 0, "delay_max_ms": 0}
LENIENT = {"grace_s": 86400}  # a busy machine may be late by a whole short day


def check(condition, what):
    if not condition:
        raise Failure(what)


def world(build, name, people=20, day_s=4):
    return World(build, (LEAD, people), settings={"sequence.day_s": str(day_s)}, name=f"sequence-{name}")


def link(w, devices):
    for i in range(devices):
        w.wad.pair(f"d{i}", DEVICE + i, **FAST)
    w.wad.wait_online(devices)


def leads(w, count, niche="new"):
    w.wad.call("lead.import", csv="phone,name,niche\n" + "".join(f"{LEAD + i},Lead {i},{niche}\n" for i in range(count)))


def texts(w, phone):
    """What a phone has shown, in order."""
    return [m.get("text") or m.get("caption") for m in w.sandbox.shown(phone=phone)]


def state_of(w, sequence, phone):
    got = w.wad.call("sequence.contacts", sequence=sequence, phone=str(phone))["contacts"]
    return got[-1]["state"] if got else None


def ended(w, sequence, count, state="completed", seconds=90):
    def done():
        got = w.wad.call("sequence.show", sequence=sequence)
        return got if got["by_state"][state] == count else None

    return wait_until(done, seconds, f"{count} contacts are {state}", 0.3)


def all_once(w, wanted, count, seconds=30):
    """Each of the first phones shows exactly these, in this order."""
    wait_until(lambda: all(len(texts(w, LEAD + i)) >= len(wanted) for i in range(count)), seconds, "all is shown", 0.5)
    for i in range(count):
        check(texts(w, LEAD + i) == wanted, f"phone {i}: {texts(w, LEAD + i)}, wanted {wanted}")
    check(not w.sandbox.violations(), f"{w.sandbox.violations()[:3]}")


def each_day_arrives_once_and_in_order(build):
    with world(build, "days") as w:
        link(w, 2)
        leads(w, 12)
        steps = os.path.join(w.directory, "steps.json")
        with open(os.path.join(w.directory, "two.png"), "wb") as f:
            f.write(png(16, 16))
        with open(steps, "w") as f:
            json.dump([{"day": 1, "text": "one"}, {"day": 2, "image": "@" + os.path.join(w.directory, "two.png"), "caption": "two"},
                       {"day": 4, "text": "four"}], f)
        made = json.loads(w.wad.wactl("-o", "json", "sequence", "create", "welcome", "--steps", steps, "--niche", "NEW",
                                      "--send-time", "12:00", "--grace-s", 86400).stdout)
        check(made["state"] == "draft" and made["days"] == 4 and [s["day"] for s in made["steps"]] == [1, 2, 4], f"{made}")
        check(made["steps"][1]["has_image"] and made["steps"][1]["send_time"] == "12:00", f"{made['steps']}")
        w.wad.wactl("sequence", "start", made["id"])
        done = ended(w, made["id"], 12)
        all_once(w, ["one", "two", "four"], 12)
        check(done["messages"]["sent"] == 36 and done["success_rate"] == 100, f"{done}")
        log = w.wad.call("sequence.log", sequence=made["id"], limit=1000)["messages"]
        check(sorted((m["phone"], m["day"]) for m in log) == sorted((str(LEAD + i), d) for i in range(12) for d in (1, 2, 4)),
              f"{log[:3]}")
        check(all(m["state"] in ("sent", "delivered", "read") and m["msg_id"] for m in log), f"{log[:3]}")
        by_phone = {}
        for m in log:
            by_phone.setdefault(m["phone"], set()).add(m["device"])
        check(all(len(d) == 1 for d in by_phone.values()), f"a contact changed its device: {by_phone}")
        shares = sorted(sum(d == {x} for d in by_phone.values()) for x in {y for d in by_phone.values() for y in d})
        check(shares == [6, 6], f"shares of the devices: {shares}")
        at = sorted((m["at"], m["day"]) for m in log)
        check([d for _, d in at] == sorted(d for _, d in at), "days overlap")
        # a lead that comes later begins at its own first day
        w.wad.call("lead.import", csv=f"phone,niche\n{LEAD + 12},new\n")
        ended(w, made["id"], 13)
        check(texts(w, LEAD + 12) == ["one", "two", "four"], f"{texts(w, LEAD + 12)}")
        summary = w.wad.call("sequence.summary")
        check(summary["sequences"]["active"] == 1 and summary["contacts"]["total"] == 13, f"{summary}")


def days_in_two_parts_arrive_whole(build):
    """Picture, then text, from the same device, each part once: also through a kill between the parts."""
    with world(build, "parts") as w:
        link(w, 2)
        leads(w, 6)
        image = base64.b64encode(png(16, 16)).decode()
        made = w.wad.call("sequence.create", name="parts", niche="NEW", send_time="12:00", **LENIENT, steps=[
            {"day": 1, "image": image, "text": "one for {name}", "split": True}, {"day": 2, "text": "two"},
            {"day": 3, "image": image, "text": "three", "split": True}])["id"]
        w.wad.call("sequence.start", sequence=made)
        wait_until(lambda: len(w.sandbox.shown()) >= 6, 60, "first parts are out", 0.02)
        w.wad.process.kill()
        w.wad.start()
        ended(w, made, 6)

        def seen(i):
            return [(m["type"], m.get("text") or "") for m in w.sandbox.shown(phone=LEAD + i)]

        wait_until(lambda: all(len(seen(i)) >= 5 for i in range(6)), 60, f"all parts are shown: {[seen(i) for i in range(6)]}", 0.5)
        for i in range(6):
            check(seen(i) == [("image", ""), ("text", f"one for Lead {i}"), ("text", "two"), ("image", ""), ("text", "three")],
                  f"phone {i}: {seen(i)}")
        rows = w.wad.sql("select a.device_id = b.device_id and b.sent_at >= a.sent_at from outbox a join outbox b "
                         "on b.user_id = a.user_id and b.follows_id = a.id where a.sequence_id is not null")
        check(rows == [["t"]] * 12, f"{rows}")
        check(not w.sandbox.violations(), f"{w.sandbox.violations()[:3]}")


def bad_steps_are_named_and_change_nothing(build):
    with world(build, "bad", people=1) as w:
        bad = (([{"day": 1, "text": "a"}, {"day": 1, "text": "b"}], "day 1: is there twice"),
               ([{"day": 1, "text": "a"}, {"day": 7}], "day 7: text or image: one is needed"),
               ([{"day": 2, "text": "a", "send_time": "25:00"}], "day 2: send_time"),
               ([{"day": 2, "text": "a", "delay_min_ms": 5}], "day 2: delay_min_ms and delay_max_ms"),
               ([{"day": 3, "image": "aGVsbG8="}], "day 3: "),
               ([{"day": 3, "text": "a", "split": True}], "day 3: split"),
               ([{"day": 1, "text": "a {"}], "steps: "),
               ([{"day": 1, "text": "a"}, {"day": "x", "text": "b"}], "steps[1]: day"),
               ([], "must not be empty"))
        for steps, words in bad:
            try:
                w.wad.call("sequence.create", name="bad", steps=steps)
                raise Failure(f"taken: {steps}")
            except RpcError as e:
                check(words in str(e), f"{steps}: {e}")
        for params, words in (({"zone": "Mars/Base"}, "zone: no such time zone"),):
            try:
                w.wad.call("sequence.create", name="bad", steps=[{"day": 1, "text": "a"}], **params)
                raise Failure(f"taken: {params}")
            except RpcError as e:
                check(words in str(e), f"{params}: {e}")
        check(w.wad.call("sequence.list")["sequences"] == [], "something was made")
        check(w.wad.sql("select count(*) from contents") == [["0"]], "contents were made")
        made = w.wad.call("sequence.create", name="good", steps=[{"day": 1, "text": "a"}])
        try:
            w.wad.call("sequence.create", name="good", steps=[{"day": 1, "text": "b"}])
            raise Failure("a name is there twice")
        except RpcError as e:
            check("another sequence has it" in str(e), f"{e}")
        got = w.wad.call("sequence.enrol", sequence=made["id"], phones=[str(LEAD), f"+{LEAD}", "12", str(LEAD)])
        check((got["added"], got["already"], got["invalid"], got["refused"]) == (1, 2, 1, ["12"]), f"{got}")
        got = w.wad.call("sequence.enrol", sequence=made["id"], phones=[str(LEAD)])
        check((got["added"], got["already"]) == (0, 1), f"{got}")


def a_reply_a_word_or_a_pause_stops_what_follows(build):
    with world(build, "stop", day_s=6) as w:
        link(w, 1)
        steps = [{"day": d, "text": f"day {d}"} for d in (1, 2, 3)]
        made = w.wad.call("sequence.create", name="s", steps=steps, at_once=True, send_time="00:00", **LENIENT)["id"]
        w.wad.call("sequence.enrol", sequence=made, phones=[str(LEAD + i) for i in range(5)])
        w.wad.call("sequence.start", sequence=made)
        wait_until(lambda: all(texts(w, LEAD + i) for i in range(5)), 30, "the first day is shown")
        for phone, text in ((LEAD, "tell me more"), (LEAD + 1, "STOP")):
            w.sandbox.admin("POST", f"/admin/phones/{phone}/send", {"to": str(DEVICE), "text": text})
        wait_until(lambda: state_of(w, made, LEAD) == "replied", 10, "the reply stops it")
        wait_until(lambda: state_of(w, made, LEAD + 1) == "opted_out", 10, "the word ends it")
        w.wad.call("sequence.pause", sequence=made, phone=str(LEAD + 2))
        w.wad.call("sequence.remove", sequence=made, phone=str(LEAD + 3))
        ended(w, made, 1)
        check(texts(w, LEAD + 4) == ["day 1", "day 2", "day 3"], f"{texts(w, LEAD + 4)}")
        for i in (0, 2, 3):
            got = texts(w, LEAD + i)
            check(got == ["day 1", "day 2", "day 3"][:len(got)] and len(got) < 3, f"phone {i} went on: {got}")
        had = len(texts(w, LEAD + 2))
        w.wad.call("sequence.resume", sequence=made, phone=str(LEAD + 2))
        ended(w, made, 2)
        check(texts(w, LEAD + 2) == ["day 1", "day 2", "day 3"] and had < 3, f"{texts(w, LEAD + 2)}")
        check(w.wad.call("sequence.show", sequence=made)["by_state"] ==
              {"active": 0, "paused": 0, "completed": 2, "replied": 1, "opted_out": 1, "failed": 0, "removed": 1},
              f"{w.wad.call('sequence.show', sequence=made)}")


def a_paused_sequence_goes_on_where_it_was(build):
    with world(build, "pause", day_s=4) as w:
        link(w, 1)
        made = w.wad.call("sequence.create", name="s", steps=[{"day": d, "text": f"day {d}"} for d in (1, 2, 3)],
                          send_time="00:00", **LENIENT)["id"]
        w.wad.call("sequence.enrol", sequence=made, phones=[str(LEAD + i) for i in range(8)])
        w.wad.call("sequence.start", sequence=made)
        wait_until(lambda: all(texts(w, LEAD + i) for i in range(8)), 30, "the first day is shown")
        w.wad.call("sequence.pause", sequence=made)
        time.sleep(1)
        before = [texts(w, LEAD + i) for i in range(8)]
        time.sleep(9)  # two days and more
        check([texts(w, LEAD + i) for i in range(8)] == before, "a paused sequence sends")
        w.wad.call("sequence.update", sequence=made, steps=[{"day": d, "text": f"new {d}"} for d in (1, 2, 4)], send_time="00:00")
        told = w.wad.sql(f"select count(*) from events where topic = 'sequence.updated' and data ->> 'sequence' = '{made}'")
        check(told == [["1"]], f"the change is told once: {told}")
        w.wad.call("sequence.resume", sequence=made)
        ended(w, made, 8)
        for i in range(8):
            got, had = texts(w, LEAD + i), len(before[i])
            check(got[:had] == before[i] and got[had:] == ["new 2", "new 4"][had - 1:], f"phone {i}: {got}, before {before[i]}")


def a_sequence_may_start_before_its_device(build):
    with world(build, "early", people=3, day_s=2) as w:
        leads(w, 3)
        made = w.wad.call("sequence.create", name="s", niche="new", steps=[{"day": d, "text": f"day {d}"} for d in (1, 2, 4)],
                          at_once=True)["id"]
        w.wad.call("sequence.start", sequence=made)
        wait_until(lambda: w.wad.call("sequence.show", sequence=made)["by_state"]["active"] == 3, 20, "all are enrolled")
        time.sleep(3)  # more than a day without a device
        link(w, 1)
        ended(w, made, 3, seconds=40)
        all_once(w, ["day 1", "day 2", "day 4"], 3)


def every_point_keeps_each_day_to_one(build):
    names = [p for p in points() if p.startswith("sequence.")]
    check(len(names) >= 4, f"{names}")
    with world(build, "crash", day_s=3) as w:
        link(w, 2)
        wanted, deaths = [], 0
        for point, n in [(p, n) for p in names for n in (1, 2)]:
            w.wad.process.stop()
            name = f"{point}:{n}"
            leads(start(w), 6, f"{point}{n}".replace(".", "").replace("_", ""))
            made = w.wad.call("sequence.create", name=name, niche=f"{point}{n}".replace(".", "").replace("_", ""),
                              steps=[{"day": d, "text": f"{name} {d}"} for d in (1, 2)], send_time="00:00", **LENIENT)["id"]
            w.wad.process.stop()
            if start_with(w, point, n):
                try:
                    w.wad.call("sequence.start", sequence=made)
                except (OSError, ConnectionError, RpcError):
                    pass  # it died while it answered
            try:
                wait_until(lambda: not w.wad.process.alive(), 15, f"wad dies at {name}")
                deaths += 1
            except Failure:
                if n == 1:
                    raise
                w.wad.process.stop()
            w.wad.process.child.wait()
            start(w)
            if w.wad.call("sequence.show", sequence=made)["state"] == "draft":
                w.wad.call("sequence.start", sequence=made)
            w.wad.wait_online(2)
            ended(w, made, 6)
            wanted += [f"{name} 1", f"{name} 2"]
            all_once(w, wanted, 6)
            w.wad.call("sequence.pause", sequence=made)
        print(f"proof: crash points of sequences: {len(names)} points, {deaths} deaths there, each day shown once")


def start(w):
    w.wad.start()
    return w


def kills_at_any_moment_keep_each_day_to_one(build):
    rng = random.Random(5)
    with world(build, "kill", people=40, day_s=5) as w:
        link(w, 3)
        leads(w, 40)
        made = w.wad.call("sequence.create", name="s", niche="new", steps=[{"day": d, "text": f"day {d}"} for d in (1, 2, 3, 5)],
                          send_time="00:00", **LENIENT)["id"]
        w.wad.call("sequence.start", sequence=made)
        kills = 0
        for _ in range(8):
            time.sleep(rng.uniform(0.2, 3.5))
            w.wad.process.kill()
            kills += 1
            start(w)
            if w.wad.call("sequence.show", sequence=made)["by_state"]["completed"] == 40:
                break
        w.wad.wait_online(3)
        done = ended(w, made, 40, seconds=120)
        all_once(w, ["day 1", "day 2", "day 3", "day 5"], 40)
        check(done["messages"]["sent"] == 160, f"{done['messages']}")
        print(f"proof: {kills} kills of wad, 40 contacts, 4 days: each shown once, in order")


if __name__ == "__main__":
    sys.exit(run_tests([each_day_arrives_once_and_in_order, days_in_two_parts_arrive_whole, bad_steps_are_named_and_change_nothing,
                        a_reply_a_word_or_a_pause_stops_what_follows, a_paused_sequence_goes_on_where_it_was,
                        a_sequence_may_start_before_its_device, every_point_keeps_each_day_to_one,
                        kills_at_any_moment_keep_each_day_to_one], sys.argv[1]))
