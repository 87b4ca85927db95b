#!/usr/bin/env python3
"""Figures of speed and memory: a table for people, JSON for programs. No thresholds: the aims are printed
beside what was measured."""
import argparse
import concurrent.futures
import json
import os
import platform
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
from wadtest import Failure, World, wait_until  # noqa: E402

DEVICE, LEAD = 60110000001, 60130000001
rows = []


def note(name, value, unit, aim=""):
    rows.append({"name": name, "value": value, "unit": unit, "aim": aim})
    print(f"  {name:<58}{value:>12,.{0 if value >= 100 else 2}f} {unit:<10} {aim}", flush=True)


def skip(what, why):
    rows.append({"name": what, "skipped": why})
    print(f"  {what:<58}skipped: {why}", flush=True)


def lines_of(build, program, *args):
    path = os.path.join(build, "tests/bench", program)
    if not os.path.exists(path):
        return None
    done = subprocess.run([path, *args], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def signal_ratchet(build, options):
    """Our ratchet beside libsignal-protocol-c, in turns in one process."""
    got = lines_of(build, "bench_signal")
    if got is None:
        skip("ratchet beside libsignal-protocol-c", "needs libsignal-protocol-c-dev")
        return
    aims = {"first_message": "aim 3", "later_message": "aim 1.5"}
    for row in got:
        what = row["bench"].split(".")[1]
        if "ratio" in row:
            note(f"ratchet: {what}, libsignal {row['libsignal_median']:,}", row["ours_median"], "per s")
            note(f"ratchet: {what}, times libsignal", row["ratio"], "x", aims.get(what, ""))
        elif "ours_median" in row:
            note(f"ratchet: {what}", row["ours_median"], "per s")


def node_codec(build, options):
    """Binary nodes encoded and decoded a second."""
    for row in lines_of(build, "bench_node"):
        note(f"node codec: {row['bench'].split('.')[1]} ({row['bytes']} B)", row["median"], "per s")


def pair_all(world, count, threads=8):
    """Links many devices; returns the seconds it took."""
    begin = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(world.wad.pair, f"d{i}", DEVICE + i) for i in range(count)]:
            done.result()
    world.wad.wait_online(count, 300)
    return time.monotonic() - begin


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cpu_of_database(wad):
    """The postmaster counts its ended children, the living are added."""
    total, main = 0, wad.postmaster_pid()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat") as f:
                parent = int(f.read().rsplit(")", 1)[1].split()[1])
            if main in (parent, int(pid)):
                total += cpu_seconds(pid)
        except (FileNotFoundError, ProcessLookupError):
            pass
    return total


def one_campaign(world, text, count):
    """Messages a second from the call that creates the campaign until every row has its ack."""
    wad = world.wad
    before = cpu_seconds(wad.process.pid), cpu_seconds(world.sandbox.process.pid), cpu_of_database(wad)
    begin = time.monotonic()
    campaign = wad.campaign(title=text, text=text, delay_min_ms=0, delay_max_ms=0)
    wait_until(lambda: wad.call("campaign.show", campaign=campaign)["counts"]["sent"] == count, 300,
               f"{count} messages are sent", 0.1)
    seconds = time.monotonic() - begin
    after = cpu_seconds(wad.process.pid), cpu_seconds(world.sandbox.process.pid), cpu_of_database(wad)
    return count / seconds, [(b - a) / count * 1e6 for a, b in zip(before, after)]


def campaign_rate(build, options):
    """A whole campaign with zero gaps: wad, its PostgreSQL and the simulated network on one machine."""
    expected = 0
    with World(build, (LEAD, options.messages), name="bench") as w:
        pair_all(w, options.senders)
        w.wad.call("lead.import", csv="phone,niche\n" + "".join(f"{LEAD + i},all\n" for i in range(options.messages)))
        for label, aim in (("to new contacts", "aim 400"), ("to known ones", "aim 1,500"), ("to known ones, again", "")):
            rate, cpu = one_campaign(w, label, options.messages)
            note(f"campaign over {options.senders} devices {label}", rate, "per s", aim)
            note("  processor time a message: wad", cpu[0], "us")
            note("  processor time a message: PostgreSQL", cpu[2], "us")
            note("  processor time a message: simulated network", cpu[1], "us")
            all_shown(w, expected := expected + 2 * options.messages)
            quiet(w)
        bad = w.sandbox.violations()
        if bad:
            raise Failure(f"violations: {bad[:3]}")


CLAIM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../sql/queries/outbox_claim.sql")


def claims(world, device, times=4):
    """Milliseconds of claims of 250 rows each: median and longest, as the device's shard would plan them."""
    with open(CLAIM) as f:
        text = "\n".join(line for line in f.read().splitlines() if not line.startswith("--"))
    ids = "'{" + ",".join(f"bench{i}" for i in range(250)) + "}'"
    plan = "".join(f"set {name} = off; " for name in ("enable_seqscan", "enable_bitmapscan", "enable_hashjoin",
                                                      "enable_mergejoin", "enable_material"))
    plan += f"set plan_cache_mode = force_generic_plan; prepare claim (bigint, bigint, text[]) as {text}; "
    run = f"explain (analyze, timing off) execute claim (1, {device}, {ids}); "
    got = [float(row[0].split()[-2]) for row in world.wad.sql(plan + run * (times + 1)) if row[0].startswith("Execution")]
    return statistics.median(got[1:]), max(got[1:])


def expansion(build, options):
    """Leads to rows of a campaign over four devices, from its start to its last row; then claims from rows that wait."""
    cost = {}
    for count in (10000, 100000, 1000000):
        with World(build, None, name="bench") as w:
            pair_all(w, 4)
            w.wad.sql("insert into leads (user_id, phone, name, niches) "
                      f"select 1, 60130000000 + i, 'Lead ' || i, '{{ALL}}' from generate_series(1, {count}) i")
            w.wad.sql("vacuum analyze leads")
            begin = time.monotonic()
            campaign = w.wad.campaign(title="wide", text="hi", niche="all", delay_min_ms=86400000, delay_max_ms=86400000,
                                      expire_s=31536000)
            wait_until(lambda: w.wad.sql(f"select 1 from campaigns where id = {campaign} and expanded_at is not null"), 600,
                       "all rows are made")
            seconds = time.monotonic() - begin
            made = int(w.wad.sql("select count(*) from outbox")[0][0])
            if made != count:
                raise Failure(f"{made} rows of {count}")
            note(f"expansion of {count:,} recipients", seconds, "s", "aim 10" if count == 1000000 else "")
            w.wad.sql("vacuum analyze outbox")
            cost[count], longest = claims(w, 1)
            note(f"  claim of 250 rows, {count:,} queued: longest", longest, "ms")
            note(f"  claim of 250 rows, {count:,} queued: median", cost[count], "ms")
    note("claim at 1,000,000 queued rows, times that at 10,000", cost[1000000] / cost[10000], "x", "aim < 1.1")


def all_shown(world, count):
    """Every message is on two screens: the recipient's and, as a copy, the sender's own phone."""
    def totals():
        return world.sandbox.admin("GET", "/admin/stats")

    wait_until(lambda: totals()["shown"] >= count, 60, f"{count} messages on screens")
    if totals()["shown"] != count:
        raise Failure(f"on screens: {totals()['shown']} messages, not {count}")


def quiet(world, seconds=60):
    """Waits until receipts have settled: wad uses hardly any processor time for a second."""
    def idle():
        before = cpu_seconds(world.wad.process.pid)
        time.sleep(1)
        return cpu_seconds(world.wad.process.pid) - before < 0.03

    wait_until(idle, seconds, "wad is quiet")


def idle_devices(build, options):
    """Memory of wad per connected device, and the time until all are online after a restart."""
    count = options.devices
    with World(build, None, {"network.connect_rate": "10000"}, name="bench") as w:
        quiet(w)
        empty = w.wad.memory()
        seconds = pair_all(w, count)
        note(f"pairing {count:,} devices, 812 prekeys each", seconds, "s")
        w.wad.stop()
        begin = time.monotonic()
        w.wad.start()
        started = time.monotonic()
        w.wad.wait_online(count, 300)
        note("restart: wad answers after", started - begin, "s")
        note(f"restart: {count:,} devices online after", time.monotonic() - begin, "s")
        quiet(w)
        time.sleep(5)
        full = w.wad.memory()
        note(f"memory of wad for an idle device at {count:,} (TLS)", (full["Rss"] - empty["Rss"]) / count / 1000, "kB",
             "aim < 60")
        before = cpu_seconds(w.wad.process.pid)
        time.sleep(10)
        note(f"processor time of wad, {count:,} idle devices", (cpu_seconds(w.wad.process.pid) - before) * 100,
             "ms per s")
        note("  memory: of it private and written", (full["Private_Dirty"] - empty["Private_Dirty"]) / count / 1000, "kB")


FILL_MESSAGES = """
insert into messages (user_id, device_id, chat, sender, msg_id, from_me, at, kind, body, raw)
select 1, 1, (i % {chats})::text || '@lid', (i % {chats})::text || '@lid', 'B' || i, i % 3 = 0,
  now() - i * interval '{step} seconds', 'text',
  case when i % 100000 = 0 then 'a needle in it' else 'Hello! We are open on Sunday, order number ' || i end, ''
from generate_series(1, {count}) i"""
FILL_CHATS = """
insert into chats (user_id, chat, device_id, phone, push_name, unread, last_at, last_msg_id, last_kind, last_text, last_from_me)
select distinct on (chat) 1, chat, 1, 60130000000 + split_part(chat, '@', 1)::bigint, 'Person ' || split_part(chat, '@', 1), 1,
  at, msg_id, kind, body, from_me
from messages order by chat, at desc"""


def chats(build, options):
    """Lists, pages and searches over a large table of messages, as a client sees them."""
    with World(build, (LEAD, 2), name="bench-chats") as w:
        w.wad.call("device.create", name="d1")
        count, people = options.stored, max(options.stored // 50, 3000)
        started = time.monotonic()
        w.wad.sql(FILL_MESSAGES.format(chats=people, count=count, step=max(1, 5000000 // count)))
        w.wad.sql(FILL_CHATS)
        w.wad.sql("vacuum analyze messages")
        w.wad.sql("vacuum analyze chats")
        note(f"chats: {count:,} messages of {people:,} chats stored by SQL", time.monotonic() - started, "s")
        first = w.wad.call("chat.list", limit=50)
        chat = first["chats"][0]["chat"]
        deep = w.wad.call("chat.list", limit=500)
        for _ in range(4):
            deep = w.wad.call("chat.list", limit=500, after=deep["next"])
        place = w.wad.call("message.list", chat=chat, limit=20)["next"]
        for name, method, params in (
                ("chat.list, the first 50", "chat.list", {"limit": 50}),
                ("chat.list, 50 after 2,500", "chat.list", {"limit": 50, "after": deep["next"]}),
                ("chat.list, by a name of one", "chat.list", {"search": f"Person {people - 7}"}),
                ("message.list, the newest of a chat", "message.list", {"chat": chat}),
                ("message.list, the page before", "message.list", {"chat": chat, "before": place}),
                ("message.list, the newest of all", "message.list", {}),
                ("message.search, a rare word", "message.search", {"words": "needle"}),
                ("message.search, a word of every message", "message.search", {"words": "sunday"}),
                ("message.search, a word of every message, in one chat", "message.search",
                 {"words": "sunday", "chat": chat})):
            took = []
            for _ in range(7):
                started = time.monotonic()
                w.wad.call(method, **params)
                took.append((time.monotonic() - started) * 1000)
            note(f"chats: {name}", sorted(took)[3], "ms")


def machine():
    with open("/proc/cpuinfo") as f:
        model = next((line.split(":", 1)[1].strip() for line in f if line.startswith("model name")), platform.machine())
    return {"cores": os.cpu_count(), "processor": model, "load_at_start": os.getloadavg()[0]}


PARTS = {"signal": signal_ratchet, "node": node_codec, "campaign": campaign_rate, "expansion": expansion, "idle": idle_devices,
         "chats": chats}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build")
    parser.add_argument("--json", help="file for the figures (default: BUILD/bench.json)")
    parser.add_argument("--only", default=",".join(PARTS), help="parts, with commas: " + " ".join(PARTS))
    parser.add_argument("--devices", type=int, default=1000, help="idle devices (1000)")
    parser.add_argument("--senders", type=int, default=50, help="devices of the campaign (50)")
    parser.add_argument("--messages", type=int, default=10000, help="messages of a campaign (10000)")
    parser.add_argument("--stored", type=int, default=1000000, help="messages stored for chats (1000000)")
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    about = machine()
    print(f"{about['cores']} cores, {about['processor']}, load {about['load_at_start']:.1f}")
    failed = []
    for name in options.only.split(","):
        print(f"\n{name}: {PARTS[name].__doc__}", flush=True)
        try:
            PARTS[name](options.build, options)
        except (Failure, subprocess.CalledProcessError) as problem:
            failed.append(name)
            print(f"  FAILED {name}: {problem}", flush=True)
    path = options.json or os.path.join(options.build, "bench.json")
    with open(path, "w") as f:
        json.dump({"machine": about, "figures": rows, "failed": failed}, f, indent=1)
        f.write("\n")
    print(f"\nthe same as JSON: {path}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
