"""What watui costs: its start, its memory with 3,000 devices and with 100,000 leads listed."""
import fcntl
import os
import pty
import re
import select
import signal
import statistics
import struct
import termios
import time

from wadtest import Failure, World, wait_until

DEVICES, LEADS, TIMES = 3000, 100000, 10


class Console:
    """watui on a terminal of 80x24 that answers what terminals are asked; its screen is only searched, not drawn."""

    def __init__(self, build, wad, view):
        self.begin = time.monotonic()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(os.path.join(build, "tui/watui"), ["watui", "--socket", wad.socket, "--view", view],
                      {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]})
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.seen = b""

    def wait(self, text, seconds=120):
        """Milliseconds since the start until the text was sent to the screen."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if text in re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]", b"", self.seen):
                return (time.monotonic() - self.begin) * 1000
            if select.select([self.fd], [], [], 0.5)[0]:
                got = os.read(self.fd, 65536)
                self.seen = (self.seen + got)[-200000:]
                if b"\x1b[c" in got:  # what are you? A terminal that tells its background first
                    os.write(self.fd, b"\x1b]11;rgb:0000/0000/0000\x1b\\\x1b[?62c")
        raise Failure(f"{text} did not come: {self.seen[-300:]}")

    def keys(self, text):
        os.write(self.fd, text)

    def megabytes(self):
        with open(f"/proc/{self.pid}/smaps_rollup", encoding="ascii") as f:
            return int(re.search(r"Rss: +(\d+)", f.read()).group(1)) / 1024

    def end(self):
        os.kill(self.pid, signal.SIGTERM)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


def tui(build, options, note):
    """watui: its start, its memory with 3,000 devices and with 100,000 leads listed"""
    with World(build, (60120000001, 5), name="bench") as w:
        first = "(select min(id) from users)"
        w.wad.sql(f"insert into devices (user_id, name) select {first}, 'phone' || n from generate_series(1, {DEVICES}) n")
        w.wad.sql(f"insert into leads (user_id, phone, name, niches) select {first}, 60130000000 + n, 'Lead number ' || n, '{{SHOPS,VIP}}' "
                  f"from generate_series(1, {LEADS}) n")
        w.wad.process.stop()
        w.wad.start()
        wait_until(lambda: w.wad.call("daemon.status")["devices"]["total"] == DEVICES, 60, "the devices are loaded")
        frames, lists, memory = [], [], []
        for _ in range(TIMES):
            c = Console(build, w.wad, "devices")
            frames.append(c.wait(b"filter"))  # the bottom line: it takes keys
            lists.append(c.wait(f"1/{DEVICES}".encode()))
            c.wait(b"offline")  # of the workers: the last that is asked
            memory.append(c.megabytes())
            c.end()
        note("watui: first frame, median", statistics.median(frames), "ms", "aim 100")
        note(f"watui: {DEVICES:,} devices listed, median", statistics.median(lists), "ms")
        note(f"watui: memory with {DEVICES:,} devices", max(memory), "MB", "aim 20")
        c = Console(build, w.wad, "leads")
        c.wait(b"Lead number 1 ")
        begin = time.monotonic()
        c.keys(b"G")
        c.wait(f"{LEADS}/{LEADS}".encode())
        note(f"watui: {LEADS:,} leads listed to the last", (time.monotonic() - begin) * 1000, "ms")
        note(f"watui: memory with {LEADS:,} leads", c.megabytes(), "MB", "aim 20")
        c.end()
