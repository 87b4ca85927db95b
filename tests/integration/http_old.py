#!/usr/bin/env python3
"""The addresses of the system that wad succeeds: each does what its method of today does, under its old names, or says
that wad does not do it; none changes anything by GET, none answers a success that is none. And files as answers."""
import base64
import csv as csv_module
import io
import re
import sys

from http_api import Api, check
from wadtest import png, run_tests, wait_until

FIRST = 60120000001
# every address of that system, by verb; 9 is nobody's
THEIRS = {
    "POST": """
        /login /register /logout /api/login /api/register /api/devices /api/devices/reset-all
        /api/devices/1/sync /app/link-device /send/message /send/image /send/file /send/video /send/audio
        /send/contact /send/link /send/location /send/poll /send/presence /message/a/reaction /message/a/revoke
        /message/a/delete /message/a/update /message/a/read /message/a/star /message/a/unstar /user/avatar
        /user/pushname /group /group/join-with-link /group/leave /group/participants /group/participants/remove
        /group/participants/promote /group/participants/demote /group/participant-requests/approve
        /group/participant-requests/reject /newsletter/unfollow /api/leads /api/devices/1/leads/import
        /api/campaigns /api/campaigns/9/device/1/retry-failed /api/sequences /api/sequences/9/contacts
        /api/sequences/9/start /api/sequences/9/pause /api/workers/resume-failed /api/workers/stop-all
        /api/devices/1/send /api/monitoring/expire-messages""",
    "GET": """
        /logout /device/1/whatsapp /device/1/whatsapp-web /api/broadcast/stats /health /api/health /api/devices
        /api/devices/1 /api/devices/1/diagnose /app/login /app/qr /app/login-with-code /app/logout
        /app/reconnect /app/devices /ws /user/check /user/my/privacy /user/my/groups /user/my/newsletters
        /user/my/contacts /user/info /user/avatar /group/participant-requests /api/devices/1/leads
        /api/devices/1/leads/export /api/campaigns /api/campaigns/summary /api/campaigns/9/device-report
        /api/campaigns/9/device/1/leads /api/sequences /api/sequences/9 /api/sequences/9/contacts
        /api/sequences/summary /api/workers/status /api/workers/device/1 /api/analytics/7 /api/analytics/custom
        /api/devices/1/chats /api/devices/1/messages/60123456789 /api/system/status /api/system/redis-check
        /api/monitoring/redis /api/monitoring/queue/q /api/debug/clients /api/proxy/status""",
    "DELETE": """
        /api/devices/9 /api/devices/9/clear /api/leads/9 /api/campaigns/9 /api/sequences/9
        /api/sequences/9/contacts/60123456789 /api/monitoring/queue/q""",
    "PUT": """
        /api/leads/9 /api/campaigns/9 /api/sequences/9""",
}
# by GET there, and not without consequence
BY_POST = {"/logout", "/app/login", "/app/login-with-code", "/app/logout", "/app/reconnect"}


def old_operations(api):
    doc = api.expect(200, "GET", "/openapi.json", token=None).json()
    return [(verb.upper(), path, op) for path, item in doc["paths"].items() for verb, op in item.items()
            if op.get("deprecated")]


def every_address_is_honest(build):
    with Api(build) as api:
        missing = aliases = 0
        for verb, path, op in old_operations(api):
            target = re.sub(r"\{\w+\}", "999999", path)
            if op.get("security") != []:
                check(api.ask(verb, target, token=None).status == 401, f"{verb} {path} without a token")
            if "501" in op["responses"] and "200" not in op["responses"] and "201" not in op["responses"]:
                told = api.expect(501, verb, target).json()
                check(told["code"] == "unsupported" and told["detail"].startswith("wad does not do this: "), f"{told}")
                missing += 1
                continue
            got = api.ask(verb, target)
            check(str(got.status) in op["responses"] and got.status not in (405, 501), f"{verb} {path}: {got.status} {got.body!r}")
            aliases += 1
        print(f"proof: {aliases} older addresses reach what they name, {missing} say 501")


def no_address_is_unknown(build):
    with Api(build) as api:
        api.expect(201, "POST", "/api/devices", {"name": "d"})
        for verb, paths in THEIRS.items():
            for path in paths.split():
                got = api.ask(verb, path)
                check(got.status != 405 or verb == "GET" and path in BY_POST and got.headers["Allow"] == "POST", f"{verb} {path}: 405")
                check(got.status != 404 or "no such address" not in got.json()["detail"], f"{verb} {path}: {got.body!r}")
        check("no such address" in api.expect(404, "GET", "/api/nothing").json()["detail"], "what an unknown address says")


def old_names_reach_todays_methods(build):
    with Api(build, phones=(FIRST, 4)) as api:
        api.expect(201, "POST", "/api/devices", {"name": "d"})
        api.expect(200, "POST", "/app/login", {"deviceId": "d"})
        qr = wait_until(lambda: api.expect(200, "GET", "/api/devices/d/qr").json().get("qr"), 30, "a code")
        api.world.sandbox.scan(qr, FIRST)
        wait_until(lambda: api.expect(200, "GET", "/api/devices/d").json()["online"], 30, "online")
        check(api.expect(200, "GET", "/app/devices").json() == api.expect(200, "GET", "/api/devices").json(), "/app/devices")
        sent = api.expect(201, "POST", "/send/message", {"device_id": "d", "phone": str(FIRST + 1), "message": "by its old name"})
        check(sent.headers["Location"] == f"/api/messages/{sent.json()['id']}", f"{sent.headers['Location']}")
        check(api.expect(200, "GET", sent.headers["Location"]).json()["text"] == "by its old name", "the message")
        wait_until(lambda: len(api.world.sandbox.shown("by its old name")) == 1, 30, "it is shown")
        # old and new name at once, a name of nobody, what is not done: told, never passed over
        api.expect(400, "POST", "/send/message", {"device_id": "d", "phone": str(FIRST + 1), "to": "1", "message": "x"})
        api.expect(400, "POST", "/send/message", {"device_id": "d", "phone": str(FIRST + 1), "message": "x", "is_forwarded": True})
        keyed = {"Idempotency-Key": "k"}
        one, two = (api.expect(201, "POST", "/api/devices/d/send", {"phone": str(FIRST + 2), "message": "once"}, headers=keyed)
                    for _ in range(2))
        check(one.body == two.body and two.headers["Idempotent-Replayed"] == "true", "repeats")
        made = api.expect(201, "POST", "/api/register", {"fullname": "Ann A", "email": "ann@example.org",
                                                         "password": "a long password"}).json()
        check(made["name"] == made["email"] == "ann@example.org" and made["full_name"] == "Ann A", f"{made}")
        login = api.expect(200, "POST", "/login", {"email": "ann@example.org", "password": "a long password"}, token=None)
        check(login.json()["token"] and login.json()["user"]["name"] == "ann@example.org", f"{login.body}")
        api.expect(403, "POST", "/api/register", {"fullname": "E", "email": "eve@example.org"},
                   token=api.wad.call("token.create", title="w", scope="write")["token"])
        api.expect(405, "GET", "/logout")
        api.expect(405, "GET", "/app/logout?deviceId=d")
        check(api.expect(200, "GET", "/api/devices/d").json()["online"], "a GET logged it out")
        check(api.expect(200, "GET", "/api/broadcast/stats?device_id=d").json() ==
              api.expect(200, "GET", "/api/queue?device=d").json(), "stats")
        api.expect(201, "POST", "/api/devices", {"name": "e"})
        for path, names in (("/api/workers/status", ["d", "e"]), ("/api/workers/device/d", ["d"]), ("/api/workers/status?device_id=e", ["e"])):
            check([w["name"] for w in api.expect(200, "GET", path).json()["workers"]] == names, path)
        check(api.expect(200, "POST", "/api/workers/stop-all").json() == {"queue_paused": True}, "stop-all")
        check(api.expect(200, "GET", "/api/queue").json()["queue_paused"], "the queue stands still")
        check(api.expect(200, "POST", "/api/workers/resume-failed", {"device_id": "d"}).json() == {"retried": 0}, "resume-failed")
        # files by their old fields; the queue rests, so that they wait
        picture, movie = (base64.b64encode(b).decode() for b in (png(8, 8, 3), b"\0\0\0\x18ftypmp42" + bytes(64)))
        for what, fields in (("image", {"image": picture, "caption": "look"}), ("video", {"video": movie, "caption": "look"}),
                             ("file", {"file": picture, "file_name": "a.png", "caption": "look"})):
            sent = api.expect(201, "POST", f"/send/{what}", dict(fields, device_id="d", phone=str(FIRST + 3))).json()
            check(api.expect(200, "GET", f"/api/messages/{sent['id']}").json()["text"] == "look", f"/send/{what}")
        api.expect(400, "POST", "/send/video", {"device_id": "d", "phone": str(FIRST + 3), "video": picture})
        api.expect(501, "POST", "/send/audio", {"device_id": "d", "phone": str(FIRST + 3), "audio": picture})
        api.expect(200, "GET", "/health", token=None)


def old_names_at_todays_addresses(build):
    with Api(build) as api:
        api.expect(201, "POST", "/api/devices", {"name": "d"})
        lead = api.expect(201, "POST", "/api/leads", {"phone": "60123456789", "name": "Ana", "niche": "GYM", "journey": "came by",
                                                      "target_status": "customer", "device_id": "d"}).json()
        check(lead["note"] == "came by" and lead["status"] == "customer" and lead["device"] == "1", f"{lead}")
        lead = api.expect(200, "PUT", f"/api/leads/{lead['id']}", {"notes": "came twice"}).json()
        check(lead["note"] == "came twice" and lead["name"] == "Ana", f"a change takes nothing away: {lead}")
        check(len(api.expect(200, "GET", "/api/devices/d/leads?target_status=customer").json()["leads"]) == 1, "its leads")
        made = api.expect(201, "POST", "/api/campaigns", {"title": "t", "message": "hello", "niche": "GYM", "min_delay_seconds": 5,
                                                          "max_delay_seconds": 30, "start_at": "2099-01-01T00:00:00Z"}).json()
        check(made["delay_min_ms"] == 5000 and made["delay_max_ms"] == 30000 and made["text"] == "hello", f"{made}")
        made = api.expect(200, "PUT", f"/api/campaigns/{made['id']}", {"message": "bye", "min_delay_seconds": 6,
                                                                                   "max_delay_seconds": 7}).json()
        check(made["delay_min_ms"] == 6000 and made["text"] == "bye" and made["niche"] == "GYM", f"a change takes nothing away: {made}")
        api.expect(400, "POST", "/api/campaigns", {"title": "t", "message": "hello", "text": "hello", "niche": "GYM"})
        api.expect(400, "POST", "/api/campaigns", {"title": "t", "message": "hello", "niche": "GYM", "min_delay_seconds": "x"})
        form = {"title": "t", "message": "hello", "niche": "GYM", "time_schedule": "09:30", "campaign_date": "2099-12-24"}
        made = api.expect(201, "POST", "/api/campaigns", form).json()
        check(made["start_at"] == api.expect(201, "POST", "/api/campaigns", {
            "title": "t", "text": "hello", "niche": "GYM", "at": "2099-12-24 09:30"}).json()["start_at"], f"its day and time: {made}")
        made = api.expect(200, "PUT", f"/api/campaigns/{made['id']}", {"campaign_date": "2099-12-25", "time_schedule": "10:00:30"}).json()
        check(made["start_at"].startswith("2099-12-25T") and made["start_at"].endswith(":00:30.000Z"), f"{made}")
        for half in ({"campaign_date": "2099-12-24"}, {"time_schedule": "09:30"}, {"campaign_date": "2099-12-24", "time_schedule": 9},
                     {"campaign_date": 7, "time_schedule": "09:30"}, {"campaign_date": "2099-02-30", "time_schedule": "09:30"},
                     {"campaign_date": "2099-12-24", "time_schedule": "09:30", "at": "2099-12-24 09:30"},
                     {"campaign_date": "2099-12-24", "time_schedule": "09:30", "start_at": "2099-12-24T09:30:00Z"}):
            api.expect(400, "POST", "/api/campaigns", dict({"title": "t", "message": "hello", "niche": "GYM"}, **half))
        old = f"/api/campaigns/{made['id']}"
        check(api.expect(200, "GET", f"{old}/device-report").json() == api.expect(200, "GET", f"{old}/report").json(), "report")
        check(api.expect(200, "GET", f"{old}/device/d/leads?status=failed").json()["recipients"] == [], "its recipients")
        api.expect(404, "GET", f"{old}/device/nobody/leads")
        api.expect(409, "POST", f"{old}/device/d/retry-failed")  # it has not begun
        api.expect(404, "POST", f"{old}/device/nobody/retry-failed")
        check(api.expect(200, "GET", "/api/campaigns/summary").json() == api.expect(200, "GET", "/api/analytics/campaigns").json(),
              "summary")
        check(api.expect(200, "GET", "/api/devices/d/chats").json()["chats"] == [], "chats")
        check(api.expect(200, "GET", "/api/devices/d/messages/60123456789").json()["messages"] == [], "messages")


def documents_go_in_as_they_are(build):
    with Api(build) as api:
        csv = {"Content-Type": "text/csv; charset=utf-8"}
        got = api.expect(200, "POST", "/api/leads/import?niche=GYM", "phone,name\r\n60123456789,\"A, B\"\r\n", headers=csv)
        check(got.json()["accepted"] == 1, f"{got.body}")
        lead = api.expect(200, "GET", "/api/leads").json()["leads"][0]
        check(lead["name"] == "A, B" and "GYM" in lead["niche"], f"{lead}")
        api.expect(400, "POST", "/api/leads/import", b"phone,name\r\n60123456789,\xff\r\n", headers=csv)
        api.expect(400, "POST", "/api/leads/import?csv=phone", "phone\n60123456789\n", headers=csv)
        api.expect(415, "POST", "/api/devices", "name\nd\n", headers=csv)
        api.expect(201, "POST", "/api/devices", {"name": "d"})
        many = "phone,name\n" + "".join(f"6013{i:07},\"n{i}, x\"\n" for i in range(20000))
        check(api.expect(200, "POST", "/api/devices/d/leads/import", many, headers=csv).json()["accepted"] == 20000, "many")
        # out again, whole, though the method gives it in parts
        out = api.expect(200, "GET", "/api/leads/export")
        check(out.headers["Content-Type"].startswith("text/csv") and out.headers["Content-Disposition"] ==
              'attachment; filename="lead.csv"', f"{out.headers}")
        rows = list(csv_module.DictReader(io.StringIO(out.body.decode())))
        check(len(rows) == 20001 and len({r["phone"] for r in rows}) == 20001, f"{len(rows)} rows")
        part = api.expect(200, "GET", "/api/leads/export", headers={"Accept": "application/json"}).json()
        check(part["csv"].splitlines()[0] == out.body.decode().splitlines()[0], "the parts as JSON")
        check(len(list(csv_module.DictReader(io.StringIO(api.expect(200, "GET", "/api/devices/d/leads/export").body.decode()))))
              == 20000, "of a device, by the older address")
        api.expect(404, "GET", "/api/devices/nobody/leads/export")


def files_of_messages_come_as_they_are(build):
    """Bytes in parts, as JSON and whole; what a stranger calls them is no page to a browser."""
    with Api(build, phones=(FIRST, 3)) as api:
        for name, phone in (("a", FIRST), ("b", FIRST + 1)):
            api.wad.pair(name, phone, delay_min_ms=0, delay_max_ms=0)
        api.wad.wait_online(2)
        picture = png(64, 64, 3)
        api.wad.call("message.send", device="a", to=str(FIRST + 1), image=base64.b64encode(picture).decode(), caption="look")
        found = wait_until(lambda: [m for m in api.wad.call("message.list", device="b")["messages"] if m["kind"] == "image"],
                           30, "the picture is stored")[0]
        path = f"/api/messages/{found['id']}/media?device=b"
        raw = api.expect(200, "GET", path)
        check(raw.body == picture and raw.type == "image/png", f"{raw.headers}, {len(raw.body)} of {len(picture)} bytes")
        check(raw.headers["Content-Disposition"].startswith("attachment") and
              raw.headers["Content-Security-Policy"].startswith("default-src 'none'"), f"{raw.headers}")
        part = api.expect(200, "GET", path, headers={"Accept": "application/json"}).json()
        check(base64.b64decode(part["bytes"]) == picture[:len(base64.b64decode(part["bytes"]))], "as JSON")
        api.expect(404, "GET", f"/api/messages/{found['id']}/media?device=nobody")


if __name__ == "__main__":
    every = [every_address_is_honest, no_address_is_unknown, old_names_reach_todays_methods, old_names_at_todays_addresses,
             documents_go_in_as_they_are, files_of_messages_come_as_they_are]
    wanted = sys.argv[2:]
    sys.exit(run_tests([t for t in every if not wanted or t.__name__ in wanted], sys.argv[1]))
