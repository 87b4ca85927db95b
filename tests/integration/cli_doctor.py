#!/usr/bin/env python3
"""wactl doctor on machines that are well and on machines that are not: each thing that is broken here on purpose is
named, with why and what to do, also while wad is down. And the figures and switches for incidents: daemon show, user
pause, device reconnect."""
import json
import os
import pwd
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
from wadtest import Failure, Rpc, World, run_tests, wait_until  # noqa: E402

PHONE = 60120000001


def check(condition, what):
    if not condition:
        raise Failure(what)


def wactl(w, *args, user=None, env=None, socket=None):
    argv = [os.path.join(w.build, "ctl/wactl"), "--socket", socket or w.wad.socket, *args]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, user=user,
                          group=user and pwd.getpwuid(user).pw_gid, extra_groups=[] if user else None,
                          cwd="/" if user else None, env={**os.environ, "WAD_RPC_SOCKET": "", **(env or {})})


def doctor(w, *args, code=None, **more):
    """What it finds: check -> findings; checks the form on the way."""
    got = wactl(w, "doctor", "-o", "json", *args, **more)
    findings = json.loads(got.stdout)
    found = {}
    for f in findings:
        check(f["state"] in ("ok", "warn", "fail") and f["check"] and f["what"], f"{f}")
        check(f["state"] == "ok" or (f.get("why") and f.get("advice")), f"it does not say why, or what to do: {f}")
        check(set(f) <= {"check", "state", "what", "why", "advice"}, f"{f}")
        found.setdefault(f["check"], []).append(f)
    want = 1 if any(f["state"] == "fail" for f in findings) else 0
    check(got.returncode == want, f"exit {got.returncode}, findings {findings}")
    check(code is None or code == got.returncode, f"exit {got.returncode}: {findings}")
    return found


def says(found, name, state, *words):
    hits = [f for f in found.get(name, []) if f["state"] == state and all(word in json.dumps(f) for word in words)]
    check(len(hits) == 1, f"{name}: not one {state} with {words}: {found.get(name)}")


def a_sound_daemon_is_found_well(build):
    with World(build, (PHONE, 5), name="well") as w:
        w.wad.pair("d0", PHONE)
        w.wad.wait_online(1)
        found = doctor(w, code=0)
        for name in ("socket", "version", "database", "zones", "queue", "webhooks", "devices", "files", "config", "state", "key"):
            check(all(f["state"] == "ok" for f in found[name]), f"{name}: {found[name]}")
        says(found, "clock", "ok", "same time")
        text = wactl(w, "doctor", "-o", "table")
        check(text.returncode == 0 and "ok    socket" in text.stdout and "0 wrong" in text.stderr, f"{text}")
        rows = [line.split("\t") for line in wactl(w, "doctor").stdout.splitlines()]
        check(rows[0] == ["check", "state", "what", "why", "advice"] and len(rows) == 1 + sum(map(len, found.values())), f"{rows}")
        wrong = wactl(w, "doctor", "--fields", "chek")
        check(wrong.returncode == 2 and "'check'" in wrong.stderr, f"{wrong}")
        check(wactl(w, "daemon", "doctor", "-o", "name").returncode == 0, "the daemon's own")


def what_is_broken_on_the_machine_is_named(build):
    with World(build, (PHONE, 5), name="broken") as w:
        w.wad.pair("d0", PHONE)
        w.wad.wait_online(1)
        key = os.path.join(w.wad.state, "key")
        os.chmod(key, 0o644)
        says(doctor(w, code=1), "key", "fail", "0644", f"chmod 600 {key}")
        os.chmod(key, 0o600)
        if os.geteuid() == 0:
            owner = os.stat(key).st_uid
            os.chown(key, owner + 1, -1)
            says(doctor(w, code=1), "key", "fail", f"uid {owner + 1}", "chown")
            os.chown(key, owner, -1)
        os.rename(key, key + ".away")
        says(doctor(w, code=1), "key", "fail", "No such file", "backup")
        with open(key, "wb") as f:
            f.write(b"short")
        os.chmod(key, 0o600)
        says(doctor(w, code=1), "key", "fail", "32 bytes")
        os.rename(key + ".away", key)
        os.chmod(w.wad.state, 0o777)
        says(doctor(w, code=1), "state", "fail", "0777", "chmod 700")
        os.chmod(w.wad.state, 0o700)

        # settings: another value, then one that cannot be
        with open(w.wad.config) as f:
            before = f.read()
        with open(w.wad.config, "w") as f:
            f.write(before + "[devices]\nfailover_ms = 90000\n")
        says(doctor(w, code=0), "config", "warn", "wactl daemon reload")
        w.wad.wactl("daemon", "reload")
        says(doctor(w, code=0), "config", "ok")
        with open(w.wad.config, "w") as f:
            f.write(before + "[devices]\nfailover_ms = soon\n")
        says(doctor(w, code=1), "config", "fail", "failover_ms")
        says(doctor(w, "--config", w.wad.config, "--socket", "/nonexistent/wad.sock", code=1), "config", "fail", "failover_ms", "soon")
        with open(w.wad.config, "w") as f:
            f.write(before)

        # open files
        limits = subprocess.run(["prlimit", "--pid", str(w.wad.process.pid), "--nofile", "--noheadings", "-o", "SOFT,HARD"],
                                capture_output=True, text=True).stdout.split()
        subprocess.run(["prlimit", "--pid", str(w.wad.process.pid), f"--nofile=200:{limits[1]}"], check=True)
        says(doctor(w, code=1), "files", "fail", "200", "LimitNOFILE")
        subprocess.run(["prlimit", "--pid", str(w.wad.process.pid), f"--nofile={limits[0]}:{limits[1]}"], check=True)
        check(doctor(w, code=0)["files"][0]["state"] == "ok", "files again")


def what_is_stuck_in_the_daemon_is_named(build):
    with World(build, (PHONE, 5), name="stuck") as w:
        w.wad.pair("d0", PHONE)
        w.wad.wait_online(1)
        w.wad.wactl("device", "pause", "d0")
        one, two = (w.wad.call("message.send", device="d0", to=str(PHONE + 2), text=f"t{i}")["id"] for i in range(2))
        says(doctor(w, code=0), "queue", "ok")
        w.wad.sql(f"update outbox set state = 2, msg_id = 'X', sending_at = now() - interval '20 minutes' where id = {one}")
        says(doctor(w, code=0), "queue", "warn", "1 messages are on their way", "reconnect")
        w.wad.sql(f"update outbox set sending_at = now() - interval '10 minutes' where id = {one}")
        says(doctor(w, code=0), "queue", "ok")
        says(doctor(w, "--older-than", "5m", code=0), "queue", "warn", "more than 300 s")
        wrong = wactl(w, "doctor", "--older-than", "soon")
        check(wrong.returncode == 2 and "soon" in wrong.stderr, f"{wrong}")
        w.wad.sql(f"update outbox set state = 0, sending_at = null where id = {one}")
        w.wad.sql("insert into nodes (name, lease_until) values ('gone', now() - interval '1 hour')")
        w.wad.sql(f"insert into devices (user_id, name, node) select user_id, 'far', 'gone' from devices limit 1")
        w.wad.sql(f"update outbox set state = 1, device_id = (select id from devices where name = 'far') where id = {two}")
        says(doctor(w, code=0), "queue", "warn", "1 messages are held by a wad that has ended")
        w.wad.sql(f"delete from outbox where id = {two}")

        w.wad.wactl("queue", "pause")
        name = w.wad.call("user.list")["users"][0]["name"]
        says(doctor(w, code=0), "queue", "warn", name, "wactl user resume")
        w.wad.wactl("queue", "resume")
        w.wad.wactl("queue", "pause", "--all")
        says(doctor(w, code=0), "queue", "warn", "all users", "queue resume --all")
        w.wad.wactl("queue", "resume", "--all")
        says(doctor(w, code=0), "queue", "ok")

        w.wad.sql("update users set zone = 'Mars/Olympus'")
        says(doctor(w, code=1), "zones", "fail", name, "--zone")
        w.wad.sql("update users set zone = 'UTC'")
        w.wad.sql("insert into webhooks (user_id, url, secret, failing_since) select id, 'https://x.test/', '', now() - interval '1 hour' from users limit 1")
        says(doctor(w, code=0), "webhooks", "warn", "1 fail")
        w.wad.sql("delete from webhooks")

        w.sandbox.admin("POST", f"/admin/phones/{PHONE}/unlink", {"device": 1})
        wait_until(lambda: w.wad.call("device.show", device="d0")["state"] == "logged_out", 20, "d0 is logged out")
        says(doctor(w, code=0), "devices", "warn", "d0", "link them again")


def what_is_away_is_named(build):
    with World(build, (PHONE, 5), name="away") as w:
        w.wad.pair("d0", PHONE)
        w.wad.pair("rests", PHONE + 1)
        w.wad.wait_online(2)
        w.wad.wactl("device", "pause", "rests")
        w.sandbox.stop()
        away = wait_until(lambda: [f for f in doctor(w, "--older-than", "1s")["devices"] if "offline" in f["what"]], 30, "a device is away")
        check(away[0]["state"] == "warn" and "d0" in away[0]["what"] and "rests" not in away[0]["what"] and "reconnect" in away[0]["advice"], f"{away}")
        check(doctor(w, code=0)["devices"][0]["state"] == "ok", "a short absence is told")
        w.sandbox.start()
        w.wad.wactl("device", "reconnect", "d0")
        wait_until(lambda: doctor(w, "--older-than", "1s")["devices"][0]["state"] == "ok", 60, "it is back")

        # the database goes away and comes back by itself
        rpc = Rpc(w.wad.socket)
        os.kill(w.wad.postmaster_pid(), signal.SIGKILL)

        def database():
            return [f for f in rpc.call("daemon.doctor")["findings"] if f["check"] == "database"][0]

        lost = wait_until(lambda: (lambda f: f["state"] == "fail" and f)(database()), 10, "the loss is told", every=0.001)
        check(lost["why"] and lost["advice"], f"{lost}")
        wait_until(lambda: database()["state"] == "ok", 60, "it is back")
        rpc.close()


def what_is_broken_is_named_while_wad_is_down(build):
    with World(build, (PHONE, 5), name="down") as w:
        found = doctor(w, socket=os.path.join(w.directory, "no.sock"), code=1)
        says(found, "socket", "fail", "no such socket", "no.sock", "start wad")
        found = doctor(w, "--state-dir", w.wad.state, socket=os.path.join(w.directory, "no.sock"), code=1)
        says(found, "process", "warn", str(w.wad.process.pid))  # it runs, elsewhere
        says(found, "database", "ok", "PostgreSQL")
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody").pw_uid
            found = doctor(w, user=nobody, code=1)
            says(found, "socket", "fail", "group", "usermod", "nobody")
            os.chmod(w.wad.socket, 0o666)
            found = doctor(w, user=nobody, code=0)
            says(found, "socket", "ok", w.wad.socket)
            says(found, "rights", "warn", "admin")
            check("database" not in found and "key" not in found, f"{found}")
        os.kill(w.wad.process.pid, signal.SIGSTOP)
        try:
            says(doctor(w, code=1), "socket", "fail", "does not answer")
        finally:
            os.kill(w.wad.process.pid, signal.SIGCONT)
        w.wad.process.kill()
        found = doctor(w, "--state-dir", w.wad.state, code=1)
        says(found, "socket", "fail", "nobody listens", "systemctl start wad")
        says(found, "key", "ok")
        check("process" not in found, f"{found.get('process')}")
        version = os.path.join(w.wad.state, "postgres/data/PG_VERSION")
        with open(version) as f:
            old = f.read()
        with open(version, "w") as f:
            f.write("9\n")
        says(doctor(w, "--state-dir", w.wad.state, code=1), "database", "fail", "PostgreSQL 9", "apt install postgresql-9")
        with open(version, "w") as f:
            f.write(old)
        os.chmod(os.path.join(w.wad.state, "key"), 0o640)
        says(doctor(w, "--state-dir", w.wad.state, code=1), "key", "fail", "0640")
        os.chmod(os.path.join(w.wad.state, "key"), 0o600)
        w.wad.start()
        doctor(w, code=0)


def the_figures_of_an_incident_can_be_seen(build):
    with World(build, (PHONE, 20), name="figures") as w:
        for i in range(3):
            w.wad.pair(f"d{i}", PHONE + i)
        w.wad.wait_online(3)

        def show(what):
            return {(f["part"], f["name"]): f["value"] for f in json.loads(wactl(w, "daemon", "show", what, "-o", "json").stdout)}

        loops = show("loops")
        shards = {part for part, _ in loops if part.startswith("shard")}
        check(sum(loops[(s, "devices")] for s in shards) == 3 and sum(loops[(s, "online")] for s in shards) == 3, f"{loops}")
        check(all(loops[(s, "database")] == 1 and 0 <= loops[(s, "idle")] <= loops[(s, "running")] for s in shards), f"{loops}")
        check(len(shards) == w.wad.call("daemon.status")["shards"], f"{shards}")
        mem = show("mem")
        status = w.wad.call("daemon.status")
        check(abs(mem[("process", "resident")] - status["memory_bytes"]) < status["memory_bytes"] // 4, f"{mem} {status}")
        check(mem[("devices", "devices")] == 3 and mem[("heap", "in use")] >= 0, f"{mem}")
        fds = show("fds")
        real = len(os.listdir(f"/proc/{w.wad.process.pid}/fd"))
        kinds = sum(fds[("process", k)] for k in ("sockets", "pipes", "events", "files", "others"))
        check(kinds == fds[("process", "open")] and abs(fds[("process", "open")] - real) < 10, f"{fds}, {real} are open")
        for i in range(3):
            w.wad.wactl("device", "pause", f"d{i}")
        for i in range(5):
            w.wad.call("message.send", device="d0", to=str(PHONE + 10), text=f"q{i}")
        queues = show("queues")
        open_rows = sum(queues[("database", k)] for k in ("pending", "claimed", "sending"))
        check(open_rows == 5 and queues[("database", "webhook deliveries")] == 0, f"{queues}")
        wrong = wactl(w, "daemon", "show", "looops")
        check(wrong.returncode == 2 and "loops" in wrong.stderr, f"{wrong}")


def a_pause_of_a_user_stops_sends_and_loses_none(build):
    with World(build, (PHONE, 400), name="pause") as w:
        w.wad.call("user.create", name="ann")
        w.wad.pair("a0", PHONE + 300, as_user="ann")
        w.wad.pair("own", PHONE + 301)
        w.wad.wait_online(2)
        w.wad.wactl("--user", "ann", "lead", "import", "-", stdin="phone\n" + "".join(f"{PHONE + i}\n" for i in range(200)))
        w.wad.wactl("--user", "ann", "campaign", "create", "c", "--everyone", "--text", "hello", "--delay-min-ms", "20", "--delay-max-ms", "20")
        wait_until(lambda: len(w.sandbox.shown("hello")) >= 20, 30, "the campaign runs")
        paused = json.loads(wactl(w, "user", "pause", "ann", "--reason", "look", "-o", "json").stdout)
        check(paused["queue_paused"] is True and paused["name"] == "ann", f"{paused}")
        wait_until(lambda: w.wad.call("queue.workers", as_user="ann")["workers"][0].get("why") == "paused", 10, "the worker rests")
        wait_until(lambda: w.wad.call("queue.workers", as_user="ann")["workers"][0]["in_flight"] == 0, 10, "what was on its way is through")
        before = len(w.sandbox.shown("hello"))
        check(before < 200, "nothing was left to pause")
        # others are not held; what they send shows that time has passed
        for i in range(5):
            w.wad.wactl("message", "send", "--device", "own", "--to", str(PHONE + i), "--text", "other", "--wait", "delivered")
        check(len(w.sandbox.shown("hello")) == before, "it sends on")
        resumed = json.loads(wactl(w, "user", "resume", "ann", "-o", "json").stdout)
        check(resumed["queue_paused"] is False, f"{resumed}")
        wait_until(lambda: len(w.sandbox.shown("hello")) >= 200, 60, "all are sent")
        shown = [m["phone"] for m in w.sandbox.shown("hello")]
        check(len(shown) == 200 and len(set(shown)) == 200, f"{len(shown)} shown, {len(set(shown))} phones")


def a_reconnect_loses_nothing(build):
    with World(build, (PHONE, 200), name="reconnect") as w:
        w.wad.pair("d0", PHONE + 100, delay_min_ms=10, delay_max_ms=10)
        w.wad.wait_online(1)
        check(wactl(w, "device", "reconnect", "nope").returncode == 5, "a device that is not there")
        w.wad.call("device.create", name="new")
        got = wactl(w, "device", "reconnect", "new", "-o", "json")
        check(got.returncode == 6 and "pair" in json.loads(got.stderr)["hint"], f"{got}")
        count = "select count(*) from events where topic = 'device.online'"
        before = wait_until(lambda: int(w.wad.sql(count)[0][0]), 10, "the first login is an event")
        for i in range(100):
            w.wad.call("message.send", device="d0", to=str(PHONE + i % 90), text=f"n{i}")
        for _ in range(3):
            check(wactl(w, "device", "reconnect", "d0").returncode == 0, "reconnect")
            time.sleep(0.3)
        wait_until(lambda: len({m["text"] for m in w.sandbox.shown() if m["text"].startswith("n")}) == 100, 60, "all messages")
        shown = [m["text"] for m in w.sandbox.shown() if m["text"].startswith("n")]
        check(len(shown) == 100, f"{len(shown)} shown")
        wait_until(lambda: int(w.wad.sql(count)[0][0]) > before, 10, "it is online once more")


if __name__ == "__main__":
    sys.exit(run_tests([
        a_sound_daemon_is_found_well,
        what_is_broken_on_the_machine_is_named,
        what_is_stuck_in_the_daemon_is_named,
        what_is_away_is_named,
        what_is_broken_is_named_while_wad_is_down,
        the_figures_of_an_incident_can_be_seen,
        a_pause_of_a_user_stops_sends_and_loses_none,
        a_reconnect_loses_nothing,
    ], os.path.abspath(sys.argv[1])))
