#!/usr/bin/env python3
"""The HTTP API: every route of the catalogue is there and in /openapi.json, errors are problems, nobody gets in
without a proof, hostile requests end in a refusal, and the probes tell the truth when PostgreSQL goes away."""
import glob
import http.client
import json
import os
import random
import re
import signal
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
from wadtest import Failure, World, run_tests, wait_until  # noqa: E402


def check(condition, what):
    if not condition:
        raise Failure(what)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Answer:
    def __init__(self, response, body):
        self.status, self.headers, self.body = response.status, response.headers, body
        self.type = (self.headers.get("Content-Type") or "").split(";")[0]

    def json(self):
        return json.loads(self.body)


class Api:
    """One wad with HTTP, and the token of its admin."""

    def __init__(self, build, phones=(60120000001, 3), name="http", settings=None):
        self.port = free_port()
        own = {"http.listen": f"127.0.0.1:{self.port}", "http.rate": "0"}
        self.world = World(build, phones, settings=dict(own, **(settings or {})), name=name)
        self.token = None

    def __enter__(self):
        self.wad = self.world.__enter__().wad
        self.token = self.wad.call("token.create", title="test", scope="admin")["token"]
        return self

    def __exit__(self, *why):
        return self.world.__exit__(*why)

    def ask(self, verb, path, body=None, token="own", headers=None, conn=None):
        own = conn or http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        given = {}
        if token:
            given["Authorization"] = "Bearer " + (self.token if token == "own" else token)
        if body is not None:
            given["Content-Type"] = "application/json"
            body = body if isinstance(body, (bytes, str)) else json.dumps(body)
        given.update(headers or {})
        try:
            own.request(verb, path, body, given)
            response = own.getresponse()
            answer = Answer(response, response.read())
        finally:
            if conn is None:
                own.close()
        if answer.status >= 400:
            check(answer.type == "application/problem+json", f"{verb} {path}: {answer.status} as {answer.type}")
            if verb != "HEAD":
                problem = answer.json()
                check(problem["status"] == answer.status and problem["title"] and problem["code"],
                      f"{verb} {path}: not a problem: {problem}")
        check(answer.headers.get("X-Content-Type-Options") == "nosniff", f"{verb} {path}: no nosniff")
        check("frame-ancestors 'none'" in (answer.headers.get("Content-Security-Policy") or ""), f"{verb} {path}: csp")
        return answer

    def expect(self, status, verb, path, *args, **kwargs):
        answer = self.ask(verb, path, *args, **kwargs)
        check(answer.status == status, f"{verb} {path}: {answer.status} instead of {status}: {answer.body[:300]!r}")
        return answer

    def raw(self, data, timeout=15):
        """Sends bytes, gives what comes until the end of the stream."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as s:
            s.sendall(data)
            got = b""
            while True:
                try:
                    part = s.recv(65536)
                except ConnectionResetError:
                    return got
                if not part:
                    return got
                got += part


def objects_live_over_http(build):
    with Api(build) as api:
        made = api.expect(201, "POST", "/api/devices", {"name": "shop one"})
        device = made.json()
        check(made.headers["Location"] == f"/api/devices/{device['id']}", f"Location: {made.headers['Location']}")
        check(isinstance(device["id"], str), "an id is a string")
        check(api.expect(200, "GET", made.headers["Location"]).json()["name"] == "shop one", "device.show")
        check(api.expect(200, "GET", "/api/devices/shop%20one").json()["id"] == device["id"], "by name")
        same = api.wad.call("device.show", device="shop one")
        check(api.expect(200, "GET", "/api/devices/shop%20one").json() == same, "HTTP and socket differ")
        check(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", same["created_at"]), same["created_at"])
        api.expect(409, "POST", "/api/devices", {"name": "shop one"})
        wrong = api.expect(400, "POST", "/api/devices", {"name": "b", "colour": "red"}).json()
        check(wrong["errors"][0]["field"] == "colour", f"errors: {wrong}")
        api.expect(400, "POST", f"/api/devices/{device['id']}/pair", {"device": "other"})
        api.expect(400, "POST", "/api/devices?name=b", {"name": "b"})
        api.expect(400, "GET", "/api/devices?limit=x")
        api.expect(400, "GET", "/api/devices?limit=1&limit=2")
        api.expect(415, "POST", "/api/devices", "name=b", headers={"Content-Type": "application/x-www-form-urlencoded"})
        api.expect(400, "POST", "/api/devices", "{")
        api.expect(400, "POST", "/api/devices", "[]")
        api.expect(400, "POST", "/api/devices", '{"name":"a","name":"b"}')
        check(api.expect(405, "PUT", "/api/devices").headers["Allow"] == "GET, HEAD, POST", "Allow")
        api.expect(404, "GET", "/api/nothing")
        api.expect(404, "GET", "/api/devices/nobody")
        check(api.expect(200, "HEAD", "/api/devices").body == b"", "HEAD has a body")
        api.expect(200, "DELETE", "/api/devices/shop%20one")
        api.expect(404, "GET", "/api/devices/shop%20one")


def lists_are_walked_by_their_links(build):
    with Api(build) as api:
        csv = "phone,name\n" + "".join(f"6012300{i:04},n{i}\n" for i in range(57))
        check(api.expect(200, "POST", "/api/leads/import", {"csv": csv}).json()["accepted"] == 57, "import")
        path, seen = "/api/leads?limit=10", []
        while path:
            answer = api.expect(200, "GET", path)
            page = answer.json()
            seen += [lead["phone"] for lead in page["leads"]]
            link = answer.headers.get("Link")
            check(bool(link) == ("next" in page), f"Link {link}, next {page.get('next')}")
            path = re.fullmatch(r'<([^>]+)>; rel="next"', link).group(1) if link else None
        check(len(seen) == 57 and len(set(seen)) == 57, f"{len(seen)} rows, {len(set(seen))} of them different")


def every_route_is_documented_and_closed(build):
    with Api(build) as api:
        doc = api.expect(200, "GET", "/openapi.json", token=None).json()
        check(doc["openapi"].startswith("3.1"), doc["openapi"])
        methods = {m["name"]: m for m in api.wad.call("rpc.discover")["methods"]}
        operations = {op["operationId"]: (verb.upper(), path, op) for path, item in doc["paths"].items()
                      for verb, op in item.items()}
        rows = ""
        for path in glob.glob("shared/rpc/catalogue_*.c"):
            with open(path) as f:
                rows += f.read()
        for name in methods:
            row = rows[rows.index(f'.name = "{name}"'):]
            route = re.search(r'\.http = "(\w+) ([^"]+)"', row[:row.index("};")])
            check(bool(route) == (name in operations), f"{name}: in the catalogue {route}, in the document "
                                                       f"{name in operations}")
            if route:
                check(operations[name][:2] == route.groups(), f"{name}: {operations[name][:2]}")
        reached = 0
        for name, (verb, path, op) in operations.items():
            path = re.sub(r"\{\w+\}", "999999", path)
            anonymous = api.ask(verb, path, token=None).status
            if op.get("security") == []:
                check(anonymous != 401, f"{name} is for anyone, but answers {anonymous}")
            elif name != "METRICS":  # open to this host
                check(anonymous == 401, f"{name}: {anonymous} without a token")
                check(api.ask(verb, path, token="wad_wrong").status == 401, f"{name}: a wrong token")
            if name in ("daemon.stop", "EVENTS"):
                continue
            answer = api.ask(verb, path)
            check(answer.status not in (401, 404, 405) or answer.json()["detail"].find("no such address") < 0,
                  f"{name}: {verb} {path}: {answer.status}")
            check(str(answer.status) in op["responses"], f"{name}: {answer.status} is not documented")
            reached += 1
        print(f"proof: {reached} of {len(operations)} HTTP routes reached, all documented, closed without a proof")


def the_setup_code_is_good_once(build):
    with Api(build) as api:
        with open(api.wad.process.log_path) as f:
            code = re.search(r"setup code, good once: (\S+)", f.read()).group(1)
        sent = {"code": code, "name": "owner", "password": "a password of the owner"}
        wrong = ("0" if code[0] != "0" else "1") + code[1:]
        api.expect(401, "POST", "/api/setup", dict(sent, code=wrong), token=None)
        api.expect(400, "POST", "/api/setup", dict(sent, password="short"), token=None)
        made = api.expect(200, "POST", "/api/setup", sent, token=None).json()
        check(made["user"]["name"] == "owner" and made["user"]["role"] == "admin", f"{made}")
        login = {"email": "owner", "password": "a password of the owner"}
        api.expect(200, "POST", "/api/login", login, token=None)
        api.expect(401, "POST", "/api/setup", dict(sent, password="another password"), token=None)
        api.expect(200, "POST", "/api/login", login, token=None)


def rights_hold(build):
    with Api(build) as api:
        api.wad.call("user.create", name="other", password="a long password", role="operator")
        api.expect(201, "POST", "/api/devices", {"name": "mine"})
        login = api.ask("POST", "/api/login", {"email": "other", "password": "a long password"}, token=None)
        check(login.status == 200, f"login: {login.status} {login.body!r}")
        cookie = login.headers["Set-Cookie"]
        for part in ("__Host-wad=", "Path=/", "Secure", "HttpOnly", "SameSite=Lax"):
            check(part in cookie, f"cookie without {part}: {cookie}")
        csrf = login.json()["csrf_token"]
        own = {"Cookie": cookie.split(";")[0]}
        check(api.expect(200, "GET", "/api/devices", token=None, headers=own).json()["devices"] == [], "a foreign device")
        foreign = api.expect(404, "GET", "/api/devices/1", token=None, headers=own).json()
        missing = api.expect(404, "GET", "/api/devices/9", token=None, headers=own).json()
        check(foreign["code"] == missing["code"] and foreign["detail"] == missing["detail"].replace("9", "1"),
              f"foreign {foreign} is told from missing {missing}")
        api.expect(403, "POST", "/api/daemon/stop", token=None,
                   headers=dict(own, **{"X-CSRF-Token": csrf, "Sec-Fetch-Site": "same-origin"}))
        body = {"name": "theirs"}
        api.expect(403, "POST", "/api/devices", body, token=None, headers=own)
        api.expect(403, "POST", "/api/devices", body, token=None, headers=dict(own, **{"X-CSRF-Token": csrf}))
        api.expect(403, "POST", "/api/devices", body, token=None, headers=dict(
            own, **{"X-CSRF-Token": csrf, "Sec-Fetch-Site": "cross-site"}))
        api.expect(403, "POST", "/api/devices", body, token=None, headers=dict(
            own, **{"X-CSRF-Token": csrf[:-1], "Sec-Fetch-Site": "same-origin"}))
        good = dict(own, **{"X-CSRF-Token": csrf, "Origin": f"http://127.0.0.1:{api.port}"})
        api.expect(201, "POST", "/api/devices", body, token=None, headers=good)
        api.expect(200, "POST", "/api/logout", token=None, headers=good)
        api.expect(401, "GET", "/api/devices", token=None, headers=own)
        api.expect(401, "POST", "/api/login", {"email": "other", "password": "a wrong password"}, token=None)
        api.expect(403, "GET", "/metrics", token=api.wad.call("token.create", title="r", scope="read")["token"])
        api.expect(401, "GET", "/metrics", token=None, headers={"X-Forwarded-For": "127.0.0.1"})
        created = api.expect(201, "POST", "/api/tokens", {"title": "gone"}).json()
        api.expect(200, "GET", "/api/devices", token=created["token"])
        api.expect(200, "DELETE", f"/api/tokens/{created['id']}")
        api.expect(401, "GET", "/api/devices", token=created["token"])


def status_of(raw):
    found = re.match(rb"HTTP/1\.[01] (\d{3})", raw)
    return int(found.group(1)) if found else 0


def hostile_requests_are_refused(build):
    with Api(build) as api:
        auth = f"Authorization: Bearer {api.token}\r\nContent-Type: application/json\r\n".encode()
        smuggled = b"GET /api/devices HTTP/1.1\r\nHost: x\r\n\r\n"
        cases = {
            "both lengths": (b"POST /api/devices HTTP/1.1\r\nHost: x\r\n" + auth + b"Content-Length: 2\r\n"
                             b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled, (400,)),
            "two lengths": (b"POST /api/devices HTTP/1.1\r\nHost: x\r\n" + auth + b"Content-Length: 2\r\n"
                            b"Content-Length: 40\r\n\r\n{}" + smuggled, (400,)),
            "wrong length": (b"POST /api/devices HTTP/1.1\r\nHost: x\r\n" + auth + b"Content-Length: -2\r\n\r\n{}", (400, 413)),
            "odd encoding": (b"POST /api/devices HTTP/1.1\r\nHost: x\r\n" + auth + b"Transfer-Encoding: gzip, chunked\r\n"
                             b"\r\n0\r\n\r\n", (400,)),
            "huge header": (b"GET /livez HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 20000 + b"\r\n\r\n", (431,)),
            "enormous header": (b"GET /livez HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 200000 + b"\r\n\r\n", (0, 400, 413, 431)),
            "many headers": (b"GET /livez HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 200 + b"\r\n", (431,)),
            "long address": (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", (414,)),
            "NUL": (b"GET /livez%00.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", (400,)),
            "not UTF-8": (b"GET /api/devices/%ff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + auth + b"\r\n", (400,)),
            "dots": (b"GET /api/../livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", (404,)),
            "escaped dots": (b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", (404,)),
            "absolute": (b"GET http://elsewhere/livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", (200,)),
            "no host": (b"GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n", (400,)),
            "two hosts": (b"GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", (400,)),
            "large body": (b"POST /api/devices HTTP/1.1\r\nHost: x\r\n" + auth + b"Content-Length: 1048577\r\n\r\n", (413,)),
            "chunked flood": (b"POST /api/devices HTTP/1.1\r\nHost: x\r\n" + auth + b"Transfer-Encoding: chunked\r\n\r\n" +
                              (b"10000\r\n" + b" " * 65536 + b"\r\n") * 40, (0, 413)),
            "garbage": (bytes(range(256)) * 8 + b"\r\n\r\n", (0, 400, 431, 505)),
            "no version": (b"GET /livez\r\n\r\n", (0, 400, 505)),
        }
        for name, (data, wanted) in cases.items():
            try:
                got = api.raw(data)
            except TimeoutError as late:
                raise Failure(f"{name}: neither an answer nor an end") from late
            check(status_of(got) in wanted, f"{name}: {got[:200]!r}")
            check(b"\"devices\"" not in got and got.count(b"HTTP/1.1 2") <= 1, f"{name}: what followed was answered, too: {got[:600]!r}")
        api.expect(200, "GET", "/livez", token=None)
        conn = http.client.HTTPConnection("127.0.0.1", api.port, timeout=10)
        for path, status in (("/livez", 200), ("/nope", 404), ("/api/devices", 200), ("/api/devices?x=1", 400), ("/livez", 200)):
            check(api.ask("GET", path, conn=conn).status == status, f"kept alive: {path}")
        conn.close()


def slow_requests_end(build):
    with Api(build) as api:
        start = time.monotonic()
        slow = [socket.create_connection(("127.0.0.1", api.port)) for _ in range(200)]
        for s in slow:
            s.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        body = socket.create_connection(("127.0.0.1", api.port))
        body.sendall(f"POST /api/leads/import HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.token}\r\n"
                     "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n".encode())
        worst = 0
        for i in range(40):
            began = time.monotonic()
            api.expect(200, "GET", "/livez", token=None)
            worst = max(worst, time.monotonic() - began)
            for s in slow:
                try:
                    s.sendall(b"x")
                except OSError:
                    pass
            time.sleep(0.1)
        answered = 0
        for s in slow:
            s.settimeout(30)
            try:
                answered += s.recv(4096).startswith(b"HTTP/1.1 408")
            except OSError:
                answered += 1
            s.close()
        check(answered == 200, f"{answered} of 200 slow requests were ended")
        print(f"proof: 200 slow HTTP clients ended after {time.monotonic() - start:.0f} s, worst answer to others "
              f"meanwhile {worst * 1000:.0f} ms")
        body.close()


def probes_tell_the_truth(build):
    with Api(build) as api:
        wait_until(lambda: api.ask("GET", "/readyz", token=None).status == 200, 20, "readyz is 200")
        check(b"[+]database" in api.expect(200, "GET", "/readyz?verbose", token=None).body, "verbose")
        text = api.expect(200, "GET", "/metrics", token=None)
        check(text.headers["Content-Type"].startswith("text/plain; version=0.0.4"), text.headers["Content-Type"])
        seen = set()
        for line in text.body.decode().splitlines():
            if line.startswith("#"):
                continue
            check(re.fullmatch(r'wad_[a-z_]+(\{[a-z]+="[^"]+"\})? [-+0-9.e]+', line), f"metrics: {line}")
            seen.add(re.match(r"wad_[a-z_]+", line).group(0))
        for name in ("wad_devices", "wad_outbox_rows", "wad_messages_sent_total", "wad_messages_failed_total",
                     "wad_calls_total", "wad_http_request_duration_seconds_bucket", "wad_build_info"):
            check(name in seen, f"metrics without {name}: {sorted(seen)}")
        os.kill(api.wad.postmaster_pid(), signal.SIGKILL)
        start = time.monotonic()

        def down():
            api.expect(200, "GET", "/livez", token=None)
            return status() == 503

        def status():
            return api.ask("GET", "/readyz", token=None).status

        wait_until(down, 2, "readyz is 503", every=0.01)
        noticed = time.monotonic() - start
        wait_until(lambda: status() == 200, 60, "readyz is 200 again")
        print(f"proof: readyz told a lost database after {noticed * 1000:.0f} ms, livez stayed 200, "
              f"ready again after {time.monotonic() - start:.1f} s")
        api.expect(200, "GET", "/api/devices")


def read_events(api, path, count, headers=None, act=None):
    """The first events of a stream, as (id, topic, data)."""
    s = socket.create_connection(("127.0.0.1", api.port), timeout=20)
    head = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.token}\r\n"
    s.sendall((head + "".join(f"{k}: {v}\r\n" for k, v in (headers or {}).items()) + "\r\n").encode())
    f, found, event = s.makefile("rb"), [], {}
    check(b" 200 " in f.readline(), "the stream is refused")
    while len(found) < count:
        line = f.readline()
        check(line, "the stream ended")
        line = line.decode().rstrip("\r\n")
        if line.startswith("retry:") and act:
            act()
        name, _, value = line.partition(": ")
        if name in ("id", "event", "data"):
            event[name] = value
        elif line == "" and "data" in event:
            found.append((event.get("id"), event["event"], json.loads(event["data"])))
            event = {}
    f.close()
    s.close()
    return found


def events_stream(build):
    with Api(build) as api:
        csv = "phone\n60123456789\n"
        api.expect(200, "POST", "/api/leads/import", {"csv": csv})
        first = read_events(api, "/api/events?since=0&topics=lead.*", 1)
        check(first[0][1] == "lead.imported" and first[0][2]["data"]["accepted"] == 1, f"{first}")
        for i in range(3):
            api.expect(200, "POST", "/api/leads/import", {"csv": f"phone\n6012345678{i}\n"})
        rest = read_events(api, "/api/events", 3, headers={"Last-Event-ID": first[0][0]})
        check([e[1] for e in rest] == ["lead.imported"] * 3, f"{rest}")
        check(int(rest[0][0]) > int(first[0][0]), "an event came twice")
        live = []
        thread = threading.Thread(target=lambda: live.extend(read_events(api, "/api/events?topics=lead.*", 1)))
        thread.start()
        time.sleep(1)
        api.expect(200, "POST", "/api/leads/import", {"csv": "phone\n60123456000\n"})
        thread.join(20)
        check(live and live[0][1] == "lead.imported", f"live: {live}")
        api.expect(400, "GET", "/api/events?topics=nothing.here")


def codes_are_shown(build):
    with Api(build) as api:
        api.expect(201, "POST", "/api/devices", {"name": "d"})
        api.expect(404, "GET", "/app/qr?device_id=d")
        api.expect(200, "POST", "/api/devices/d/pair")
        pairing = wait_until(lambda: (lambda a: a if "qr" in a else None)(
            api.ask("GET", "/app/qr?device_id=d", headers={"Accept": "application/json"}).json()), 20, "a code")
        svg = api.expect(200, "GET", "/app/qr?device_id=d")
        check(svg.type == "image/svg+xml" and svg.body.startswith(b"<svg"), svg.type)
        png = api.expect(200, "GET", "/app/qr?device_id=d", headers={"Accept": "image/png"})
        check(png.type == "image/png" and png.body.startswith(b"\x89PNG"), png.type)
        check(pairing["device"] == "1", f"{pairing}")


class Fuzz:
    """Calls made from the document, right and wrong ones."""

    def __init__(self, api, seed):
        self.api, self.random = api, random.Random(seed)
        doc = api.expect(200, "GET", "/openapi.json", token=None).json()
        self.operations = [(verb, path, op) for path, item in doc["paths"].items() for verb, op in item.items()
                           if op.get("x-method", op["operationId"]) not in (
                               "daemon.stop", "EVENTS", "token.revoke", "user.passwd", "LOGIN", "user.delete", "user.update",
                               "LOGOUT", "user.create", "old POST /login", "old POST /logout")]

    def value(self, schema):
        r = self.random
        if r.random() < 0.25:
            return r.choice([None, True, -1, 2 ** 63 - 1, 2 ** 70, 0.5, "", "x" * 300, "\u0000", "\U0001f600" * 40, "\u0928\u094d" * 30, [], {}, ["a", 1],
                             "2026-11-22T10:00:00Z", "-1", "0", "1", "99999999999999999999", "%00", "../..", "'; --"])
        if "enum" in schema:
            return r.choice(schema["enum"])
        kind = schema.get("type")
        if kind == "integer":
            return r.randint(schema.get("minimum", 0), schema.get("maximum", 1000))
        if kind == "boolean":
            return r.random() < 0.5
        if kind == "array":
            return [r.choice(["1", "a", "device.*"]) for _ in range(r.randint(0, 3))]
        if kind == "object":
            return {}
        if schema.get("format") == "date-time":
            return r.choice(["2030-01-01T00:00:00Z", "1970-01-01T00:00:00+08:00", "9999-12-31T23:59:59Z"])
        if "pattern" in schema:
            return r.choice(["1", "2", "60120000001", "+60120000002", "0"])
        return r.choice(["a", "b", "d", "phone\n60120000001\n", "\u00e9\u4e2d", "long " * 50])[:schema.get("maxLength", 999)]

    def call(self):
        r = self.random
        verb, path, op = r.choice(self.operations)
        query = []
        for p in op["parameters"]:
            if p["in"] == "path":
                text = self.value(p["schema"])
                text = text if isinstance(text, str) and text else "1"
                path = path.replace("{%s}" % p["name"], "".join("%%%02X" % b for b in text.encode()))
            elif p["in"] == "query" and (p["required"] or r.random() < 0.5):
                v = self.value(p["schema"])
                query.append(p["name"] + "=" + "".join("%%%02X" % b for b in str(v).encode()))
        if r.random() < 0.05:
            query.append("%E0%A4%AA%E0%A4%A8" * r.randint(1, 20) + "=1")
        body = None
        if "requestBody" in op and r.random() < 0.95:
            schema = op["requestBody"]["content"]["application/json"]["schema"]
            body = {k: self.value(v) for k, v in schema["properties"].items()
                    if k in schema["required"] or r.random() < 0.4}
            if r.random() < 0.05:
                body = r.choice(["", "nul", [1], "{\"a\":", "\ud800"])
                body = body if isinstance(body, list) else body.encode("utf-8", "surrogatepass")
        answer = self.api.ask(verb.upper(), path + ("?" + "&".join(query) if query else ""), body)
        where = f"{verb} {path}?{'&'.join(query)} {body!r}: {answer.status} {answer.body[:300]!r}"
        check(answer.status < 500 or (answer.status == 501 and op.get("deprecated")), where)
        # an address that the path parameter turned into another one is nobody's operation
        check(str(answer.status) in op["responses"], "not documented: " + where)
        return answer.status


def random_calls_find_no_fault(build):
    count, seed = int(os.environ.get("HTTP_FUZZ_CALLS", "2000")), int(os.environ.get("HTTP_FUZZ_SEED", "11"))
    with Api(build) as api:
        fuzz, statuses = Fuzz(api, seed), {}
        for _ in range(count):
            status = fuzz.call()
            statuses[status] = statuses.get(status, 0) + 1
        check(any(s < 300 for s in statuses), f"nothing succeeded: {statuses}")
        print(f"proof: {count} random HTTP calls, seed {seed}, no 5xx, all documented: {dict(sorted(statuses.items()))}")


if __name__ == "__main__":
    every = [objects_live_over_http, lists_are_walked_by_their_links, every_route_is_documented_and_closed,
             the_setup_code_is_good_once, rights_hold, hostile_requests_are_refused, slow_requests_end, probes_tell_the_truth, events_stream, codes_are_shown,
             random_calls_find_no_fault]
    wanted = sys.argv[2:]
    sys.exit(run_tests([t for t in every if not wanted or t.__name__ in wanted], sys.argv[1]))
