"""watui in a terminal of its own: tmux draws it, keys go in, the screen comes out as text."""
import glob
import os
import re
import signal
import subprocess
import time

from wadtest import Failure, wait_until

LAG = 20  # seconds that anything prompt may take on a busy machine
GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration", "golden")


class Terminal:
    """One tmux server with one pane that runs a command; ends with it."""

    serial = 0

    def __init__(self, directory, argv, size=(80, 24), env=None, term="tmux-256color", locale="C.UTF-8"):
        Terminal.serial += 1
        self.socket = os.path.join(directory, f"tmux-{os.getpid()}-{Terminal.serial}")
        self.directory = directory
        self.exit_file = self.socket + ".exit"
        settings = {"TERM": term, "LC_ALL": locale, "LANG": locale, "TZ": "Asia/Jakarta", "ESCDELAY": "25",
                    "ASAN_OPTIONS": f"log_path={self.socket}.asan", **(env or {})}
        words = " ".join(f"{k}={quoted(v)}" for k, v in settings.items())
        command = " ".join(quoted(a) for a in argv)
        script = f"env {words} {command}; echo $? >{quoted(self.exit_file)}; exec sleep 1000"
        conf = self.socket + ".conf"
        with open(conf, "w", encoding="utf-8") as f:
            f.write("set -g default-terminal tmux-256color\nset -s escape-time 10\nset -g status off\nset -g remain-on-exit on\n"
                    "set -s set-clipboard external\nset -g history-limit 0\n")
        outer = dict(os.environ, LC_ALL="C.UTF-8", TERM="xterm-256color")
        outer.pop("TMUX", None)
        self.outer = outer
        subprocess.run(["tmux", "-u", "-f", conf, "-S", self.socket, "new-session", "-d", "-x", str(size[0]), "-y", str(size[1]),
                        "sh", "-c", script], check=True, env=outer)

    def tmux(self, *args, check=True):
        return subprocess.run(["tmux", "-S", self.socket, *args], check=check, env=self.outer, capture_output=True, text=True).stdout

    def keys(self, *keys):
        """Names of tmux: Enter, Escape, Up, C-u, BTab; one after another."""
        for key in keys:
            self.tmux("send-keys", key)
            if key == "Escape":  # what follows at once would be Alt
                time.sleep(0.1)

    def type(self, text):
        self.tmux("send-keys", "-l", text)

    def paste(self, text):
        self.tmux("set-buffer", text)
        self.tmux("paste-buffer", "-p")

    def screen(self, attributes=False):
        return self.tmux("capture-pane", "-p", *(["-e", "-N"] if attributes else []))

    def rows(self):
        return self.screen().split("\n")

    def cursor(self):
        y, x = self.tmux("display-message", "-p", "#{cursor_y} #{cursor_x}").split()
        return int(y), int(x)

    def resize(self, columns, rows):
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def wait(self, what, seconds=LAG):
        """Until the screen holds a text, or all of a list, or a test says yes; returns the screen."""
        def there():
            shown = self.screen()
            if callable(what):
                return what(shown)
            return all(w in shown for w in ([what] if isinstance(what, str) else what))
        try:
            wait_until(there, seconds, f"the screen shows {what}")
        except Failure as e:
            raise Failure(f"{e}; it shows:\n{self.screen()}") from None
        return self.screen()

    def wait_gone(self, text, seconds=LAG):
        self.wait(lambda shown: text not in shown, seconds)

    def still(self, seconds=LAG):
        """Until two looks, 0.3 s apart, are the same."""
        until = time.monotonic() + seconds
        last = None
        while time.monotonic() < until:
            now = self.screen()
            if now == last:
                return now
            last = now
            time.sleep(0.3)
        raise Failure(f"the screen does not come to rest:\n{last}")

    def still_but_count(self):
        """The same, seconds of a countdown apart."""
        until = time.monotonic() + LAG
        last = None
        while time.monotonic() < until:
            now = re.sub(r"\d+ s\b", "N s", self.screen())
            if now == last:
                return
            last = now
            time.sleep(0.2)
        raise Failure(f"the screen does not come to rest:\n{last}")

    def pid(self):
        """Of the program in the pane."""
        shell = self.tmux("display-message", "-p", "#{pane_pid}").strip()
        out = subprocess.run(["ps", "-o", "pid=,comm=", "--ppid", shell], capture_output=True, text=True, check=False).stdout
        pids = [int(line.split()[0]) for line in out.splitlines() if line.split()[1] != "sleep"]
        return pids[0] if pids else None

    def exit_code(self, seconds=LAG):
        wait_until(lambda: os.path.exists(self.exit_file) and open(self.exit_file, encoding="utf-8").read().strip(), seconds,
                   "the program has ended")
        return int(open(self.exit_file, encoding="utf-8").read())

    def descendants(self):
        """Of the pane's shell: (pid, when it started), since a number may be another's by then."""
        shell = self.tmux("display-message", "-p", "#{pane_pid}", check=False).strip()
        rows = [line.split(None, 2) for line in subprocess.run(["ps", "-eo", "pid=,ppid=,lstart="], capture_output=True, text=True, check=False)
                .stdout.splitlines()]
        found = {shell} if shell else set()
        for _ in range(6):
            found |= {pid for pid, parent, _ in rows if parent in found}
        return {(int(pid), start) for pid, _, start in rows if pid in found}

    def close(self):
        """The server ends its pane; what does not hear of that (script) is ended by its number."""
        started = self.descendants()
        self.tmux("kill-server", check=False)
        for pid, start in started:
            now = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout.strip()
            if now == start.strip():
                try:
                    os.kill(pid, signal.SIGTERM)
                except ProcessLookupError:
                    pass

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind:
            print("-- the screen:\n" + self.screen())
            for path in glob.glob(self.socket + ".asan*"):  # what a sanitizer said would not be readable on the screen
                with open(path, errors="replace", encoding="utf-8") as f:
                    print("".join(f.readlines()[:60]))
        self.close()
        return False


def quoted(text):
    return "'" + str(text).replace("'", "'\\''") + "'"


class Watui(Terminal):
    """watui on a wad of wadtest."""

    def __init__(self, build, wad, args=(), **options):
        super().__init__(wad.directory, [os.path.join(build, "tui/watui"), "--socket", wad.socket, *args], **options)

    def goto(self, view, shows=None):
        """By the palette, as one would type it."""
        self.keys(":")
        self.wait("Command")
        self.type(view)
        self.keys("Enter")
        self.wait_gone("Command")
        if shows:
            self.wait(shows)


def steady(shown):
    """What differs from run to run is made equal: clocks, ages, ports, names of sockets."""
    shown = re.sub(r"\b\d\d:\d\d\b", "HH:MM", shown)
    shown = re.sub(r"\b\d+ (s|min|h|days) ago\b", lambda m: "N ago".ljust(len(m.group(0))), shown)
    return "\n".join(line.rstrip() for line in shown.split("\n")).rstrip() + "\n"


def golden(name, shown):
    """A stable screen against the stored one. WAD_GOLDEN_WRITE=1 stores it, to be looked at before it is committed."""
    path = os.path.join(GOLDEN, name + ".txt")
    got = steady(shown)
    if os.environ.get("WAD_GOLDEN_WRITE"):
        os.makedirs(GOLDEN, exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(got)
        return
    with open(path, encoding="utf-8") as f:
        want = f.read()
    if got != want:
        raise Failure(f"{name} differs from its golden screen; now it is:\n{got}\nstored is:\n{want}")
