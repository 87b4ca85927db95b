#!/usr/bin/env python3
"""The whole way, through the programs a person uses: pairing, both directions, campaigns, failover."""
import base64
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
from wadtest import Failure, Rpc, Tally, World, png, run_tests, wait_until  # noqa: E402

DEVICE, LEAD = 60110000001, 60120000001


def check(condition, what):
    if not condition:
        raise Failure(what)


def csv(count, niche="shops", first=LEAD):
    return "phone,name,niche\n" + "".join(f"{first + i},Lead {i},{niche}\n" for i in range(count))


def texts_and_images_go_both_ways(build):
    with World(build, (LEAD, 20), name="both-ways") as w:
        wad, sandbox = w.wad, w.sandbox
        wad.pair("d1", DEVICE, delay_min_ms=0, delay_max_ms=0)
        wad.wait_online(1)
        shown = wad.wactl("-o", "json", "device", "show", "d1")
        check(json.loads(shown.stdout)["phone"] == str(DEVICE), f"device show: {shown.stdout}")

        sent = wad.wactl("-o", "json", "message", "send", "--device", "d1", "--to", LEAD, "--text", "hi there", "--wait",
                         "delivered", "--timeout", "30s")
        check(json.loads(sent.stdout)["state"] in ("delivered", "read"), f"message send --wait: {sent.stdout}")
        picture = os.path.join(w.directory, "p.png")
        with open(picture, "wb") as f:
            f.write(png(64, 48))
        wad.wactl("message", "send", "--device", "d1", "--to", LEAD, "--image", picture, "--caption", "look", "--wait",
                  "delivered", "--timeout", "30s")
        log = sandbox.messages(phone=LEAD)
        texts = [m.get("text") for m in sandbox.shown(phone=LEAD)]
        check(texts.count("hi there") == 1 and texts.count("look") == 1, f"the phone shows {texts}")

        sandbox.admin("POST", f"/admin/phones/{LEAD}/send", {"to": str(DEVICE), "text": "an answer"})
        sandbox.admin("POST", f"/admin/phones/{LEAD}/send",
                      {"to": str(DEVICE), "imageBase64": base64.b64encode(png(40, 30)).decode(), "caption": "my picture",
                       "mimetype": "image/png"})

        def stored():
            got = wad.call("message.list", device="d1", chat=str(LEAD))["messages"]
            kinds = {(m["from_me"], m["kind"], m.get("text")) for m in got}
            return {(False, "text", "an answer"), (False, "image", "my picture"), (True, "text", "hi there"),
                    (True, "image", "look")} <= kinds

        wait_until(stored, 20, "both directions are stored")
        check(not sandbox.violations(), f"violations: {sandbox.violations()}")


def a_device_gets_what_came_while_it_was_away(build):
    with World(build, (LEAD, 5), name="away") as w:
        wad, sandbox = w.wad, w.sandbox
        wad.pair("d1", DEVICE)
        wad.wait_online(1)
        wad.process.stop()
        for i in range(5):
            sandbox.admin("POST", f"/admin/phones/{LEAD}/send", {"to": str(DEVICE), "text": f"missed {i}"})
        wad.start()
        wad.wait_online(1)

        def texts():
            return [m.get("text") for m in wad.call("message.list", chat=str(LEAD))["messages"]]

        wait_until(lambda: len(texts()) >= 5, 20, "the backlog is stored")
        check(texts() == [f"missed {i}" for i in range(5)], f"in order, once each: {texts()}")


def a_retry_receipt_is_answered(build):
    with World(build, (LEAD, 5), name="retry") as w:
        wad, sandbox = w.wad, w.sandbox
        wad.pair("d1", DEVICE, delay_min_ms=0, delay_max_ms=0)
        wad.wait_online(1)
        sandbox.faults(forceRetry=1)
        got = wad.wactl("-o", "json", "message", "send", "--device", "d1", "--to", LEAD, "--text", "again please", "--wait",
                        "delivered", "--timeout", "40s")
        check(json.loads(got.stdout)["state"] in ("delivered", "read"), got.stdout)
        log = sandbox.messages(phone=LEAD)
        check([m["kind"] for m in log].count("forced-retry") == 1, f"one forced retry: {log}")
        check([m.get("text") for m in sandbox.shown(phone=LEAD)] == ["again please"], f"shown once: {log}")


def a_campaign_reaches_its_niche_only(build):
    with World(build, (LEAD, 60), name="campaign") as w:
        wad, sandbox = w.wad, w.sandbox
        for i in range(3):
            wad.pair(f"d{i}", DEVICE + i)
        wad.wait_online(3)
        wad.call("lead.import", csv=csv(40))
        wad.call("lead.import", csv=csv(20, "schools", LEAD + 40))
        campaign = wad.campaign(title="c", niche="shops", text="hello shops", delay_min_ms=1, delay_max_ms=5)
        done = wad.wait_campaign(campaign, 60)
        check(done["total"] == 40 and done["counts"]["failed"] == 0, f"{done}")
        tally = Tally({(str(LEAD + i), "hello shops") for i in range(40)})
        wait_until(lambda: not tally.check(sandbox.messages())["missing"], 20, "all are shown")
        result = tally.check(sandbox.messages())
        check(not result["twice"], f"{result}")
        others = [m for m in sandbox.shown("hello shops") if int(m["phone"]) >= LEAD + 40]
        check(not others, f"schools got the shops' message: {others[:3]}")
        per_device = {}
        for m in sandbox.shown("hello shops"):
            per_device[m["fromPn"]] = per_device.get(m["fromPn"], 0) + 1
        check(len(per_device) == 3 and max(per_device.values()) - min(per_device.values()) <= 1,
              f"not spread evenly: {per_device}")


def pause_resume_and_cancel_hold(build):
    with World(build, (LEAD, 60), name="pause") as w:
        wad, sandbox = w.wad, w.sandbox
        wad.pair("d1", DEVICE)
        wad.wait_online(1)
        wad.call("lead.import", csv=csv(40))
        campaign = wad.campaign(title="c", text="slow", delay_min_ms=100, delay_max_ms=100)
        wait_until(lambda: wad.call("campaign.show", campaign=campaign)["counts"]["sent"] >= 5, 30, "five are sent")
        wad.wactl("campaign", "pause", campaign)
        time.sleep(1)
        held = wad.call("campaign.show", campaign=campaign)["counts"]["sent"]
        time.sleep(1.5)
        check(wad.call("campaign.show", campaign=campaign)["counts"]["sent"] == held, "sends go on after the pause")
        wad.wactl("campaign", "resume", campaign)
        wait_until(lambda: wad.call("campaign.show", campaign=campaign)["counts"]["sent"] > held + 3, 20, "it goes on")
        wad.wactl("campaign", "cancel", campaign, "--yes")
        time.sleep(1)
        got = wad.call("campaign.show", campaign=campaign)
        check(got["state"] == "cancelled" and got["counts"]["cancelled"] > 0, f"{got}")
        time.sleep(1)
        shown = sandbox.shown("slow")
        check(len(shown) == got["counts"]["sent"], f"{len(shown)} shown, {got['counts']} counted")
        check(len({m["phone"] for m in shown}) == len(shown), "somebody was shown it twice")


def a_fallen_devices_rows_move_to_another(build):
    with World(build, (LEAD, 60), name="failover") as w:
        wad, sandbox = w.wad, w.sandbox
        for i in range(2):
            wad.pair(f"d{i}", DEVICE + i)
        wad.wait_online(2)
        wad.call("lead.import", csv=csv(40))
        campaign = wad.campaign(title="c", text="move me", delay_min_ms=100, delay_max_ms=100)
        wait_until(lambda: wad.call("campaign.show", campaign=campaign)["counts"]["sent"] >= 6, 30, "six are sent")
        sandbox.admin("POST", f"/admin/phones/{DEVICE}/unlink", {"device": 1})
        wait_until(lambda: wad.call("device.show", device="d0")["state"] == "logged_out", 20, "d0 is logged out")
        done = wad.wait_campaign(campaign, 60)
        check(done["counts"]["sent"] + done["counts"]["failed"] == 40, f"{done}")
        check(done["counts"]["failed"] <= 1, f"at most the one in flight is lost with its device: {done}")
        shown = [m["phone"] for m in sandbox.shown("move me")]
        check(len(shown) == len(set(shown)) and len(shown) >= 39, f"{len(shown)} shown, {len(set(shown))} phones")


def logout_and_delete_end_a_device(build):
    with World(build, (LEAD, 5), name="logout") as w:
        wad = w.wad
        wad.pair("d1", DEVICE)
        wad.wait_online(1)
        wad.wactl("device", "logout", "d1", "--yes")
        check(wad.call("device.show", device="d1")["online"] is False, "still online")
        wad.pair("d1", DEVICE, create=False)
        wad.wait_online(1)
        wad.wactl("device", "delete", "d1", "--yes")
        check(wad.call("device.list")["devices"] == [], "it is still listed")
        gone = wad.wactl("device", "show", "d1", check=False)
        check(gone.returncode == 5, f"exit {gone.returncode}: {gone.stderr}")


def events_are_watched_and_resumed(build):
    with World(build, (LEAD, 5), name="events") as w:
        wad = w.wad
        wad.pair("d1", DEVICE, delay_min_ms=0, delay_max_ms=0)
        wad.wait_online(1)
        rpc = Rpc(wad.socket)
        first = rpc.call("event.subscribe", topics=["message.*"])
        for i in range(3):
            wad.wactl("message", "send", "--device", "d1", "--to", LEAD, "--text", f"e{i}", "--wait", "delivered")
        seen = []
        rpc.sock.settimeout(10)
        while len([s for s in seen if s["topic"] == "message.sent"]) < 3:
            seen.append(json.loads(rpc.file.readline())["params"])
        ids = [s["id"] for s in seen]
        check(len(set(ids)) == len(ids), f"an event came twice: {ids}")
        rpc.call("event.unsubscribe", subscription=first["subscription"])
        rpc.close()
        # a second reader starts where the first was in the middle: it gets the rest, once each
        again = Rpc(wad.socket)
        again.call("event.subscribe", topics=["message.*"], since_id=ids[1])
        rest = [json.loads(again.file.readline())["params"]["id"] for _ in ids[2:]]
        check(rest == ids[2:], f"resumed with {rest}, wanted {ids[2:]}")
        again.close()
        watch = subprocess.Popen([os.path.join(build, "ctl/wactl"), "--socket", wad.socket, "event", "watch"],
                                 stdout=subprocess.PIPE, text=True)
        time.sleep(0.5)
        wad.wactl("message", "send", "--device", "d1", "--to", LEAD, "--text", "watched", "--wait", "sent")
        line = json.loads(watch.stdout.readline())
        watch.kill()
        watch.wait()
        check("topic" in line or "topic" in line.get("params", {}), f"{line}")


def a_campaign_waits_for_its_time_and_its_devices(build):
    with World(build, (LEAD, 10), name="schedule") as w:
        wad = w.wad
        wad.pair("d1", DEVICE)
        wad.wait_online(1)
        wad.call("lead.import", csv=csv(3))
        later = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 4))
        campaign = wad.campaign(title="later", text="on time", start_at=later, delay_min_ms=0, delay_max_ms=0)
        time.sleep(1.5)
        check(wad.call("campaign.show", campaign=campaign)["state"] == "scheduled", "started too early")
        got = wad.wait_campaign(campaign, 20)
        check(got["counts"]["sent"] == 3, f"{got}")


def a_restart_forgets_nothing(build):
    with World(build, (LEAD, 60), name="restart") as w:
        wad, sandbox = w.wad, w.sandbox
        for i in range(2):
            wad.pair(f"d{i}", DEVICE + i)
        wad.wait_online(2)
        wad.call("lead.import", csv=csv(40))
        campaign = wad.campaign(title="c", text="still once", delay_min_ms=50, delay_max_ms=80)
        wait_until(lambda: wad.call("campaign.show", campaign=campaign)["counts"]["sent"] >= 10, 30, "ten are sent")
        wad.process.stop()
        wad.start()
        wad.wait_online(2)
        done = wad.wait_campaign(campaign, 60)
        check(done["counts"]["sent"] == 40, f"{done}")
        tally = Tally({(str(LEAD + i), "still once") for i in range(40)})
        wait_until(lambda: not tally.check(sandbox.messages())["missing"], 20, "all are shown")
        check(not tally.check(sandbox.messages())["twice"], "somebody was shown it twice")
        check(not sandbox.violations(), f"{sandbox.violations()}")


if __name__ == "__main__":
    sys.exit(run_tests([
        texts_and_images_go_both_ways,
        a_device_gets_what_came_while_it_was_away,
        a_retry_receipt_is_answered,
        a_campaign_reaches_its_niche_only,
        pause_resume_and_cancel_hold,
        a_fallen_devices_rows_move_to_another,
        logout_and_delete_end_a_device,
        events_are_watched_and_resumed,
        a_campaign_waits_for_its_time_and_its_devices,
        a_restart_forgets_nothing,
    ], sys.argv[1]))
