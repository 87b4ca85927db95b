#!/usr/bin/env python3
"""wad as a service: what a supervisor is told and when, the watchdog over every loop, SIGHUP all or nothing, names
of the system it replaces, files beside the main one, and the unit it is run by."""
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
from settings import own_world  # noqa: E402
from wadtest import Failure, Process, RpcError, World, run_tests, wait_until  # noqa: E402

LEAD = 60120000001
DEVICE = 60120000300


def check(condition, what):
    if not condition:
        raise Failure(what)


class Supervisor:
    """The datagram socket that systemd would bind."""

    def __init__(self, path):
        self.said = []
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind("\0" + path[1:] if path.startswith("@") else path)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        while True:
            try:
                text = self.sock.recv(4096).decode()
            except OSError:
                return
            self.said += [(time.monotonic(), line) for line in text.splitlines()]

    def has(self, line):
        return [at for at, got in self.said if got == line]

    def order(self, *lines):
        """Index of the first of each, which must rise."""
        names = [got for _, got in self.said]
        at = [next((i for i, n in enumerate(names) if n.startswith(line)), None) for line in lines]
        check(None not in at and at == sorted(at), f"{lines} come as {at} in {names}")


def a_supervisor_is_told_what_happens(build):
    for address in ("socket", "abstract"):
        with tempfile.TemporaryDirectory(prefix="wad-notify-") as d:
            path = f"@wad-test-{os.getpid()}" if address == "abstract" else os.path.join(d, "notify")
            supervisor = Supervisor(path)
            with World(build, (LEAD, 5), env={"NOTIFY_SOCKET": path}, name="notify") as w:
                wait_until(lambda: supervisor.has("READY=1"), 10, "READY=1")
                check(not supervisor.has("WATCHDOG=1"), "a watchdog that nobody asked for")
                w.wad.pair("d1", LEAD)
                w.wad.wait_online(1)
                wait_until(lambda: supervisor.has("STATUS=1/1 devices online"), 10, "the status")
                os.kill(w.wad.process.pid, signal.SIGHUP)
                wait_until(lambda: len(supervisor.has("READY=1")) == 2, 10, "ready again")
                supervisor.order("EXTEND_TIMEOUT_USEC=", "READY=1", "STATUS=1/1", "RELOADING=1", "MONOTONIC_USEC=")
            wait_until(lambda: supervisor.has("STOPPING=1"), 5, "STOPPING=1")


def the_watchdog_hears_of_every_loop(build):
    with tempfile.TemporaryDirectory(prefix="wad-watchdog-") as d:
        path = os.path.join(d, "notify")
        supervisor = Supervisor(path)
        env = {"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "2000000", "WAD_HANG_AT": "queue.after_claim:1:7000"}
        with World(build, (LEAD, 5), {"daemon.shards": "2"}, env, name="watchdog") as w:
            wait_until(lambda: len(supervisor.has("WATCHDOG=1")) >= 3, 15, "a watchdog that is fed")
            w.wad.pair("d1", LEAD)  # its queue looks for rows, and the shard's loop hangs there
            wait_until(lambda: time.monotonic() - supervisor.has("WATCHDOG=1")[-1] > 4, 20, "no feeding while a shard hangs")
            check(w.wad.call("system.ping"), "the control loop answers meanwhile")
            last = len(supervisor.has("WATCHDOG=1"))
            wait_until(lambda: len(supervisor.has("WATCHDOG=1")) > last, 15, "fed again when the shard turns")


def sighup_is_all_or_nothing(build):
    with World(build, (LEAD, 60), name="reload") as w:
        w.wad.pair("d1", DEVICE, delay_min_ms=20, delay_max_ms=40)
        w.wad.wait_online(1)
        w.wad.call("lead.import", csv="phone\n" + "".join(f"{LEAD + i}\n" for i in range(50)))
        campaign = w.wad.campaign(title="through", text="reload", )

        def settings():
            return {s["name"]: s for s in w.wad.call("config.list")["settings"]}

        with open(w.wad.config) as f:
            text = f.read()
        check(settings()["network.connect_rate"]["value"] == "500", f"{settings()['network.connect_rate']}")
        with open(w.wad.config, "w") as f:
            f.write(text.replace("connect_rate = 500", "connect_rate = 400") + "device_os = Other\n")
        # the section at the end of the file is [rpc]: a key of another section is refused
        try:
            w.wad.call("daemon.reload")
            raise Failure("a bad file was taken")
        except RpcError as e:
            check("device_os" in str(e), str(e))
        check(settings()["network.connect_rate"]["value"] == "500", "half of a bad file was taken")
        done = w.wad.wactl("daemon", "reload", check=False)
        check(done.returncode == 1 and "device_os" in done.stderr, f"{done}")
        with open(w.wad.config, "w") as f:
            f.write(text.replace("connect_rate = 500", "connect_rate = 400\ndevice_os = Other"))
        os.kill(w.wad.process.pid, signal.SIGHUP)
        wait_until(lambda: settings()["network.connect_rate"]["value"] == "400", 5, "the new rate")
        now = settings()["network.device_os"]
        check(now["value"] != "Other" and now["pending"] == "Other" and now["live"] is False, f"{now}")
        again = w.wad.call("daemon.reload")
        check(again == {"changed": [], "restart": ["network.device_os"]}, f"{again}")
        check(w.wad.wait_campaign(campaign)["counts"]["sent"] == 50, "messages were lost by a reload")
        check(len(w.sandbox.shown("reload")) == 50, "shown")


def a_log_level_falls_back(build):
    with World(build, (LEAD, 2), name="level") as w:
        got = w.wad.call("daemon.log_level", level="debug", for_s=1)
        check(got == {"level": "debug", "before": "info"}, f"{got}")
        wait_until(lambda: w.wad.call("daemon.log_level", level="debug", for_s=1)["before"] == "info", 10, "info again", 1.2)


def a_stop_lets_what_is_under_way_end(w):
    for i in range(4):
        w.wad.pair(f"d{i}", DEVICE + i, delay_min_ms=10, delay_max_ms=20)  # so one at a time is under way
    w.wad.wait_online(4)
    w.wad.call("lead.import", csv="phone,niche\n" + "".join(f"{LEAD + i},all\n" for i in range(300)))
    w.sandbox.admin("POST", "/admin/phones", {"first": LEAD, "count": 300, "receipts": False})
    w.sandbox.faults(ackDelayMs=700)
    campaign = w.wad.campaign(title="drain", text="drained", niche="all")
    wait_until(lambda: len(w.sandbox.shown("drained")) > 20, 30, "messages leave")
    began = time.monotonic()
    check(w.wad.process.stop(30) == 0, "exit code")
    took = time.monotonic() - began
    left = w.server.run("psql", w.server.uri, "-Atc", "select state, count(*) from outbox group by 1 order by 1").split()
    check(left and not any(row.startswith("2|") for row in left), f"rows nobody knows the end of: {left}")
    check(any(row.startswith(("0|", "1|")) for row in left), f"stopped too late to show anything: {left}")
    w.sandbox.faults(ackDelayMs=0)
    w.wad.start()
    w.wad.wait_online(4)
    check(w.wad.wait_campaign(campaign)["counts"]["sent"] == 300, "the rest is sent after the start")
    shown = w.sandbox.shown("drained")
    check(len(shown) == 300 and len({m["phone"] for m in shown}) == 300, f"{len(shown)} shown")
    print(f"proof: running: stopped in {took:.1f} s with sends under way, none of them left without its answer")


def old_names_and_drop_ins(build):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("WAD_", "APP_", "WHATSAPP_")) and k != "DB_URI"}

    def says(*args, **more):
        return subprocess.run([os.path.join(build, "daemon/wad"), *args], capture_output=True, text=True, timeout=30,
                              env={**env, **more})

    got = says("--print-config", "--config", os.devnull, PORT="3000", APP_PORT="4000", APP_DEBUG="true", APP_OS="Mine")
    for line in ("listen = 127.0.0.1:3000\n; from PORT", "log_level = debug\n; from APP_DEBUG", "device_os = Mine\n; from APP_OS"):
        check(line in got.stdout, f"{line}\n{got.stdout}{got.stderr}")
    got = says("--print-config", "--config", os.devnull, PORT="3000", WAD_HTTP_LISTEN="[::1]:9")
    check("listen = [::1]:9\n; from WAD_HTTP_LISTEN" in got.stdout, got.stdout)
    got = says("--check-config", "--config", os.devnull, PORT="many")
    check(got.returncode == 1 and "PORT" in got.stderr, got.stderr)
    got = says("--check-config", "--config", os.devnull, WHATSAPP_WEBHOOK="https://x", WHATSAPP_WEBHOOK_SECRET="hushhush")
    check(got.returncode == 0 and "webhook create" in got.stderr and "hushhush" not in got.stderr, f"{got}")
    with tempfile.TemporaryDirectory(prefix="wad-drop-") as d:
        os.mkdir(os.path.join(d, "conf.d"))
        for name, rate in (("wad.conf", 5), ("conf.d/20.conf", 7), ("conf.d/10.conf", 6), ("conf.d/30.txt", 8)):
            with open(os.path.join(d, name), "w") as f:
                f.write(f"[network]\nconnect_rate = {rate}\n")
        got = says("--print-config", "--config", os.path.join(d, "wad.conf"))
        check(f"connect_rate = 7\n; from {d}/conf.d/20.conf:2" in got.stdout, got.stdout)
        with open(os.path.join(d, "conf.d/20.conf"), "w") as f:
            f.write("[network]\nconnect_rat = 7\n")
        got = says("--check-config", "--config", os.path.join(d, "wad.conf"))
        check(got.returncode == 1 and "20.conf: line 2" in got.stderr, got.stderr)


def lines_for_the_journal_have_priorities(build):
    with tempfile.TemporaryDirectory(prefix="wad-journal-") as d:
        os.chmod(d, 0o755)
        path = os.path.join(d, "wad.log")
        with open(path, "w") as f:
            st = os.fstat(f.fileno())
        wad = Process("wad", [os.path.join(build, "daemon/wad"), "--state-dir", os.path.join(d, "s")], path,
                      {"JOURNAL_STREAM": f"{st.st_dev}:{st.st_ino}"})
        try:
            wait_until(lambda: "wad.ready" in wad.tail(), 60, "wad is ready")
        finally:
            wad.stop()
        with open(path) as f:
            lines = [line for line in f.read().splitlines() if not line.startswith("wad: ")]
        check(all(re.match(r"<[3467]>(debug|info|warn|error) [a-z]+\.", line) for line in lines), f"{lines}")


def the_unit_is_sound(build):
    if not shutil.which("systemd-analyze"):
        print("       needs systemd-analyze")
        return
    with tempfile.TemporaryDirectory(prefix="wad-unit-") as d:
        subprocess.run(["cmake", "--install", build, "--prefix", d], check=True, capture_output=True, timeout=120)
        unit = os.path.join(d, "lib/systemd/system/wad.service")
        check(os.path.exists(unit), "the unit is installed")
        got = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, timeout=60,
                             env={**os.environ, "MANPATH": os.path.join(d, "share/man")})
        told = [line for line in got.stderr.splitlines() if "wad.service" in line]
        check(not told, f"{told}")
        got = subprocess.run(["systemd-analyze", "security", "--offline=yes", unit], capture_output=True, text=True, timeout=60)
        level = re.search(r"Overall exposure level for wad.service: ([0-9.]+)", got.stdout)
        check(level and float(level.group(1)) <= 2.0, f"exposure: {got.stdout[-300:]}{got.stderr}")
        print(f"proof: running: exposure of the unit {level.group(1)} (systemd-analyze security)")


if __name__ == "__main__":
    sys.exit(run_tests([a_supervisor_is_told_what_happens, the_watchdog_hears_of_every_loop, sighup_is_all_or_nothing,
                        a_log_level_falls_back, own_world(a_stop_lets_what_is_under_way_end, 400), old_names_and_drop_ins,
                        lines_for_the_journal_have_priorities, the_unit_is_sound], sys.argv[1]))
