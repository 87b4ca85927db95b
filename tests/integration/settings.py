#!/usr/bin/env python3
"""wad's settings, files and secrets, from outside: where a value comes from, what --check-config says, a
database of one's own, a database that goes away, modes of files, and that no secret is seen anywhere."""
import base64
import ctypes
import json
import os
import pwd
import re
import shutil
import signal
import stat
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
from wadtest import Failure, Process, Rpc, RpcError, Sandbox, Wad, World, run_tests, wait_until  # noqa: E402

LEAD = 60120000001
DEVICE = 60120000900


def check(condition, what):
    if not condition:
        raise Failure(what)


def clean_env(**more):
    env = {k: v for k, v in os.environ.items() if not k.startswith("WAD_") and k != "DB_URI"}
    env.update(more)
    return env


def wad_says(build, *args, **env):
    return subprocess.run([os.path.join(build, "daemon/wad"), *args], capture_output=True, text=True, timeout=30,
                          env=clean_env(**env))


def printed(build, *args, **env):
    """name -> (value, origin) as --print-config tells them."""
    done = wad_says(build, "--print-config", *args, **env)
    check(done.returncode == 0, done.stderr)
    found, section, last = {}, None, None
    for line in done.stdout.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line.startswith("; from "):
            found[last] = (found[last], line[7:])
        elif section and line:
            key, _, value = line.lstrip("; ").partition("=")
            last = f"{section}.{key.strip()}"
            found[last] = value.strip()
    return found


VALUES = {  # two good values each, and one that is refused
    "network.url": ("wss://a.example/ws", "ws://b.example:81/", "http://c.example"),
    "network.noise_root_key": ("11" * 32, "22" * 32, "33"),
    "network.version": ("2.3000.1", "2.3001.2", "2.3000"),
    "network.device_os": ("One", "Two", None),
    "network.connect_rate": ("5", "6", "0"),
    "network.tls_ca_file": ("/etc/passwd", "/etc/group", "/nonexistent/ca.pem"),
    "rpc.socket": ("/tmp/one.sock", "/tmp/two.sock", "/tmp/" + "x" * 120),
    "rpc.admin_group": ("one", "two", None),
    "http.listen": ("127.0.0.1:1", "127.0.0.1:2", None),
    "http.per_address": ("5", "6", "0"),
    "http.rate": ("5", "6", "1000001"),
    "http.burst": ("5", "6", "0"),
    "http.trusted_proxies": ("127.0.0.1", "10.0.0.0/8, fd00::/8", "10.0.0.0/33"),
    "http.cors_origins": ("https://a.example", "http://b.example:81", "*"),
    "database.uri": ("postgresql://h1/db", "postgresql://h2/db", "postgresql://h/db?nope=1"),
    "daemon.shards": ("1", "2", "65"),
    "daemon.user": ("one", "two", None),
    "daemon.log_level": ("debug", "warn", "loud"),
    "devices.failover_ms": ("1000", "2000", "999"),
    "sequence.day_s": ("10", "20", "86401"),
    "events.keep_days": ("1", "7", "0"),
    "queue.keep_days": ("0", "500", "3651"),
    "reply.keep_days": ("0", "30", "3651"),
    "audit.keep_days": ("0", "365", "3651"),
    "webhook.allow": ("10.0.0.0/8", "127.0.0.1, ::1", "10.0.0.1/8"),
    "webhook.ports": ("443", "443, 8000-8999", "65536"),
    "webhook.http": ("true", "false", "perhaps"),
    "webhook.ca_file": ("/etc/passwd", "/etc/group", "/nonexistent/ca.pem"),
    "checks.per_day": ("0", "100", "100001"),
    "checks.every_ms": ("100", "200", "99"),
    "analytics.reply_days": ("1", "2", "91"),
    "pacing.per_minute_max": ("1", "2", "60001"),
    "pacing.per_hour_max": ("1", "2", "x"),
    "pacing.per_day_max": ("1", "2", "-1"),
    "pacing.warm_up": ("yes", "no", "maybe"),
    "media.cache_mb": ("1", "2", "0"),
}


def flag_beats_environment_beats_file_beats_default(build):
    with tempfile.TemporaryDirectory(prefix="wad-settings-") as d:
        base = printed(build, "--config", os.devnull)
        check(set(VALUES) <= set(base), f"settings that are not printed: {set(VALUES) - set(base)}")
        check(set(base) <= set(VALUES), f"settings without a row here: {set(base) - set(VALUES)}")
        check({origin for _, origin in base.values()} == {"default"}, f"{base}")
        for name, (one, two, bad) in VALUES.items():
            section, key = name.split(".")
            path = os.path.join(d, "wad.conf")
            with open(path, "w") as f:
                f.write(f"[{section}]\n{key} = {one}\n")
            env = f"WAD_{section}_{key}".upper()
            file_only = printed(build, "--config", path)[name]
            check(file_only[1] == f"{path}:2", f"{name}: {file_only}")
            from_env = printed(build, "--config", path, **{env: two})[name]
            check(from_env[1] == env and from_env[0] != file_only[0], f"{name}: {from_env}")
            from_flag = printed(build, "--config", path, "--set", f"{name}={one}", **{env: two})[name]
            check(from_flag[1] == f"--set {name}" and from_flag[0] == file_only[0], f"{name}: {from_flag}")
            if bad is None:
                continue
            got = wad_says(build, "--check-config", "--config", os.devnull, **{env: bad})
            check(got.returncode == 1 and (name in got.stderr or key in got.stderr), f"{name}: {got.stderr}")
        got = printed(build, "--config", os.devnull, DB_URI="postgresql://h3/db")["database.uri"]
        check("h3" in got[0] and got[1] == "DB_URI", f"{got}")
        got = printed(build, "--config", os.devnull, DB_URI="postgresql://h3/db", WAD_DATABASE_URI="postgresql://h4/db")
        check("h4" in got["database.uri"][0], f"{got}")
        told = wad_says(build, "--print-config", DB_URI="postgresql://u:hushhush@h3/db")
        check("hushhush" not in told.stdout + told.stderr and "h3" in told.stdout, told.stdout)


BROKEN = """[network]
url = http://x
versio = 2
noise_root_key = zz
this is nothing
[daemn]
x = 1
[daemon]
shards = 65
shards = 1
log_level = loud
[database]
uri = postgresql://u:hushhush@h/db?nope=1
"""


def check_config_tells_every_error_and_changes_nothing(build):
    with tempfile.TemporaryDirectory(prefix="wad-settings-") as d:
        path, state = os.path.join(d, "wad.conf"), os.path.join(d, "state")
        with open(path, "w") as f:
            f.write(BROKEN)
        for args in (["--check-config", path], ["--check-config", "--config", path]):
            got = wad_says(build, "--state-dir", state, *args, WAD_NETWORK_CONNECT_RATE="many")
            check(got.returncode == 1, f"exit {got.returncode}")
            for word in ("line 3: unknown key 'versio' in [network], did you mean 'version'?", "line 4: network.noise_root_key",
                         "line 5: not a section", "line 7: unknown section [daemn], did you mean [daemon]?",
                         "line 9: daemon.shards: 65", "line 10: daemon.shards is given a second time",
                         "WAD_NETWORK_CONNECT_RATE", "daemon.log_level", "network.url", "database.uri"):
                check(word in got.stderr, f"not told: {word}\n{got.stderr}")
            check("hushhush" not in got.stderr, "a password is told")
        got = wad_says(build, "--state-dir", state, "--config", path)
        check(got.returncode == 2, f"started with bad settings: {got.returncode}")
        with open(path, "w") as f:
            f.write("[database]\nuri = postgresql://nobody.invalid/none\n[daemon]\nshards = 1\n")
        got = wad_says(build, "--check-config", "--state-dir", state, "--config", path)
        check(got.returncode == 0, got.stderr)
        check(not os.path.exists(state), "--check-config made the state directory")
        few = subprocess.run(["sh", "-c", "ulimit -n 512; exec \"$@\"", "sh", os.path.join(build, "daemon/wad"),
                              "--check-config", path], capture_output=True, text=True, env=clean_env())
        check("512" in few.stderr and "4280" in few.stderr, few.stderr)


def every_network_setting_may_come_from_the_environment(build):
    directory = tempfile.mkdtemp(prefix="wad-environment-")
    os.chmod(directory, 0o755)
    sandbox = Sandbox(build, directory, (LEAD, 5))
    process = None
    try:
        sock = os.path.join(directory, "env.sock")
        env = {"WAD_NETWORK_URL": sandbox.url(), "WAD_NETWORK_TLS_CA_FILE": sandbox.ca_file,
               "WAD_NETWORK_NOISE_ROOT_KEY": sandbox.root_key, "WAD_RPC_SOCKET": sock}
        process = Process("wad", [os.path.join(build, "daemon/wad"), "--state-dir", os.path.join(directory, "wad")],
                          os.path.join(directory, "wad.log"), env)

        def call(method, **params):
            rpc = Rpc(sock)
            try:
                return rpc.call(method, **params)
            finally:
                rpc.close()

        wait_until(lambda: os.path.exists(sock), 60, "the socket is there")
        wait_until(lambda: call("system.ping"), 10, "wad answers")
        check(call("daemon.status")["network"] == sandbox.url(), "the network of the environment")
        call("device.create", name="d1")
        call("device.pair", device="d1")
        qr = wait_until(lambda: call("device.qr", device="d1").get("qr"), 30, "a code")
        sandbox.scan(qr, LEAD)
        wait_until(lambda: call("device.show", device="d1")["online"], 30, "online")
    except Exception:
        if process:
            print(process.tail(30))
        raise
    finally:
        if process:
            process.stop()
        sandbox.stop()
    shutil.rmtree(directory, ignore_errors=True)


class Server:
    """A PostgreSQL of somebody else, on a loopback port."""

    def __init__(self, directory):
        self.bin = sorted(p for p in (f"/usr/lib/postgresql/{v}/bin" for v in os.listdir("/usr/lib/postgresql"))
                          if os.path.exists(p + "/postgres"))[-1]
        self.directory = os.path.join(directory, "server")
        self.user = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        os.mkdir(self.directory)
        if self.user:
            os.chown(self.directory, self.user.pw_uid, self.user.pw_gid)
        import socket
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.data = os.path.join(self.directory, "data")
        password = os.path.join(self.directory, "pw")
        with open(password, "w") as f:
            f.write("hushhush\n")
        os.chmod(password, 0o644)
        self.run("initdb", "-D", self.data, "-U", "owner", "-A", "scram-sha-256", "--pwfile", password, "-E", "UTF8",
                 "--locale=C.UTF-8")
        self.start()
        self.uri = f"postgresql://owner:hushhush@127.0.0.1:{self.port}/postgres"

    def run(self, program, *args):
        done = subprocess.run([os.path.join(self.bin, program), *args], user=self.user and self.user.pw_uid,
                              group=self.user and self.user.pw_gid, extra_groups=[] if self.user else None,
                              capture_output=True, text=True, cwd="/", timeout=60)
        check(done.returncode == 0, f"{program}: {done.stdout}{done.stderr}")
        return done.stdout

    def start(self):
        done = subprocess.run([os.path.join(self.bin, "pg_ctl"), "-D", self.data, "-w", "-l", self.data + "/log", "-o",
                               f"-p {self.port} -h 127.0.0.1 -k ''", "start"], user=self.user and self.user.pw_uid,
                              group=self.user and self.user.pw_gid, extra_groups=[] if self.user else None,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/",
                              timeout=60)
        check(done.returncode == 0, "the server does not start")

    def stop(self, how="fast"):
        self.run("pg_ctl", "-D", self.data, "-w", "-m", how, "stop")


class OwnWorld:
    """Sandbox, a PostgreSQL of one's own, wad with DB_URI."""

    def __init__(self, build, phones=60):
        self.directory = tempfile.mkdtemp(prefix="wad-own-database-")
        os.chmod(self.directory, 0o755)
        self.sandbox = Sandbox(build, self.directory, (LEAD, phones))
        self.server = Server(self.directory)
        self.wad = Wad(build, self.directory, self.sandbox, env={"DB_URI": self.server.uri})

    def end(self, failed):
        if failed:
            print(self.wad.process.tail(30))
        self.wad.stop()
        self.sandbox.stop()
        self.server.stop()
        if not failed:
            shutil.rmtree(self.directory, ignore_errors=True)


def own_world(test, phones=60):
    def run(build):
        w = OwnWorld(build, phones)
        failed = True
        try:
            test(w)
            failed = False
        finally:
            w.end(failed)

    run.__name__ = test.__name__
    return run


@own_world
def a_server_of_ones_own_is_used(w):
    wad = w.wad
    check(not os.path.exists(os.path.join(wad.state, "postgres")), "a private server was made all the same")
    wad.pair("d1", DEVICE % 1000 + LEAD - 900, delay_min_ms=0, delay_max_ms=0)
    wad.wait_online(1)
    wad.call("lead.import", csv="phone\n" + "\n".join(str(LEAD + i) for i in range(10, 30)) + "\n")
    campaign = wad.campaign(title="own", text="from there")
    check(wad.wait_campaign(campaign)["counts"]["sent"] == 20, "twenty are sent")
    wad.process.stop()
    wad.start()
    wad.wait_online(1)
    check(wad.call("campaign.show", campaign=campaign)["counts"]["sent"] == 20, "a restart forgot it")
    check("hushhush" not in open(wad.process.log_path).read(), "the password is in the log")
    check("hushhush" not in json.dumps(wad.call("daemon.status")), "the password is in the status")
    with open(f"/proc/{wad.process.pid}/cmdline", "rb") as f:
        check(b"hushhush" not in f.read(), "the password is among the arguments")


@own_world
def a_lost_database_pauses_sending_and_says_so(w):
    wad, sandbox = w.wad, w.sandbox
    wad.pair("d1", LEAD)
    wad.wait_online(1)
    wad.call("lead.import", csv="phone\n" + "\n".join(str(LEAD + i) for i in range(10, 50)) + "\n")
    events = Rpc(wad.socket)
    events.call("event.subscribe", topics=["database.*"])
    campaign = wad.campaign(title="own", text="through it", delay_min_ms=50, delay_max_ms=50)
    wait_until(lambda: len(sandbox.shown("through it")) >= 5, 30, "five are shown")
    w.server.stop("immediate")
    got = json.loads(events.file.readline())["params"]
    check(got["topic"] == "database.lost" and got["data"]["reason"], f"{got}")
    status = wait_until(lambda: wad.call("daemon.status")["database"] != "up" and wad.call("daemon.status"), 10, "it is told")
    check("lost" in status["database"], f"{status}")
    check(status["devices"]["online"] == 1, "the device fell with the database")
    time.sleep(1)
    before = len(sandbox.shown("through it"))
    time.sleep(1.5)
    check(len(sandbox.shown("through it")) == before, "it sends without a database")
    w.server.start()
    got = json.loads(events.file.readline())["params"]
    check(got["topic"] == "database.back", f"{got}")
    done = wad.wait_campaign(campaign, 60)
    check(done["counts"]["sent"] == 40, f"{done}")
    shown = [m["phone"] for m in sandbox.shown("through it")]
    check(sorted(set(shown)) == sorted(shown) and len(shown) == 40, f"{len(shown)} shown, {len(set(shown))} phones")
    wait_until(lambda: wad.call("daemon.status")["database"] == "up", 20, "up again")
    check(not sandbox.violations(), f"{sandbox.violations()}")
    events.close()


def files_are_for_their_owner_only(build):
    with World(build, (LEAD, 5), name="modes") as w:
        wad = w.wad
        wad.pair("d1", LEAD)
        wad.wait_online(1)
        seen = 0
        for parent, dirs, files in os.walk(wad.state):
            for name in dirs + files:
                path = os.path.join(parent, name)
                mode = os.lstat(path)
                if stat.S_ISLNK(mode.st_mode) or stat.S_ISSOCK(mode.st_mode):
                    continue
                seen += 1
                check(mode.st_mode & 0o077 == 0, f"{path}: mode {mode.st_mode & 0o7777:o}")
        check(seen > 100, f"only {seen} files were looked at")
        # others may at most pass through, and only where the database has another owner
        top = os.stat(wad.state).st_mode & 0o777
        check(top & 0o066 == 0, f"state directory: {top:o}")
        check(os.stat(os.path.join(wad.state, "key")).st_mode & 0o777 == 0o600, "key")
        check(os.stat(wad.socket).st_mode & 0o777 == 0o660, f"socket: {os.stat(wad.socket).st_mode:o}")
        wad.process.stop()
        os.chmod(os.path.join(wad.state, "key"), 0o644)
        refused = subprocess.run(wad.process.child.args, capture_output=True, text=True, timeout=60)
        check(refused.returncode != 0 and "key" in refused.stderr, f"a key that others can read: {refused.stderr}")
        os.chmod(os.path.join(wad.state, "key"), 0o600)
        wad.start()


def members_of_the_admin_group_are_admins(build):
    if os.geteuid() != 0:
        print("       needs root, to call as other users")
        return
    import grp
    group = grp.getgrnam("games")
    with World(build, (LEAD, 5), settings={"rpc.admin_group": "games"}, name="group") as w:
        check(os.stat(w.wad.socket).st_gid == group.gr_gid, "the socket's group")
        nobody = pwd.getpwnam("nobody").pw_uid
        wactl = [os.path.join(build, "ctl/wactl"), "--socket", w.wad.socket, "device", "list"]
        for gid, extra, code in ((group.gr_gid, [], 0), (65534, [group.gr_gid], 0), (65534, [], 4)):
            done = subprocess.run(wactl, user=nobody, group=gid, extra_groups=extra, capture_output=True, text=True, cwd="/")
            check(done.returncode == code, f"gid {gid} {extra}: exit {done.returncode} {done.stderr}")


def root_becomes_the_user_that_is_set(build):
    if os.geteuid() != 0:
        print("       needs root")
        return
    user = pwd.getpwnam("nobody")
    with World(build, (LEAD, 5), name="user") as w:
        wad = w.wad
        wad.process.stop()
        socket = os.path.join(w.directory, "run/wad.sock")
        lines = open(wad.config).read().replace(f"socket = {wad.socket}", f"socket = {socket}")
        ca = os.path.join(w.directory, "ca.pem")
        shutil.copy(w.sandbox.ca_file, ca)
        os.chmod(ca, 0o644)
        with open(wad.config, "w") as f:
            f.write(lines.replace(w.sandbox.ca_file, ca) + "[daemon]\nuser = nobody\n")
        wad.state, wad.socket = os.path.join(w.directory, "own"), socket
        wad.start()
        status = dict(line.split(":", 1) for line in open(f"/proc/{wad.process.pid}/status") if ":" in line)
        check(set(status["Uid"].split()) == {str(user.pw_uid)} and set(status["Gid"].split()) == {str(user.pw_gid)}, status["Uid"])
        check("0" not in status["Groups"].split() and int(status["CapEff"], 16) == 0 and int(status["CapPrm"], 16) == 0, f"{status}")
        check(status["NoNewPrivs"].strip() == "1", "NoNewPrivs")
        check(os.stat(wad.state).st_uid == user.pw_uid and os.stat(wad.state + "/key").st_uid == user.pw_uid, "owner of the state")
        wad.pair("d1", LEAD)  # root may still call
        wad.wait_online(1)
        wad.process.stop()
        wad.start()
        wad.wait_online(1)
        wad.process.stop()
        wrong = subprocess.run(wad.process.child.args + ["--set", "daemon.user=no-such-user"], capture_output=True, text=True, timeout=60)
        check(wrong.returncode == 1 and "no-such-user" in wrong.stderr, f"{wrong}")
        wad.start()


def a_file_in_the_sockets_place_is_not_lost(build):
    with World(build, (LEAD, 5), name="place") as w:
        w.wad.process.stop()
        with open(w.wad.socket, "w") as f:
            f.write("somebody's notes")
        refused = subprocess.run(w.wad.process.child.args, capture_output=True, text=True, timeout=60)
        check(refused.returncode == 1 and "no socket" in refused.stderr, f"{refused}")
        check(open(w.wad.socket).read() == "somebody's notes", "the file is gone")
        os.unlink(w.wad.socket)
        w.wad.start()
        second = subprocess.run([os.path.join(build, "daemon/wad"), "--state-dir", w.wad.state + "2", "--config", w.wad.config],
                                capture_output=True, text=True, timeout=60)
        check(second.returncode == 1 and f"pid {w.wad.process.pid}" in second.stderr, f"two on one socket: {second.stderr}")
        check(w.wad.call("system.ping")["at"], "the first does not answer any more")


def rows_of(dump, table):
    """Rows of a plain dump: column -> text as COPY has it."""
    head, _, rest = dump.partition(b"\nCOPY public.%s (" % table.encode())
    check(rest, f"the dump has no table {table}")
    names = rest[:rest.index(b")")].decode().split(", ")
    for line in rest[rest.index(b"\n") + 1:rest.index(b"\n\\.")].split(b"\n"):
        yield dict(zip(names, line.split(b"\t")))


def unsealed(key, table, column, row):
    """What the daemon keeps sealed, opened with its key file."""
    sodium = ctypes.CDLL("libsodium.so.23")
    sealed = bytes.fromhex(row[column].decode().removeprefix("\\\\x"))

    def part(text):
        return struct.pack(">I", len(text)) + text

    ids = struct.pack(">qq", int(row["user_id"]), int(row["id"]))
    place = b"\1" + part(table.encode()) + part(column.encode()) + ids + part(b"")
    out, length = ctypes.create_string_buffer(len(sealed)), ctypes.c_ulonglong()
    nonce, text = sealed[1:25], sealed[25:]
    failed = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(out, ctypes.byref(length), None, text,
                                                               ctypes.c_ulonglong(len(text)), place,
                                                               ctypes.c_ulonglong(len(place)), nonce, key)
    check(failed == 0, f"{table}.{column} does not open with the key file")
    return out.raw[:length.value]


def no_secret_is_seen_anywhere(build):
    """The key file's bytes, and the private keys that it seals: not in the database, the log, the
    environment, the arguments or any answer."""
    settings = {"daemon.log_level": "trace"}
    with World(build, (LEAD, 5), settings=settings, name="secrets") as w:
        wad = w.wad
        wad.pair("d1", LEAD, delay_min_ms=0, delay_max_ms=0)
        wad.wait_online(1)
        wad.wactl("message", "send", "--device", "d1", "--to", LEAD + 1, "--text", "hi", "--wait", "delivered")
        with open(os.path.join(wad.state, "key"), "rb") as f:
            key = f.read()
        rpc = Rpc(wad.socket)
        answers = json.dumps([rpc.call(m) for m in ("device.list", "message.list", "daemon.status", "queue.stats",
                                                    "lead.list", "campaign.list")]).encode()
        rpc.close()
        dump = dump_of(wad)
        check(b"d1" in dump and len(dump) > 10000, "the dump is empty")
        places = {"dump": dump, "answers": answers}
        for name in ("environ", "cmdline"):
            with open(f"/proc/{wad.process.pid}/{name}", "rb") as f:
                places[name] = f.read()
        with open(os.path.join(wad.directory, "wad.log"), "rb") as f:
            places["log"] = f.read()
        with open(os.path.join(wad.state, "postgres/server.log"), "rb") as f:
            places["server log"] = f.read()
        check(len(places["log"]) > 1000, "trace says nothing")
        device = next(r for r in rows_of(dump, "devices") if r["name"] == b"d1")
        private = unsealed(key, "devices", "secrets", device)
        check(len(private) >= 4 * 32, f"only {len(private)} bytes of secrets")
        windows = {private[i:i + 32] for i in range(len(private) - 31)}
        for secret in {key} | {w for w in windows if len(set(w)) > 12}:
            for form in (secret, secret.hex().encode(), base64.b64encode(secret)[:40]):
                for place, text in places.items():
                    check(form not in text, f"{secret[:4].hex()}... of the secrets is in {place}")
        for word in re.findall(rb"[0-9a-fA-F]{64,}", places["log"]):
            check(word.decode() == w.sandbox.root_key, f"the log has {word[:80]}")


def dump_of(wad):
    pidfile = open(os.path.join(wad.state, "postgres/data/postmaster.pid")).read().splitlines()
    programs = sorted(os.listdir("/usr/lib/postgresql"))[-1]
    user = pwd.getpwuid(os.stat(os.path.join(wad.state, "postgres/data")).st_uid)
    done = subprocess.run([f"/usr/lib/postgresql/{programs}/bin/pg_dump", "-h", pidfile[4], "-U", "wad", "wad"],
                          user=user.pw_uid if os.geteuid() == 0 else None, capture_output=True, cwd="/", timeout=60)
    check(done.returncode == 0, done.stderr.decode())
    return done.stdout


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(run_tests([
        flag_beats_environment_beats_file_beats_default,
        check_config_tells_every_error_and_changes_nothing,
        every_network_setting_may_come_from_the_environment,
        a_server_of_ones_own_is_used,
        a_lost_database_pauses_sending_and_says_so,
        files_are_for_their_owner_only,
        members_of_the_admin_group_are_admins,
        root_becomes_the_user_that_is_set,
        a_file_in_the_sockets_place_is_not_lost,
        no_secret_is_seen_anywhere,
    ], os.path.abspath(sys.argv[1])))
