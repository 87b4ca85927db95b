#!/usr/bin/env python3
"""wactl's shell on a terminal: events that come while a line is being typed, whom one acts as, what history keeps,
Ctrl-C, quoting, restarts of the daemon, and how the terminal is left."""
import os
import re
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cli import Terminal, check, needs  # noqa: E402
from wadtest import Failure, World, run_tests, wait_until  # noqa: E402

PHONE = 60120000001


def last_line(t):
    lines = [line for line in t.text().splitlines() if line.strip()]
    return lines[-1].rstrip() if lines else ""


def see_line(t, line, seconds=20):
    """The line with the cursor is this one."""
    try:
        wait_until(lambda: last_line(t) == line, seconds, "")
    except Failure:
        raise Failure(f"the last line is not {line!r}; the terminal shows:\n{t.text()}")


def shell(w, columns=100, rows=30, args=""):
    state = os.path.join(w.directory, "state")
    t = Terminal(w, columns, rows, f"wactl {args}", env=f"XDG_STATE_HOME={state}")
    see_line(t, "wactl>")
    return t


def keys(t, *words):
    t.tmux("send-keys", *words)


def line(t, text):
    t.tmux("send-keys", "-l", text)
    t.tmux("send-keys", "Enter")


def history(w):
    path = os.path.join(w.directory, "state/wactl/history")
    with open(path) as f:
        return f.read().splitlines(), os.stat(path).st_mode & 0o777


def process_of(w):
    """The shell's pid: the one wactl that was told of this socket."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/comm") as f:
                name = f.read().strip()
            with open(f"/proc/{pid}/environ", "rb") as f:
                env = f.read()
        except OSError:
            continue
        if name == "wactl" and f"WAD_SOCKET={w.wad.socket}".encode() in env:
            return int(pid)
    raise Failure("no shell runs")


def events_leave_the_line_alone(build):
    with World(build, (PHONE, 5), name="events") as w:
        w.wad.pair("d0", PHONE)
        w.wad.wait_online(1)
        t = shell(w)
        try:
            t.tmux("send-keys", "-l", "device shw d0")
            keys(t, "Left", "Left", "Left", "Left")  # before the w
            see_line(t, "wactl> device shw d0")
            w.wad.wactl("queue", "pause", "--reason", "lunch")
            screen = t.wait("queue.paused")
            check(re.search(r"^\d\d:\d\d:\d\d queue\.paused reason=lunch", screen, re.M), screen)
            see_line(t, "wactl> device shw d0")
            t.tmux("send-keys", "-l", "o")  # the cursor stood where it was
            see_line(t, "wactl> device show d0")
            w.wad.wactl("queue", "resume")
            t.wait("queue.resumed")
            keys(t, "Enter")
            t.wait(str(PHONE))
            # hostile text of an event is shown, not obeyed
            w.wad.call("queue.pause", reason="\x1b]0;owned\x07\x1b[31mred")
            t.wait("\\x1b[31mred")
            w.wad.wactl("queue", "resume")
            line(t, "unwatch")
            line(t, "version")
            t.wait("api 1.0")
            keys(t, "C-l")
            w.wad.wactl("queue", "pause")
            line(t, "queue stats")
            screen = t.wait("queue_paused")
            check("queue.paused" not in screen, screen)
            line(t, "watch queue.*")
            line(t, "version")
            keys(t, "C-l")
            wait_until(lambda: w.wad.wactl("queue", "resume") and w.wad.wactl("queue", "pause") and "queue.paused" in t.text(), 20, "watched again", 0.5)
            keys(t, "C-d")
            t.wait("end 0")
        finally:
            t.end()


def the_prompt_says_whom_one_acts_as(build):
    with World(build, (PHONE, 5), name="use") as w:
        for name in ("ann", "anton"):
            w.wad.call("user.create", name=name)
        w.wad.call("device.create", as_user="ann", name="of-ann")
        w.wad.call("device.create", name="of-me")
        t = shell(w)
        try:
            line(t, "use user nobody")
            t.wait("nobody")
            see_line(t, "wactl>")
            keys(t, "use", "Space", "us", "Tab", "an", "Tab", "Tab")
            t.wait("anton")
            keys(t, "n", "Enter")
            see_line(t, "wactl(ann)>")
            line(t, "device list")
            screen = t.wait("of-ann")
            check("of-me" not in screen, screen)
            keys(t, "device", "Space", "show", "Space", "of-", "Tab")
            see_line(t, "wactl(ann)> device show of-ann")
            keys(t, "C-c")
            see_line(t, "wactl(ann)>")
            w.wad.call("queue.pause", reason="of somebody else")
            w.wad.call("queue.pause", as_user="ann", reason="of ann")
            t.wait("of ann")
            check("of somebody else" not in t.text(), t.text())
            line(t, "use")
            see_line(t, "wactl>")
            line(t, "device list")
            t.wait("of-me")
            line(t, "use the force")
            t.wait("use user NAME")
            line(t, "exit")
            t.wait("end 0")
        finally:
            t.end()
        t = Terminal(w, 80, 20, f"wactl --user ann", env=f"XDG_STATE_HOME={w.directory}/state")
        try:
            see_line(t, "wactl(ann)>")
        finally:
            t.end()


def history_keeps_no_secret(build):
    with World(build, (PHONE, 5), name="history") as w:
        folder = os.path.join(w.directory, "state/wactl")
        os.makedirs(folder)
        with open(os.path.join(folder, "history"), "w") as f:
            f.write("device list --limit 7\n")
        os.chmod(os.path.join(folder, "history"), 0o644)
        secrets = ["user create eve --password hunter2", "user create eve --password=hunter2", "user passwd eve --password-file /tmp/hunter2",
                   "device create x --proxy socks5://a:hunter2@h:1", "device create x y=socks5://a:hunter2@h:1", "message list token=hunter2",
                   "webhook create https://h/ --secret hunter2", " device create hunter2"]
        t = shell(w, columns=120, rows=50)
        try:
            keys(t, "Up")
            see_line(t, "wactl> device list --limit 7")
            keys(t, "C-c")
            for text in secrets:
                line(t, text)
            line(t, "system ping")
            line(t, "system ping")
            line(t, "user list")
            t.wait("created_at")
            wait_until(lambda: "user list" in history(w)[0], 20, "the last line is kept at once")
            os.kill(process_of(w), signal.SIGKILL)
            t.wait("end 137")
            kept, mode = history(w)
            check(mode == 0o600, oct(mode))
            check(kept == ["device list --limit 7", "system ping", "user list"], f"{kept}")
        finally:
            t.end()
        t = shell(w)
        try:
            keys(t, "Up", "Up")
            see_line(t, "wactl> system ping")
        finally:
            t.end()


def ctrl_c_ends_the_line_or_the_command_not_the_shell(build):
    with World(build, (PHONE, 5), name="interrupt") as w:
        w.wad.call("device.create", name="every")
        before, after = (os.path.join(w.directory, n) for n in ("before", "after"))
        t = Terminal(w, 90, 30, f"stty -g > {before}; wactl; stty -g > {after}", env=f"XDG_STATE_HOME={w.directory}/state")
        try:
            see_line(t, "wactl>")
            t.tmux("send-keys", "-l", "device delete every")
            keys(t, "C-c")
            see_line(t, "wactl>")
            line(t, "event watch --since-id 0")
            t.wait('"topic":')
            keys(t, "C-c")
            see_line(t, "wactl>")
            line(t, "system ping")
            t.wait("at  20")
            t.tmux("resize-window", "-x", "60", "-y", "20")
            t.tmux("send-keys", "-l", "device list --limit 5")
            see_line(t, "wactl> device list --limit 5")
            os.kill(process_of(w), signal.SIGTERM)
            t.wait("end ")
            with open(before) as a, open(after) as b:
                check(a.read() == b.read(), "the terminal is left in another state")
        finally:
            t.end()


def words_are_quoted_as_in_sh(build):
    with World(build, (PHONE, 5), name="quoting") as w:
        t = shell(w, columns=120)
        names = {"device create 'with blank'": "with blank", 'device create "a \\"b\\" c"': 'a "b" c', "device create x\\ y": "x y",
                 "wactl device create plain": "plain", "device create 'wow!!'": "wow!!", "device create don\\'t": "don't"}
        try:
            for text in names:
                line(t, text)
            line(t, "device create 'open")
            t.wait("closing ' is missing")
            line(t, "!touch " + os.path.join(w.directory, "touched"))
            t.wait("no command '!touch'")
            line(t, "device lst")
            t.wait("did you mean 'list'")
            line(t, "help doctor")
            t.wait("usage: wactl doctor")
            wait_until(lambda: [d["name"] for d in w.wad.call("device.list")["devices"]] == list(names.values()), 20, "the devices have these names")
            check(not os.path.exists(os.path.join(w.directory, "touched")), "a shell was called")
        finally:
            t.end()


def a_restart_is_survived(build):
    with World(build, (PHONE, 5), name="restart") as w:
        t = shell(w)
        try:
            w.wad.process.kill()
            line(t, "device list")
            t.wait("nobody listens there")
            w.wad.start()
            line(t, "system ping")
            t.wait("at  20")
            wait_until(lambda: w.wad.wactl("queue", "pause") and w.wad.wactl("queue", "resume") and "queue.resumed" in t.text(), 20, "events come again", 0.5)
            see_line(t, "wactl>")
            keys(t, "C-d")
            t.wait("end 0")
        finally:
            t.end()


if __name__ == "__main__":
    if not needs("tmux"):
        sys.exit(77)
    sys.exit(run_tests([
        events_leave_the_line_alone,
        the_prompt_says_whom_one_acts_as,
        history_keeps_no_secret,
        ctrl_c_ends_the_line_or_the_command_not_the_shell,
        words_are_quoted_as_in_sh,
        a_restart_is_survived,
    ], os.path.abspath(sys.argv[1])))
