#!/usr/bin/env python3
"""Devices in trouble in the middle of a campaign: dropped, logged out, locked (463), told to slow down, paused, killed;
pacing, priorities, expiry. Rows move or wait as they should, and each recipient has its message exactly once.
usage: device_trouble.py BUILD"""
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
from wadtest import Failure, Rpc, Tally, World, run_tests, wait_until  # noqa: E402

LEAD, DEVICE, LEADS = 60120000001, 60110000001, 60


def check(condition, what):
    if not condition:
        raise Failure(what)


def world(build, name, devices=2, leads=LEADS, settings=None, **device):
    w = World(build, (LEAD, LEADS + 20), {"devices.failover_ms": "1000", **(settings or {})}, name=name)
    w.__enter__()
    try:
        for i in range(devices):
            w.wad.pair(f"d{i}", DEVICE + i, **device)
        w.wad.wait_online(devices)
        w.wad.call("lead.import", csv="phone\n" + "".join(f"{LEAD + i}\n" for i in range(leads)))
    except BaseException:
        w.__exit__(*sys.exc_info())
        raise
    return w


class Trouble:
    """A world with a campaign that is half way."""

    def __init__(self, build, name, **how):
        self.text = f"news of {name}"
        self.leads = how.pop("leads", LEADS)
        self.after = how.pop("after", 10)
        self.params = how.pop("campaign", {"delay_min_ms": 60, "delay_max_ms": 90})
        self.w = world(build, name, leads=self.leads, **how)

    def __enter__(self):
        self.wad, self.sandbox = self.w.wad, self.w.sandbox
        self.campaign = self.wad.campaign(title="c", text=self.text, **self.params)
        try:
            wait_until(lambda: len(self.shown()) >= self.after, 60, "the campaign is under way", 0.01)
        except BaseException:
            self.w.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, kind, value, trace):
        return self.w.__exit__(kind, value, trace)

    def shown(self):
        return self.sandbox.shown(self.text)

    def counts(self):
        return self.wad.call("campaign.show", campaign=self.campaign)["counts"]

    def device(self, name):
        return self.wad.call("device.show", device=name)

    def worker(self, name):
        return self.wad.call("queue.workers", device=name)["workers"][0]

    def check_once(self, leads=None):
        got = Tally((str(LEAD + i), self.text) for i in range(self.leads if leads is None else leads)).check(
            self.sandbox.messages())
        check(not got["missing"] and not got["twice"], f"missing {got['missing'][:5]}, twice {got['twice'][:5]}")
        check(self.sandbox.violations() == [], f"{self.sandbox.violations()}")

    def done(self, seconds=60):
        wait_until(lambda: not Tally((str(LEAD + i), self.text) for i in range(self.leads)).check(
            self.sandbox.messages())["missing"], seconds, f"all have it: {self.counts()}", 0.2)
        self.check_once()


def a_dropped_device_gives_its_rows_to_the_other(build):
    with Trouble(build, "dropped") as t:
        t.sandbox.faults(target=str(DEVICE), failLogin={"reason": 503, "count": 50})
        t.sandbox.faults(target=str(DEVICE), dropNow=True)
        wait_until(lambda: t.device("d0")["state"] == "backoff", 20, f"d0 is away: {t.device('d0')}")
        t.done()
        check(t.device("d1")["state"] == "online", "the other went on")


def a_logged_out_device_gives_its_rows_to_the_other(build):
    with Trouble(build, "unlinked") as t:
        t.sandbox.admin("POST", f"/admin/phones/{DEVICE}/unlink", {"device": 1})
        wait_until(lambda: t.device("d0")["state"] == "logged_out", 20, f"d0: {t.device('d0')}")

        def settled():
            c = t.counts()
            return c["pending"] + c["sending"] == 0

        wait_until(settled, 60, f"all rows are final: {t.counts()}", 0.2)
        lost = t.counts()["failed"]  # left, and never answered: not sent again by another
        seen = {m["phone"] for m in t.shown()}
        check(len(t.shown()) == len(seen), "somebody has it twice")
        check(len(seen) + lost >= t.leads, f"shown {len(seen)}, failed {lost} of {t.leads}")
        check(lost <= 2, f"{lost} failed")


def a_campaign_with_named_devices_stays_among_them(build):
    with Trouble(build, "named", devices=3, campaign={"delay_min_ms": 60, "delay_max_ms": 90, "devices": ["d0", "d1"]}) as t:
        t.sandbox.faults(target=str(DEVICE), failLogin={"reason": 503, "count": 50})
        t.sandbox.faults(target=str(DEVICE), dropNow=True)
        t.done()
        senders = {m["fromPn"] for m in t.shown()}
        check(str(DEVICE + 2) not in senders, f"sent by {senders}")


def a_locked_device_writes_to_those_it_knows_only(build):
    """463: only new chats wait, until the end that the server tells; replies go on."""
    with Trouble(build, "locked", devices=1, leads=30) as t:
        known = LEAD + LEADS + 5  # has written to the device
        t.sandbox.admin("POST", f"/admin/phones/{known}/send", {"to": str(DEVICE), "text": "who are you?"})
        wait_until(lambda: t.wad.call("message.list", device="d0", chat=str(known))["messages"], 20, "its message came")
        t.sandbox.faults(target=str(DEVICE), reachLock={"seconds": 12})
        locked = wait_until(lambda: t.device("d0").get("reach_locked_until"), 20, "the lock is known")
        refused = len([s for s in t.sandbox.admin("GET", "/admin/stanzas?limit=1000") if 'error="463"' in s["stanza"]])
        check(1 <= refused <= 3, f"{refused} were refused")
        answer = t.wad.call("message.send", device="d0", to=str(known), text="an old friend")["id"]
        wait_until(lambda: t.wad.call("message.show", id=answer)["state"] in ("delivered", "read"), 10, "the answer leaves")
        before = len(t.shown())
        check(before < 30, f"{before} of 30 were sent before the lock")
        time.sleep(2)
        check(len(t.shown()) == before, "a new chat was opened under the lock")
        check(t.counts()["failed"] == 0, f"{t.counts()}")
        check(t.device("d0")["reach_locked_until"] == locked, "the end of the lock is kept")
        t.wad.process.kill()  # what waits, waits in the table
        t.wad.start()
        t.wad.wait_online(1)
        check(t.device("d0")["reach_locked_until"], "the lock is known after a restart")
        t.done(120)
        late = len([s for s in t.sandbox.admin("GET", "/admin/stanzas?limit=2000") if 'error="463"' in s["stanza"]])
        check(late == refused, f"{late - refused} more were refused")
        topics = events(t.wad, "device.reach_locked")
        check(len(topics) >= 1, "no event tells of the lock")


def a_lock_that_is_pushed_counts_at_once(build):
    with Trouble(build, "pushed", devices=1, leads=30) as t:
        t.sandbox.faults(target=str(DEVICE), reachLock={"seconds": 600, "push": True})
        wait_until(lambda: t.device("d0").get("reach_locked_until"), 20, "the lock is known")
        time.sleep(1)
        before = len(t.shown())
        time.sleep(1.5)
        check(len(t.shown()) == before < 30, f"{before}, then {len(t.shown())}")
        t.sandbox.faults(target=str(DEVICE), reachLock={"seconds": 0, "push": True})
        t.done(90)


def strangers_without_a_token_fail_once(build):
    """463 without a lock is about the person: the row fails, and is not tried again."""
    with Trouble(build, "cold", devices=1, leads=20, after=1, campaign={"delay_min_ms": 100, "delay_max_ms": 100}) as t:
        t.sandbox.faults(target=str(DEVICE), ackError={"code": 463, "count": 2})
        wait_until(lambda: t.counts()["failed"] == 2, 30, f"two have failed: {t.counts()}")
        wait_until(lambda: len(t.shown()) == 18, 60, "the others have it", 0.2)
        failed = [e["data"] for e in events(t.wad, "message.failed")]
        check([d["class"] for d in failed] == ["cold_contact"] * 2, f"{failed}")
        refused = [s for s in t.sandbox.admin("GET", "/admin/stanzas?limit=1000") if 'error="463"' in s["stanza"]]
        check(len(refused) == 2, f"{len(refused)} refusals")
        check("reach_locked_until" not in t.device("d0"), "there is no lock")
        # a person may have it sent after all
        got = t.wad.call("queue.retry", **{"class": "cold_contact"})
        check(got["retried"] == 2, f"{got}")
        t.done()


def an_unwell_device_pauses_itself_and_says_why(build):
    """New chats refused, one after the other: the device stops before all are spoiled, until somebody looks."""
    with Trouble(build, "unwell", devices=1, leads=30, after=5) as t:
        t.sandbox.faults(target=str(DEVICE), ackError={"code": 463, "count": 30})
        got = wait_until(lambda: t.device("d0")["state"] == "paused" and t.device("d0"), 30, f"d0 pauses: {t.device('d0')}")
        check("too many new chats were refused" in got["reason"], f"{got}")
        told = [e for e in t.wad.sql("select data->>'reason', data->>'by_itself' from events where topic = 'device.paused'")]
        check(len(told) == 1 and told[0][0] == got["reason"] and told[0][1] == "true", f"{told}")
        refused = [s for s in t.sandbox.admin("GET", "/admin/stanzas?limit=1000") if 'error="463"' in s["stanza"]]
        failed = t.counts()["failed"]
        check(8 <= len(refused) <= 10 and failed == len(refused), f"{len(refused)} refused, {failed} failed")
        time.sleep(1.5)
        check(t.counts()["failed"] == failed and t.counts()["pending"] > 0, f"the rest waits: {t.counts()}")
        t.wad.process.kill()  # it stays paused
        t.wad.start()
        wait_until(lambda: t.device("d0")["state"] == "paused", 20, f"paused after a restart: {t.device('d0')}")
        t.sandbox.admin("DELETE", "/admin/faults")
        time.sleep(1)
        check(t.counts()["failed"] == failed and t.counts()["pending"] > 0, f"still the rest waits: {t.counts()}")
        t.wad.call("device.resume", device="d0")
        wait_until(lambda: len({m["phone"] for m in t.shown()}) == 30 - failed, 60, f"all the others have it: {t.counts()}")
        check(t.device("d0")["state"] == "online" and not t.device("d0").get("reason"), f"{t.device('d0')}")
        check(t.sandbox.violations() == [], f"{t.sandbox.violations()}")


def a_device_that_is_told_to_slow_down_is_parked(build):
    with Trouble(build, "limited") as t:
        t.sandbox.faults(target=str(DEVICE), ackError={"code": 429, "count": 1})
        wait_until(lambda: t.worker("d0").get("why") == "cool-down", 20, f"d0 cools down: {t.worker('d0')}")
        at = t.worker("d0")["next_send_at"]
        check(at, "when it may send is told")
        check(t.device("d0")["state"] == "online", "it stays online")
        t.wad.process.kill()
        t.wad.start()
        t.wad.wait_online(2)
        time.sleep(1)
        check(t.worker("d0").get("next_send_at"), f"the cool-down outlives a restart: {t.worker('d0')}")
        wait_until(lambda: t.counts()["pending"] + t.counts()["sending"] <= LEADS // 2 + 1, 40, "the other goes on", 0.2)
        time.sleep(1)
        check(t.counts()["failed"] == 0, f"{t.counts()}")
        sent = [m for m in t.shown() if m["fromPn"] == str(DEVICE)]
        check(len(sent) < LEADS, "d0 waits")
        t.done(120)  # after a minute


def caps_hold_over_a_restart(build):
    with Trouble(build, "caps", devices=1, leads=20, after=5, per_minute_max=6, warm_up=False,
                 campaign={"delay_min_ms": 0, "delay_max_ms": 0}) as t:
        wait_until(lambda: len(t.shown()) == 6, 20, "six are sent", 0.05)
        wait_until(lambda: t.worker("d0").get("why") == "minute cap", 10, f"{t.worker('d0')}")
        t.wad.process.kill()
        t.wad.start()
        t.wad.wait_online(1)
        time.sleep(3)
        check(len(t.shown()) == 6, f"{len(t.shown())} within the minute")
        check(t.worker("d0").get("why") == "minute cap", f"{t.worker('d0')}")
        t.wad.call("device.update", device="d0", per_minute_max=0)  # counts at once
        t.done(30)


def a_young_link_sends_a_tenth(build):
    with Trouble(build, "young", devices=1, leads=20, after=2, per_minute_max=20,
                 campaign={"delay_min_ms": 0, "delay_max_ms": 0}) as t:
        time.sleep(2)
        check(len(t.shown()) == 2, f"{len(t.shown())} within the minute")
        check(t.worker("d0").get("why") == "warm-up", f"{t.worker('d0')}")
        t.wad.call("device.update", device="d0", warm_up=False)
        t.done(30)


def quiet_hours_hold(build):
    now = time.gmtime(time.time() - 3600)
    start, end = f"{now.tm_hour:02}:{now.tm_min:02}", f"{(now.tm_hour + 3) % 24:02}:{now.tm_min:02}"
    w = world(build, "quiet", devices=1, leads=3, quiet_hours=f"{start}-{end}")
    try:
        campaign = w.wad.campaign(title="c", text="at night")
        wait_until(lambda: w.wad.call("queue.workers")["workers"][0].get("why") == "quiet hours", 10,
                   f"{w.wad.call('queue.workers')}")
        time.sleep(1)
        check(w.sandbox.shown("at night") == [], "sent in quiet hours")
        w.wad.call("device.update", device="d0", quiet_hours="never")
        wait_until(lambda: len(w.sandbox.shown("at night")) == 3, 20, "sent when they are over")
        w.wad.wait_campaign(campaign, 20)
    except BaseException:
        w.__exit__(*sys.exc_info())
        raise
    w.__exit__(None, None, None)


def pauses_of_device_user_and_all_hold(build):
    with Trouble(build, "pauses", devices=1) as t:
        for pause, resume in ((("device.pause", {"device": "d0"}), ("device.resume", {"device": "d0"})),
                              (("queue.pause", {"reason": "audit"}), ("queue.resume", {})),
                              (("queue.pause", {"all": True}), ("queue.resume", {"all": True}))):
            t.wad.call(pause[0], **pause[1])
            time.sleep(0.7)
            before = len(t.shown())
            time.sleep(0.7)
            check(len(t.shown()) == before, f"sent after {pause}")
            check(t.worker("d0")["why"] == "paused", f"{t.worker('d0')}")
            t.wad.process.kill()
            t.wad.start()
            wait_until(lambda: t.device("d0")["online"], 30, "d0 is online")
            time.sleep(0.7)
            check(len(t.shown()) == before, f"sent after {pause} and a restart")
            if pause[0] == "queue.pause":
                check(t.wad.call("queue.stats")["queue_paused"], "the pause is told")
            t.wad.call(resume[0], **resume[1])
            wait_until(lambda: len(t.shown()) > before or before == LEADS, 20, f"sends after {resume}", 0.05)
        t.done()


def a_paused_device_gets_no_part_of_a_campaign(build):
    w = world(build, "left-out", leads=10)
    try:
        w.wad.call("device.pause", device="d0")
        campaign = w.wad.campaign(title="c", text="by the other")
        got = w.wad.wait_campaign(campaign, 30)
        check(got["counts"]["sent"] == 10, f"{got}")
        w.wad.call("device.pause", device="d1")
        campaign = w.wad.campaign(title="c", text="by nobody")
        wait_until(lambda: w.wad.call("campaign.show", campaign=campaign).get("reason"), 20, "why it does not start")
        check(w.wad.call("campaign.show", campaign=campaign)["state"] == "scheduled", "waits for a device")
        w.wad.call("device.resume", device="d1")
        check(w.wad.wait_campaign(campaign, 30)["counts"]["sent"] == 10, "sent when one may send")
    except BaseException:
        w.__exit__(*sys.exc_info())
        raise
    w.__exit__(None, None, None)


def what_waits_too_long_expires(build):
    with Trouble(build, "expiry", devices=1, campaign={"delay_min_ms": 100, "delay_max_ms": 100, "expire_s": 60}) as t:
        t.wad.call("device.pause", device="d0")
        wait_until(lambda: t.worker("d0")["why"] == "paused", 10, "the pause is in force")
        shown = len(t.shown())
        wait_until(lambda: t.counts()["expired"], 150, "what waits expires", 1)
        got = t.wad.wait_campaign(t.campaign, 30)
        check(got["counts"]["expired"] == LEADS - shown and got["counts"]["sent"] == shown, f"{shown} shown, {got['counts']}")
        check(len(events(t.wad, "message.failed")) == LEADS - shown, "each is told")
        t.wad.call("device.resume", device="d0")
        time.sleep(1)
        check(len(t.shown()) == shown, "sent after it had expired")


def a_direct_message_overtakes_a_campaign(build):
    with Trouble(build, "urgent", devices=1, campaign={"delay_min_ms": 300, "delay_max_ms": 300}, after=3) as t:
        ident = t.wad.call("message.send", device="d0", to=str(LEAD + LEADS + 2), text="urgent")["id"]
        wait_until(lambda: t.sandbox.shown("urgent"), 5, "it goes before the rest", 0.02)
        check(len(t.shown()) < LEADS // 2, f"after {len(t.shown())} of the campaign")
        check(t.wad.call("message.show", id=ident)["state"] != "pending", "it is on its way")
        t.wad.call("campaign.cancel", campaign=t.campaign)


def events(wad, topic):
    rpc, found = Rpc(wad.socket), []
    rpc.call("event.subscribe", topics=[topic], since_id="0")
    rpc.sock.settimeout(1)
    try:
        while True:
            event = json.loads(rpc.file.readline()).get("params", {})
            if event.get("topic") == topic:
                found.append(event)
    except (TimeoutError, OSError):
        return found


def kills_in_the_new_gaps_lose_and_double_nothing(build):
    """kill -9 between the refusal and the server's word about it, and at the commits around."""
    with Trouble(build, "kills", devices=1, leads=25, after=3, campaign={"delay_min_ms": 20, "delay_max_ms": 30}) as t:
        for point in ("reach.after_refusal:1", "send.after_commit:2", "queue.before_sent:2"):
            t.wad.process.kill()
            t.sandbox.admin("DELETE", "/admin/faults")
            if point.startswith("reach.after_refusal"):
                t.sandbox.faults(target=str(DEVICE), ackError={"code": 463, "count": 1}, reachLock={"seconds": 3})
            t.wad.start(env={"WAD_CRASH_AT": point})
            wait_until(lambda: not t.wad.process.alive(), 30, f"wad dies at {point}")
            t.wad.process.child.wait()
            t.wad.start()
            t.wad.wait_online(1)
        t.done(90)
        check(t.counts()["failed"] == 0, f"{t.counts()}")


TESTS = [a_dropped_device_gives_its_rows_to_the_other, a_logged_out_device_gives_its_rows_to_the_other,
         a_campaign_with_named_devices_stays_among_them, a_locked_device_writes_to_those_it_knows_only,
         a_lock_that_is_pushed_counts_at_once, strangers_without_a_token_fail_once,
         an_unwell_device_pauses_itself_and_says_why, a_device_that_is_told_to_slow_down_is_parked,
         caps_hold_over_a_restart, a_young_link_sends_a_tenth, quiet_hours_hold,
         pauses_of_device_user_and_all_hold, a_paused_device_gets_no_part_of_a_campaign, what_waits_too_long_expires,
         a_direct_message_overtakes_a_campaign,
         kills_in_the_new_gaps_lose_and_double_nothing]

if __name__ == "__main__":
    names = sys.argv[2:]
    sys.exit(run_tests([t for t in TESTS if not names or t.__name__ in names], os.path.abspath(sys.argv[1])))
