"""Starts and drives the programs for demos, integration tests, crash tests and benchmarks.

Only the standard library. Every process is ended by the pid it was started with. Servers bind
loopback on free ports; everything lives in one directory that the caller names.
"""
import json
import os
import signal
import socket
import ssl
import struct
import subprocess
import threading
import time
import http.client
import zlib


class Failure(Exception):
    """A check did not hold, or something did not happen in time."""


def wait_until(check, seconds, what, every=0.05):
    """Calls check until it gives something true; returns that."""
    end = time.monotonic() + seconds
    while True:
        got = check()
        if got:
            return got
        if time.monotonic() > end:
            raise Failure(f"not within {seconds:g} s: {what}")
        time.sleep(every)


class Process:
    """A child process; its output goes to a file that failure messages quote."""

    def __init__(self, name, argv, log_path, env=None, stdout=None):
        self.name = name
        self.log_path = log_path
        self.log = open(log_path, "ab")
        merged = dict(os.environ)
        merged.update(env or {})
        self.child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=stdout or self.log,
                                      stderr=self.log, env=merged)
        self.pid = self.child.pid

    def alive(self):
        return self.child.poll() is None

    def kill(self):
        if self.alive():
            self.child.send_signal(signal.SIGKILL)
        self.child.wait()

    def stop(self, seconds=30):
        """Asks it to end; returns its exit code."""
        if self.alive():
            self.child.send_signal(signal.SIGTERM)
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            raise Failure(f"{self.name} did not end within {seconds} s of SIGTERM")
        finally:
            self.log.close()

    def tail(self, lines=15):
        with open(self.log_path, "rb") as f:
            return b"\n".join(f.read().splitlines()[-lines:]).decode(errors="replace")


class Sandbox:
    """wasandbox and its admin interface."""

    def __init__(self, build, directory, phones=None, options=()):
        self.build = build
        self.directory = directory
        self.options = list(options)
        if phones:
            self.options += ["--phones", f"{phones[0]}+{phones[1]}"]
        self.process = None
        self.port = self.plain_port = 0
        self.start()

    def start(self):
        state = os.path.join(self.directory, "sandbox")
        os.makedirs(state, exist_ok=True)
        argv = [os.path.join(self.build, "tests/sandbox/wasandbox"), "--state-dir", state, "--port", str(self.port),
                "--plain-port", str(self.plain_port), "--quiet"] + self.options
        self.process = Process("wasandbox", argv, os.path.join(self.directory, "sandbox.log"), stdout=subprocess.PIPE)
        line = self.process.child.stdout.readline()
        if not line:
            raise Failure("wasandbox did not start:\n" + self.process.tail())
        info = json.loads(line)
        self.port, self.plain_port = info["port"], info["plainPort"]
        self.root_key, self.ca_file = info["noiseRootPublicKey"], info["caFile"]
        threading.Thread(target=self._drain, args=(self.process.child.stdout,), daemon=True).start()

    @staticmethod
    def _drain(pipe):
        for _ in pipe:
            pass

    def url(self, plain=False):
        return f"ws://127.0.0.1:{self.plain_port}/ws/chat" if plain else f"wss://127.0.0.1:{self.port}/ws/chat"

    def admin(self, method, path, body=None, expect=(200, 201, 204)):
        conn = http.client.HTTPConnection("127.0.0.1", self.plain_port, timeout=60)
        try:
            data = None if body is None else (body if isinstance(body, str) else json.dumps(body)).encode()
            conn.request(method, path, data, {"Content-Type": "application/json"} if data else {})
            answer = conn.getresponse()
            text = answer.read().decode()
        finally:
            conn.close()
        if answer.status not in expect:
            raise Failure(f"{method} {path}: {answer.status} {text[:300]}")
        return json.loads(text) if text.strip() else {}

    def scan(self, qr, phone):
        return self.admin("POST", "/admin/mock-phone/scan-qr", {"qr": qr, "phone": str(phone)})

    def faults(self, **knobs):
        return self.admin("POST", "/admin/faults", knobs)

    def messages(self, **query):
        """All entries of the phones' log, page by page."""
        since, found = query.pop("since", 0), []
        extra = "".join(f"&{k}={v}" for k, v in query.items())
        while True:
            page = self.admin("GET", f"/admin/messages?since={since}&limit=5000{extra}")
            rows = page["messages"] if isinstance(page, dict) else page
            if not rows:
                return found
            found += rows
            since = rows[-1]["seq"]

    def shown(self, text=None, **query):
        """What recipients' phones show; not the copies that a sender's own phone gets."""
        return [m for m in self.messages(**query) if m["kind"] == "message" and not m.get("deviceSent")
                and (text is None or m.get("text") == text)]

    def violations(self):
        answer = self.admin("GET", "/admin/violations")
        return answer["violations"] if isinstance(answer, dict) else answer

    def stop(self):
        return self.process.stop() if self.process else 0


class RpcError(Exception):
    def __init__(self, error):
        super().__init__(f"{error.get('code')} {error.get('message')}")
        self.code = error.get("code")
        self.data = error.get("data") or {}


class Rpc:
    """A JSON-RPC client on wad's socket: one connection, calls one after the other."""

    def __init__(self, path, timeout=60):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(timeout)
        self.sock.connect(path)
        self.file = self.sock.makefile("rwb")
        self.next_id = 0

    def call(self, method, **params):
        self.next_id += 1
        line = json.dumps({"jsonrpc": "2.0", "id": self.next_id, "method": method, "params": params})
        self.file.write(line.encode() + b"\n")
        self.file.flush()
        while True:
            got = self.file.readline()
            if not got:
                raise ConnectionError("wad closed the connection")
            answer = json.loads(got)
            if answer.get("id") == self.next_id:
                if "error" in answer:
                    raise RpcError(answer["error"])
                return answer["result"]

    def close(self):
        self.file.close()
        self.sock.close()


class Wad:
    """The daemon, pointed at a sandbox."""

    def __init__(self, build, directory, sandbox, settings=None, env=None, plain=False):
        self.build = build
        self.directory = directory
        self.sandbox = sandbox
        self.state = os.path.join(directory, "wad")
        self.config = os.path.join(directory, "wad.conf")
        self.socket = os.path.join(directory, "wad.sock")
        self.env = dict(env or {})
        self.process = None
        rows = {"network.url": sandbox.url(plain), "network.tls_ca_file": sandbox.ca_file,
                "network.noise_root_key": sandbox.root_key, "network.connect_rate": "500", "rpc.socket": self.socket,
                # links of tests are always young, and their phones patient
                "pacing.per_minute_max": "0", "pacing.per_hour_max": "0", "pacing.per_day_max": "0"}
        rows.update(settings or {})
        section = None
        with open(self.config, "w") as f:
            for name in sorted(rows):
                own, key = name.split(".")
                if own != section:
                    f.write(f"[{own}]\n")
                    section = own
                f.write(f"{key} = {rows[name]}\n")
        self.start()

    def start(self, env=None, wait=True):
        argv = [os.path.join(self.build, "daemon/wad"), "--state-dir", self.state, "--config", self.config]
        merged = dict(self.env)
        merged.update(env or {})
        self.process = Process("wad", argv, os.path.join(self.directory, "wad.log"), merged)
        if wait:
            self.wait_ready()

    def wait_ready(self, seconds=60):
        def ready():
            if not self.process.alive():
                raise Failure("wad ended at its start:\n" + self.process.tail())
            try:
                rpc = Rpc(self.socket)
                rpc.call("system.ping")
                rpc.close()
                return True
            except (OSError, ConnectionError):
                return False

        wait_until(ready, seconds, "wad answers on its socket")

    def call(self, method, as_user=None, **params):
        rpc = Rpc(self.socket)
        try:
            if as_user:
                rpc.call("system.act_as", user=as_user)
            return rpc.call(method, **params)
        finally:
            rpc.close()

    def wactl(self, *args, stdin=None, timeout=120, check=True):
        argv = [os.path.join(self.build, "ctl/wactl"), "--socket", self.socket] + [str(a) for a in args]
        done = subprocess.run(argv, input=stdin, capture_output=True, text=True, timeout=timeout)
        if check and done.returncode:
            raise Failure(f"wactl {' '.join(map(str, args))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def pair(self, name, phone, create=True, as_user=None, **params):
        """Makes a device and links it to the phone, through the QR text."""
        if create:  # without gaps, unless the caller or the campaign asks for some
            self.call("device.create", as_user, name=name, **{"delay_min_ms": 0, "delay_max_ms": 0, **params})
        self.call("device.pair", as_user, device=name)
        qr = wait_until(lambda: self.call("device.qr", as_user, device=name).get("qr"), 30, f"device {name} shows a QR code")
        self.sandbox.scan(qr, phone)

    def online(self):
        return self.call("daemon.status")["devices"]["online"]

    def wait_online(self, count, seconds=60):
        wait_until(lambda: self.online() >= count, seconds, f"{count} devices online")

    def campaign(self, **params):
        """To everyone unless a niche is given."""
        if "niche" not in params:
            params["everyone"] = True
        return self.call("campaign.create", **params)["id"]

    def wait_campaign(self, campaign, seconds=120, every=0.1):
        def done():
            got = self.call("campaign.show", campaign=campaign)
            return got if got["state"] in ("done", "cancelled") else None

        return wait_until(done, seconds, f"campaign {campaign} is done", every)

    def memory(self):
        """Resident and proportional memory of the daemon in bytes (not its database)."""
        values = {}
        with open(f"/proc/{self.process.pid}/smaps_rollup") as f:
            for line in f:
                key, _, rest = line.partition(":")
                if key in ("Rss", "Pss", "Private_Dirty"):
                    values[key] = int(rest.split()[0]) * 1024
        return values

    def postmaster_pid(self):
        with open(os.path.join(self.state, "postgres/data/postmaster.pid")) as f:
            return int(f.readline())

    def sql(self, text):
        """Rows of the private database, as lists of texts."""
        with open(os.path.join(self.state, "postgres/data/postmaster.pid")) as f:
            sockets = f.read().splitlines()[4]
        done = subprocess.run(["psql", "-h", sockets, "-U", "wad", "-d", "wad", "-qAtXc", text], capture_output=True,
                              text=True, timeout=120)
        if done.returncode:
            raise Failure(f"psql: {done.stderr}")
        return [line.split("|") for line in done.stdout.splitlines()]

    def stop(self):
        """Ends wad, and the database of one that was killed and never came back."""
        try:
            return self.process.stop() if self.process else 0
        finally:
            try:
                os.kill(self.postmaster_pid(), signal.SIGINT)
            except (OSError, ValueError):
                pass  # wad stopped it itself


def png(width, height, seed=0):
    """A small picture, made here: a colour gradient."""
    rows = b"".join(b"\0" + bytes(v for x in range(width)
                                  for v in ((x * 255 // width + seed) % 256, y * 255 // height, (seed * 37) % 256))
                    for y in range(height))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


class Tally:
    """Compares what was asked for with what the phones have shown."""

    def __init__(self, expected):
        self.expected = set(expected)  # (phone, text)

    def check(self, log):
        seen, ids, repeats = {}, {}, 0
        for entry in log:
            if entry.get("kind") != "message" or entry.get("deviceSent"):
                continue
            key = (str(entry["phone"]), entry.get("text") or "")
            if key not in self.expected:
                continue
            seen[key] = seen.get(key, 0) + 1
            ids.setdefault(key, set()).add(entry["id"])
            repeats += entry.get("repeats", 0)
        missing = [k for k in self.expected if k not in seen]
        twice = [k for k, n in seen.items() if n > 1]
        return {"expected": len(self.expected), "shown": len(seen), "missing": missing, "twice": twice,
                "repeats": repeats}


class World:
    """One sandbox and one wad in a directory of their own; ends both, keeps the files when it failed."""

    def __init__(self, build, phones, settings=None, env=None, options=(), name="test"):
        import tempfile
        self.directory = tempfile.mkdtemp(prefix=f"wad-{name}-")
        os.chmod(self.directory, 0o755)
        self.build = build
        self.sandbox = self.wad = None
        self.phones, self.settings, self.env, self.options = phones, settings, env, options

    def __enter__(self):
        try:
            self.sandbox = Sandbox(self.build, self.directory, self.phones, self.options)
            self.wad = Wad(self.build, self.directory, self.sandbox, self.settings, self.env)
        except Exception:
            self.__exit__(Failure, None, None)
            raise
        return self

    def __exit__(self, kind, value, trace):
        problems = []
        for part in (self.wad, self.sandbox):
            if part is None:
                continue
            try:
                code = part.stop()
                if code:
                    problems.append(f"{part.process.name} ended with {code}:\n{part.process.tail(40)}")
            except Failure as problem:
                problems.append(str(problem))
        if kind is not None:
            for name in ("wad.log", "sandbox.log"):
                path = os.path.join(self.directory, name)
                if os.path.exists(path):
                    with open(path, errors="replace") as f:
                        print(f"-- end of {path}\n" + "".join(f.readlines()[-40:]))
        else:
            import shutil
            if problems:
                raise Failure("; ".join(problems))
            shutil.rmtree(self.directory, ignore_errors=True)
        return False


def run_tests(tests, build):
    """Runs functions that take the build folder; prints one line each; the exit code for sys.exit."""
    import traceback
    failed = 0
    for test in tests:
        name = test.__name__.replace("_", " ")
        start = time.monotonic()
        try:
            test(build)
            print(f"ok     {name} ({time.monotonic() - start:.1f} s)", flush=True)
        except Exception:
            failed += 1
            print(f"FAILED {name}\n{traceback.format_exc()}", flush=True)
    print(f"{len(tests) - failed} passed, {failed} failed")
    return 1 if failed else 0
