#!/usr/bin/env python3
"""What the HTTP API promises about repeats, races, rates and proxies: a POST with an Idempotency-Key is done once, also
through kill -9; If-Match lets one of many win; tokens have a rate; only trusted proxies say who calls."""
import concurrent.futures
import glob
import os
import re
import subprocess
import sys
import time

from http_api import Api, check
from wadtest import Failure, run_tests, wait_until

FIRST = 60120000001


def keyed(key, **more):
    return dict({"Idempotency-Key": key}, **more)


def together(count, call):
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(call, range(count)))


def equal_posts_make_one(build):
    with Api(build) as api:
        body = {"title": "once", "text": "hello", "everyone": True, "start_at": "2099-01-01T00:00:00Z"}
        answers = together(50, lambda _: api.ask("POST", "/api/campaigns", body, headers=keyed("fifty")))
        statuses = sorted(a.status for a in answers)
        check(set(statuses) <= {201, 409} and 201 in statuses, f"{statuses}")
        check(all(a.headers["Retry-After"] and a.json()["code"] == "still_running" for a in answers if a.status == 409), "409")
        made = api.expect(200, "GET", "/api/campaigns").json()["campaigns"]
        check(len(made) == 1, f"{len(made)} campaigns")
        first = {a.body for a in answers if a.status == 201}
        check(len(first) == 1, "different answers")
        again = api.expect(201, "POST", "/api/campaigns", body, headers=keyed("fifty"))
        check(again.headers["Idempotent-Replayed"] == "true" and {again.body} == first, "replay")
        check(again.headers["Location"] == f"/api/campaigns/{made[0]['id']}", f"{again.headers['Location']}")
        fresh = [a for a in answers if a.status == 201 and a.headers.get("Idempotent-Replayed") is None]
        check(len(fresh) == 1, f"{len(fresh)} answers say that they are the first")
        other = api.expect(422, "POST", "/api/campaigns", dict(body, title="other"), headers=keyed("fifty")).json()
        check(other["code"] == "key_reused", f"{other}")
        api.expect(422, "POST", "/api/devices", {"name": "d"}, headers=keyed("fifty"))
        # a refusal changed nothing: the key is free
        api.expect(201, "POST", "/api/devices", {"name": "d"}, headers=keyed("a"))
        api.expect(409, "POST", "/api/devices", {"name": "d"}, headers=keyed("b"))
        api.expect(200, "DELETE", "/api/devices/d")
        again = api.expect(201, "POST", "/api/devices", {"name": "d"}, headers=keyed("b"))
        check(again.headers.get("Idempotent-Replayed") is None, "made, not replayed")
        api.expect(400, "POST", "/api/devices", {"nam": "d"}, headers=keyed("c"))
        api.expect(201, "POST", "/api/devices", {"name": "e"}, headers=keyed("c"))
        for bad in ("", "x" * 256, "a b", "\u00e9"):
            api.expect(400, "POST", "/api/devices", {"name": "never"}, headers=keyed(bad.encode("latin-1")))
        # another user's key is another key
        api.wad.call("user.create", name="other", role="operator", password="a long password")
        login = api.expect(200, "POST", "/api/login", {"email": "other", "password": "a long password"}, token=None).json()
        check(login["user"]["name"] == "other", f"{login}")
        print(f"proof: 50 equal POSTs with one Idempotency-Key: {statuses.count(201)} answers 201 (one of them first), "
              f"{statuses.count(409)} still running, one campaign")


def keys_are_of_one_user(build):
    with Api(build) as api:
        body = {"name": "same"}
        one = api.expect(201, "POST", "/api/devices", body, headers=keyed("k")).json()
        token = other_token(api, "other")
        two = api.expect(201, "POST", "/api/devices", body, token=token, headers=keyed("k"))
        check(two.json()["id"] != one["id"] and two.headers.get("Idempotent-Replayed") is None, "a foreign answer")
        secret = api.expect(201, "POST", "/api/tokens", {"title": "t"}, headers=keyed("t")).json()["token"]
        check(api.expect(201, "POST", "/api/tokens", {"title": "t"}, headers=keyed("t")).json()["token"] == secret, "replay")
        dump = sql(api, "select key, encode(request, 'escape'), encode(answer, 'escape') from idempotent_answers")
        check("k" in dump and secret not in dump and secret[4:20] not in dump, "a token lies open in the database")


def sql(api, statement):
    psql = sorted(glob.glob("/usr/lib/postgresql/*/bin/psql"))[-1]
    data = os.path.join(api.wad.state, "postgres/data")
    with open(os.path.join(data, "postmaster.pid")) as f:
        lines = f.read().splitlines()
    argv = [psql, "-X", "-A", "-t", "-h", lines[4], "-U", "wad", "-d", "wad", "-c", statement]
    if os.geteuid() == 0 and os.stat(data).st_uid != 0:
        argv = ["setpriv", f"--reuid={os.stat(data).st_uid}", f"--regid={os.stat(data).st_gid}", "--clear-groups"] + argv
    done = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)
    check(done.returncode == 0, f"psql: {done.stderr}")
    return done.stdout


def other_token(api, name, role="operator"):
    """A bearer token of another user, made by himself."""
    from wadtest import Rpc
    api.wad.call("user.create", name=name, role=role)
    rpc = Rpc(api.wad.socket)
    rpc.call("system.act_as", user=name)
    token = rpc.call("token.create", title="other", scope="write")["token"]
    rpc.close()
    return token


def old_keys_are_swept(build):
    with Api(build) as api:
        api.expect(201, "POST", "/api/devices", {"name": "d"}, headers=keyed("old"))
        api.expect(201, "POST", "/api/devices", {"name": "e"}, headers=keyed("young"))
        sql(api, "update idempotent_answers set at = now() - interval '25 hours' where key = 'old'")
        # a day later the key is like any other
        api.expect(409, "POST", "/api/devices", {"name": "d"}, headers=keyed("old"))
        api.expect(201, "POST", "/api/devices", {"name": "f"}, headers=keyed("old"))
        sql(api, "update idempotent_answers set at = now() - interval '25 hours' where key = 'old'")
        api.wad.process.stop()
        api.wad.start()  # it sweeps at its start, then every ten minutes
        wait_until(lambda: sql(api, "select key from idempotent_answers").split() == ["young"], 20, "the old key is gone")
        check(api.expect(201, "POST", "/api/devices", {"name": "e"}, headers=keyed("young"))
              .headers["Idempotent-Replayed"] == "true", "a key outlives a restart")


def a_crash_in_between_runs_nothing_twice(build):
    with Api(build, phones=(FIRST, 3)) as api:
        api.wad.pair("d", FIRST, delay_min_ms=0, delay_max_ms=0)
        api.wad.wait_online(1)
        api.wad.process.stop()
        for point, made in (("once.after_reserve", 0), ("once.before_keep", 1)):
            body = {"title": point, "text": "hello", "everyone": True, "start_at": "2099-01-01T00:00:00Z"}
            message = {"device": "d", "to": str(FIRST + 1), "text": point}
            for path, sent, key in (("/api/campaigns", body, point), ("/api/messages", message, "m-" + point)):
                api.wad.start(env={"WAD_CRASH_AT": f"{point}:1"})
                try:
                    api.ask("POST", path, sent, headers=keyed(key))
                    raise Failure(f"{point}: it answered")
                except (OSError, ConnectionError):
                    pass
                wait_until(lambda: not api.wad.process.alive(), 10, f"wad dies at {point}")
                api.wad.process.child.wait()
                api.wad.start()
                if path == "/api/campaigns":
                    for _ in range(2):
                        refused = api.expect(409, "POST", path, sent, headers=keyed(key)).json()
                        check(refused["code"] == "outcome_unknown", f"{refused}")
                    titles = [c["title"] for c in api.expect(200, "GET", path).json()["campaigns"]]
                    check(titles.count(point) == made, f"{point}: {titles}")
                    api.expect(201, "POST", path, sent, headers=keyed("new-" + key))
                else:  # message.send knows its key by itself: it says what became of it
                    first = api.expect(201, "POST", path, sent, headers=keyed(key))
                    again = api.expect(201, "POST", path, sent, headers=keyed(key))
                    check(again.headers["Idempotent-Replayed"] == "true" and again.body == first.body, "replay")
                    api.wad.wait_online(1)
                    wait_until(lambda: api.world.sandbox.shown(point), 30, "the message is shown")
                api.wad.process.stop()
        api.wad.start()
        time.sleep(1)
        for point in ("once.after_reserve", "once.before_keep"):
            shown = len(api.world.sandbox.shown(point))
            check(shown == 1, f"{point}: shown {shown} times")
        print("proof: killed after the reservation and before the stored answer: no campaign and no message twice")


def one_of_many_changes_wins(build):
    with Api(build) as api:
        api.expect(201, "POST", "/api/users", {"name": "ann", "zone": "UTC"})
        tag = api.expect(200, "GET", "/api/users/ann").headers["ETag"]
        check(re.fullmatch(r'"[0-9a-f]{24}"', tag), tag)
        zones = ["Asia/Jakarta", "Europe/Berlin", "Asia/Tokyo", "America/Lima"]
        answers = together(20, lambda i: api.ask("PATCH", "/api/users/ann", {"zone": zones[i % 4], "full_name": f"n{i}"},
                                                 headers={"If-Match": tag}))
        won = [a for a in answers if a.status == 200]
        check(len(won) == 1 and all(a.status == 412 for a in answers if a not in won), f"{[a.status for a in answers]}")
        now = api.expect(200, "GET", "/api/users/ann")
        check(now.json()["full_name"] == won[0].json()["full_name"], "not the winner's change")
        check(now.headers["ETag"] == won[0].headers["ETag"] != tag, "the change's own tag")
        lost = api.expect(412, "PATCH", "/api/users/ann", {"zone": "UTC"}, headers={"If-Match": tag})
        check(lost.headers["ETag"] == now.headers["ETag"], "412 says the tag of now")
        api.expect(412, "PATCH", "/api/users/ann", {"zone": "UTC"}, headers={"If-Match": "W/" + now.headers["ETag"]})
        api.expect(200, "PATCH", "/api/users/ann", {"zone": "UTC"}, headers={"If-Match": f'"x", {now.headers["ETag"]}'})
        api.expect(200, "PATCH", "/api/users/ann", {"zone": "UTC"}, headers={"If-Match": "*"})
        api.expect(404, "PATCH", "/api/users/nobody", {"zone": "UTC"}, headers={"If-Match": "*"})
        api.expect(412, "DELETE", "/api/users/ann", headers={"If-Match": tag})
        tag = api.expect(200, "GET", "/api/users/ann").headers["ETag"]
        api.expect(200, "DELETE", "/api/users/ann", headers={"If-Match": tag})
        print("proof: 20 changes with one If-Match: 1 won, 19 were told 412")


def calls_have_a_rate(build):
    with Api(build, settings={"http.rate": "5", "http.burst": "10"}) as api:
        other = other_token(api, "other")
        started = time.monotonic()
        answers = [api.ask("GET", "/api/devices") for _ in range(40)]
        took = time.monotonic() - started
        passed = [a for a in answers if a.status == 200]
        check(10 <= len(passed) <= 10 + 5 * took + 1, f"{len(passed)} passed in {took:.1f} s")
        refused = [a for a in answers if a.status == 429]
        check(len(passed) + len(refused) == 40 and refused, f"{[a.status for a in answers]}")
        for a in answers:
            check(a.headers["RateLimit-Limit"] == "10" and int(a.headers["RateLimit-Remaining"]) <= 9 and
                  int(a.headers["RateLimit-Reset"]) <= 2, f"{a.headers}")
        check(all(a.headers["Retry-After"] == "1" and a.json()["code"] == "rate_limited" for a in refused), "Retry-After")
        check(api.ask("GET", "/api/devices", token=other).status == 200, "another token has a bucket of its own")
        check(api.ask("GET", "/livez", token=None).headers.get("RateLimit-Limit") is None, "probes have no limit")
        time.sleep(1.2)
        check(api.ask("GET", "/api/devices").status == 200, "the bucket fills again")


def only_trusted_proxies_say_who_calls(build):
    def tries(api, address, count=6):
        return [api.ask("POST", "/api/login", {"email": f"nobody{i}{address}", "password": "a wrong password"}, token=None,
                        headers={"X-Forwarded-For": address}).status for i in range(count)]

    with Api(build) as api:  # 127.0.0.1 is not trusted: all tries are its own
        check(tries(api, "198.51.100.1")[-1] == 429, "a spoofed address escapes the limit")
        check(tries(api, "203.0.113.9", 1) == [429], "a spoofed address escapes the limit")
    with Api(build, settings={"http.trusted_proxies": "127.0.0.1, 10.0.0.0/8"}) as api:
        check(tries(api, "198.51.100.1")[-1] == 429, "the limit holds")
        check(tries(api, "203.0.113.9", 1) == [401], "another caller through the same proxy")
        # what the caller wrote himself stands before what the proxy added
        check(tries(api, "8.8.8.8, 198.51.100.1", 1) == [429], "spoofed in front")
        check(tries(api, "198.51.100.1, 10.1.2.3", 1) == [429], "a second proxy")
        api.expect(401, "GET", "/metrics", token=None, headers={"X-Forwarded-For": "127.0.0.1"})


def other_sites_are_named(build):
    with Api(build, settings={"http.cors_origins": "https://ops.example, http://localhost:5173"}) as api:
        listed = {"Origin": "https://ops.example"}
        got = api.expect(200, "GET", "/api/devices", headers=listed)
        check(got.headers["Access-Control-Allow-Origin"] == "https://ops.example" and got.headers["Vary"] == "Origin",
              f"{got.headers}")
        check(got.headers.get("Access-Control-Allow-Credentials") is None, "cookies are not shared")
        ask = dict(listed, **{"Access-Control-Request-Method": "POST"})
        pre = api.expect(204, "OPTIONS", "/api/devices", token=None, headers=ask)
        check("POST" in pre.headers["Access-Control-Allow-Methods"] and
              "Authorization" in pre.headers["Access-Control-Allow-Headers"], f"{pre.headers}")
        for origin in ("https://evil.example", "https://ops.example.evil.example", "null", "http://ops.example"):
            got = api.expect(200, "GET", "/api/devices", headers={"Origin": origin})
            check(got.headers.get("Access-Control-Allow-Origin") is None, origin)
            api.expect(405, "OPTIONS", "/api/devices", token=None, headers=dict(ask, Origin=origin))
    with Api(build) as api:
        got = api.expect(200, "GET", "/api/devices", headers=listed)
        check(got.headers.get("Access-Control-Allow-Origin") is None, "CORS is off")
        for name, value in (("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
                            ("Cache-Control", "no-store")):
            check(got.headers[name] == value, name)


def sessions_are_not_fixed_and_end(build):
    """d4: a login makes an id of its own, which ends by age, by idling, by a new password and by logout."""
    with Api(build) as api:
        api.wad.call("user.create", name="ann", password="a long password")

        def login(cookie=None, password="a long password"):
            got = api.expect(200, "POST", "/api/login", {"email": "ann", "password": password}, token=None,
                             headers={"Cookie": cookie} if cookie else None)
            return got.headers["Set-Cookie"].split(";")[0]

        def status(cookie):
            return api.ask("GET", "/api/devices", token=None, headers={"Cookie": cookie}).status

        planted = "__Host-wad=" + "A" * 43
        first, second = login(planted), login()
        check(len({planted, first, second}) == 3 and status(planted) == 401, "a planted id was taken over")
        check(status(first) == status(second) == 200, "both are in")
        check(status(login(first)) == 200 and first != login(first), "each login has an id of its own")
        secret = second.split("=", 1)[1]
        dump = sql(api, "select encode(hash, 'hex'), encode(hash, 'escape') from user_sessions")
        check(dump and secret not in dump, "a session's id lies open in the database")
        for column, age in (("used_at", "12 hours 1 minute"), ("created_at", "7 days 1 minute")):
            cookie = login()
            sql(api, f"update user_sessions set {column} = now() - interval '{age}' where id = (select max(id) from user_sessions)")
            check(status(cookie) == 401, f"{column} {age} ago: still in")
            check(status(second) == 200, "another session ended, too")
        api.wad.call("user.passwd", id="ann", password="another long password")
        check(status(first) == status(second) == 401, "a new password ends sessions")
        cookie = login(password="another long password")
        api.wad.call("user.update", id="ann", active=False)
        check(status(cookie) == 401, "who is switched off is out at once")


def lists_are_whole_while_they_grow(build):
    """d8: a walk sees every row that was there when it began, once, whatever is added meanwhile."""
    with Api(build) as api:
        start, rows = 60130000000, 100000
        for batch in range(0, rows, 20000):
            api.expect(200, "POST", "/api/leads/import",
                       {"csv": "phone\n" + "".join(f"{start + 3 * i}\n" for i in range(batch, batch + 20000))})
        path, seen, added = "/api/leads?limit=500", [], 0
        while path:
            answer = api.expect(200, "GET", path)
            seen += [lead["id"] for lead in answer.json()["leads"]]
            link = answer.headers.get("Link")
            path = re.fullmatch(r'<([^>]+)>; rel="next"', link).group(1) if link else None
            if added < 2000:
                api.expect(200, "POST", "/api/leads/import",
                           {"csv": "phone\n" + "".join(f"{start + 3 * i + 1}\n" for i in range(added, added + 50))})
                added += 50
        check(len(seen) == len(set(seen)), f"{len(seen) - len(set(seen))} rows came twice")
        first = {str(i) for i in range(1, rows + 1)}
        check(first <= set(seen), f"{len(first - set(seen))} rows were skipped")
        api.expect(400, "GET", "/api/leads?limit=501")
        check(len(api.expect(200, "GET", "/api/leads").json()["leads"]) <= 500, "a page is bounded")
        print(f"proof: {rows} rows walked in pages of 500 while {added} were added: none skipped, none doubled")


if __name__ == "__main__":
    every = [equal_posts_make_one, keys_are_of_one_user, old_keys_are_swept, a_crash_in_between_runs_nothing_twice,
             one_of_many_changes_wins, calls_have_a_rate, only_trusted_proxies_say_who_calls, other_sites_are_named,
             sessions_are_not_fixed_and_end, lists_are_whole_while_they_grow]
    wanted = sys.argv[2:]
    sys.exit(run_tests([t for t in every if not wanted or t.__name__ in wanted], sys.argv[1]))
