#!/usr/bin/env python3
"""What is told of a device is what its row says: each event is in the transaction of its change. kill -9 at each point
between, and no event is lost, invented or told twice. usage: device_events.py BUILD"""
import sys

from crash_points import points, start_with
from crashing import DEVICE, LEAD
from wadtest import Failure, World, run_tests, wait_until


def check(condition, what):
    if not condition:
        raise Failure(what)


def told(w, device="1", topics="device.%"):
    return [r[0] for r in w.wad.sql(f"select topic from events where topic like '{topics}' and data->>'device' = '{device}' "
                                    "and topic <> 'device.created' order by id")]


def row(w, device="1"):
    """state and whether it is online, as the table has it"""
    return w.wad.sql(f"select state, online from devices where id = {device}")[0]


def dies(w, point, how=None):
    """wad is started, is to die at the point; how makes it pass there."""
    w.wad.process.stop()
    if start_with(w, point, 1) and how:
        try:
            how()
        except (OSError, ConnectionError, Failure):
            pass  # it died while it answered
    wait_until(lambda: not w.wad.process.alive(), 20, f"wad dies at {point}")
    w.wad.process.child.wait()
    return w.wad.start


def linked_is_told_once(build):
    with World(build, (LEAD, 1), name="device-paired") as w:
        for i, point in enumerate(("pair.before_commit", "pair.after_commit")):
            device = str(i + 1)
            start = dies(w, point, lambda: w.wad.pair(f"d{device}", DEVICE + i))
            start()
            linked = point == "pair.after_commit"
            check(told(w, device, "device.paired") == ["device.paired"] * linked, f"{point}: {told(w, device)}")
            if linked:  # the phone never heard of it, so the server refuses it
                wait_until(lambda: told(w, device)[-1:] == ["device.logged_out"], 20, "the link came to nothing")
            w.wad.pair(f"d{device}", DEVICE + i, create=False)
            w.wad.wait_online(i + 1)
            check(told(w, device, "device.paired") == ["device.paired"] * (1 + linked), told(w, device))
        data = w.wad.sql("select data->>'phone', data->>'name', data->>'lid' from events where topic = 'device.paired' "
                         "and data->>'device' = '1'")
        lid = w.wad.sql("select lid from devices where id = 1")[0][0]
        check(data == [[str(DEVICE), "d1", f"{lid}@lid"]], data)


def online_and_offline_take_turns(build):
    with World(build, (LEAD, 1), name="device-online") as w:
        w.wad.pair("d1", DEVICE)
        w.wad.wait_online(1)
        wait_until(lambda: row(w) == ["paired", "t"], 10, "the row says online")
        check(told(w)[-1] == "device.online", told(w))
        before = len(told(w))
        w.wad.process.stop()  # asked to end: told at once
        w.wad.start()
        w.wad.wait_online(1)
        wait_until(lambda: row(w)[1] == "t", 10, "online again")
        check(told(w)[before:] == ["device.offline", "device.online"], told(w)[before:])
        reasons = w.wad.sql("select data->>'reason', data->>'state' from events where topic = 'device.offline' order by id")
        check(reasons[-1] == ["wad ended", "connecting"], reasons)
        before = len(told(w))
        w.wad.process.kill()
        w.wad.start()
        w.wad.wait_online(1)
        wait_until(lambda: row(w)[1] == "t", 10, "online after the kill")
        check(told(w)[before:] == ["device.offline", "device.online"], told(w)[before:])
        for point in ("device.before_told", "device.after_told"):
            before = len(told(w))
            start = dies(w, point)
            start()
            w.wad.wait_online(1)
            wait_until(lambda: row(w)[1] == "t", 10, f"online after {point}")
            # what was not committed is not told; what was is taken back at the next start
            want = ["device.offline", "device.online"] * (1 if point == "device.before_told" else 2)
            check(told(w)[before:] == want, f"{point}: {told(w)[before:]}")
        w.sandbox.faults(target=str(DEVICE), dropNow=True)
        w.sandbox.admin("DELETE", "/admin/faults")
        before = len(told(w))
        wait_until(lambda: told(w)[before - 1:].count("device.online") and row(w)[1] == "t", 20, "back from a lost line")
        turns = told(w, topics="device.o%line")
        check(turns == ["device.online", "device.offline"] * (len(turns) // 2) + ["device.online"], turns)


def a_stop_is_told_with_its_row(build):
    names = [p for p in points() if p.startswith("device.") and p.endswith("_halted")]
    check(len(names) == 2, names)
    with World(build, (LEAD, 1), name="device-halted") as w:
        for i, point in enumerate(names):
            device, phone = str(i + 1), DEVICE + i
            w.wad.pair(f"d{device}", phone)
            wait_until(lambda: row(w, device)[1] == "t", 30, "online")

            def refused():
                w.sandbox.faults(target=str(phone), failLogin={"count": 1, "reason": 401})
                w.sandbox.faults(target=str(phone), dropNow=True)

            start = dies(w, point, refused)
            before = told(w, device, "device.logged_out")
            start()
            if point == "device.before_halted":  # never happened: it goes on
                wait_until(lambda: row(w, device) == ["paired", "t"], 30, "online again")
                check(told(w, device, "device.logged_out") == [], told(w, device))
            else:
                wait_until(lambda: row(w, device)[0] == "logged_out", 10, "it stays logged out")
                check(before == told(w, device, "device.logged_out") == ["device.logged_out"], told(w, device))
                check(row(w, device)[1] == "f" and told(w, device)[-1] == "device.logged_out", told(w, device))
            w.sandbox.admin("DELETE", "/admin/faults")


if __name__ == "__main__":
    sys.exit(run_tests([linked_is_told_once, online_and_offline_take_turns, a_stop_is_told_with_its_row], sys.argv[1]))
