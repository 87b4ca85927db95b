#!/usr/bin/env python3
"""Campaigns from draft to done: what each recipient reads, when, from which device; what is told about it."""
import base64
import datetime
import http.server
import json
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
from wadtest import Failure, Rpc, RpcError, World, png, run_tests, wait_until  # noqa: E402

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
            refused(wad, words, title="bad", everyone=True, text=bad)
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


def events(w, topic):
    """All stored ones of the topic."""
    rpc = Rpc(w.wad.socket)
    rpc.call("event.subscribe", topics=[topic], since_id="0")
    rpc.sock.settimeout(1)
    got = []
    try:
        while True:
            got.append(json.loads(rpc.file.readline())["params"]["data"])
    except TimeoutError:
        rpc.close()
        return got


def state(wad, campaign):
    return wad.call("campaign.show", campaign=campaign)["state"]


def from_draft_to_done(build):
    with World(build, (LEAD, 40), name="life") as w:
        wad = w.wad
        wad.pair("d1", DEVICE, **FAST)
        wad.wait_online(1)
        leads(wad, 10, '"shops,VIP"')
        leads(wad, 10, "farms", LEAD + 10)
        leads(wad, 10, "parts", LEAD + 20)
        wad.call("lead.import", csv=f"phone,status\n{LEAD + 1},customer\n")
        wad.call("optout.add", phone=str(LEAD + 2))
        refused(wad, "niche or everyone", title="t", text="x")
        refused(wad, "give one", title="t", text="x", niche="shops", everyone=True)
        draft = wad.call("campaign.create", title="one", text="Hi {name}", niche="vip, Farm", draft=True, **FAST)
        check(draft["state"] == "draft" and "start_at" not in draft and draft["niche"] == "FARM,VIP", f"{draft}")
        seen = wad.call("campaign.preview", campaign=draft["id"])
        check((seen["total"], seen["opted_out"], seen["invalid"]) == (9, 1, 0), f"{seen}")
        check([(r["phone"], r["text"]) for r in seen["samples"]][:2] ==
              [(str(LEAD), "Hi Lead 0"), (str(LEAD + 1), "Hi Lead 1")], f"{seen}")
        at = datetime.datetime.fromisoformat(seen["ends_at"].replace("Z", "+00:00"))
        check(0 <= (at - datetime.datetime.now(datetime.timezone.utc)).total_seconds() + 5 < 60 and seen["late"] is False, f"{seen}")
        dry = wad.call("campaign.create", title="long", text="x", everyone=True, delay_min_ms=3600000, delay_max_ms=3600000,
                       expire_s=7200, dry_run=True)
        at = datetime.datetime.fromisoformat(dry["ends_at"].replace("Z", "+00:00"))
        hours = (at - datetime.datetime.now(datetime.timezone.utc)).total_seconds() / 3600
        check(dry["total"] == 29 and 28 < hours < 30 and dry["late"] is True, f"29 messages, one an hour: {hours} {dry}")
        got = wad.call("campaign.update", campaign=draft["id"], status="customer", text="Dear {name}", title="two")
        check((got["title"], got["status"], got["text"], got["delay_max_ms"]) == ("two", "customer", "Dear {name}", 0), f"{got}")
        check(got["updated_at"] > draft["updated_at"], "a change has its time")
        check(wad.call("campaign.preview", campaign=draft["id"])["total"] == 1, "customers only")
        got = wad.call("campaign.update", campaign=draft["id"], status="all", niche="vip,farms")
        check("status" not in got and got["text"] == "Dear {name}", f"{got}")
        time.sleep(1.2)
        check(state(wad, draft["id"]) == "draft", "a draft waits")
        wad.wactl("campaign", "start", draft["id"])
        done = wad.wait_campaign(draft["id"], 30)
        check(done["total"] == 19 and done["counts"]["sent"] == 19, f"{done}")
        check(shown(w, LEAD) == ["Dear Lead 0"] and shown(w, LEAD + 2) == [] and shown(w, LEAD + 20) == [], "those and no others")
        for method, params in (("campaign.start", {}), ("campaign.update", {"title": "late"}), ("campaign.cancel", {}),
                               ("campaign.resume", {})):
            refused(wad, "campaign", method, campaign=draft["id"], **params)
        # nobody in the audience
        empty = wad.wait_campaign(wad.campaign(title="e", text="x", niche="nobody"), 20)
        check(empty["total"] == 0 and empty["state"] == "done" and empty["reason"] == "nobody", f"{empty}")
        # deleted while it waits, and while it sends
        wad.call("campaign.delete", campaign=wad.campaign(title="d", text="never", start_at="2099-01-01T00:00:00Z"))
        slow = wad.campaign(title="slow", text="slow {a|b}", delay_min_ms=200, delay_max_ms=200)
        wait_until(lambda: wad.call("campaign.show", campaign=slow)["counts"]["sent"] >= 2, 20, "two are sent")
        gone = wad.call("campaign.delete", campaign=slow)
        check(gone["cancelled"] >= 20, f"{gone}")
        time.sleep(0.6)
        before = len([m for m in w.sandbox.shown() if (m["text"] or "").startswith("slow")])
        time.sleep(1)
        check(before == len([m for m in w.sandbox.shown() if (m["text"] or "").startswith("slow")]), "it still sends")
        refused(wad, "no such", "campaign.show", campaign=slow)
        states = [(e["state"], e.get("reason")) for e in events(w, "campaign.state") if e["campaign"] == empty["id"]]
        check(states == [("running", None), ("done", "nobody")], f"{states}")
        check({e["title"] for e in events(w, "campaign.deleted")} == {"d", "slow"}, "told")
        made = events(w, "campaign.created")
        check({"d", "slow"} <= {e["title"] for e in made} and len({e["campaign"] for e in made}) == len(made), f"each is told once: {made}")


def starts_are_given_by_the_clocks_of_a_zone(build):
    with World(build, (LEAD, 10), name="zones") as w:
        wad = w.wad
        wad.pair("d1", DEVICE, **FAST)
        wad.wait_online(1)
        leads(wad, 3)

        def start(at, zone=None):
            return wad.call("campaign.create", title="z", text="x", everyone=True, at=at, **({"zone": zone} if zone else {}))

        got = start("2031-03-30 02:30", "Europe/Berlin")  # the clocks leap from 2 to 3
        check((got["start_at"], got["zone"]) == ("2031-03-30T01:00:00.000Z", "Europe/Berlin"), f"{got}")
        check(start("2031-10-26T02:30", "Europe/Berlin")["start_at"] == "2031-10-26T00:30:00.000Z", "shown twice: the first")
        check(start("2031-06-01 09:00:30")["zone"] == "UTC", "the user's own zone")
        for bad in ("2031-02-29 10:00", "2031-13-01 10:00", "tomorrow at noon", "2031-01-01 24:00", "infinity00000000"):
            refused(wad, "at:", title="z", text="x", everyone=True, at=bad)
        refused(wad, "zone", title="z", text="x", everyone=True, at="2031-01-01 10:00", zone="Mars/Olympus")
        refused(wad, "zone", title="z", text="x", everyone=True, at="2031-01-01 10:00", zone="Mars/Olympus", dry_run=True)
        refused(wad, "give one", title="z", text="x", everyone=True, at="2031-01-01 10:00", start_at="2031-01-01T10:00:00Z")
        dry = wad.call("campaign.create", title="z", text="x", everyone=True, at="2031-03-30 02:30", zone="Europe/Berlin", dry_run=True)
        check(dry["start_at"] == "2031-03-30T01:00:00.000Z" and dry["total"] == 3, f"{dry}")
        # a time that comes soon
        soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=7, seconds=2)
        campaign = start(soon.strftime("%Y-%m-%d %H:%M:%S"), "Asia/Jakarta")["id"]
        check(state(wad, campaign) == "scheduled", "it waits for its time")
        check(wad.wait_campaign(campaign, 20)["counts"]["sent"] == 3, "and starts then")


def a_start_that_finds_no_device_waits_and_says_so(build):
    with World(build, (LEAD, 10), name="missed") as w:
        wad = w.wad
        leads(wad, 3)
        campaign = wad.campaign(title="m", text="late", grace_s=5, **FAST)
        short = wad.campaign(title="s", text="never", grace_s=1, **FAST)
        wait_until(lambda: wad.call("campaign.show", campaign=campaign).get("reason") == "no_device", 10, "the reason shows")
        wait_until(lambda: state(wad, short) == "failed", 10, "it has missed its start")
        check(wad.call("campaign.show", campaign=short)["reason"] == "missed", "and says so")
        wad.pair("d1", DEVICE, **FAST)
        wad.wait_online(1)
        got = wait_until(lambda: state(wad, campaign) in ("done", "failed") and wad.call("campaign.show", campaign=campaign), 20, "it ends")
        if got["state"] == "failed":  # a slow machine: it may be started all the same
            wad.call("campaign.start", campaign=campaign)
            got = wad.wait_campaign(campaign, 20)
        check(got["counts"]["sent"] == 3 and "reason" not in got, f"{got}")
        told = [e.get("reason") for e in events(w, "campaign.state") if e["campaign"] == campaign]
        check(told.count("no_device") == 1, f"said once: {told}")
        # wad was down over its start and its grace
        late = wad.campaign(title="l", text="too late", start_at=(datetime.datetime.now(datetime.timezone.utc) +
                            datetime.timedelta(seconds=2)).strftime("%Y-%m-%dT%H:%M:%SZ"), grace_s=1, **FAST)
        wad.process.stop()
        time.sleep(4)
        wad.start()
        wait_until(lambda: state(wad, late) == "failed", 10, "missed while wad was down")
        check(wad.call("campaign.start", campaign=late)["state"] == "scheduled", "by hand it starts all the same")
        check(wad.wait_campaign(late, 30)["counts"]["sent"] == 3, "sent")


MP4 = b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + bytes(range(256)) * 40


def a_text_that_is_empty_for_somebody_is_not_sent(build):
    with World(build, (LEAD, 10), name="empty") as w:
        wad = w.wad
        wad.pair("d1", DEVICE, **FAST)
        wad.wait_online(1)
        leads(wad, 3)
        wad.call("lead.import", csv=f"phone,niche\n{LEAD + 3},shops\n{LEAD + 4},shops\n")
        done = wad.wait_campaign(wad.campaign(title="c", text=" {name} ", **FAST))
        check(done["counts"]["sent"] == 3 and done["counts"]["failed"] == 2, f"{done}")
        rows = wad.call("campaign.recipients", campaign=done["id"], state="failed")["recipients"]
        check(all(r["error"].startswith("nothing is left of the text") for r in rows)
              and {r["phone"] for r in rows} == {str(LEAD + 3), str(LEAD + 4)}, f"{rows}")
        told = wad.sql("select data->>'class', data->>'to' from events where topic = 'message.failed' order by 2")
        check(told == [["empty_text", str(LEAD + 3)], ["empty_text", str(LEAD + 4)]], f"{told}")
        check([len(w.sandbox.shown(phone=LEAD + i)) for i in range(5)] == [1, 1, 1, 0, 0], "nothing empty is shown")
        # a picture needs no words; a second part that is empty fails alone
        image = base64.b64encode(png(8, 8)).decode()
        bare = wad.wait_campaign(wad.campaign(title="p", image=image, caption="{name}", **FAST))
        check(bare["counts"]["sent"] == 5, f"{bare}")
        parts = wad.wait_campaign(wad.campaign(title="s", image=image, text="{name}", split=True, **FAST), 60)
        check(parts["counts"]["sent"] == 8 and parts["counts"]["failed"] == 2, f"{parts}")
        check([m["type"] for m in w.sandbox.shown(phone=LEAD + 4)] == ["image", "image"], "the pictures alone")
        check(not w.sandbox.violations(), f"{w.sandbox.violations()}")


def media_of_every_kind_and_texts_behind_them(build):
    with World(build, (LEAD, 10), name="media") as w:
        wad = w.wad
        for i in range(2):
            wad.pair(f"d{i}", DEVICE + i, **FAST)
        wad.wait_online(2)
        leads(wad, 6)
        b64 = {"image": base64.b64encode(png(20, 10)).decode(), "video": base64.b64encode(MP4).decode(),
               "document": base64.b64encode(b"%PDF-1.4 prices").decode()}
        for kind, data in b64.items():
            extra = {"file_name": "../Price list.pdf"} if kind == "document" else {}
            got = wad.call("campaign.create", title=kind, everyone=True, caption=kind + " for {name}", **{kind: data}, **extra, **FAST)
            check(got["media"] == kind and got["has_image"] == (kind == "image"), f"{got}")
            check(wad.wait_campaign(got["id"], 60)["counts"]["sent"] == 6, f"{kind}: all are sent")
        seen = w.sandbox.shown(phone=LEAD)
        check([(m["type"], m["text"], m["mediaCheck"]) for m in seen] == [(k, k + " for Lead 0", "ok") for k in b64], f"{seen}")
        check(seen[2]["message"]["documentMessage"]["fileName"] == "Price list.pdf", f"{seen[2]}")
        refused(wad, "video", title="t", everyone=True, video=b64["image"])
        refused(wad, "give one", title="t", everyone=True, video=b64["video"], document=b64["document"])
        refused(wad, "split", title="t", everyone=True, text="x", split=True)
        path = os.path.join(w.directory, "clip.mp4")
        with open(path, "wb") as f:
            f.write(MP4)
        wad.wactl("message", "send", "--device", "d0", "--to", LEAD + 8, "--video", path, "--caption", "c", "--wait", "delivered")
        check([m["type"] for m in w.sandbox.shown(phone=LEAD + 8)] == ["video"], "one video by hand")
        # in two parts: from one device, in order, three seconds apart
        split = wad.campaign(title="split", image=b64["image"], text="Dear {name}", split=True, **FAST)
        wait_until(lambda: wad.call("campaign.show", campaign=split)["counts"]["sent"] >= 6, 30, "the first parts")
        waits = wad.call("campaign.recipients", campaign=split, state="waiting")["recipients"]
        check(waits and all(r["part"] == 2 and r["reason"].startswith(("not before", "waits for the part", "in the queue"))
                            for r in waits), f"{waits}")
        done = wad.wait_campaign(split, 60)
        check(done["total"] == 12 and done["counts"]["sent"] == 12 and done["follow_up"] == "Dear {name}", f"{done}")
        for i in range(6):
            check([(m["type"], m["text"]) for m in w.sandbox.shown(phone=LEAD + i)][3:] ==
                  [("image", ""), ("text", f"Dear Lead {i}")], f"{w.sandbox.shown(phone=LEAD + i)[3:]}")
        rows = wad.sql("select a.device_id = b.device_id and b.sending_at - a.sent_at > interval '2 seconds' from outbox a "
                       f"join outbox b on b.follows_id = a.id where a.campaign_id = {split}")
        check(rows == [["t"]] * 6, f"{rows}")
        # a first part that is never sent takes the second with it
        wad.call("optout.add", phone=str(LEAD + 3))
        half = wad.wait_campaign(wad.campaign(title="half", image=b64["image"], text="x", split=True, **FAST), 60)
        check(half["total"] == 10, f"{half}")
        wad.call("campaign.test", campaign=split, device="d1", to=str(LEAD + 9))
        wait_until(lambda: [m["type"] for m in w.sandbox.shown(phone=LEAD + 9)] == ["image", "text"], 20, "a test in two parts")
        own = wad.call("campaign.test", campaign=split, device="d1")
        wait_until(lambda: wad.call("message.show", id=own["id"])["state"] in ("sent", "delivered", "read"), 20, "one to oneself")
        check(not w.sandbox.violations(), f"{w.sandbox.violations()}")


class Files(http.server.BaseHTTPRequestHandler):
    asked = []

    def do_GET(self):
        Files.asked.append(self.path)
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "/p.png")
            self.end_headers()
            return
        body = {"/p.png": png(12, 8), "/list/prices.pdf?x=1": b"%PDF-1.4", "/huge": b"x" * (33 << 20)}.get(self.path)
        self.send_response(200 if body else 404)
        self.end_headers()
        if body:
            try:
                self.wfile.write(body)
            except OSError:
                pass

    def log_message(self, *args):
        pass


def media_are_fetched_once_and_not_from_inside(build):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    at = f"http://127.0.0.1:{server.server_port}"
    inside = World(build, (LEAD, 10), name="inside", settings={"webhook.ports": str(server.server_port), "webhook.http": "true"})
    open_to = World(build, (LEAD, 10), name="fetch", settings={"webhook.ports": str(server.server_port), "webhook.http": "true",
                                                               "webhook.allow": "127.0.0.1/32"})
    with inside as w:
        refused(w.wad, "media_url", title="t", everyone=True, media_url=at + "/p.png")
        check(Files.asked == [], "it was asked all the same")
    with open_to as w:
        wad = w.wad
        for i in range(2):
            wad.pair(f"d{i}", DEVICE + i, **FAST)
        wad.wait_online(2)
        leads(wad, 8)
        for path, kind in (("/p.png", "image"), ("/list/prices.pdf?x=1", "document")):
            got = wad.call("campaign.create", title="u", everyone=True, caption=path, media_url=at + path, **FAST)
            check(got["media"] == kind, f"{got}")
            check(wad.wait_campaign(got["id"], 60)["counts"]["sent"] == 8, f"{path}: all are sent")
        seen = w.sandbox.shown(phone=LEAD)
        check([(m["type"], m["mediaCheck"]) for m in seen] == [("image", "ok"), ("document", "ok")], f"{seen}")
        check(seen[1]["message"]["documentMessage"]["fileName"] == "prices.pdf", f"{seen[1]}")
        check(Files.asked == ["/p.png", "/list/prices.pdf?x=1"], f"fetched once each: {Files.asked}")
        for path, words in (("/away", "302"), ("/none", "404"), ("/huge", "media_url")):
            refused(wad, words, title="t", everyone=True, media_url=at + path)
        refused(wad, "media_url", title="t", everyone=True, media_url="ftp://example.org/x")
        check(not w.sandbox.violations(), f"{w.sandbox.violations()}")
    server.shutdown()


def what_became_of_each_recipient_is_told(build):
    with World(build, (LEAD, 10), name="report") as w:
        wad = w.wad
        for i in range(2):
            wad.pair(f"d{i}", DEVICE + i, **FAST)
        wad.wait_online(2)
        leads(wad, 8)
        nobody = LEAD + 500  # has no phone: the server does not know the number
        leads(wad, 2, first=nobody)
        campaign = wad.campaign(title="r", text="report", device_choice="round_robin", **FAST)
        done = wad.wait_campaign(campaign, 60)
        check(done["counts"]["sent"] == 8 and done["counts"]["failed"] + done["counts"]["skipped"] == 2, f"{done}")
        report = wad.call("campaign.report", campaign=campaign)["devices"]
        check([(d["name"], d["total"], d["success"], d["pending"]) for d in report] == [("d0", 5, 4, 0), ("d1", 5, 4, 0)], f"{report}")
        failed = wad.call("campaign.recipients", campaign=campaign, state="failed")["recipients"]
        skipped = wad.call("campaign.recipients", campaign=campaign, state="skipped")["recipients"]
        check({r["phone"] for r in failed + skipped} == {str(nobody), str(nobody + 1)} and
              all(r["class"] and r["error"] for r in failed + skipped), f"{failed}")
        pages, after = [], None
        while True:  # page by page, each once
            page = wad.call("campaign.recipients", campaign=campaign, limit=3, **({"after": after} if after else {}))
            pages += page["recipients"]
            after = page.get("next")
            if not after:
                break
        check([r["phone"] for r in pages] == sorted(str(LEAD + i) for i in range(8)) + [str(nobody), str(nobody + 1)], f"{pages}")
        check(len(wad.call("campaign.recipients", campaign=campaign, state="success", device="d0")["recipients"]) == 4, "of d0")
        # failed ones go again when told to, nobody else does
        if failed:
            first = [r for r in failed if r["device"] == report[0]["id"]]
            got = wad.call("campaign.retry", campaign=campaign, device="d0")
            check(got["retried"] == len(first), f"of one device: {got}, {failed}")
            wad.wait_campaign(campaign, 60)
            got = wad.call("campaign.retry", campaign=campaign)
            check(got["retried"] == len(failed), f"{got}")
            wad.wait_campaign(campaign, 60)
        check(len(w.sandbox.shown("report")) == 8, "each once")
        refused(wad, "may not be sent again", "campaign.retry", campaign=campaign, **{"class": ["opted_out"]})
        # what waits says why
        wad.process.stop()
        wad.start()
        wad.wait_online(2)
        slow = wad.campaign(title="s", text="slow", delay_min_ms=20000, delay_max_ms=20000)
        wait_until(lambda: wad.call("campaign.show", campaign=slow)["counts"]["sent"] >= 2, 30, "two are sent")
        reasons = {r["reason"] for r in wad.call("campaign.recipients", campaign=slow, state="waiting")["recipients"]}
        check(any(r.startswith("in the queue") for r in reasons), f"{reasons}")
        wad.call("campaign.pause", campaign=slow)
        reasons = {r["reason"] for r in wad.call("campaign.recipients", campaign=slow, state="waiting")["recipients"]}
        check(reasons == {"paused"}, f"{reasons}")
        wad.call("campaign.cancel", campaign=slow)


def a_death_in_any_phase_leaves_each_message_once(build):
    """While rows are made, claimed, sent, while the second part waits or goes, at the end."""
    deaths = (("campaign.before_slice", 1), ("campaign.after_slice", 1), ("queue.after_claim", 6), ("queue.after_claim", 8),
              ("send.after_commit", 2), ("send.after_write", 8), ("queue.before_sent", 9), ("campaign.after_finish", 1))
    with World(build, (LEAD, 8), name="campaign-crash") as w:
        wad = w.wad
        for i in range(2):
            wad.pair(f"d{i}", DEVICE + i, **FAST)
        wad.wait_online(2)
        leads(wad, 8)
        picture = base64.b64encode(png(16, 16)).decode()
        for n, (point, times) in enumerate(deaths):
            wad.process.stop()
            wad.start(env={"WAD_CRASH_AT": f"{point}:{times}"})
            campaign, title = None, f"{point} {times}"
            call = dict(title=title, image=picture, caption=f"{n} {{a|b}}", split=True, text=f"{n} then", **FAST)
            try:
                wad.wait_online(2)
                campaign = wad.campaign(**call)
            except (OSError, ConnectionError, RpcError):
                pass
            wait_until(lambda: not wad.process.alive(), 30, f"wad dies at {point}:{times}")
            wad.process.child.wait()
            wad.start()
            wad.wait_online(2)
            if campaign is None:  # accepted and not told, or not accepted
                known = [c["id"] for c in wad.call("campaign.list", limit=1000)["campaigns"] if c["title"] == title]
                campaign = known[0] if known else wad.campaign(**call)
            done = wad.wait_campaign(campaign, 100)
            check(done["total"] == 16 and done["counts"]["sent"] == 16, f"{point}: {done}")
        for i in range(8):
            seen = [(m["type"], m["text"].split()[0]) for m in w.sandbox.shown(phone=LEAD + i)]
            check(seen == [x for n in range(len(deaths)) for x in (("image", str(n)), ("text", str(n)))], f"phone {i}: {seen}")
        check(not w.sandbox.violations(), f"{w.sandbox.violations()}")
        print(f"proof: campaigns: {len(deaths)} deaths, 8 recipients, two parts each: all shown once, in order")


if __name__ == "__main__":
    tests = [texts_are_made_for_each_recipient, a_text_that_is_empty_for_somebody_is_not_sent, from_draft_to_done, starts_are_given_by_the_clocks_of_a_zone,
             a_start_that_finds_no_device_waits_and_says_so, media_of_every_kind_and_texts_behind_them,
             media_are_fetched_once_and_not_from_inside, what_became_of_each_recipient_is_told, a_death_in_any_phase_leaves_each_message_once]
    sys.exit(run_tests([t for t in tests if len(sys.argv) < 3 or sys.argv[2] in t.__name__], sys.argv[1]))
