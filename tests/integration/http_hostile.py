#!/usr/bin/env python3
"""Hostile HTTP: requests that two parsers could cut differently, floods, the slow, and others' calls meanwhile. What is
not plain is refused and the connection ended, so that nothing behind it is taken for a request."""
import re
import socket
import sys
import time

from http_api import Api, check, status_of
from wadtest import Failure, run_tests

SECRET_PATH = b"/api/devices?limit=7"  # what a smuggled request would ask for


def statuses(raw):
    return [int(s) for s in re.findall(rb"HTTP/1\.[01] (\d{3})", raw)]


def unclear_requests_are_cut_off(build):
    with Api(build) as api:
        auth = f"Authorization: Bearer {api.token}\r\nContent-Type: application/json\r\n".encode()
        smuggled = b"GET " + SECRET_PATH + b" HTTP/1.1\r\nHost: x\r\n" + auth + b"Connection: close\r\n\r\n"
        post = b"POST /api/devices HTTP/1.1\r\nHost: x\r\n" + auth

        def chunked(body, how=b"Transfer-Encoding: chunked"):
            return post + how + b"\r\n\r\n" + body + smuggled

        closed = {  # refused, and the end
            "length and chunks": chunked(b"0\r\n\r\n", b"Content-Length: 5\r\nTransfer-Encoding: chunked"),
            "chunks and length": chunked(b"0\r\n\r\n", b"Transfer-Encoding: chunked\r\nContent-Length: 5"),
            "two equal lengths": chunked(b"{}", b"Content-Length: 2\r\nContent-Length: 2"),
            "two lengths": chunked(b"{}", b"Content-Length: 2\r\nContent-Length: 90"),
            "lengths in a list": chunked(b"{}", b"Content-Length: 2, 2"),
            "signed length": chunked(b"{}", b"Content-Length: +2"),
            "hexadecimal length": chunked(b"{}", b"Content-Length: 0x2"),
            "overflowing length": chunked(b"{}", b"Content-Length: 18446744073709551618"),
            "name and space": chunked(b"{}", b"Content-Length : 2"),
            "encoding of another kind": chunked(b"0\r\n\r\n", b"Transfer-Encoding: xchunked"),
            "two encodings": chunked(b"0\r\n\r\n", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"),
            "encoding and blanks": chunked(b"0\r\n\r\n", b"Transfer-Encoding: \x0bchunked"),
            "encodings in a list": chunked(b"0\r\n\r\n", b"Transfer-Encoding: identity, chunked"),
            "folded encoding": chunked(b"0\r\n\r\n", b"Content-Length: 5\r\nTransfer-Encoding:\r\n chunked"),
            "length behind a bare LF": chunked(b"0\r\n\r\n", b"X: y\nContent-Length: 5\r\nTransfer-Encoding: chunked"),
            "encoding behind a bare LF": chunked(b"0\r\n\r\n", b"Content-Length: 5\nTransfer-Encoding: chunked"),
            "folded header": post + b"X: a\r\n b\r\nContent-Length: 2\r\n\r\n{}" + smuggled,
            "folded length": chunked(b"{}", b"Content-Length: 2\r\n 3"),
            "bare LF at the end": post.replace(b"Host: x\r\n", b"Host: x\n") + b"Content-Length: 2\r\n\r\n{}" + smuggled,
            "NUL in the last header": post + b"Content-Length: 2\0\r\n\r\n{}" + smuggled,
            "blank before the first header": b"POST /api/devices HTTP/1.1\r\n Host: y\r\n" + auth + b"\r\n{}" + smuggled,
            "negative chunk": chunked(b"-1\r\n{}\r\n0\r\n\r\n"),
            "hexadecimal prefix": chunked(b"0x2\r\n{}\r\n0\r\n\r\n"),
            "enormous chunk": chunked(b"fffffffffffffffff\r\n{}\r\n0\r\n\r\n"),
            "chunk that is no number": chunked(b"zz\r\n{}\r\n0\r\n\r\n"),
            "NUL in a header": post + b"X: a\0b\r\nContent-Length: 2\r\n\r\n{}" + smuggled,
            "no host": b"GET /livez HTTP/1.1\r\n\r\n" + smuggled,
            "two hosts": b"GET /livez HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n" + smuggled,
            "NUL in the path": b"GET /livez%00 HTTP/1.1\r\nHost: x\r\n\r\n" + smuggled,
            "wrong escape": b"GET /livez%g0 HTTP/1.1\r\nHost: x\r\n\r\n" + smuggled,
            "body larger than all": post + b"Content-Length: 10737418240\r\n\r\n{}" + smuggled,
        }
        for name, data in closed.items():
            try:
                got = api.raw(data)
            except TimeoutError as late:
                raise Failure(f"{name}: neither an answer nor an end") from late
            # libmicrohttpd writes the head of some of its own refusals twice
            check(len(set(statuses(got))) <= 1 and all(400 <= s < 500 for s in statuses(got)), f"{name}: {got[:300]!r}")
            check(b'"devices"' not in got, f"{name}: what stood behind was answered: {got[:600]!r}")
        check(api.expect(200, "GET", "/api/devices").json()["devices"] == [], "something was made")
        print(f"proof: {len(closed)} requests that could be cut in two ways: refused, and nothing behind them was answered")


def plain_requests_are_served(build):
    """The unusual that is allowed: pipelining, chunks with extensions, Expect, absolute form, reuse after an error."""
    with Api(build) as api:
        auth = f"Authorization: Bearer {api.token}\r\nContent-Type: application/json\r\n".encode()
        one = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
        last = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        got = api.raw(one * 99 + last)
        check(statuses(got) == [200] * 100, f"pipelined: {statuses(got)}")
        bodies = b"".join(b"POST /api/devices HTTP/1.1\r\nHost: x\r\n" + auth + b"Content-Length: %d\r\n\r\n" % len(b) + b
                          for b in (b'{"name":"p%d"}' % i for i in range(5)))
        got = api.raw(bodies + last)
        check(statuses(got) == [201] * 5 + [200], f"pipelined bodies: {statuses(got)}")
        names = [d["name"] for d in api.expect(200, "GET", "/api/devices").json()["devices"]]
        check(names == [f"p{i}" for i in range(5)], f"in order: {names}")
        got = api.raw(one + b"GET /nope HTTP/1.1\r\nHost: x\r\n\r\n" + one + last)
        check(statuses(got) == [200, 404, 200, 200], f"after a refusal: {statuses(got)}")
        got = api.raw(b"POST /api/devices HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + auth + b"Transfer-Encoding: chunked\r\n\r\n"
                      b"8;name=value\r\n{\"name\":\r\n6\r\n\"ch\"} \r\n0\r\nTrailer: x\r\n\r\n")
        check(statuses(got) in ([201], [400]), f"chunk extensions: {got[:300]!r}")
        block = one.replace(b"\r\n\r\n", b"\r\n") + b"".join(b"X-%d:%s%s\r\n" % (i, b" " * (i % 3), b"v" * 120) for i in range(90))
        with socket.create_connection(("127.0.0.1", api.port), timeout=10) as s:
            for _ in range(3):
                for i in range(0, len(block), 700):  # in pieces, over a growing buffer
                    s.sendall(block[i:i + 700])
                    time.sleep(0.005)
                s.sendall(b"\r\n")
                check(status_of(s.recv(65536)) == 200, "a block in pieces")
        with socket.create_connection(("127.0.0.1", api.port), timeout=10) as s:
            body = b'{"name":"expected"}'
            s.sendall(b"POST /api/devices HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n" + auth +
                      b"Content-Length: %d\r\n\r\n" % len(body))
            check(s.recv(4096).startswith(b"HTTP/1.1 100"), "100-continue")
            s.sendall(body)
            check(status_of(s.recv(4096)) == 201, "after 100-continue")
        with socket.create_connection(("127.0.0.1", api.port), timeout=10) as s:
            s.sendall(b"POST /api/devices HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Type: application/json\r\n"
                      b"Content-Length: 1000\r\n\r\n")
            check(status_of(s.recv(4096)) == 401, "refused before the body is sent")


def floods_end(build):
    with Api(build) as api:
        def flood(head, piece, count):
            """What came back, and how much was taken before the end."""
            with socket.create_connection(("127.0.0.1", api.port), timeout=20) as s:
                sent, got = 0, b""
                try:
                    s.sendall(head)
                    for _ in range(count):
                        s.sendall(piece)
                        sent += len(piece)
                except OSError:
                    pass
                try:
                    while part := s.recv(65536):
                        got += part
                except OSError:
                    pass
                return statuses(got), sent

        cases = {
            "a million headers": (b"GET /livez HTTP/1.1\r\nHost: x\r\n", b"A: b\r\n" * 1000, 1000),
            "an endless header": (b"GET /livez HTTP/1.1\r\nHost: x\r\nX: ", b"y" * 65536, 200),
            "an endless address": (b"GET /", b"y" * 65536, 200),
            "an endless line": (b"", b"y" * 65536, 200),
            "empty lines": (b"", b"\r\n" * 4000, 2000),
        }
        for name, (head, piece, count) in cases.items():
            got, sent = flood(head, piece, count)
            check(got in ([], [400], [413], [414], [431]), f"{name}: {got}")
            check(sent < len(piece) * count or name == "empty lines", f"{name}: all of it was read")
            api.expect(200, "GET", "/livez", token=None)


def a_thousand_slow_ones_leave_others_alone(build):
    with Api(build, settings={"http.per_address": "2000"}) as api:
        start = time.monotonic()
        slow = []
        for i in range(1000):
            s = socket.create_connection(("127.0.0.1", api.port))
            if i % 2:
                s.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nX: ")
            else:
                s.sendall(f"POST /api/devices HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.token}\r\nContent-Type: "
                          "application/json\r\nContent-Length: 64\r\n\r\n{".encode())
            slow.append(s)
        times = []
        for _ in range(8):
            for s in slow:
                try:
                    s.sendall(b"y")
                except OSError:
                    pass
            for _ in range(20):
                began = time.monotonic()
                api.expect(200, "GET", "/api/devices")
                times.append(time.monotonic() - began)
            time.sleep(0.5)
        ended = 0
        for s in slow:
            s.settimeout(60)
            try:
                ended += status_of(s.recv(4096)) in (0, 408)
            except OSError:
                ended += 1
            s.close()
        check(ended == 1000, f"{ended} of 1000 were ended")
        times.sort()
        print(f"proof: 1000 slow headers and bodies ended within {time.monotonic() - start:.0f} s; p99 of {len(times)} calls "
              f"meanwhile {times[int(len(times) * 0.99)] * 1000:.0f} ms")


def metrics_are_well_made(build):
    """The rules of promtool check metrics: names, units, help and type of every family, whole histograms."""
    with Api(build) as api:
        api.expect(201, "POST", "/api/devices", {"name": "Secret Name"})
        api.expect(404, "GET", "/api/devices/nobody")
        text = api.expect(200, "GET", "/metrics").body.decode()
        families, order, series = {}, [], set()
        for line in text.splitlines():
            head = re.fullmatch(r"# (HELP|TYPE) (\w+) (.+)", line)
            if head:
                kind, name, rest = head.groups()
                family = families.setdefault(name, {"samples": []})
                check(kind.lower() not in family, f"{kind} of {name} twice")
                check(not family["samples"], f"{kind} of {name} after its samples")
                family[kind.lower()] = rest
                order.append(name)
                continue
            sample = re.fullmatch(r'([a-zA-Z_:][\w:]*)(\{(?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)+\})? (\S+)', line)
            check(sample, f"no sample: {line}")
            name, labels, value = sample.groups()
            float(value)
            check((name, labels) not in series, f"twice: {line}")
            series.add((name, labels))
            base = next((name[:-len(s)] for s in ("_bucket", "_sum", "_count")
                         if name.endswith(s) and families.get(name[:-len(s)], {}).get("type") == "histogram"), name)
            check(base in families and order[-1] == base, f"{name} stands outside its family")
            families[base]["samples"].append((name, labels or "", float(value)))
            check(not re.search(r'(device|user|jid|phone|name)="', labels or ""), f"a label of high cardinality: {line}")
        for name, family in families.items():
            check(name.startswith("wad_") and re.fullmatch(r"[a-z][a-z0-9_]*", name), f"name {name}")
            check(family.get("help", "").endswith(".") and family.get("type") in ("counter", "gauge", "histogram"), name)
            check((family["type"] == "counter") == name.endswith("_total"), f"{name} is a {family['type']}")
            check(not re.search(r"_(ms|milliseconds|kilobytes|mb|minutes|percent)(_|$)", name), f"{name}: a base unit is wanted")
            check(family["samples"], f"{name} has no sample")
            if family["type"] == "histogram":
                buckets = [(label, v) for n, label, v in family["samples"] if n.endswith("_bucket")]
                counts = [v for _, v in buckets]
                check(counts == sorted(counts) and 'le="+Inf"' in buckets[-1][0], f"{name}: buckets {buckets}")
                check(counts[-1] == next(v for n, _, v in family["samples"] if n.endswith("_count")), f"{name}: count")
            if family["type"] == "counter":
                check(all(v >= 0 for _, _, v in family["samples"]), name)
        check(len(series) < 2000, f"{len(series)} series")
        check("Secret" not in text and api.token not in text, "metrics tell names")
        check(families["wad_build_info"]["samples"][0][2] == 1 and 'version="' in families["wad_build_info"]["samples"][0][1],
              "build_info")
        times = []
        for path in ("/livez", "/healthz", "/readyz") * 30:
            began = time.monotonic()
            api.expect(200, "GET", path, token=None)
            times.append(time.monotonic() - began)
        print(f"proof: {len(families)} metric families, {len(series)} series; probes answer in {sorted(times)[45] * 1000:.1f} ms "
              "(median)")


if __name__ == "__main__":
    every = [unclear_requests_are_cut_off, plain_requests_are_served, floods_end, a_thousand_slow_ones_leave_others_alone,
             metrics_are_well_made]
    wanted = sys.argv[2:]
    sys.exit(run_tests([t for t in every if not wanted or t.__name__ in wanted], sys.argv[1]))
