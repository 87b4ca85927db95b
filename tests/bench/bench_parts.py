"""What the parts of the bench share: devices, campaigns, processor time."""
import concurrent.futures
import os
import time

from wadtest import Failure, wait_until

DEVICE, LEAD = 60110000001, 60130000001


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


def one_campaign(world, text, count, **audience):
    """Messages a second from the call that creates the campaign until every row has its ack."""
    wad = world.wad
    before = cpu_seconds(wad.process.pid), cpu_seconds(world.sandbox.process.pid), cpu_of_database(wad)
    begin = time.monotonic()
    campaign = wad.campaign(title=text, text=text, delay_min_ms=0, delay_max_ms=0, **audience)
    wait_until(lambda: wad.call("campaign.show", campaign=campaign)["counts"]["sent"] == count, 300,
               f"{count} messages are sent", 0.1)
    seconds = time.monotonic() - begin
    after = cpu_seconds(wad.process.pid), cpu_seconds(world.sandbox.process.pid), cpu_of_database(wad)
    return count / seconds, [(b - a) / count * 1e6 for a, b in zip(before, after)]


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
