#!/usr/bin/env python3
"""Figures of what was sent: replies matched to broadcasts; counters beside what the tables say."""
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
from wadtest import Failure, RpcError, World, run_tests, wait_until  # noqa: E402

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


BROADCAST = "user_id = 1 and (campaign_id is not null or sequence_id is not null)"
STEPS = {"Sent": "state in (3, 4, 5)", "Received": "state in (4, 5)", "Read": "state = 5", "Replied": "replied_at is not null"}
MESSAGES = {"Sent": "Sent", "Received": "Delivered", "Read": "Read", "Replied": "Replied"}


def by_hand(w, which="true"):
    """The figures counted from the rows themselves."""
    columns = ", ".join(f"count(distinct recipient) filter (where {c}), count(*) filter (where {c})" for c in STEPS.values())
    row = w.wad.sql(f"select {columns}, count(*) filter (where state = 6) from outbox where {BROADCAST} and {which}")[0]
    figures = {"messagesFailed": int(row[-1])}
    for i, step in enumerate(STEPS):
        figures["leads" + step], figures["messages" + MESSAGES[step]] = int(row[2 * i]), int(row[2 * i + 1])
    figures["leadsNotReceived"] = figures["leadsSent"] - figures["leadsReceived"]
    figures["leadsNotRead"] = figures["leadsReceived"] - figures["leadsRead"]
    return figures


def all_by_hand(w):
    wanted, sql = by_hand(w), w.wad.sql
    wanted["optOuts"] = int(sql("select count(*) from events where topic = 'lead.opt_out'")[0][0])
    wanted["messagesReceived"] = int(sql("select count(*) from messages where not from_me and chat = sender")[0][0])
    wanted["messagesDirect"] = int(sql("select count(*) from outbox where state in (3, 4, 5) and campaign_id is null "
                                       "and sequence_id is null")[0][0])
    return wanted


def snake(name):
    return re.sub("[A-Z]", lambda m: "_" + m.group().lower(), name)


def right_at_once(w):
    """The first answer is what the tables said; asked again only when they changed around it."""
    for _ in range(50):
        before, total, wanted = all_by_hand(w), w.wad.call("analytics.summary"), all_by_hand(w)
        if before == wanted:
            break
    else:
        raise Failure("the tables never stood still")
    wrong = {k: (total["metrics"][k], v) for k, v in wanted.items() if total["metrics"][k] != v}
    check(not wrong, f"counted and true figures: {wrong}")


def compare(w):
    """Summary, devices, campaigns beside the tables, when nothing is under way."""
    wad = w.wad
    total, wanted = wad.call("analytics.summary"), all_by_hand(w)
    wrong = {k: (total["metrics"][k], v) for k, v in wanted.items() if total["metrics"][k] != v}
    check(not wrong, f"counted and true figures: {wrong}")
    classes = wad.sql(f"select coalesce(error_class, 'other'), count(*) from outbox where {BROADCAST} and state = 6 group by 1")
    check(total["failures"] == {c: int(n) for c, n in classes}, f"{total['failures']} {classes}")
    check(sum(d["messages"] for d in total["daily"]) == wanted["messagesSent"], f"{total['daily']}")
    for noun in ("device", "campaign"):
        for row in wad.call(f"analytics.{noun}s")[f"{noun}s"]:
            own = by_hand(w, f"{noun}_id = {row[noun]}")
            same = wad.call("analytics.summary", **{noun: row[noun]})["metrics"]
            wrong = {k: (same[k], v) for k, v in own.items() if same[k] != v}
            check(not wrong, f"{noun} {row[noun]}: {wrong}")
            if noun == "campaign":
                wrong = {k: (row[k], v) for k, v in ((snake(k), v) for k, v in own.items()) if k in row and row[k] != v}
            else:
                wrong = own["leadsSent"] != row["unique_contacts"] or own["messagesRead"] != row["messages_read"]
            check(not wrong, f"{noun} {row[noun]}: {wrong} {row}")
    return total


def lively(w, count):
    """Phones that read, answer, leave, and some that are no phones at all."""
    for i in range(0, count, 2):
        w.sandbox.admin("POST", f"/admin/phones/{LEAD + i}/config", {"autoRead": True, "readDelayMs": 20})
    for i in range(0, count, 4):
        w.sandbox.admin("POST", f"/admin/phones/{LEAD + i}/config", {"autoReply": "thank you", "replyDelayMs": 50})


def figures_equal_the_tables(build):
    with World(build, (LEAD, 40), name="analytics") as w:
        linked(w, 3)
        leads(w, 44)  # four of them have no phone
        lively(w, 40)
        broadcast(w, "first")
        for i in (1, 5):
            write(w, LEAD + i, "stop")
        wait_until(lambda: len(w.wad.call("optout.list")["optouts"]) == 2, 20, "two have left")
        broadcast(w, "second")
        w.wad.call("message.send", device="d0", to=str(LEAD + 2), text="direct")
        wait_until(lambda: int(w.wad.sql("select count(*) from outbox where state = 3 or replied_at is null and "
                                         "recipient = 60120000001")[0][0]) == 0, 20, "all is answered")
        total = compare(w)["metrics"]
        check(total["leadsSent"] == 40 and total["leadsReplied"] == 12 and total["optOuts"] == 2, f"{total}")
        check(total["messagesFailed"] >= 4 and total["activeDevices"] == 3 and total["onlineDevices"] == 3, f"{total}")
        csv = w.wad.call("analytics.export", days="today")["csv"]
        check(csv.startswith("date,sent,delivered,read,replied,messages,failed,opt_outs,received\r\n") and
              csv.count("\r\n") == 2 and ",40," in csv, csv)
        past = w.wad.call("analytics.summary", start="2024-02-28", end="2024-03-01")
        check([d["date"] for d in past["daily"]] == ["2024-02-28", "2024-02-29", "2024-03-01"], f"{past}")
        for bad in ({"start": "2026-02-30", "end": "2026-03-01"}, {"start": "2026-03-02", "end": "2026-03-01"},
                    {"start": "2026-03-01"}, {"start": "2025-01-01", "end": "2026-12-31"},
                    {"days": "7", "start": "2026-03-01", "end": "2026-03-01"}, {"device": "d0", "campaign": "1"},
                    {"start": "2026-03-0'", "end": "2026-03-01"}):
            try:
                w.wad.call("analytics.summary", **bad)
                raise Failure(f"{bad} was taken")
            except RpcError as e:
                check(e.code == -32602, f"{bad}: {e}")


def asked(w):
    """A reader makes it count, again and again; False once it is dead."""
    try:
        w.wad.call("analytics.summary")
    except (OSError, ConnectionError):
        pass
    return w.wad.process.alive()


def a_death_while_counting_counts_nothing_twice(build):
    """At the consumer's own points and by kill -9 at any time; right at once after each start."""
    points = [f"analytics.{p}:{n}" for p in ("before_count", "after_count") for n in (1, 2)]
    with World(build, (LEAD, 40), name="analytics-crash") as w:
        linked(w, 2)
        leads(w, 42)
        lively(w, 40)
        deaths = 0
        for i, point in enumerate(points + [None] * 4):
            title = f"round {i}"
            w.wad.process.stop()
            w.wad.start(env={"WAD_CRASH_AT": point} if point else None, wait=False)
            try:
                w.wad.wait_ready()
                w.wad.campaign(title=title, text=title, delay_min_ms=1, delay_max_ms=3)
                time.sleep(0.15 * i)
            except (OSError, ConnectionError, Failure):
                pass  # it died before it answered
            if point:
                wait_until(lambda: not asked(w), 20, f"wad dies at {point}")
            w.wad.process.kill()
            deaths += 1
            w.wad.start()
            right_at_once(w)
            w.wad.wait_online(2)
            known = [c["id"] for c in w.wad.call("campaign.list", limit=1000)["campaigns"] if c["title"] == title]
            w.wad.wait_campaign(known[0] if known else w.wad.campaign(title=title, text=title, **FAST))
        wait_until(lambda: w.wad.sql("select count(*) from outbox where replied_at is not null")[0][0] ==
                   str(10 * (len(points) + 4)), 20, "each campaign is answered")
        total = compare(w)["metrics"]
        check(total["messagesSent"] == 40 * (len(points) + 4) and total["leadsSent"] == 40, f"{total}")
        check(not w.sandbox.violations(), f"{w.sandbox.violations()}")
        print(f"proof: analytics: {deaths} deaths, {total['messagesSent']} messages: each counted once")


if __name__ == "__main__":
    sys.exit(run_tests([a_message_answers_the_newest_broadcast, figures_equal_the_tables,
                        a_death_while_counting_counts_nothing_twice], os.path.abspath(sys.argv[1])))
