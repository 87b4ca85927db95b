#!/usr/bin/env python3
"""JSON-RPC as it should not be: the rules c1 to c6, c9 and c12 against the running daemon; wrong input
is refused with the object, the step and the cause, and loses nothing."""
import json
import os
import resource
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
from wadtest import Failure, RpcError, Rpc, World, run_tests, wait_until  # noqa: E402


def check(condition, what):
    if not condition:
        raise Failure(what)


class Raw:
    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(path)
        self.sock.settimeout(5)
        self.file = self.sock.makefile("rb")

    def ask(self, text):
        self.sock.sendall(text.encode() + b"\n")
        return json.loads(self.file.readline())

    def silent(self, text):
        self.sock.sendall(text.encode() + b"\n")
        return self.ask('{"jsonrpc":"2.0","id":"after","method":"system.ping"}')["id"] == "after"

    def close(self):
        self.file.close()
        self.sock.close()


def the_rules_of_json_rpc_hold(build):
    with World(build, (60120000001, 1), name="rpc") as w:
        r = Raw(w.wad.socket)
        check(r.silent('{"jsonrpc":"2.0","method":"nope"}'), "c1: a notification was answered")
        for given in ('"1"', "1", "null"):
            got = r.ask('{"jsonrpc":"2.0","id":%s,"method":"system.ping"}' % given)
            check(json.dumps(got["id"]) == given, f"c2: id {given} came back as {got['id']!r}")
        for given in ("[]", "{}", "true"):
            got = r.ask('{"jsonrpc":"2.0","id":%s,"method":"system.ping"}' % given)
            check(got["error"]["code"] == -32600 and got["id"] is None, f"c2: {got}")
        check(r.ask("[]")["error"]["code"] == -32600, "c3: an empty batch")
        got = r.ask("[1]")
        check(isinstance(got, list) and got[0]["error"]["code"] == -32600, f"c3: {got}")
        check(r.silent('[{"jsonrpc":"2.0","method":"system.ping"}]'), "c3: a batch of notifications was answered")
        got = r.ask('[{"jsonrpc":"2.0","id":1,"method":"system.ping"},{"jsonrpc":"2.0","id":2,"method":"device.list"}]')
        check(sorted(a["id"] for a in got) == [1, 2], f"c3: {got}")
        codes = {"{": -32700, '{"jsonrpc":"1.0","id":1,"method":"x"}': -32600,
                 '{"jsonrpc":"2.0","id":1,"method":"no.such"}': -32601,
                 '{"jsonrpc":"2.0","id":1,"method":"device.show"}': -32602,
                 '{"jsonrpc":"2.0","id":1,"method":"device.show","params":{"device":"x"}}': -32004,
                 '{"jsonrpc":"2.0","id":1,"method":"device.list","params":{"wrong":1}}': -32602}
        for text, code in codes.items():
            got = r.ask(text)
            check(got.get("error", {}).get("code") == code and "result" not in got, f"c4: {text}: {got}")
        check("wrong" in r.ask('{"jsonrpc":"2.0","id":1,"method":"device.list","params":{"wrong":1}}')["error"]["message"],
              "c6: the unknown parameter is not named")
        whole = b'{"jsonrpc":"2.0","id":5,"method":"system.ping"}\n'
        for i in range(len(whole)):
            r.sock.sendall(whole[i:i + 1])
        check(json.loads(r.file.readline())["id"] == 5, "c12: byte by byte")
        r.sock.sendall(whole * 3)
        check([json.loads(r.file.readline())["id"] for _ in range(3)] == [5, 5, 5], "c12: three in one write")
        r.close()
        discovered = w.wad.call("rpc.discover")
        names = {m["name"] for m in discovered["methods"]}
        check({"device.pair", "message.show", "queue.stats", "daemon.stop", "system.hello"} <= names, f"{names}")
        check(w.wad.call("system.hello", client="test")["server"] == "wad", "hello")


def bad_lines_and_great_ones_end_the_connection_only(build):
    with World(build, (60120000001, 1), name="lines") as w:
        r = Raw(w.wad.socket)
        for _ in range(10):
            r.sock.sendall(b"not json\n")
        answers = [r.file.readline() for _ in range(11)]
        check(answers[9] and not answers[10], "ten bad lines do not close the connection")
        r.close()
        r = Raw(w.wad.socket)
        block = b"x" * (1 << 20)
        try:
            for _ in range(17):
                r.sock.sendall(block)
        except OSError:
            pass
        try:
            got = json.loads(r.file.readline())
            check("large" in got["error"]["message"], f"{got}")
        except (OSError, ValueError):
            pass  # closed before it could be read
        r.close()
        deep = '{"jsonrpc":"2.0","id":1,"method":"system.ping","params":' + "[" * 100000 + "]" * 100000 + "}"
        check(Raw(w.wad.socket).ask(deep)["error"]["code"] in (-32700, -32600, -32602), "a deep value")
        check(w.wad.call("system.ping")["at"], "the daemon answers others")


def wrong_input_is_named_and_loses_nothing(build):
    with World(build, (60120000001, 1), name="input") as w:
        wad = w.wad
        got = wad.call("lead.import", csv="phone,name\n60120000001,a\n12,b\n0601,c\n60120000002,d\n")
        check(got["accepted"] == 2 and [r["line"] for r in got["rejected"]] == [3, 4], f"{got}")
        wad.call("device.create", name="d1")
        for params, word in (({"device": "d1", "to": "12", "text": "x"}, "to"), ({"device": "d9", "to": "60120000001",
                             "text": "x"}, "d9"), ({"device": "d1", "to": "60120000001"}, "text")):
            try:
                wad.call("message.send", **params)
                raise Failure(f"taken: {params}")
            except RpcError as e:
                check(word in str(e), f"{params}: {e}")
        check(wad.call("queue.stats")["pending"] == 0, "something was queued all the same")
        try:
            wad.call("campaign.create", title="x", everyone=True, text="a", image="bm90IGFuIGltYWdl")
            raise Failure("text and image were taken together")
        except RpcError as e:
            check("image" in str(e), str(e))
        try:
            wad.call("campaign.create", title="x", everyone=True, image="bm90IGFuIGltYWdl")
            raise Failure("an image that is none was taken")
        except RpcError as e:
            check("JPEG" in str(e), str(e))
        check(wad.call("campaign.list")["campaigns"] == [], "a refused campaign is listed")
        check(len(wad.call("lead.list")["leads"]) == 2, "leads")
        second = w.wad.process.child.args
        import subprocess
        again = subprocess.run(second, capture_output=True, text=True, timeout=30)
        check(again.returncode == 1 and str(wad.process.pid) in again.stderr, f"a second wad: {again.returncode} {again.stderr}")


def limits_hold_and_cost_others_nothing(build):
    """c3, c9: a batch of 100, 64 calls in flight, thousands of idle callers."""
    with World(build, (60120000001, 1), name="limits") as w:
        r = Raw(w.wad.socket)
        one = '{"jsonrpc":"2.0","id":%d,"method":"device.list"}'
        got = r.ask("[" + ",".join(one % i for i in range(100)) + "]")
        check(sorted(a["id"] for a in got) == list(range(100)) and all("result" in a for a in got), "a batch of 100")
        got = r.ask("[" + ",".join(one % i for i in range(101)) + "]")
        check(isinstance(got, dict) and got["error"]["code"] == -32600 and "100" in got["error"]["message"], f"{got}")
        r.sock.sendall("".join(one % i + "\n" for i in range(2000)).encode())
        check({json.loads(r.file.readline())["id"] for _ in range(2000)} == set(range(2000)), "2000 calls without a pause")
        r.close()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        rpc = Rpc(w.wad.socket)
        before = rpc.call("daemon.status")["memory_bytes"]
        count, idle = min(10000, hard - 200), []
        for _ in range(count):
            s = socket.socket(socket.AF_UNIX)
            s.connect(w.wad.socket)
            idle.append(s)
        check(Rpc(w.wad.socket).call("system.ping")["at"], f"no room beside {count} idle callers")
        each = (rpc.call("daemon.status")["memory_bytes"] - before) / count
        check(each < 4096, f"an idle caller costs {each:.0f} bytes")
        for s in idle:
            s.close()
        for _ in range(3000):
            s = socket.socket(socket.AF_UNIX)
            s.connect(w.wad.socket)
            s.close()
        rpc.call("system.ping")
        files = wait_until(lambda: len(os.listdir(f"/proc/{w.wad.process.pid}/fd")) < 200, 20, "callers that left are forgotten")
        check(files, "files")
        rpc.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def a_key_is_one_message(build):
    with World(build, (60120000001, 5), name="key") as w:
        wad = w.wad
        wad.pair("d1", 60120000001, delay_min_ms=0, delay_max_ms=0)
        wad.wait_online(1)
        ids = {wad.call("message.send", device="d1", to="60120000002", text="once", key="k")["id"] for _ in range(5)}
        check(len(ids) == 1, f"{ids}")
        wait_until(lambda: wad.call("message.show", id=ids.copy().pop())["state"] == "delivered", 20, "it is delivered")
        wad.process.kill()
        wad.start()
        check(wad.call("message.send", device="d1", to="60120000002", text="once", key="k")["id"] in ids, "a restart forgot the key")
        for other in ({"text": "twice"}, {"to": "60120000003"}):
            try:
                wad.call("message.send", **{"device": "d1", "to": "60120000002", "text": "once", "key": "k", **other})
                raise Failure(f"taken under a used key: {other}")
            except RpcError as e:
                check(e.code == -32003, str(e))
        check(len(w.sandbox.shown("once")) == 1, "shown more than once")


def a_slow_reader_hurts_nobody(build):
    with World(build, (60120000001, 1), name="slow") as w:
        slow = Raw(w.wad.socket)
        ping = b'{"jsonrpc":"2.0","id":1,"method":"rpc.discover"}\n'
        slow.sock.setblocking(False)
        try:
            for _ in range(2000):
                slow.sock.send(ping)
        except BlockingIOError:
            pass
        before = time.monotonic()
        rpc = Rpc(w.wad.socket)
        for _ in range(20):
            rpc.call("system.ping")
        check(time.monotonic() - before < 5, "others wait for a client that does not read")
        rpc.close()
        slow.close()
        check(w.wad.call("daemon.status")["pid"] == w.wad.process.pid, "status")


if __name__ == "__main__":
    sys.exit(run_tests([the_rules_of_json_rpc_hold, bad_lines_and_great_ones_end_the_connection_only,
                        wrong_input_is_named_and_loses_nothing, a_slow_reader_hurts_nobody,
                        limits_hold_and_cost_others_nothing, a_key_is_one_message], sys.argv[1]))
