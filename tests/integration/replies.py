#!/usr/bin/env python3
"""Opt-outs and replies that wad gives by itself, from phones to the table and back; also when it dies between."""
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
from crash_points import points  # noqa: E402
from wadtest import Failure, Rpc, RpcError, World, run_tests, wait_until  # noqa: E402

DEVICE, LEAD = 60110000001, 60120000001
FAST = {"delay_min_ms": 0, "delay_max_ms": 0}
STOPPED, STARTED = "You will get no more messages from us.", "Welcome back"


def check(condition, what):
    if not condition:
        raise Failure(what)


def write(w, phone, text, device=DEVICE):
    w.sandbox.admin("POST", f"/admin/phones/{phone}/send", {"to": str(device), "text": text})


def seen(w, phone, start=""):
    return [m["text"] for m in w.sandbox.shown(phone=phone) if (m.get("text") or "").startswith(start)]


def stored(w, text, count=1):
    """The message came in and all that it leads to is committed with it."""
    wait_until(lambda: len([m for m in w.wad.call("message.list", limit=1000)["messages"]
                            if m.get("text") == text]) >= count, 20, f"{text!r} is stored")


def quiet(w):
    """Nothing waits to be sent."""
    wait_until(lambda: all(w.wad.call("queue.stats")[s] == 0 for s in ("pending", "claimed", "sending")), 20,
               "the queue is empty")


def leads(w, count):
    w.wad.call("lead.import", csv="phone,name\n" + "".join(f"{LEAD + i},Lead {i}\n" for i in range(count)))


def events(w, topic, count):
    """The first stored ones of the topic."""
    rpc = Rpc(w.wad.socket)
    rpc.call("event.subscribe", topics=[topic], since_id="0")
    rpc.sock.settimeout(10)
    got = [json.loads(rpc.file.readline())["params"]["data"] for _ in range(count)]
    rpc.close()
    return got


def a_word_takes_a_phone_out_and_another_brings_it_back(build):
    with World(build, (LEAD, 10), name="optout") as w:
        wad = w.wad
        wad.pair("d1", DEVICE, **FAST)
        wad.wait_online(1)
        leads(w, 5)
        write(w, LEAD, "please stop by")  # not the whole message
        write(w, LEAD, "  Stop! ")
        wait_until(lambda: seen(w, LEAD, STOPPED), 20, "it is confirmed")
        write(w, LEAD, "STOP")  # again: nothing more to say
        stored(w, "STOP")
        listed = wad.call("optout.list")["optouts"]
        check([(o["phone"], o.get("word"), o.get("name")) for o in listed] == [(str(LEAD), "stop", "Lead 0")], f"{listed}")
        flags = {le["phone"]: le["opted_out"] for le in wad.call("lead.list")["leads"]}
        check(flags[str(LEAD)] and not flags[str(LEAD + 1)], f"{flags}")
        campaign = wad.campaign(title="c", text="news", delay_min_ms=0, delay_max_ms=0)
        done = wad.wait_campaign(campaign, 60)
        check(done["total"] == 4 and done["counts"]["sent"] == 4, f"{done}")
        write(w, LEAD, "START")
        wait_until(lambda: seen(w, LEAD, STARTED), 20, "the return is confirmed")
        check(wad.call("optout.list")["optouts"] == [], "still on the list")
        write(w, LEAD + 1, "start")  # was never out: nothing to confirm
        stored(w, "start")
        done = wad.wait_campaign(wad.campaign(title="c2", text="more", delay_min_ms=0, delay_max_ms=0), 60)
        check(done["total"] == 5, f"{done}")
        quiet(w)
        check(len(seen(w, LEAD, STOPPED)) == 1 and len(seen(w, LEAD, STARTED)) == 1, f"{seen(w, LEAD)}")
        check(seen(w, LEAD, "news") == [] and seen(w, LEAD + 1, STARTED) == [], "a message too many")
        log = wad.call("reply.log")["replies"]
        check([(r["kind"], r["to"]) for r in log] == [("stop", str(LEAD)), ("start", str(LEAD))], f"{log}")
        check(not w.sandbox.violations(), f"{w.sandbox.violations()}")


def own_words_and_the_list_by_hand(build):
    with World(build, (LEAD, 10), name="words") as w:
        wad = w.wad
        wad.pair("d1", DEVICE, **FAST)
        wad.wait_online(1)
        wad.wactl("optout", "teach", "No More!", "--answer", "As you wish.")
        wad.wactl("optout", "teach", "Berhenti", "--answer", "Baik.")  # another answer for a built-in one
        write(w, LEAD, "no  MORE")
        write(w, LEAD + 1, "BERHENTI")
        wait_until(lambda: seen(w, LEAD) == ["As you wish."] and seen(w, LEAD + 1) == ["Baik."], 20, "own answers")
        check([x["word"] for x in wad.call("optout.words")["words"]] == ["berhenti", "no more"], "words")
        wad.wactl("optout", "unteach", "no more")
        write(w, LEAD + 2, "no more")
        stored(w, "no more")
        got = wad.call("optout.add", phone=str(LEAD + 5))
        check(got["added"] is True and wad.call("optout.add", phone=str(LEAD + 5))["added"] is False, f"{got}")
        wad.wactl("optout", "remove", LEAD, "--yes")
        check([o["phone"] for o in wad.call("optout.list")["optouts"]] == [str(LEAD + 1), str(LEAD + 5)], "the list")
        gone = wad.wactl("optout", "remove", LEAD, "--yes", check=False)
        check(gone.returncode == 5, f"exit {gone.returncode}")
        try:
            wad.call("optout.teach", word="!?")
            raise Failure("a word without letters was taken")
        except RpcError:
            pass


def what_waits_for_somebody_who_leaves_is_not_sent(build):
    with World(build, (LEAD, 60), name="waiting") as w:
        wad = w.wad
        for i in range(2):
            wad.pair(f"d{i}", DEVICE + i, **FAST)
        wad.wait_online(2)
        leads(w, 40)
        campaign = wad.campaign(title="c", text="slow", delay_min_ms=150, delay_max_ms=150)
        wait_until(lambda: wad.call("campaign.show", campaign=campaign)["counts"]["sent"] >= 4, 30, "four are sent")
        out = [LEAD + 36, LEAD + 37, LEAD + 39]  # the last ones, of both devices; all rows are claimed by now
        write(w, out[0], "stop", DEVICE)
        write(w, out[1], "stop", DEVICE)  # not the device that would have sent
        check(wad.call("optout.add", phone=str(out[2]))["stopped"] == 1, "a row waited")
        done = wad.wait_campaign(campaign, 60)
        check(done["counts"]["failed"] == 3 and done["counts"]["sent"] == 37, f"{done}")
        quiet(w)
        shown = [m["phone"] for m in w.sandbox.shown("slow")]
        check(len(shown) == len(set(shown)) == 37 and not {str(p) for p in out} & {str(p) for p in shown}, f"{len(shown)}")
        told = events(w, "lead.opt_out", 3)
        check({e["phone"] for e in told} == {str(p) for p in out}, f"{told}")
        failed = events(w, "message.failed", 3)
        check({e["to"] for e in failed} == {str(p) for p in out}, f"{failed}")


def rules_answer_once_and_within_their_bounds(build):
    with World(build, (LEAD, 30), name="rules") as w:
        wad = w.wad
        for i in range(2):
            wad.pair(f"d{i}", DEVICE + i, **FAST)
        wad.wait_online(2)
        leads(w, 2)
        price = wad.call("reply.create", text="{Dear|Dear} {name}: {number:5}", match="keyword", pattern="Price")
        order = wad.call("reply.create", text="Thanks", match="regex", pattern="^order #?[0-9]+$", cooldown_s=0)
        wad.call("reply.create", text="Only d1", match="keyword", pattern="one", device="d1")
        never = wad.call("reply.create", text="never", match="keyword", pattern="price", hours="00:00-00:01", days="mon")
        check(price["hours"] == "always" and never["days"] == "mon" and never["hours"] == "00:00-00:01", f"{never}")
        write(w, LEAD, "What is the PRICE?")
        wait_until(lambda: seen(w, LEAD) == ["Dear Lead 0: 5"], 20, "the keyword is answered")
        write(w, LEAD, "and the price now?")  # the cool-down
        write(w, LEAD, "priceless")
        write(w, LEAD + 1, "Order #12")
        write(w, LEAD + 1, "order 13")
        wait_until(lambda: len(seen(w, LEAD + 1, "Thanks")) == 2, 20, "without a cool-down each is answered")
        write(w, LEAD + 2, "one", DEVICE)
        write(w, LEAD + 3, "one", DEVICE + 1)
        wait_until(lambda: seen(w, LEAD + 3) == ["Only d1"], 20, "the device's own rule")
        # an "extended" text, as answers with a quotation are; a phone that is no lead, by its own name
        w.sandbox.admin("POST", f"/admin/phones/{LEAD + 10}/send",
                        {"to": str(DEVICE), "message": {"extendedTextMessage": {"text": "your price?"}}})
        wait_until(lambda: seen(w, LEAD + 10) == [f"Dear Phone {LEAD + 10}: 5"], 20, "an extended text is answered")
        # somebody of this installation, a group of automata, is not answered
        write(w, DEVICE + 1, "price", DEVICE)
        stored(w, "price")
        # five in an hour at most, whatever the rule says
        for i in range(10):
            write(w, LEAD + 4, f"order {i}")
        stored(w, "order 9")
        # opted out: not answered any more
        write(w, LEAD + 5, "stop")
        wait_until(lambda: seen(w, LEAD + 5, STOPPED), 20, "the opt-out is confirmed")
        write(w, LEAD + 5, "order 77")
        stored(w, "order 77")
        # a person answered: the rule keeps still
        wad.wactl("message", "send", "--device", "d0", "--to", LEAD + 6, "--text", "hello", "--wait", "delivered")
        write(w, LEAD + 6, "your price?")
        stored(w, "your price?")
        # a daily cap and a rule that is off
        wad.call("reply.update", rule=price["id"], daily_max=3, text="Now 6")
        write(w, LEAD + 7, "price!")
        wait_until(lambda: seen(w, LEAD + 7) == ["Now 6"], 20, "the last of the day")
        write(w, LEAD + 8, "price!!")
        stored(w, "price!!")
        off = wad.call("reply.update", rule=order["id"], enabled=False)
        check(off["enabled"] is False and off["today"] == 7, f"{off}")
        write(w, LEAD + 9, "order 1000")
        stored(w, "order 1000")
        quiet(w)
        counts = {i: len(seen(w, LEAD + i)) for i in range(10)}
        check(counts == {0: 1, 1: 2, 2: 0, 3: 1, 4: 5, 5: 1, 6: 1, 7: 1, 8: 0, 9: 0}, f"answers: {counts}")
        log = wad.call("reply.log", rule=price["id"])["replies"]
        check([(r["to"], r["text"]) for r in log] == [(str(LEAD), "Dear Lead 0: 5"),
              (str(LEAD + 10), f"Dear Phone {LEAD + 10}: 5"), (str(LEAD + 7), "Now 6")], f"{log}")
        check(len(wad.call("reply.list")["rules"]) == 4, "four rules")
        wad.wactl("reply", "delete", price["id"], "--yes")
        check(wad.wactl("reply", "show", price["id"], check=False).returncode == 5, "it is still there")
        for bad in ({"text": "x", "match": "regex", "pattern": "(a"}, {"text": "x", "match": "regex", "pattern": "(a)\\1"},
                    {"text": "x", "pattern": "a"}, {"text": "x", "match": "keyword"}, {"text": "x", "hours": "9-5"},
                    {"text": "{Hi", "match": "any"}, {"text": "{nobodyhas}"},
                    {"text": "x", "days": "someday"}):
            try:
                wad.call("reply.create", **bad)
                raise Failure(f"{bad} was taken")
            except RpcError:
                pass
        check(not w.sandbox.violations(), f"{w.sandbox.violations()}")


def hours_follow_the_zone_of_the_user(build):
    with World(build, (LEAD, 30), name="hours") as w:
        wad = w.wad
        wad.pair("d1", DEVICE, **FAST)
        wad.wait_online(1)
        now = time.gmtime()
        if now.tm_hour == 23 and now.tm_min >= 55:
            time.sleep(360)
            now = time.gmtime()
        day = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
        today, yesterday = day[now.tm_wday], day[now.tm_wday - 1]
        hour = now.tm_hour

        def at(h):
            return f"{h % 24:02d}:00"

        def rule(word, **when):
            wad.call("reply.create", text=word, match="keyword", pattern=word, **when)

        rule("today", days=today)
        rule("yesterday", days=yesterday)
        rule("within", hours="00:00-23:59", days=today)
        rule("before", hours=f"{now.tm_hour:02d}:{now.tm_min:02d}-{now.tm_hour:02d}:{now.tm_min + 1:02d}"
             if now.tm_min < 59 else "00:00-23:59", days=yesterday)
        # over midnight: begins an hour after the present one ends and lasts until it: now is outside
        rule("outside", hours=f"{at(hour + 2)}-{at(hour)}" if hour < 22 and hour > 0 else "00:00-00:01", days="mon-sun")
        # the whole night that began yesterday and lasts until 23:59
        rule("night", hours="23:59-23:58", days=yesterday)
        for i, word in enumerate(("today", "yesterday", "within", "before", "outside", "night")):
            write(w, LEAD + i, word)
            stored(w, word)
        wait_until(lambda: all(seen(w, LEAD + i) for i in (0, 2, 5)), 20, "those within their hours answer")
        quiet(w)
        got = [len(seen(w, LEAD + i)) for i in range(6)]
        check(got == [1, 0, 1, 0, 0, 1], f"answers: {got}")


def a_death_between_leaves_one_answer(build):
    """At each point on the way of a message in and of its answer out."""
    names = [p for p in points() if p.startswith(("reply.", "receive.", "group.", "send.", "queue."))]
    phones = len(names) * 2
    with World(build, (LEAD, phones), name="replies-crash") as w:
        wad = w.wad
        wad.pair("d1", DEVICE, **FAST)
        wad.wait_online(1)
        wad.call("reply.create", text="{name}auto", match="keyword", pattern="hello")
        deaths = 0
        for i, point in enumerate(names):
            stopper, asker = LEAD + 2 * i, LEAD + 2 * i + 1
            wad.process.stop()
            wad.start(env={"WAD_CRASH_AT": f"{point}:1"}, wait=False)
            try:
                wad.wait_ready()
                wad.wait_online(1)
            except (OSError, ConnectionError):
                pass  # it died while it logged in
            except Failure:
                if wad.process.alive():
                    raise
            write(w, stopper, "stop")
            write(w, asker, "hello there")
            wait_until(lambda: not wad.process.alive(), 20, f"wad dies at {point}")
            wad.process.child.wait()
            deaths += 1
            wad.start()
            wad.wait_online(1)
            wait_until(lambda: seen(w, stopper) and seen(w, asker), 30, f"both are answered after {point}")
        quiet(w)
        time.sleep(0.5)
        wrong = {p: seen(w, p) for p in range(LEAD, LEAD + phones) if len(seen(w, p)) != 1}
        check(not wrong, f"not one answer: {wrong}")
        check(len(wad.call("optout.list", limit=1000)["optouts"]) == len(names), "each stop counted")
        check(not w.sandbox.violations(), f"{w.sandbox.violations()}")
        print(f"proof: replies: {len(names)} crash points, {deaths} deaths, {phones} messages: each answered once")


if __name__ == "__main__":
    sys.exit(run_tests([a_word_takes_a_phone_out_and_another_brings_it_back, own_words_and_the_list_by_hand,
                        what_waits_for_somebody_who_leaves_is_not_sent, rules_answer_once_and_within_their_bounds,
                        hours_follow_the_zone_of_the_user, a_death_between_leaves_one_answer], sys.argv[1]))
