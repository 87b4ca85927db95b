#!/usr/bin/env python3
"""Devices behind SOCKS5 and HTTP CONNECT proxies of this script's own: they pair and send through their proxy
alone, take another one at once, and a wrong password is told without being told. usage: proxies.py BUILD"""
import base64
import os
import socket
import stat
import struct
import sys
import threading
import time

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(root, "tests/harness"))
from wadtest import Failure, RpcError, World, png, run_tests, wait_until  # noqa: E402

PHONE = 60130000001
USER, PASSWORD = "kasut", "r4hsia:b@nget"
QUOTED = "r4hsia%3Ab%40nget"


def check(condition, what):
    if not condition:
        raise Failure(what)


class Proxy:
    """One proxy on loopback; counts what passes. `mute`: it takes connections and says nothing."""

    def __init__(self, login=True, mute=False):
        self.login, self.mute = login, mute
        self.asked, self.refused, self.bytes, self.live, self.lock = [], 0, 0, [], threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.live.append(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        try:
            if self.mute:
                while client.recv(4096):
                    pass
                return
            target = self.talk(client)
            if target is None:
                self.refused += 1
                return
            self.asked.append(target)
            with socket.create_connection((("127.0.0.1" if target[0] == "localhost" else target[0]), target[1]), 10) as server:
                self.say_open(client)
                back = threading.Thread(target=self._pump, args=(server, client), daemon=True)
                back.start()
                self._pump(client, server)
                back.join()
        except (OSError, struct.error, ValueError):
            pass
        finally:
            client.close()
            with self.lock:
                self.live.remove(client)

    def _pump(self, one, other):
        try:
            while data := one.recv(65536):
                other.sendall(data)
                self.bytes += len(data)
        except OSError:
            pass
        for end in (one, other):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def open_now(self):
        with self.lock:
            return len(self.live)

    def stop(self):
        self.listener.close()
        with self.lock:
            for client in self.live:
                try:
                    client.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def url(self, password=QUOTED):
        return f"{self.scheme}://{USER}:{password}@127.0.0.1:{self.port}" if self.login else self.shown()

    def shown(self):
        return f"{self.scheme}://127.0.0.1:{self.port}"


def exactly(sock, n):
    data = b""
    while len(data) < n:
        more = sock.recv(n - len(data))
        if not more:
            raise OSError("ended")
        data += more
    return data


class Socks(Proxy):
    scheme = "socks5"

    def talk(self, c):
        version, count = exactly(c, 2)
        methods = exactly(c, count)
        check(version == 5, "SOCKS version")
        if self.login:
            if 2 not in methods:
                c.sendall(b"\5\xff")
                return None
            c.sendall(b"\5\2")
            check(exactly(c, 1) == b"\1", "login version")
            user = exactly(c, exactly(c, 1)[0]).decode()
            password = exactly(c, exactly(c, 1)[0]).decode()
            good = (user, password) == (USER, PASSWORD)
            c.sendall(b"\1\0" if good else b"\1\1")
            if not good:
                return None
        else:
            c.sendall(b"\5\0")
        version, command, _, kind = exactly(c, 4)
        check((version, command) == (5, 1), "CONNECT")
        if kind == 3:
            host = exactly(c, exactly(c, 1)[0]).decode()
        else:
            host = socket.inet_ntop(socket.AF_INET if kind == 1 else socket.AF_INET6, exactly(c, 4 if kind == 1 else 16))
        return host, struct.unpack(">H", exactly(c, 2))[0]

    def say_open(self, c):
        for byte in b"\5\0\0\1\x7f\0\0\1\0\1":  # the slowest way to say it
            c.sendall(bytes([byte]))
            time.sleep(0.002)


class Connect(Proxy):
    scheme = "http"

    def talk(self, c):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += exactly(c, 1)
        lines = head.decode().split("\r\n")
        method, target, _ = lines[0].split(" ")
        check(method == "CONNECT", lines[0])
        want = "Proxy-Authorization: Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.login and want not in lines:
            c.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\n"
                      b"Content-Length: 0\r\n\r\n")
            return None
        host, port = target.rsplit(":", 1)
        return host.strip("[]"), int(port)

    def say_open(self, c):
        c.sendall(b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n")


def device(w, name):
    return w.wad.call("device.show", device=name)


def online(w, name, seconds=40):
    return wait_until(lambda: device(w, name)["online"] and device(w, name), seconds, f"{name} online: {device(w, name)}")


def sends(w, name, text):
    w.wad.call("message.send", device=name, to=str(PHONE + 10), text=text)
    wait_until(lambda: w.sandbox.shown(text), 30, f"'{text}' is shown")


def fds_of(pid):
    """Inodes of a process's sockets."""
    found = set()
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            to = os.readlink(f"/proc/{pid}/fd/{fd}")
        except OSError:
            continue
        if to.startswith("socket:["):
            found.add(to[8:-1])
    return found


def direct(w):
    """How many connections wad itself has to the network."""
    own, count = fds_of(w.wad.process.pid), 0
    with open("/proc/net/tcp") as f:
        for line in f.readlines()[1:]:
            cells = line.split()
            count += int(cells[2].rsplit(":", 1)[1], 16) == w.sandbox.port and cells[9] in own
    return count


def no_secret_anywhere(w):
    """Neither in the log, nor as it is in the database, nor in the audit, events or answers."""
    with open(w.wad.process.log_path, errors="replace") as f:
        log = f.read()
    for secret in (PASSWORD, QUOTED, "falsch3s"):
        check(secret not in log, f"'{secret}' is in the log")
        for table in ("devices", "events", "audit"):
            found = w.wad.sql(f"select count(*) from {table} t where t::text like '%{secret}%' "
                              f"or t::text like '%{secret.encode().hex()}%'")
            check(found == [["0"]], f"'{secret}' is in {table}")


def through(w, kind, name, phone):
    proxy = kind()
    w.wad.pair(name, phone, proxy=proxy.url())
    got = online(w, name)
    check(got["proxy"] == proxy.shown(), f"shown as {got['proxy']}")
    check([d["proxy"] for d in w.wad.call("device.list")["devices"] if d["name"] == name] == [proxy.shown()], "listed")
    before = proxy.bytes
    sends(w, name, f"through {name}")
    check(proxy.bytes > before, "nothing passed the proxy")
    check(set(proxy.asked) == {("127.0.0.1", w.sandbox.port)}, f"asked for {proxy.asked}")
    picture = png(20, 10, phone % 100)
    w.wad.call("message.send", device=name, to=str(PHONE + 10), caption=f"picture {name}",
               image=base64.b64encode(picture).decode())
    got = wait_until(lambda: [m for m in w.sandbox.shown(phone=PHONE + 10) if m.get("caption") == f"picture {name}"
                              or m.get("text") == f"picture {name}"], 30, "the picture is shown")
    check(len(got) == 1 and len(proxy.asked) > 1, f"the file took another way: {proxy.asked}")
    check({port for _, port in proxy.asked} == {w.sandbox.port}, f"asked for {proxy.asked}")
    check(direct(w) == 0, "wad has a connection of its own")
    return proxy


def a_device_knows_only_its_proxy(build):
    for kind in (Socks, Connect):
        with World(build, (PHONE, 20), name="proxies") as w:
            proxy = through(w, kind, "one", PHONE)
            # what is lost comes back through it, and not past it
            proxy.stop()
            got = wait_until(lambda: (lambda d: d["state"] == "backoff" and "proxy" in d.get("reason", "") and d)(
                device(w, "one")), 40, "waits, and says why")
            check(not got["online"] and direct(w) == 0, f"{got}")
            # another one counts at once, the restart keeps it
            other = (Connect if kind is Socks else Socks)()
            w.wad.call("device.update", device="one", proxy=other.url())
            check(online(w, "one")["proxy"] == other.shown(), "the other one is shown")
            sends(w, "one", "through the other")
            w.wad.stop()
            w.wad.start()
            online(w, "one")
            check(direct(w) == 0 and other.open_now() >= 1, "after a restart")
            # an open connection moves, too
            third = kind(login=False)
            w.wad.call("device.update", device="one", proxy=third.url())
            wait_until(lambda: third.asked and other.open_now() == 0, 20, "the connection moves")
            online(w, "one")
            sends(w, "one", "through the third")
            # none
            w.wad.call("device.update", device="one", per_day_max=0)
            check(device(w, "one")["proxy"] == third.shown(), "other settings leave it")
            w.wad.call("device.update", device="one", proxy="")
            wait_until(lambda: third.open_now() == 0 and direct(w) == 1, 20, "straight to the network")
            check("proxy" not in online(w, "one"), "still shown")
            sends(w, "one", "straight")
            check(w.sandbox.violations() == [], f"violations: {w.sandbox.violations()}")
            no_secret_anywhere(w)


def a_wrong_password_is_told_without_itself(build):
    with World(build, (PHONE, 20), name="proxies") as w:
        for name, kind, phone in (("socks", Socks, PHONE), ("connect", Connect, PHONE + 1)):
            proxy = kind()
            w.wad.pair(name, phone, proxy=proxy.url())
            online(w, name)
            asked = len(proxy.asked)
            w.wad.call("device.update", device=name, proxy=proxy.url("falsch3s"))
            got = wait_until(lambda: (lambda d: d["state"] == "backoff" and d.get("reason") and d)(device(w, name)), 30,
                             "backoff with a reason")
            check("refused the user and password" in got["reason"], got["reason"])
            check("falsch3s" not in str(got) and PASSWORD not in str(got), f"told: {got}")
            wait_until(lambda: proxy.refused >= 2, 30, "it tries again")
            check(direct(w) == 0 and len(proxy.asked) == asked, "past the proxy")
            w.wad.call("device.update", device=name, proxy=proxy.url())
            got = online(w, name)
            check("reason" not in got, f"the reason is over: {got}")
        no_secret_anywhere(w)


def a_proxy_that_says_nothing_is_given_up(build):
    with World(build, (PHONE, 20), name="proxies") as w:
        mute = Socks(mute=True)
        w.wad.call("device.create", name="mute", proxy=mute.url())
        w.wad.call("device.pair", device="mute")
        wait_until(lambda: mute.open_now() == 1, 20, "it is asked")
        wait_until(lambda: mute.open_now() == 0, 40, "it is given up in time")
        check(direct(w) == 0, "past the proxy")
        good = Connect()
        w.wad.call("device.update", device="mute", proxy=good.url())
        w.wad.pair("mute", PHONE, create=False)
        online(w, "mute")


def the_password_is_never_on_a_command_line(build):
    with World(build, (PHONE, 20), name="proxies") as w:
        proxy = Socks()
        path = os.path.join(w.directory, "proxy")
        with open(path, "w") as f:
            f.write(proxy.url() + "\n")
        os.chmod(path, stat.S_IRUSR)
        done = w.wad.wactl("device", "create", "cli", "--proxy", proxy.url(), check=False)
        check(done.returncode == 2 and PASSWORD not in done.stderr + done.stdout, f"taken: {done}")
        out = w.wad.wactl("device", "create", "cli", "--proxy-file", path, "-o", "json").stdout
        check(proxy.shown() in out and USER not in out, out)
        out = w.wad.wactl("device", "update", "cli", "--proxy-file", "-", "-o", "json", stdin="").stdout
        check("proxy" not in out, out)
        for bad in ("socks4://h:1", "socks5://h", "socks5://falsch3s@h:1", f"http://u:falsch3s@h:1/{'x' * 10}"):
            try:
                w.wad.call("device.update", device="cli", proxy=bad)
                raise Failure(f"taken: {bad}")
            except RpcError as e:
                check(e.code == -32602 and "proxy: " in str(e) and "falsch3s" not in str(e), str(e))
        no_secret_anywhere(w)


TESTS = (a_device_knows_only_its_proxy, a_wrong_password_is_told_without_itself,
         a_proxy_that_says_nothing_is_given_up, the_password_is_never_on_a_command_line)

if __name__ == "__main__":
    sys.exit(run_tests(TESTS, os.path.abspath(sys.argv[1])))
