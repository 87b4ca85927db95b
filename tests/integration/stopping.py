#!/usr/bin/env python3
"""wad ends in time whatever its database does: away, frozen, slow, with sends under way and calls that wait; afterwards
each message is shown once. usage: stopping.py BUILD"""
import json
import os
import select
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time

from crashing import DEVICE, LEAD, checked, leads, link
from settings import Server
from wadtest import Failure, Sandbox, Wad, World, run_tests, wait_until

DEVICES, MESSAGES, TEXT = 4, 200, "stopped"
PATIENCE_S = 120  # what ends by its own limit (29 s) or by the kernel ends long before


def check(condition, what):
    if not condition:
        raise Failure(what)


def family(pid):
    """A server's process and its children."""
    found = [pid]
    for name in os.listdir("/proc"):
        try:
            with open(f"/proc/{name}/stat") as f:
                if int(f.read().rpartition(")")[2].split()[1]) == pid:
                    found.append(int(name))
        except (OSError, ValueError, IndexError):
            pass
    return found


def send_all(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


class SlowLine:
    """Passes bytes on to a port of this machine, each piece late."""

    def __init__(self, port, delay_s):
        self.port, self.delay_s = port, delay_s
        self.sock = socket.create_server(("127.0.0.1", 0))
        self.own_port = self.sock.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                here, _ = self.sock.accept()
            except OSError:
                return
            threading.Thread(target=self.carry, args=(here,), daemon=True).start()

    def carry(self, here):
        try:
            there = socket.create_connection(("127.0.0.1", self.port))
            with here, there:
                while True:
                    for one in select.select([here, there], [], [])[0]:
                        data = one.recv(65536)
                        if not data:
                            return
                        time.sleep(self.delay_s)
                        (there if one is here else here).sendall(data)
        except OSError:
            return

    def close(self):
        self.sock.close()


class Own:
    """Sandbox, a PostgreSQL of one's own, wad with DB_URI, perhaps by a slow line."""

    def __init__(self, build, delay_s=None):
        self.directory = tempfile.mkdtemp(prefix="wad-stopping-")
        os.chmod(self.directory, 0o755)
        self.line = self.wad = None
        self.sandbox = Sandbox(build, self.directory, (LEAD, MESSAGES))
        self.server = Server(self.directory)
        uri = self.server.uri
        if delay_s:
            self.line = SlowLine(self.server.port, delay_s)
            uri = uri.replace(f":{self.server.port}/", f":{self.line.own_port}/")
        self.wad = Wad(build, self.directory, self.sandbox, env={"DB_URI": uri})

    def postmaster(self):
        with open(os.path.join(self.server.data, "postmaster.pid")) as f:
            return int(f.readline())

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is not None:
            print(f"-- end of {self.wad.process.log_path}\n{self.wad.process.tail(40)}")
        try:
            send_all(family(self.postmaster()), signal.SIGCONT)
        except (OSError, ValueError):
            pass  # it is not there
        try:
            code = self.wad.process.stop(PATIENCE_S)
            check(kind is not None or code == 0, f"wad ended with {code}")
        finally:
            if self.line:
                self.line.close()
            self.sandbox.stop()
            self.server.stop()
        if kind is None:
            shutil.rmtree(self.directory, ignore_errors=True)
        return False


def under_way(w):
    """A campaign in its middle: sends wait for the server's answer, and some for the database."""
    link(w.wad, DEVICES)
    leads(w.wad, MESSAGES)
    w.sandbox.faults(ackDelayMs=500)
    campaign = w.wad.campaign(title="stop", text=TEXT, delay_min_ms=20, delay_max_ms=40)
    wait_until(lambda: len(w.sandbox.shown(TEXT)) >= 20, 60, "messages leave")
    return campaign


def waiting_calls(w, count=5):
    """Calls that the database does not answer; the connections are to be kept."""
    conns = []
    for _ in range(count):
        conn = socket.socket(socket.AF_UNIX)
        conn.connect(w.wad.socket)
        for number, method in enumerate(("campaign.list", "lead.list", "device.show")):
            params = {"device": "d0"} if method == "device.show" else {}
            conn.sendall(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode() + b"\n")
        conns.append(conn)
    time.sleep(0.5)
    return conns


def stopped(w, what):
    """Stops wad and tells how long that took; it must have come to its end by itself."""
    began = time.monotonic()
    code = w.wad.process.stop(PATIENCE_S)
    took = time.monotonic() - began
    check(code == 0, f"{what}: exit code {code}\n{w.wad.process.tail(30)}")
    shown = len(w.sandbox.shown(TEXT))
    check(shown < MESSAGES, f"{what}: it stopped too late to show anything")
    print(f"proof: stopping: database {what}, sends under way: ended after {took:.1f} s, {shown} of {MESSAGES} shown by then")


def the_rest_is_sent(w, campaign):
    w.sandbox.faults(ackDelayMs=0)
    w.wad.start()
    w.wad.wait_online(DEVICES)
    checked(w, campaign, TEXT, MESSAGES, 120)


def with_the_database_away(build):
    with Own(build) as w:
        campaign = under_way(w)
        w.server.stop("immediate")
        conns = waiting_calls(w)
        stopped(w, "away")
        for conn in conns:
            conn.close()
        w.server.start()
        the_rest_is_sent(w, campaign)


def with_the_database_frozen(build):
    with Own(build) as w:
        campaign = under_way(w)
        send_all(family(w.postmaster()), signal.SIGSTOP)
        conns = waiting_calls(w)
        stopped(w, "frozen")
        for conn in conns:
            conn.close()
        send_all(family(w.postmaster()), signal.SIGCONT)
        the_rest_is_sent(w, campaign)


def with_the_private_one_frozen(build):
    with World(build, (LEAD, MESSAGES), name="stopping") as w:
        campaign = under_way(w)
        server = family(w.wad.postmaster_pid())
        send_all(server, signal.SIGSTOP)
        conns = waiting_calls(w)
        try:
            stopped(w, "private and frozen")
            left = [pid for pid in server if os.path.exists(f"/proc/{pid}/exe") and "postgres" in os.readlink(f"/proc/{pid}/exe")]
            check(not left, f"the server goes on: {left}")
        finally:
            send_all(server, signal.SIGCONT)
        for conn in conns:
            conn.close()
        the_rest_is_sent(w, campaign)


def with_the_database_slow(build):
    with Own(build, delay_s=0.05) as w:
        campaign = under_way(w)
        stopped(w, "slow (50 ms each way)")
        the_rest_is_sent(w, campaign)


def while_it_starts(build):
    with Own(build, delay_s=0.001) as w:
        check(w.wad.process.stop(PATIENCE_S) == 0, "the first stop")
        w.line.delay_s = 0.3  # long enough that the accounts are not read when it freezes
        os.truncate(w.wad.process.log_path, 0)
        w.wad.start(wait=False)
        wait_until(lambda: "database.up" in w.wad.process.tail(50), 60, "it is connected", 0.01)
        send_all(family(w.postmaster()), signal.SIGSTOP)
        code = w.wad.process.stop(PATIENCE_S)
        check(code == 0 and "wad.ready" not in w.wad.process.tail(50), f"exit code {code}\n{w.wad.process.tail(30)}")
        send_all(family(w.postmaster()), signal.SIGCONT)
        w.line.delay_s = 0.001
        w.wad.start()


def a_second_signal_ends_it_at_once(build):
    for number in (signal.SIGTERM, signal.SIGINT):
        with Own(build) as w:
            campaign = under_way(w)
            send_all(family(w.postmaster()), signal.SIGSTOP)
            os.kill(w.wad.process.pid, number)
            wait_until(lambda: "wad.stopping" in w.wad.process.tail(100), 20, "it is stopping")
            os.kill(w.wad.process.pid, number)
            code = w.wad.process.child.wait(PATIENCE_S)
            tail = w.wad.process.tail(30)
            check(code == 1 and "shard.given_up" not in tail and "wad.stopped" not in tail, f"exit code {code}\n{tail}")
            send_all(family(w.postmaster()), signal.SIGCONT)
            the_rest_is_sent(w, campaign)


if __name__ == "__main__":
    sys.exit(run_tests([with_the_database_away, with_the_database_frozen, with_the_private_one_frozen,
                        with_the_database_slow, while_it_starts, a_second_signal_ends_it_at_once], os.path.abspath(sys.argv[1])))
