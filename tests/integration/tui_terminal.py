#!/usr/bin/env python3
"""The terminal below watui, through a probe that draws with its parts: it is given back whole after any
death, sizes and kinds of terminals, ASCII, text of any script and of enemies, codes that a phone can
read, how few bytes a list costs."""
import fcntl
import os
import pty
import re
import select
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
from wadtest import Failure, run_tests, wait_until  # noqa: E402

BORDER = "│"
DEATHS = ("TERM", "HUP", "INT", "QUIT", "SEGV", "ABRT", "BUS", "PIPE")


def check(condition, what):
    if not condition:
        raise Failure(what)


def probe_path(build):
    return os.path.join(build, "tests/unit/tui/term_probe")


class Terminal:
    """A tmux window of its own server, all of its output kept in a file."""

    made = 0

    def __init__(self, line, columns=80, rows=24, env=""):
        Terminal.made += 1
        self.name = f"wad-tui-{os.getpid()}-{Terminal.made}"
        self.dir = tempfile.TemporaryDirectory()
        self.log = os.path.join(self.dir.name, "out")
        gate = os.path.join(self.dir.name, "gate")
        os.mkfifo(gate)
        # starts once its output is recorded
        script = f"cd {self.dir.name}; read go <{gate}; {line}"
        self.tmux("-f", os.devnull, "new-session", "-d", "-x", str(columns), "-y", str(rows),
                  f"env LC_ALL=C.UTF-8 {env} sh -c {shlex.quote(script)}")
        self.tmux("set-option", "-g", "set-clipboard", "on")
        self.tmux("pipe-pane", f"cat >{self.log}")
        with open(gate, "w") as f:
            f.write("go\n")

    def tmux(self, *args):
        return subprocess.run(["tmux", "-L", self.name, *args], capture_output=True, timeout=20,
                              env={**os.environ, "LC_ALL": "C.UTF-8"}).stdout.decode("utf-8", "replace")

    def keys(self, *keys):
        self.tmux("send-keys", *keys)

    def text(self, *more):
        return self.tmux("capture-pane", "-p", *more)

    def lines(self, *more):
        return self.text(*more).split("\n")[:-1]

    def is_set(self, flag):
        return self.tmux("display-message", "-p", "#{%s}" % flag).strip() == "1"

    def output(self):
        with open(self.log, "rb") as f:
            return f.read()

    def file(self, name):
        path = os.path.join(self.dir.name, name)
        return open(path).read() if os.path.exists(path) else ""

    def wait(self, word, seconds=20):
        try:
            return wait_until(lambda: word in self.text() and self.text(), seconds, "")
        except Failure:
            raise Failure(f"not within {seconds} s: the terminal shows {word!r}; it shows:\n{self.text()}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.tmux("kill-server")
        self.dir.cleanup()


def run_line(build, args=""):
    """The probe between two looks at the modes; its pid in a file, its exit code on the screen."""
    inner = f"echo $$ >pid; exec {probe_path(build)} {args}"
    return f"stty -a >before; sh -c {shlex.quote(inner)}; echo end $?; stty -a >after; sleep 100"


def pid_of(t):
    return int(wait_until(lambda: t.file("pid").strip(), 10, "the pid of the probe"))


def check_given_back(t, how):
    wait_until(lambda: t.file("after"), 20, f"{how}: the shell goes on")
    check(t.file("before") == t.file("after"), f"{how}: modes\n{t.file('before')}\n{t.file('after')}")
    check(not t.is_set("alternate_on"), f"{how}: still on the other screen")
    check(t.is_set("cursor_flag"), f"{how}: no cursor")
    check(not t.is_set("mouse_any_flag"), f"{how}: mouse reports")
    check(not t.is_set("keypad_flag") and not t.is_set("keypad_cursor_flag"), f"{how}: keypad")
    pastes = re.findall(rb"\x1b\[\?2004([hl])", t.output())
    check(pastes[:1] == [b"h"] and pastes[-1] == b"l", f"{how}: bracketed paste {pastes}")


def every_death_gives_the_terminal_back(build):
    for name in DEATHS:
        with Terminal(run_line(build, "--mouse")) as t:
            t.wait("256 colours")
            check(t.is_set("alternate_on") and t.is_set("mouse_any_flag"), "it was not taken over")
            os.kill(pid_of(t), getattr(signal, "SIG" + name))
            number = getattr(signal, "SIG" + name)
            t.wait(f"end {128 + number}")
            check_given_back(t, name)
    for keys, code in (("q",), 0), (("d",), 128 + signal.SIGSEGV), (("o", "q"), 0):
        with Terminal(run_line(build, "--mouse")) as t:
            t.wait("256 colours")
            for k in keys:
                t.keys(k)
            t.wait(f"end {code}")
            check_given_back(t, " ".join(keys))


def a_closed_window_leaves_no_process(build):
    with Terminal(run_line(build)) as t:
        t.wait("256 colours")
        pid = pid_of(t)
        t.tmux("kill-server")
        wait_until(lambda: not os.path.exists(f"/proc/{pid}"), 10, "the probe ends with its terminal")


def stopped_and_continued(build):
    with Terminal("PS1='$ ' exec bash --norc -i") as t:
        t.wait("$")
        t.keys(f"{probe_path(build)} --mouse & echo $! >pid; fg", "Enter")
        t.wait("256 colours")
        pid = pid_of(t)
        picture = t.lines()[:-1]
        stops = (lambda: t.keys("C-z"), lambda: os.kill(pid, signal.SIGTSTP), lambda: os.kill(pid, signal.SIGSTOP))
        for i, stop in enumerate(stops):
            stop()
            wait_until(lambda: open(f"/proc/{pid}/stat").read().split(") ")[1][0] == "T", 10, f"stop {i}")
            if i < 2:  # nothing can be done about SIGSTOP
                wait_until(lambda: not t.is_set("alternate_on") and t.is_set("cursor_flag") and
                           not t.is_set("mouse_any_flag"), 10, f"stop {i}: the shell has its screen")
            t.keys(f"echo mid$((700 + {i}))", "Enter")
            t.wait(f"mid{700 + i}") if i < 2 else time.sleep(0)
            t.keys("fg", "Enter")
            try:
                wait_until(lambda: t.lines()[:-1] == picture, 10, "")
            except Failure:
                raise Failure(f"stop {i}: the picture after fg:\n{t.text()}")
            check(t.is_set("alternate_on") and t.is_set("mouse_any_flag"), f"stop {i}: taken over again")
        t.keys("s")
        t.wait("hello from the shell")
        wait_until(lambda: t.lines()[:-1] == picture, 10, "the picture after a shell")
        t.keys("q")
        wait_until(lambda: not os.path.exists(f"/proc/{pid}"), 10, "end")


def a_storm_of_sizes(build):
    with Terminal(run_line(build)) as fresh:
        fresh.wait("256 colours")
        picture = fresh.lines()[:-1]
    with Terminal(run_line(build), 200, 60) as t:
        t.wait("256 colours")
        for _ in range(20):
            for columns, rows in (200, 60), (20, 5), (80, 24):
                t.tmux("resize-window", "-x", str(columns), "-y", str(rows))
        try:
            wait_until(lambda: t.lines()[:-1] == picture, 10, "")
        except Failure:
            raise Failure(f"after the storm:\n{t.text()}")
        t.wait("size 80x24")
        t.keys("q")
        t.wait("end 0")


def kinds_of_terminals(build):
    def look(kind, env, args=""):
        with Terminal(run_line(build, args), env=f"TERM={kind} {env}") as t:
            screen = t.wait("theme,")
            colored = re.search(r"\x1b\[[0-9;]*\b(3[0-8]|4[0-8])(?![0-9])", t.text("-e")) is not None
            t.keys("q")
            t.wait("end 0")
            return screen, colored

    for kind, says in (("vt100", "mono theme, 0"), ("xterm", "dark theme, 8"), ("xterm-256color", "dark theme, 256"),
                       ("linux", "dark theme, 8"), ("screen", "dark theme, 8"), ("tmux-256color", "dark theme, 256")):
        screen, colored = look(kind, "")
        check(says in screen, f"TERM={kind}: {screen.splitlines()[-1]!r}")
        check("styles" in screen and "sent max 120 last 7" in screen, f"TERM={kind}:\n{screen}")
        check(colored == (kind != "vt100"), f"TERM={kind}: colours: {colored}")
    for env, args in ("NO_COLOR=1", ""), ("", "--no-color"), ("", "--mono"):
        screen, colored = look("xterm-256color", env, args)
        check("mono theme, 0" in screen and not colored, f"{env} {args}: {screen.splitlines()[-1]!r}")
    check("light theme" in look("xterm-256color", "", "--light")[0], "--light")
    for kind in "dumb", "no-such-kind":
        with Terminal(run_line(build), env=f"TERM={kind}") as t:
            screen = t.wait("end 1")
            check(f"TERM={kind}" in screen and b"\x1b" not in t.output(), f"TERM={kind}:\n{screen}")
    got = subprocess.run([probe_path(build)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
    check(got.returncode == 2 and "terminal" in got.stderr, f"{got}")


CASES = """plain text
你好
😀 grinning
👨‍👩‍👧‍👦 family
🇮🇩 flag
❤️ heart
👍🏽 thumb
1️⃣ keycap
é composed later
كَتَبَ harakat
क्ष ksha
한 jamo
so­ft hyphen
🫨 too new
\U0001cd00 octant
ไทย thai ก็
שלום hebrew
ｱｲｳ half width
ＡＢＣ full width
e\u0301\u0301\u0301\u0301\u0301\u0301\u0301 zalgo
🏴󠁧󠁢󠁥󠁮󠁧󠁿 tags
🇮 half a flag
中文字中文字中文字中文字中文字中文字中文字中文字中文字中文字中文字中文字中文字中文字中文字""".split("\n")

HOSTILE = [
    b"\x1b[31mred", b"\x1b[2J\x1b[Hgone", b"\x1b]0;owned\x07", b"\x1b]2;owned\x1b\\", b"\x1b]52;c;b3duZWQ=\x07",
    b"\x1b]52;c;b3duZWQ=\x1b\\", b"\x1bP$q\x1b\\", b"\x1bkowned\x1b\\", b"\x1b_owned\x1b\\", b"\x1b[?1049l",
    b"\x1b[?25l", b"\x1bc", b"\x1b[6n", b"\x1b[c", b"\x1b(0lqqk", b"\x0elqqk\x0f", b"\xc2\x9b31mred",
    b"\xc2\x9d0;owned\xc2\x9c", b"\xc2\x90$q\xc2\x9c", b"\x9b31mred", b"\x9d0;owned\x9c", b"a\x07b\x08c",
    b"cr\roverwritten", "\u202egnp.exe".encode(), "\u2066a\u2069\u200f\u061c".encode(), b"\xef\xbb\xbfbom",
    "ls\u2028ps\u2029".encode(), b"\xff\xfe\xc0\xaf", b"\x7f\x7f\x7f", b"\x1b[200~paste\x1b[201~",
]


def lines_file(directory, lines):
    path = os.path.join(directory, "lines")
    with open(path, "wb") as f:
        f.write(b"\n".join(lines) + b"\n")
    return path


def measured_by_tmux(lines):
    """How many columns tmux itself uses for each: the cursor is asked after each."""
    with tempfile.TemporaryDirectory() as d:
        source, out = os.path.join(d, "in"), os.path.join(d, "columns")
        with open(source, "w") as f:
            f.write("\n".join(lines))
        with Terminal(f"{sys.executable} {os.path.abspath(__file__)} --measure {source} {out}; echo measured; sleep 100",
                      columns=200) as t:
            t.wait("measured")
        return [int(x) for x in open(out).read().split()]


def measure(source, out):
    old = termios.tcgetattr(0)
    new = termios.tcgetattr(0)
    new[3] &= ~(termios.ICANON | termios.ECHO)
    termios.tcsetattr(0, termios.TCSANOW, new)
    columns = []
    for line in open(source).read().split("\n"):
        os.write(1, b"\r\x1b[2K" + line.encode() + b"\x1b[6n")
        answer = b""
        while not answer.endswith(b"R"):
            answer += os.read(0, 1)
        columns.append(int(answer.split(b";")[1][:-1]) - 1)
    os.write(1, b"\r\n")
    termios.tcsetattr(0, termios.TCSANOW, old)
    with open(out, "w") as f:
        f.write(" ".join(map(str, columns)))


def borders_stay_aligned_in_any_script(build):
    check(len(CASES) == 23, f"{len(CASES)} cases")
    with tempfile.TemporaryDirectory() as d:
        path = lines_file(d, [c.encode() for c in CASES])
        with Terminal(run_line(build, f"lines {path}"), rows=30) as t:
            t.wait("256 colours")
            rows = t.lines()[1:1 + len(CASES)]
    for case, row in zip(CASES, rows):
        check(row.startswith(BORDER) and row.endswith(BORDER) and row.count(BORDER) == 2, f"{case!r}: {row!r}")
    for case, row, columns in zip(CASES, rows, measured_by_tmux([r[:-1] for r in rows])):
        check(columns == 79, f"{case!r}: the border is at {columns}: {row!r}")
    shown = dict(zip(CASES, (r[1:-1].rstrip() for r in rows)))
    check(shown["你好"] == "你好" and shown[CASES[3]] == "👨+ family" and shown[CASES[6]] == "👍 thumb" and
          shown[CASES[22]].endswith("…"), f"{shown}")


def enemies_reach_no_terminal(build):
    check(len(HOSTILE) == 30, f"{len(HOSTILE)} texts")
    with tempfile.TemporaryDirectory() as d:
        path = lines_file(d, HOSTILE)
        with Terminal(f"cat {path}; sleep 100") as t:  # what they do when nobody stands between
            wait_until(lambda: "owned" in t.tmux("show-buffer"), 10, "the clipboard of the control")
        with Terminal(run_line(build, f"lines {path}"), rows=34) as t:
            t.wait("256 colours")
            title = t.tmux("display-message", "-p", "#{pane_title}|#{window_name}")
            screen = t.lines("-e")[1:31]
            for text, row in zip(HOSTILE, screen):
                inside = row.split(BORDER)[1]
                inside = re.sub(r"\x1b\[(0|39|39;49)?m", "", inside)  # ours: the border's colour ends
                inside = re.sub(r"\x1b\[[0-9;]*m$", "", inside)  # and begins again
                check("\x1b" not in inside and row.count(BORDER) == 2, f"{text!r}: {row!r}")
            check("owned" not in title and t.tmux("show-buffer") == "", f"{title!r}")
            for bad in b"\x9b3", b"\xc2\x9b", b"\xc2\x9d", b"\xe2\x80\xae", b"\xef\xbb\xbf", b"\x1b]0", b"\x1b]52", b"\x1bP":
                check(bad not in t.output(), f"{bad!r} was sent")
            t.keys("c")  # what we copy ourselves does arrive
            wait_until(lambda: t.tmux("show-buffer") == "copied text", 10, "our own copy")


def ascii_has_no_other_byte(build):
    with tempfile.TemporaryDirectory() as d:
        path = lines_file(d, [c.encode() for c in CASES])
        for scene in "all", f"lines {path}":
            for env, args in ("LC_ALL=C", ""), ("LC_ALL=POSIX TERM=vt100", ""), ("", "--ascii"):
                with Terminal(run_line(build, f"{args} {scene}"), rows=30, env=env) as t:
                    screen = t.wait(", ascii")
                    high = [b for b in t.output() if b > 0x7f]
                    check(not high, f"{env} {args}: {bytes(high[:20])!r}")
                    check("+-" in screen and "|" in screen, screen)
                    if scene == "all":
                        check("# sent max 120 last 7" in screen, screen)


SEXTANTS = {" ": 0, "▌": 21, "▐": 42, "█": 63}
for bits in range(1, 63):
    if bits not in (21, 42):
        SEXTANTS[chr(0x1fb00 + bits - 1 - (bits > 21) - (bits > 42))] = bits


def light_of(screen, ground):
    """Cells of a screen with its attributes, as (bits of ink, light of the ink, light of the ground)
    on a terminal whose own ground is dark (0) or light (1)."""
    rows, fg, bg, reverse = [], 1 - ground, ground, False  # they go on from line to line
    for line in screen:
        row = []
        for sequence, char in re.findall(r"\x1b\[([0-9;]*)m|([^\x1b])", line):
            if char:
                row.append((SEXTANTS.get(char, 0), *((bg, fg) if reverse else (fg, bg))))
                continue
            codes = [int(x or 0) for x in sequence.split(";")]
            while codes:
                c = codes.pop(0)
                if c in (38, 48) and codes[:1] == [5]:
                    value = 1 if codes[1] in (231, 15) else 0
                    codes = codes[2:]
                    fg, bg = (value, bg) if c == 38 else (fg, value)
                elif c == 0:
                    fg, bg, reverse = 1 - ground, ground, False
                elif c in (7, 27):
                    reverse = c == 7
                elif 30 <= c <= 37 or c == 39:
                    fg = 1 - ground if c == 39 else c != 30
                elif 40 <= c <= 47 or c == 49:
                    bg = ground if c == 49 else c == 47
        rows.append(row)
    return rows


def picture(rows, path):
    width = max(map(len, rows))
    zoom, out = 3, b""
    for row in rows:
        row = row + [(0, 1, 0)] * (width - len(row))
        for y in range(3):
            line = b"".join((b"\xff" if (fg if bits >> (2 * y + x) & 1 else bg) else b"\0") * 3
                            for bits, fg, bg in row for x in range(2))
            out += line * 4  # modules are a little taller than wide
    with open(path, "wb") as f:
        f.write(b"P5 %d %d 255\n" % (width * 2 * zoom, len(rows) * 3 * 4) + out)


def codes_can_be_read_on_every_kind(build):
    if shutil.which("zbarimg") is None:
        print("       needs zbarimg")
        return
    text = "https://example.org/" + "0123456789abcdef" * 12
    for kind, args in (("xterm-256color", ""), ("xterm-256color", "--light"), ("xterm", ""), ("vt100", ""),
                       ("vt100", "--light")):
        with Terminal(run_line(build, f"{args} qr {text}"), env=f"TERM={kind}") as t:
            t.wait("theme,")
            with tempfile.TemporaryDirectory() as d:
                path = os.path.join(d, "code.pgm")
                picture(light_of(t.lines("-e")[:-1], "light" in args), path)
                got = subprocess.run(["zbarimg", "-q", "--raw", path], capture_output=True, text=True).stdout.strip()
            check(got == text, f"TERM={kind} {args}: {got!r}\n{t.text()}")


def keys_of_people(build):
    with Terminal(run_line(build, "--mouse")) as t:
        t.wait("256 colours")
        for keys, says in ((["Down"], "key KEY_DOWN"), (["BTab"], "key KEY_BTAB"), (["M-x"], "char M-U+0078"),
                           (["Escape"], "char U+001B"), (["BSpace"], "key KEY_BACKSPACE"), (["F1"], "key KEY_F(1)"),
                           (["Enter"], "char U+000D"), (["-l", "é"], "char U+00E9"), (["C-s"], "char U+0013"),
                           (["Home"], "key KEY_HOME"), (["PPage"], "key KEY_PPAGE"), (["DC"], "key KEY_DC")):
            t.keys(*keys)
            t.wait(says)
        t.tmux("set-buffer", "one\ntwo\nq")
        t.tmux("paste-buffer", "-p")
        t.wait("paste 9 bytes: one two q")
        t.keys("q")
        t.wait("end 0")


def a_list_costs_few_bytes(build):
    """On a pty of our own, which says that it takes a frame as one: 2,999 steps down, then nothing."""
    on, off = b"\x1b[?2026h", b"\x1b[?2026l"
    pid, master = pty.fork()
    if pid == 0:
        os.environ.update({"TERM": "xterm-256color", "LC_ALL": "C.UTF-8"})
        os.execv(probe_path(build), ["term_probe", "list"])
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def read_until(end, what):
        got = b""
        while not got.endswith(end):
            check(select.select([master], [], [], 20)[0], f"{what}: no more after {got[-200:]!r}")
            got += os.read(master, 65536)
        return got

    try:
        read_until(b"\x1b[c", "the questions")
        os.write(master, b"\x1b[?2026;2$y\x1b[?62c")
        screen = read_until(off, "the list")
        check(on in screen and b"256 colours" in screen, f"{screen!r}")
        costs = []
        for step in range(2999):
            os.write(master, b"\x1b[B")
            frame = read_until(off, f"step {step}")
            check(frame.startswith(on), f"step {step}: {frame!r}")
            costs.append(len(frame))
        print(f"       a step costs {sum(costs) / len(costs):.0f} bytes, {max(costs)} at most")
        check(max(costs) < 400, f"{max(costs)} bytes for a step")
        idle = select.select([master], [], [], 3)[0] and os.read(master, 65536)
        check(not idle, f"sent while nothing happened: {idle!r}")
        os.write(master, b"q")
        while select.select([master], [], [], 20)[0]:  # until it ends
            try:
                if not os.read(master, 65536):
                    break
            except OSError:
                break
    finally:
        os.close(master)
        _, status = os.waitpid(pid, 0)
    check(status == 0, f"status {status}")


if __name__ == "__main__":
    if sys.argv[1] == "--measure":
        sys.exit(measure(sys.argv[2], sys.argv[3]))
    if shutil.which("tmux") is None:
        print("needs tmux")
        sys.exit(77)
    sys.exit(run_tests([
        every_death_gives_the_terminal_back,
        a_closed_window_leaves_no_process,
        stopped_and_continued,
        a_storm_of_sizes,
        kinds_of_terminals,
        borders_stay_aligned_in_any_script,
        enemies_reach_no_terminal,
        ascii_has_no_other_byte,
        codes_can_be_read_on_every_kind,
        keys_of_people,
        a_list_costs_few_bytes,
    ], os.path.abspath(sys.argv[1])))
