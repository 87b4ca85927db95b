#!/usr/bin/env python3
"""One table, many faces: catalogue, help, completion and manual name the same commands and flags; the manual says all that
a program reads; no flag takes a secret; failures have one form for programs, with one case for each exit code."""
import json
import os
import re
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cli import ROOT, check, needs, shell  # noqa: E402
from wadtest import Failure, World, run_tests, wait_until  # noqa: E402

PHONE = 60120000001
# program below the build folder: its page. A program that is not built is left out.
PAGES = {"ctl/wactl": "wactl.1", "daemon/wad": "wad.8", "tests/sandbox/wasandbox": "wasandbox.1", "tui/watui": "watui.1"}
# what a page of a program must have; pages of other sections tell of formats
SECTIONS = ("NAME", "SYNOPSIS", "DESCRIPTION", "FILES", "SIGNALS", "EXIT STATUS", "EXAMPLES", "SEE ALSO")
# where the sources of a program are that read the environment
READS = {"wactl.1": ("ctl", "shared/rpc")}
FLAG = re.compile(r"--[a-z][a-z0-9-]*")


def page(name):
    with open(os.path.join(ROOT, "man", name)) as f:
        return f.read()


def plain(text):
    """mdoc without its escapes and fonts."""
    return text.replace("\\-", "-").replace("\\&", "").replace("\\e", "\\")


def run(w, *args):
    done = subprocess.run([os.path.join(w, "ctl/wactl"), *args], capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL)
    check(done.returncode == 0, f"wactl {args}: {done}")
    return done.stdout


def help_flags(text):
    """Flags that a help lists at the start of its lines; those it only speaks of are further to the right."""
    return {m[1] for m in re.finditer(r"^ {2}(?:-[a-z], | {4})(--[a-z][a-z0-9-]*)", text, re.M)}


def manual_flags(text):
    return {"--" + m for m in re.findall(r"Fl -([a-z][a-z0-9-]*)", "\n".join(line for line in plain(text).splitlines() if line.startswith(".It")))}


def sections(text, macro):
    """Text of each section by its title."""
    parts = re.split(rf"^\.{macro} (.*)\n", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


def commands_of_the_manual():
    text = page("wactl.1")
    text = text[text.index("begin: wactl docs man commands"):text.index('.\\" end', text.index("begin: wactl docs man commands"))]
    return {re.sub(r" <.*", "", title): body for title, body in sections(text, "Ss").items()}


def flag_of(name, kind):
    return "--" + name.replace("_", "-") + ("-file" if kind == "secret" else "")


def methods_of_the_manual():
    text = page("wad-rpc.7")
    text = text[text.index("begin: wactl docs man methods"):text.index('.\\" end')]
    found = {}
    for name, body in sections(text, "Ss").items():
        params = body.split("\nResult", 1)[0].split("Parameters:\n", 1)
        depth, kinds = 0, {}
        for line in (params[1] if len(params) > 1 else "").splitlines():
            depth += line.startswith(".Bl")
            depth -= line.startswith(".El")
            item = re.match(r"\.It Fa (\S+) Pq ([^,]+)", line)
            if item and depth == 1:
                kinds[item[1]] = item[2]
        found[name] = kinds
    return found


def catalogue_help_completion_and_manual_agree(build):
    with World(build, (PHONE, 5), name="contract") as w:
        methods = {m["name"]: {p["name"] for p in m["params"]} for m in w.wad.call("rpc.discover")["methods"]}
    in_manual = methods_of_the_manual()
    check({n: set(p) for n, p in in_manual.items()} == methods,
          f"wad-rpc.7 and rpc.discover differ: {[n for n in set(methods) | set(in_manual) if set(in_manual.get(n, ['?'])) != methods.get(n)]}")
    global_flags = help_flags(run(build, "help"))
    check(len(global_flags) > 10 and global_flags == manual_flags(page("wactl.1").split("begin: wactl docs man flags")[1].split('.\\" end')[0]),
          "flags of every command: help and manual differ")
    manual = commands_of_the_manual()
    nouns = run(build, "__complete", "--", "").split()
    own = [n for n in nouns if n in manual or any(title.split()[0] == n for title in manual) and n not in {m.split(".")[0] for m in methods}]
    listed, everything = set(), run(build, "help")
    for noun in nouns:
        if noun in own:
            continue
        for verb in run(build, "__complete", "--", noun, "").split():
            listed.add(f"{noun} {verb}")
    rpc_only = {"event.subscribe", "event.unsubscribe", "system.hello", "system.names", "system.act_as", "rpc.discover"}
    callable_ = {n.replace(".", " ", 1) for n in methods if n not in rpc_only} | {"event watch"}
    check(listed == callable_, f"completion and catalogue differ: {listed ^ callable_}")
    titles = {t for t in manual if t.split()[0] not in own}
    check(titles == callable_, f"manual and catalogue differ: {titles ^ callable_}")
    check({t.split()[0] for t in manual if t.split()[0] in own} == set(own) and {"doctor", "batch", "version", "help", "docs"} == set(own), f"{own}")
    for command in sorted(callable_):
        noun, verb = command.split()
        text = run(build, "help", noun, verb)
        flags = help_flags(text)
        offered = set(run(build, "__complete", "--", noun, verb, "--").split()) - global_flags
        offered |= flags & global_flags  # a flag of its own with the name of a global one: --dry-run
        check(offered == flags, f"{command}: completion and help differ: {offered ^ flags}")
        check(manual_flags(manual[command]) == flags, f"{command}: manual and help differ: {manual_flags(manual[command]) ^ flags}")
        check(re.search(rf"^  {noun} {verb} ", everything, re.M), f"{command} is not in wactl help")
        if command == "event watch":
            continue
        wanted = {flag_of(p, kind) for p, kind in in_manual[f"{noun}.{verb}"].items()}
        check(wanted <= flags, f"{command}: parameters without a flag: {wanted - flags}")
        fields = run(build, "-o", "json", noun, verb, "--fields").split()
        check(re.findall(r"^  (\w+) ", text.split("fields of the output:")[1].split("flags of every")[0], re.M) == fields, f"{command}: fields")
    for name in own:
        check(re.search(rf"^  {name} ", everything, re.M) and run(build, "help", name).startswith("usage: wactl " + name), f"{name}: help")


def no_flag_takes_a_secret(build):
    secrets = [(m, p) for m, params in methods_of_the_manual().items() for p, kind in params.items() if kind == "secret"]
    check(len(secrets) >= 4, f"{secrets}")
    for method, param in secrets:
        noun, verb = method.split(".")
        flags = help_flags(run(build, "help", noun, verb))
        flag = "--" + param.replace("_", "-")
        check(flag + "-file" in flags and flag not in flags, f"{method}: {flags}")
        got = subprocess.run([os.path.join(build, "ctl/wactl"), "--socket", "/nonexistent", noun, verb, "x", flag, "hunter2"], capture_output=True, text=True)
        check(got.returncode == 2 and "hunter2" not in got.stderr + got.stdout and flag in got.stderr, f"{method}: {got}")


def a_secret_comes_from_stdin_or_a_file(build):
    with World(build, (PHONE, 5), name="secrets") as w:
        with open(os.path.join(w.directory, "pw"), "w") as f:
            f.write("correct horse battery\n")
        os.chmod(os.path.join(w.directory, "pw"), 0o600)
        for name, line in (("a", "printf 'correct horse battery\\n' | wactl user create a --password-file - -o json"),
                           ("b", f"wactl user create b --password-file {w.directory}/pw -o json")):
            got = shell(w, line)
            check(got.returncode == 0 and json.loads(got.stdout)["has_password"] is True, f"{line}: {got}")
        got = shell(w, f"wactl user create c --password-file {w.directory}/nothing")
        check(got.returncode == 2 and "nothing" in got.stderr, f"{got}")
        got = shell(w, "printf 'another horse battery\\n' | wactl user passwd a -o json")
        check(got.returncode == 0, f"{got}")
        hashes = w.wad.sql("select name, password_hash from users where name in ('a', 'b')")
        check(len(hashes) == 2 and all("horse" not in h for _, h in hashes), f"{hashes}")


def pages_say_all_that_programs_read(build):
    if not needs("mandoc"):
        return
    for program, name in PAGES.items():
        path = os.path.join(build, program)
        if not os.path.exists(path):
            continue
        text = page(name)
        missing = [s for s in SECTIONS if f"\n.Sh {s}\n" not in text]
        check(not missing, f"man/{name}: no section {missing}")
        shown = subprocess.run(["mandoc", "-Tascii", os.path.join(ROOT, "man", name)], capture_output=True, text=True).stdout
        shown = re.sub(r".\x08", "", shown)
        flags = FLAG.findall(subprocess.run([path, "--help"], capture_output=True, text=True).stdout)
        check(flags and not [f for f in flags if f not in shown], f"man/{name}: does not explain {[f for f in flags if f not in shown]}")
    for name, folders in READS.items():
        names = set()
        for folder in folders:
            for file in os.listdir(os.path.join(ROOT, folder)):
                if file.endswith(".c"):
                    with open(os.path.join(ROOT, folder, file)) as f:
                        source = f.read()
                    names |= set(re.findall(r'getenv\("(\w+)"\)', source)) | set(re.findall(r'"((?:WACTL_|WAD_)?(?:PAGER|SOCKET))"', source))
        text = page(name).split(".Sh ENVIRONMENT")[1].split("\n.Sh ")[0]
        missing = [n for n in sorted(names) if not re.search(rf"\b{n}\b", text)]
        check(len(names) > 5 and not missing, f"man/{name}: ENVIRONMENT does not tell of {missing}")
    table = page("wactl.1").split(".Sh EXIT STATUS")[1].split("\n.Sh ")[0]
    codes = set(map(int, re.findall(r"^\.It (\d+)$", table, re.M)))
    errors = set(map(int, re.findall(r"^\.It \S+ Ta -\d+ Ta \d+ Ta (\d+) Ta", page("wad-rpc.7"), re.M)))
    check(errors <= codes and codes - errors == {0, 130}, f"exit codes: manual {codes}, errors {errors}")


def failures_have_one_form_for_programs(build):
    with World(build, (PHONE, 20), name="failures") as w:
        w.wad.pair("d0", PHONE)
        w.wad.wait_online(1)
        w.wad.call("device.create", name="new")
        csv = f"printf 'phone\\n{PHONE}\\n1\\n'"
        rows = [  # line, exit code, name, part of the message, part of the hint
            ("wactl device show d0", 0, None, None, None),
            ("wactl device create ' x'", 1, "bad_params", "blank", None),
            ("wactl devise list", 2, "usage", "devise", "did you mean 'device'?"),
            ("wactl device lst", 2, "usage", "lst", "'list'"),
            ("wactl device list --limt 3", 2, "usage", "limt", "--limit"),
            ("wactl device list --fields nmae", 2, "usage", "nmae", "'name'"),
            ("wactl device delete d0", 2, "usage", "device delete d0", "--yes"),
            ("wactl --socket /nonexistent/wad.sock device list", 3, "unreachable", "/nonexistent/wad.sock", "doctor"),
            ("wactl --user nobody device list", 5, "not_found", "nobody", None),
            ("wactl device show nope", 5, "not_found", "nope", None),
            ("wactl device reconnect new", 6, "conflict", "new", "pair"),
            ("wactl device pair new --wait --timeout 1s", 8, "timeout", "new", "--timeout"),
        ]
        for line, code, name, message, hint in rows:
            for form in (f"{line} -o json", f"{line.replace('wactl', 'wactl -o json', 1)}"):
                got = shell(w, form)
                check(got.returncode == code, f"{form}: {got}")
                if name is None:
                    check(got.stderr == "", f"{form}: {got}")
                    continue
                errors = [x for x in got.stderr.splitlines() if x.startswith("{")]
                check(len(errors) == 1 and got.stdout == "", f"{form}: {got}")
                error = json.loads(errors[0])
                check(set(error) <= {"code", "name", "message", "hint", "data"} and {"code", "name", "message"} <= set(error), f"{form}: {error}")
                check(error["name"] == name and isinstance(error["code"], int) and message in error["message"], f"{form}: {error}")
                check(hint is None or hint in error.get("hint", ""), f"{form}: {error}")
        got = shell(w, f"{csv} | wactl lead import - -o json")
        answer = json.loads(got.stdout)
        check(got.returncode == 7 and answer["accepted"] == 1 and answer["rejected"][0]["line"] == 3 and answer["rejected"][0]["reason"], f"{got}")
        lines = "\\n".join(['{"phone":"%d","name":"Ann","vars":{"city":"Ipoh"}}' % (PHONE + 1), '{"phone":%d}' % (PHONE + 2), '{"phone":"x"}'])
        got = shell(w, f"printf '{lines}\\n' | wactl lead import - -o json")
        answer = json.loads(got.stdout)
        check(got.returncode == 7 and answer["accepted"] == 2 and answer["rejected"][0]["line"] == 3, f"{got}")
        check([x["vars"] for x in w.wad.call("lead.list")["leads"] if x.get("name") == "Ann"] == [{"city": "Ipoh"}], "the lead of a JSON line")
        if os.geteuid() == 0:
            got = shell(w, "wactl device list -o json", user=65534)
            error = json.loads(got.stderr)
            check(got.returncode == 4 and error["name"] == "forbidden" and "group" in error["message"] and error["hint"], f"{got}")
        # 130: an interrupt while it waits
        child = subprocess.Popen([os.path.join(build, "ctl/wactl"), "--socket", w.wad.socket, "device", "pair", "new"],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        wait_until(lambda: w.wad.call("device.show", device="new")["state"] == "pairing", 20, "linking is under way")
        child.stdout.readline()  # a code is shown: it is waiting now
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=20)
        check(child.returncode == 130, f"after an interrupt: {child.returncode}")
        # people get the same as sentences
        got = shell(w, "wactl devise list")
        check(got.stderr == "wactl: no command 'devise', did you mean 'device'?\n", f"{got}")
        # a closed pipe ends it without a word
        got = shell(w, "wactl help | head -n 1; wactl device list -o json | true")
        check(got.returncode == 0 and got.stderr == "", f"{got}")


def global_flags_stand_anywhere(build):
    with World(build, (PHONE, 5), name="anywhere") as w:
        w.wad.call("device.create", name="d0")
        w.wad.call("user.create", name="ann")
        w.wad.call("device.create", as_user="ann", name="a0")
        for flag in ("-o json", "--output=csv", "-q", "-v", "--fields name,id", "--no-header", "--timeout 20s", "--no-color", "--color=always",
                     "--yes", "-y", "--no-input", "--no-pager", "--follow --timeout 700ms", "-f --timeout 700ms", "--user ann", f"--socket {w.wad.socket}", "--dry-run"):
            before, between, after = (shell(w, line) for line in (f"wactl {flag} device list", f"wactl device {flag} list", f"wactl device list {flag}"))
            check(before.returncode == between.returncode == after.returncode == 0 and before.stdout == between.stdout == after.stdout and after.stdout,
                  f"{flag}: {before} {between} {after}")


def nothing_is_opened_for_nothing(build):
    if not needs("strace"):
        return
    with World(build, (PHONE, 5), name="quiet") as w:
        w.wad.call("device.create", name="d0")
        trace = os.path.join(w.directory, "trace")
        env = {"ASAN_OPTIONS": "detect_leaks=0", "WACTL_PAGER": "less"}  # the leak check cannot be traced
        for line, calls in (("wactl version", "connect"), ("wactl help", "connect"), ("wactl device list | cat", "less"),
                            ("wactl __complete -- dev", "connect")):
            shell(w, f"strace -f -o {trace} -e trace=connect,execve {line}", env=env)
            with open(trace) as f:
                seen = f.read()
            check("execve(" in seen, f"{line}: nothing was traced: {seen}")
            check(calls not in seen, f"{line}: {seen}")


if __name__ == "__main__":
    sys.exit(run_tests([
        catalogue_help_completion_and_manual_agree,
        no_flag_takes_a_secret,
        a_secret_comes_from_stdin_or_a_file,
        pages_say_all_that_programs_read,
        failures_have_one_form_for_programs,
        global_flags_stand_anywhere,
        nothing_is_opened_for_nothing,
    ], os.path.abspath(sys.argv[1])))
