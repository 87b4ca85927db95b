#!/usr/bin/env python3
"""Completion as people use it: bash, zsh and fish themselves on a terminal, with the committed scripts, live names of the
daemon, names that need quotes; and silence when there is no daemon. What is offered follows from the catalogue: see
cli_contract."""
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cli import ROOT, Terminal, check, needs, shell  # noqa: E402
from wadtest import Failure, World, run_tests, wait_until  # noqa: E402

PHONE = 60120000001


class Shell:
    """An interactive shell without anybody's settings but the script under test."""

    def __init__(self, w, name):
        self.name = name
        home = os.path.join(w.directory, name)
        os.makedirs(home, mode=0o700, exist_ok=True)
        if name == "bash":
            rc = os.path.join(home, "rc")
            with open(rc, "w") as f:
                f.write(f"source {ROOT}/completions/wactl.bash\nPS1='> '\nbind 'set bell-style none'\nbind 'set completion-query-items 1000'\n")
            command = f"bash --noprofile --rcfile {rc} -i"
        elif name == "zsh":
            with open(os.path.join(home, ".zshrc"), "w") as f:
                # as an installed script is found: by its name in fpath
                f.write(f"fpath=({ROOT}/completions $fpath)\nautoload -Uz compinit; compinit -u -D\nPS1='> '\nunsetopt beep\n")
            command = "zsh -d -i"
        else:
            rc = os.path.join(home, "rc")
            with open(rc, "w") as f:
                f.write(f"source {ROOT}/completions/wactl.fish\nfunction fish_prompt; echo -n '> '; end\n"
                        "function fish_greeting; end\nset fish_autosuggestion_enabled 0\n")
            command = f"fish --no-config --init-command 'source {rc}' -i"
        self.t = Terminal(w, 100, 40, command, env=f"HOME={home} ZDOTDIR={home} XDG_CONFIG_HOME={home} XDG_DATA_HOME={home} XDG_RUNTIME_DIR={home} TERM=screen")
        wait_until(lambda: self.last().startswith(">"), 30, f"{name} shows its prompt")

    def last(self):
        lines = [line for line in self.t.text().splitlines() if line.strip()]
        return lines[-1].rstrip() if lines else ""

    def line(self):
        """The line being edited: the last that starts with the prompt."""
        lines = [line.rstrip() for line in self.t.text().splitlines() if line.startswith(">")]
        return lines[-1] if lines else ""

    def type(self, text):
        self.t.tmux("send-keys", "-l", text)

    def keys(self, *names):
        self.t.tmux("send-keys", *names)

    def clear(self):
        self.keys("C-u", "C-l")
        wait_until(lambda: self.line() == ">", 20, f"{self.name}: an empty line")

    def completes(self, text, to):
        self.clear()
        self.type(text)
        wait_until(lambda: self.line() == f"> {text}".rstrip(), 20, f"{self.name} takes {text!r}")
        self.keys("Tab")
        try:
            wait_until(lambda: self.line() == f"> {to}", 20, "")
        except Failure:
            raise Failure(f"{self.name}: {text!r} does not become {to!r}; the terminal shows\n{self.t.text()}")

    def offers(self, text, words, not_words=()):
        self.clear()
        self.type(text)
        wait_until(lambda: self.line().startswith(f"> {text}".rstrip()), 20, f"{self.name} takes {text!r}")
        # one Tab completes what is common, others list
        try:
            wait_until(lambda: set(words) <= set(re.split(r"\s+", self.t.text())) or self.keys("Tab"), 20, "", 0.5)
        except Failure:
            raise Failure(f"{self.name}: {text!r} does not offer {words}; the terminal shows\n{self.t.text()}")
        for word in not_words:
            check(word not in self.t.text(), f"{self.name}: offers {word}\n{self.t.text()}")

    def end(self):
        self.t.end()


def try_shell(build, name):
    if not needs(name, "tmux"):
        return
    with World(build, (PHONE, 5), name=f"complete-{name}") as w:
        for device in ("sales-1", "sales-2", "other", "with blank", "o'hara $x"):
            w.wad.call("device.create", name=device)
        w.wad.call("user.create", name="ann")
        w.wad.call("device.create", as_user="ann", name="ann-only")
        s = Shell(w, name)
        try:
            s.completes("wactl dev", "wactl device")
            s.completes("wactl device reco", "wactl device reconnect")
            s.offers("wactl device show sa", ["sales-1", "sales-2"], ["other"])
            s.completes("wactl device show ot", "wactl device show other")
            s.completes("wactl -o json device pause --reason x ot", "wactl -o json device pause --reason x other")
            s.completes("wactl --user ann device show a", "wactl --user ann device show ann-only")
            s.completes("wactl device pair --qr=sex", "wactl device pair --qr=sextant")
            s.completes("wactl daemon show fd", "wactl daemon show fds")
            s.completes("wactl message send --wait deli", "wactl message send --wait delivered")
            s.completes("wactl device list --no-h", "wactl device list --no-header")
            s.offers("wactl device list -o js", ["json", "jsonl"])
            s.completes("wactl event watch database.l", "wactl event watch database.lost")
            s.completes("wactl doct", "wactl doctor")
            s.completes("wactl doctor --state-d", "wactl doctor --state-dir")
            s.completes("wactl user show an", "wactl user show ann")
            for start, device in (("wi", "with blank"), ("o\\'", "o'hara $x")):
                s.clear()
                s.type(f"wactl device show {start}")
                s.keys("Tab")
                wait_until(lambda: len(s.line()) > len(f"> wactl device show {start}") + 3, 20, f"{name} completes {start!r}: {s.t.text()}")
                s.type(" --fields name -o jsonl")
                s.keys("Enter")
                wait_until(lambda: '{"name":"%s"}' % device in s.t.text(), 20, f"{name} quotes {device!r}: {s.t.text()}")
            # files where wactl has nothing to offer
            open(os.path.join(w.directory, "leads-of-may.csv"), "w").close()
            s.completes(f"wactl lead import {w.directory}/lea", f"wactl lead import {w.directory}/leads-of-may.csv")
            w.wad.process.stop()
            s.clear()
            s.type("wactl device show sal")
            s.keys("Tab")
            s.type("x")
            wait_until(lambda: s.line() == "> wactl device show salx", 20, f"{name}: silence without a daemon: {s.t.text()}")
            w.wad.start()
        finally:
            s.end()


def bash_completes_live_names(build):
    try_shell(build, "bash")


def zsh_completes_live_names(build):
    try_shell(build, "zsh")


def fish_completes_live_names(build):
    try_shell(build, "fish")


def the_hidden_call_is_silent_whatever_happens(build):
    with World(build, (PHONE, 5), name="silent") as w:
        w.wad.call("device.create", name="sales-1")
        hang = os.path.join(w.directory, "hang.sock")
        for line, want in (("wactl __complete -- device show s", "sales-1\n"), ("wactl __complete -- device show ''", "sales-1\n"),
                           ("wactl __complete -- --user nobody device show s", ""), ("wactl __complete -- nonsense ''", ""),
                           ("wactl __complete -- device show sales-1 ''", ""), ("wactl __complete --", None), ("wactl __complete", None),
                           ("wactl __complete -- --socket /nonexistent device show ''", "")):
            got = shell(w, line)
            check(got.returncode == 0 and got.stderr == "" and (want is None or got.stdout == want), f"{line}: {got}")
        # many names: all of them come
        w.wad.sql("insert into devices (user_id, name) select (select min(id) from users), 'many-' || n from generate_series(1, 3000) n")
        w.wad.process.stop()
        got = shell(w, "wactl __complete -- device show s")
        check(got.returncode == 0 and got.stdout == "" and got.stderr == "", f"without a daemon: {got}")
        w.wad.start()
        names = shell(w, "wactl __complete -- device show many-").stdout.split()
        check(len(names) == 3000 and len(set(names)) == 3000, f"{len(names)} of 3000 names")
        # a daemon that takes the call and says nothing
        server = subprocess.Popen([sys.executable, "-c", f"import socket,time; s=socket.socket(socket.AF_UNIX); s.bind({hang!r}); s.listen(); time.sleep(60)"])
        try:
            wait_until(lambda: os.path.exists(hang), 20, "the silent socket")
            got = shell(w, f"wactl __complete -- --socket {hang} device show s")
            check(got.returncode == 0 and got.stdout == "" and got.stderr == "", f"{got}")
        finally:
            server.kill()
            server.wait()


if __name__ == "__main__":
    missing = [name for name in ("bash", "zsh", "fish", "tmux") if shutil.which(name) is None]
    if missing:
        print(f"needs {', '.join(missing)}")
        sys.exit(77)
    sys.exit(run_tests([
        bash_completes_live_names,
        zsh_completes_live_names,
        fish_completes_live_names,
        the_hidden_call_is_silent_whatever_happens,
    ], os.path.abspath(sys.argv[1])))
