#!/usr/bin/env python3
"""Walls between users over HTTP: the matrix of isolation.py again, by the routes of /openapi.json, for anonymous callers,
a viewer, operators and an admin; then the routes that are no methods, and many logins at once."""
import json
import re
import sys
import threading
import time

from http_api import Api, check
from isolation import (ADMIN, ANYONE, MATRIX, NAMES, OPERATOR, VIEWER, Caller, fill, neutral, one_cell,
                       prepare)
from wadtest import Rpc, run_tests, wait_until

FIRST = 60120000001
ONLY_SOCKET = {"event.subscribe", "event.unsubscribe", "system.hello", "system.ping", "system.names", "system.act_as", "rpc.discover"}
OWN = {"device": "dev-anna", "chat": "60120000005", "days": "7"}  # in the path of an older address where the matrix names none
LAST = ("device.reconnect", "device.logout", "device.delete", "campaign.cancel", "campaign.delete", "user.passwd")  # they end what others need


def rpc_codes():
    """The JSON-RPC code of each name that a problem may carry."""
    with open("shared/base/err.h") as f:
        return {name: int(code) for name, code in re.findall(r'X\(\w+, "(\w+)", (-\d+),', f.read())}


class Routes:
    """Where each method is, as the document says."""

    def __init__(self, api):
        doc = api.expect(200, "GET", "/openapi.json", token=None).json()
        self.all = {op["operationId"]: (verb.upper(), path, op) for path, item in doc["paths"].items()
                    for verb, op in item.items() if "operationId" in op}
        known = {m["name"] for m in api.wad.call("rpc.discover")["methods"]}
        check(known == set(MATRIX), f"methods that the matrix does not know, or that are gone: {known ^ set(MATRIX)}")
        missing = known - set(self.all) - ONLY_SOCKET
        check(not missing, f"methods without a route: {missing}")
        self.old = {key: op["x-method"] for key, (_, _, op) in self.all.items() if "x-method" in op}
        self.methods = [m for m in MATRIX if m in self.all and m not in LAST] + [m for m in LAST if m in self.all]

    def request(self, operation, params):
        """verb, target and body of a call; older addresses call the parameters by other names."""
        verb, path, op = self.all[operation]
        left, query = dict(params), []
        for p in op["parameters"]:
            if p["in"] == "path":
                text = str(left.pop(p["name"], OWN.get(p["name"])))
                path = path.replace("{%s}" % p["name"], "".join("%%%02X" % b for b in text.encode()))
            elif p["in"] == "query" and p.get("x-name", p["name"]) in left:
                value = left.pop(p.get("x-name", p["name"]))
                text = ",".join(value) if isinstance(value, list) else str(value).lower() if isinstance(value, bool) else str(value)
                query.append(p["name"] + "=" + "".join("%%%02X" % b for b in text.encode()))
        if "requestBody" in op:
            names = {v.get("x-name", k): k for k, v in
                     op["requestBody"]["content"]["application/json"]["schema"]["properties"].items()}
            return verb, path, {names.get(k, k): v for k, v in left.items()}
        check(not left, f"{operation}: {left} have no place in {verb} {path}")
        return verb, path + ("?" + "&".join(query) if query else ""), None


class HttpCaller(Caller):
    """As Caller of the socket: each call with the token of one user, its answer in the socket's terms."""

    def __init__(self, api, routes, codes, name, role, token, old=None):
        super().__init__(api.world, name, role)
        self.old = old  # by this older address
        self.api, self.routes, self.codes, self.token = api, routes, codes, token

    def ask(self, method, params):
        if method == "user.passwd":  # whose, stands in the path
            params = dict(params, id=self.name or "admin")
        answer = self.api.ask(*self.routes.request(self.old or method, params), token=self.token)
        if answer.status < 400:
            return 0, answer.json() if answer.type == "application/json" else answer.body.decode("latin-1")
        problem = answer.json()
        return self.codes.get(problem["code"], answer.status), json.dumps(
            {k: v for k, v in problem.items() if k != "instance"}, sort_keys=True)


def token_of(world, name, scope="write"):
    rpc = Rpc(world.wad.socket)
    rpc.call("system.act_as", user=name)
    token = rpc.call("token.create", title="matrix", scope=scope)["token"]
    rpc.close()
    return token


def foreign_is_missing_over_http(build):
    with Api(build, phones=(FIRST, 5)) as api:
        w, routes, codes = api.world, Routes(api), rpc_codes()
        objects = prepare(w)
        a, b = "anna", "bert" + NAMES[0]
        for method in routes.methods:  # nobody
            least, params = MATRIX[method]
            if least == ANYONE:
                continue
            answers = set()
            for which in ("anna", "bert", "missing"):
                given = fill(params or {}, objects[which])
                if method == "user.passwd":
                    given["id"] = objects[which]["user"]
                for token in (None, "wad_0000"):
                    got = api.ask(*routes.request(method, given), token=token)
                    check(got.status == 401, f"{method} by nobody: {got.status}")
                problem = got.json()
                problem.pop("instance")
                answers.add(neutral(json.dumps(problem, sort_keys=True), objects[which]))
            check(len(answers) == 1, f"{method} by nobody: {answers}")
        admin = HttpCaller(api, routes, codes, None, ADMIN, api.token)
        anna, bert = token_of(w, a), token_of(w, b)
        for method in routes.methods:
            one_cell(admin, method, objects, None)
        for role in (VIEWER, OPERATOR):
            w.wad.call("user.update", id=a, role=role)
            olds = [(m, o) for o, m in routes.old.items() if m not in LAST]
            for method, old in olds + [(m, None) for m in routes.methods]:
                one_cell(HttpCaller(api, routes, codes, a, role, anna, old), method, objects, "anna")
        for method in routes.methods:
            one_cell(HttpCaller(api, routes, codes, b, OPERATOR, bert), method, objects, "bert")
        print(f"proof: {len(routes.methods)} methods and {len(routes.old)} older addresses over HTTP by nobody, viewer, two operators and admin on own, foreign "
              f"and missing objects: foreign is answered like missing")


def other_routes_keep_the_walls(build):
    """What is no method: QR codes, event streams, metrics, Idempotency-Key and If-Match on another's objects."""
    with Api(build, phones=(FIRST, 5)) as api:
        w = api.world
        objects = prepare(w)
        anna, bert = token_of(w, "anna"), token_of(w, "bert" + NAMES[0])
        theirs, missing = objects["bert"]["device"], "no-such-device"

        def same(verb, path, body=None, headers=None):
            got = [api.ask(verb, path.replace("{}", name), body, token=anna, headers=headers) for name in (theirs, missing)]
            texts = [g.body.decode().replace(theirs, "?").replace(missing, "?") for g in got]
            check(got[0].status == got[1].status == 404 and texts[0] == texts[1], f"{verb} {path}: {texts}")
            check(got[0].headers.get("ETag") is None, "a tag of what is another's")

        same("GET", "/app/qr?device_id={}")
        same("GET", "/api/devices/{}")
        same("DELETE", "/api/devices/{}", headers={"If-Match": '"0123"'})
        same("DELETE", "/api/devices/{}", headers={"If-Match": "*"})
        for name in (objects["bert"]["user"], "no-such-user"):
            got = api.expect(403, "POST", f"/api/users/{name}/password", {"password": "a long new password"}, token=anna)
            check(got.json()["detail"] == "id: only an admin names another user", f"{got.body}")
        same("POST", "/api/devices/{}/pair", headers={"Idempotency-Key": "same"})
        api.expect(403, "GET", "/metrics", token=anna)
        metrics = api.expect(200, "GET", "/metrics").body.decode()
        for name in ("anna", "bert", str(FIRST), theirs):
            check(name not in metrics, f"metrics name {name}")
        # a stored answer is found by its own user only
        for token in (anna, bert):
            got = api.expect(201, "POST", "/api/devices", {"name": "keyed"}, token=token, headers={"Idempotency-Key": "k"})
            check(got.headers.get("Idempotent-Replayed") is None, "another user's answer")
        from http_api import read_events
        api.token, admins = anna, api.token
        events = read_events(api, "/api/events?since=0", 5)
        api.token = admins
        check(all(NAMES[0] not in json.dumps(e) for e in events), "an event of B came to A")


def many_logins_leave_others_alone(build):
    """S7: hashing is slow on purpose; calls go on meanwhile, and no more than two hashes run at once."""
    with Api(build) as api:
        for i in range(10):
            api.wad.call("user.create", name=f"user{i}", password=f"a long password {i}")
        statuses, times, stop = [], [], threading.Event()

        def ping():
            rpc = Rpc(api.wad.socket)
            while not stop.is_set():
                began = time.monotonic()
                rpc.call("system.ping")
                times.append(time.monotonic() - began)
                time.sleep(0.002)
            rpc.close()

        def login(i):
            got = api.ask("POST", "/api/login", {"email": f"user{i}", "password": f"a long password {i}"}, token=None)
            statuses.append(got.status)
            if got.status == 429:
                check(int(got.headers["Retry-After"]) >= 1, "Retry-After")

        pinger = threading.Thread(target=ping)
        pinger.start()
        time.sleep(0.3)
        quiet = len(times)
        threads = [threading.Thread(target=login, args=(i,)) for i in range(10)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        during = sorted(times[quiet:])
        stop.set()
        pinger.join()
        check(len(statuses) == 10 and set(statuses) <= {200, 429}, f"{statuses}")
        check(statuses.count(200) >= 2, f"nobody got in: {statuses}")
        check(len(during) > 10, f"{len(during)} calls were answered meanwhile")
        wait_until(lambda: api.ask("POST", "/api/login", {"email": "user9", "password": "a long password 9"},
                                   token=None).status == 200, 30, "the next login is let in", every=1)
        print(f"proof: 10 logins at once: {statuses.count(200)} in, {statuses.count(429)} told 429; {len(during)} calls on the "
              f"socket meanwhile, p99 {during[int(len(during) * 0.99)] * 1000:.0f} ms")


if __name__ == "__main__":
    every = [foreign_is_missing_over_http, other_routes_keep_the_walls, many_logins_leave_others_alone]
    wanted = sys.argv[2:]
    sys.exit(run_tests([t for t in every if not wanted or t.__name__ in wanted], sys.argv[1]))
