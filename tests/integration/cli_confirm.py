#!/usr/bin/env python3
"""What destroys: a dry run changes no row of any table; who can be asked is asked, with counts, the worst by name; who
cannot be asked is refused; what was said beforehand counts."""
import json
import os
import pty
import select
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
from wadtest import Failure, World, png, run_tests, wait_until  # noqa: E402

PHONE = 60120000001


def check(condition, what):
    if not condition:
        raise Failure(what)


def wactl(w, *args, stdin=None):
    argv = [os.path.join(w.build, "ctl/wactl"), "--socket", w.wad.socket, *args]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, input=stdin, stdin=None if stdin else subprocess.DEVNULL)


class Dialog:
    """wactl on a terminal of its own."""

    def __init__(self, w, *args):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm", LC_ALL="C.UTF-8", WACTL_PAGER="")
            os.execv(os.path.join(w.build, "ctl/wactl"), ["wactl", "--socket", w.wad.socket, *args])
        self.seen = ""

    def read(self, seconds):
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            got = os.read(self.fd, 4096)
        except OSError:
            return False
        self.seen += got.decode(errors="replace")
        return bool(got)

    def expect(self, word, seconds=20):
        end = time.monotonic() + seconds
        while word not in self.seen:
            if not self.read(0.2) and word not in self.seen or time.monotonic() > end:
                raise Failure(f"the terminal does not show {word!r}: {self.seen}")
        return self.seen

    def say(self, line):
        os.write(self.fd, line.encode() + b"\n")

    def end(self):
        while self.read(5):
            pass
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self.fd)
        return code


def tables(w):
    """Every row of every table, as one hash a table; sequences of ids apart."""
    names = [r[0] for r in w.wad.sql("select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = "
                                     "c.relnamespace where c.relkind in ('r', 'p') and n.nspname = 'public' order by 1")]
    check(len(names) > 20, f"{names}")
    moving = {"public.nodes"}  # the lease is renewed
    return {n: w.wad.sql(f"select count(*), md5(coalesce(string_agg(t::text, ',' order by t::text), '')) from {n} t")[0]
            for n in names if n not in moving}


def prepare(w):
    w.wad.pair("d0", PHONE + 100)
    w.wad.wait_online(1)
    w.wad.call("device.create", name="spare")
    w.wad.call("user.create", name="ann")
    w.wad.call("device.create", as_user="ann", name="a0")
    w.wad.call("lead.import", as_user="ann", csv=f"phone\n{PHONE}\n{PHONE + 1}\n")
    w.wad.call("lead.import", csv=f"phone,name,niche\n{PHONE},Ann,shops\n{PHONE + 1},Bob,farms\n")
    w.wad.wactl("queue", "pause")
    for i in range(3):
        w.wad.call("message.send", device="d0", to=str(PHONE + i), text=f"m{i}")
    campaign = w.wad.campaign(title="running", text="x")
    wait_until(lambda: w.wad.call("campaign.report", campaign=campaign)["devices"], 20, "the campaign has rows")
    wait_until(lambda: w.wad.call("queue.stats")["pending"] + w.wad.call("queue.stats")["claimed"] == 5, 20, "five messages wait")
    return campaign


def a_dry_run_changes_no_row(build):
    with World(build, (PHONE, 200), name="dry") as w:
        campaign = prepare(w)
        with open(os.path.join(w.directory, "p.png"), "wb") as f:
            f.write(png(8, 8))
        lead = w.wad.call("lead.list")["leads"][0]["id"]
        before = wait_until(lambda: (lambda a: a == tables(w) and a)(tables(w)), 20, "the tables are at rest")
        tried = [
            (("device", "delete", "d0"), None, {"cancelled": 5}),
            (("user", "delete", "ann"), None, {"devices": 1, "leads": 2, "campaigns": 0, "queued": 0}),
            (("campaign", "delete", campaign), None, {"cancelled": 2}),
            (("lead", "delete", lead), None, {"lead": lead}),
            (("lead", "import", "-"), f"phone\n{PHONE + 9}\nx\n", {"accepted": 1, "rejected_count": 1}),
            (("campaign", "create", "t", "--everyone", "--image", os.path.join(w.directory, "p.png"), "--start-at", "2099-01-01T09:00:00Z"),
             None, {"total": 2}),
        ]
        for args, stdin, want in tried:
            for line in ((*args, "--dry-run"), ("--dry-run", *args)):
                got = wactl(w, *line, "-o", "json", stdin=stdin)
                check(got.returncode in (0, 7), f"{line}: {got}")
                plan = json.loads(got.stdout)
                check(plan["dry_run"] is True and all(plan[k] == v for k, v in want.items()), f"{line}: {plan}, not {want}")
        for args, code in ((("device", "delete", "nope"), 5), (("campaign", "delete", "77"), 5), (("lead", "delete", "77"), 5),
                           (("user", "delete", "nope"), 5), (("user", "delete", "ann", "--confirm", "bob"), 1),
                           (("device", "pause", "d0"), 2), (("device", "list"), 0)):
            got = wactl(w, "--dry-run", *args)
            check(got.returncode == code, f"{args}: {got}")
        after = tables(w)
        check(before == after, f"changed: {[n for n in before if before[n] != after[n]]}")
        check(wactl(w, "device", "delete", "d0", "--yes", "-o", "json").returncode == 0, "and then in earnest")
        check(tables(w) != before, "the comparison sees nothing")


def who_cannot_be_asked_is_refused(build):
    with World(build, (PHONE, 200), name="refused") as w:
        prepare(w)
        for line in (("device", "delete", "spare"), ("device", "logout", "d0"), ("campaign", "cancel", "1"), ("daemon", "stop"),
                     ("user", "delete", "ann"), ("lead", "delete", "1")):
            got = wactl(w, *line)
            check(got.returncode == 2 and "--yes" in got.stderr and " ".join(line) in got.stderr and not got.stdout, f"{line}: {got}")
        check(len(w.wad.call("device.list")["devices"]) == 2 and w.wad.call("daemon.status")["devices"]["linked"] == 1, "something is gone")
        check(wactl(w, "device", "delete", "spare", "--yes").returncode == 0, "--yes")
        check(len(w.wad.call("device.list")["devices"]) == 1, "it is still there")


def the_worst_wants_the_name(build):
    with World(build, (PHONE, 200), name="worst") as w:
        w.wad.call("user.create", name="ann")
        for i in range(2):
            w.wad.pair(f"a{i}", PHONE + i, as_user="ann")
        w.wad.wait_online(2)
        got = wactl(w, "user", "delete", "ann", "--yes", "-o", "json")
        error = json.loads(got.stderr)
        check(got.returncode == 6 and "devices" in error["message"] and "confirm" in error["hint"], f"{got}")
        got = wactl(w, "user", "delete", "ann", "--confirm", "anne")
        check(got.returncode == 1 and "ann" in got.stderr, f"{got}")
        check(w.wad.online() == 2, "a device is gone")
        got = wactl(w, "user", "delete", "ann", "--confirm", "ann", "-o", "json")
        check(got.returncode == 0 and json.loads(got.stdout)["devices"] == 2, f"{got}")
        check([u["name"] for u in w.wad.call("user.list")["users"] if u["name"] == "ann"] == [], "ann is still there")
        check(w.wad.sql("select count(*) from devices")[0][0] == "0", "devices are left")
        wait_until(lambda: not any(p["devices"] for p in w.sandbox.admin("GET", "/admin/phones?limit=2")), 20, "the phones know of no linked device")


def a_person_is_asked_with_counts(build):
    with World(build, (PHONE, 200), name="asked") as w:
        campaign = prepare(w)
        d = Dialog(w, "device", "delete", "d0")
        seen = d.expect("[y/N]")
        check("device delete d0" in seen and "5 messages that wait" in seen, seen)
        d.say("n")
        check(d.end() == 2 and "nothing was changed" in d.seen, d.seen)
        check(w.wad.call("device.show", device="d0")["queued"] == 5, "deleted all the same")
        d = Dialog(w, "campaign", "delete", campaign)
        check("2 messages that wait" in d.expect("[y/N]"), d.seen)
        d.say("y")
        check(d.end() == 0, d.seen)
        d = Dialog(w, "device", "delete", "nope")
        check(d.end() == 5 and "[y/N]" not in d.seen, d.seen)
        d = Dialog(w, "user", "delete", "ann")
        seen = d.expect("Type the name")
        check("1 devices" in seen and "2 leads" in seen, seen)
        d.say("yes")
        check(d.end() == 1 and len([u for u in w.wad.call("user.list")["users"] if u["name"] == "ann"]) == 1, d.seen)
        d = Dialog(w, "user", "delete", "ann")
        d.expect("Type the name")
        d.say("ann")
        check(d.end() == 0 and not [u for u in w.wad.call("user.list")["users"] if u["name"] == "ann"], d.seen)
        d = Dialog(w, "device", "delete", "spare")
        d.expect("[y/N]")
        d.say("y")
        check(d.end() == 0 and [x["name"] for x in w.wad.call("device.list")["devices"]] == ["d0"], d.seen)
        d = Dialog(w, "device", "delete", "d0", "--yes")
        check(d.end() == 0 and "[y/N]" not in d.seen, d.seen)


if __name__ == "__main__":
    sys.exit(run_tests([
        a_dry_run_changes_no_row,
        who_cannot_be_asked_is_refused,
        the_worst_wants_the_name,
        a_person_is_asked_with_counts,
    ], os.path.abspath(sys.argv[1])))
