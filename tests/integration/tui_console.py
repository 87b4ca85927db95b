#!/usr/bin/env python3
"""watui's frame: help, palette, messages, sizes, resizes, a daemon that dies or hangs, traffic, terminals, --linear.
usage: tui_console.py BUILD [STEP ...]"""
import os
import signal
import subprocess
import sys
import time

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(root, "tests/harness")]
from tuitest import LAG, Terminal, Watui, golden  # noqa: E402
from wadtest import Failure, Rpc, World, run_tests, wait_until  # noqa: E402

SIZES = ((80, 24), (120, 40), (200, 60))


def check(condition, what):
    if not condition:
        raise Failure(what)


def devices(wad, count):
    rpc = Rpc(wad.socket)
    for i in range(count):
        rpc.call("device.create", name=f"phone{i + 1:03d}")
    rpc.close()


def frame(build):
    """Top and bottom line whole, help and palette and messages, at three sizes and in C."""
    with World(build, (60110000001, 5), name="tuiframe") as world:
        wad = world.wad
        devices(wad, 3)
        for size in SIZES:
            with Watui(build, wad, ["--view", "devices"], size=size) as t:
                shown = t.wait(["phone003", "0/3 online"])
                top, bottom = shown.split("\n")[0], shown.rstrip("\n").split("\n")[-1]
                check(top.rstrip().endswith("WIB"), f"the top line names the zone: {top}")
                check("Enter open" in bottom and bottom.rstrip().endswith("1/3"), f"bottom line: {bottom}")
                check(t.cursor()[0] == next(i for i, r in enumerate(t.rows()) if "phone001" in r), "the cursor is at the chosen row")
                t.keys("j")
                t.wait("2/3")
                check(t.cursor()[0] == next(i for i, r in enumerate(t.rows()) if "phone002" in r), "and follows it")
                t.keys("?")
                t.wait("Keys of devices")
                if size == (80, 24):
                    golden("tui_help_devices", t.still())
                told = t.screen()
                for _ in range(3):
                    t.keys("NPage")
                    told += t.still()
                for keys in subprocess.run([f"{build}/tui/watui", "--keys"], capture_output=True, text=True, check=True).stdout.split("\n\n"):
                    if keys.split("\n")[0] in ("Global", "Move", "List", "Devices"):
                        for line in keys.rstrip().split("\n")[1:]:
                            check(line.split("  ")[-1].strip() in told, f"the help has no line for {line}")
                t.keys("Escape")
                t.wait_gone("Keys of devices")
                t.keys("/")
                t.type("003")
                t.wait("1/1")
                t.keys("Enter", "Escape")
                t.wait_gone("/003")
                t.keys("M-m")
                t.wait("Messages")
                t.keys("q")
                t.goto("devices", "phone001")
                t.keys("C-c")
                check(t.exit_code() == 0, "Ctrl-C leaves with 0")
        with Watui(build, wad, ["--view", "devices"], locale="C") as t:
            t.wait("phone003")
            t.keys("?")
            shown = t.wait("Keys of devices")
            check(shown.isascii(), f"in C all is ASCII:\n{shown}")


def sizes(build):
    """The storm of resizes; too small says so; the chosen one stays chosen."""
    with World(build, (60110000001, 5), name="tuisizes") as world:
        devices(world.wad, 30)
        with Watui(build, world.wad, ["--view", "devices"], size=(200, 60)) as t:
            t.wait("phone030")
            t.keys(*["j"] * 24)
            t.wait("25/30")
            for _ in range(20):
                for size in ((200, 60), (20, 5), (80, 24)):
                    t.resize(*size)
                    time.sleep(0.03)
            t.wait(["25/30", "phone025"])
            check("phone025" in t.rows()[t.cursor()[0]], "the same row is chosen")
            t.resize(52, 14)
            t.wait("terminal too small: 52x14, need 60x16")
            t.resize(80, 24)
            t.wait("25/30")


def outage(build):
    """A wad that hangs, dies, comes back."""
    with World(build, (60110000001, 5), name="tuioutage") as world:
        wad = world.wad
        devices(wad, 5)
        with Watui(build, wad, ["--view", "devices"]) as t:
            t.wait("phone005")
            os.kill(wad.process.pid, signal.SIGSTOP)
            try:
                t.keys("r", "j")
                t.wait("2/5")
                t.wait("waiting ")
                t.keys("j")
                t.wait("phone003")
            finally:
                os.kill(wad.process.pid, signal.SIGCONT)
            t.wait("3/5")
            wad.process.kill()
            t.wait(["not connected for", "phone005"])
            t.keys("k")
            t.wait("2/5")
            check("phone002" in t.rows()[t.cursor()[0]], "keys work without wad")
            wad.start()
            wad.call("device.create", name="phone006")
            t.wait("phone006")
            check("not connected" not in t.screen(), "the banner is gone")
            check(sum("phone006" in r for r in t.rows()) == 1, "nothing is shown twice")
            t.keys("M-m")
            t.wait("connected to wad again")


def traffic(build):
    """How much goes over the line: idle, and while Down is held in a list of 3,000."""
    with World(build, (60110000001, 5), name="tuitraffic") as world:
        wad = world.wad
        devices(wad, 3000)
        log = os.path.join(world.directory, "typescript")
        argv = ["script", "-qfc", f"{build}/tui/watui --socket {wad.socket} --view devices", log]
        with Terminal(world.directory, argv) as t:
            t.wait(["phone001", "1/3000"], 60)
            t.still()
            before = os.path.getsize(log)
            time.sleep(10)
            idle = os.path.getsize(log) - before
            check(idle < 20000 * 10 // 60, f"10 s idle cost {idle} bytes")
            before = os.path.getsize(log)
            for _ in range(100):
                t.keys("j")
            t.wait("101/3000", 60)
            step = (os.path.getsize(log) - before) / 100
            check(step < 400, f"a step down cost {step} bytes")
            print(f"proof: watui: 10 s idle {idle} bytes, a step down in 3,000 rows {step:.0f} bytes")


def linear(build):
    """--linear, as a pipe: lists, one item, an act with its questions, what was said in a chat."""
    with World(build, (60110000001, 5), name="tuilinear") as world:
        def talk(*lines):
            done = subprocess.run([f"{build}/tui/watui", "--linear", "--socket", world.wad.socket], input="".join(li + "\n" for li in lines),
                                  capture_output=True, text=True, timeout=60, check=False)
            check(done.returncode == 0 and not done.stderr, f"ended with {done.returncode}: {done.stderr}")
            check("\x1b" not in done.stdout, "no escape sequences")
            return done.stdout
        shown = talk("devices", "create", "spare", *[""] * 20, "list", "1", "pause", "1", "", "?", "quit")
        check("1. id 1, name spare" in shown and "state: new" in shown, shown)
        shown = talk("nonsense", "delete", "1", "no", "list", "delete", "1", "yes", "list")
        check("There is no" in shown and "Nothing was done." in shown and shown.rstrip().rstrip(">").rstrip().endswith("none"), shown)
        world.wad.pair("d", 60110000001)
        world.wad.wait_online(1)
        world.sandbox.admin("POST", "/admin/phones/60110000002/send", {"to": "60110000001", "text": "hello \u202ethere"})
        wait_until(lambda: world.wad.call("message.list")["messages"], LAG, "the message is stored")
        shown = talk("chats", "1")
        check("text, hello there" in shown, shown)


def refusals(build):
    """What it says before it starts."""
    def run(*args, **env):
        return subprocess.run([f"{build}/tui/watui", *args], capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL,
                              env=dict(os.environ, **env), check=False)
    check(run("--version").stdout.startswith("watui "), "--version")
    check("--linear" in run("--help").stdout, "--help")
    for args, word in ((["--bad"], "--bad"), (["--socket"], "--socket"), (["--theme", "pink"], "pink"), (["extra"], "extra"),
                       (["--view", "nowhere"], "nowhere"), ([], "terminal")):
        done = run(*args)
        check(done.returncode == 2 and word in done.stderr, f"{args}: {done.returncode} {done.stderr}")
    done = run("--linear", "--socket", "/nowhere/wad.sock")
    check(done.returncode == 3 and "/nowhere/wad.sock" in done.stderr, f"no daemon: {done.returncode} {done.stderr}")


if __name__ == "__main__":
    tests = [frame, sizes, outage, traffic, linear, refusals]
    wanted = sys.argv[2:]
    sys.exit(run_tests([t for t in tests if not wanted or t.__name__ in wanted], sys.argv[1]))
