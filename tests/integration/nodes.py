#!/usr/bin/env python3
"""Two wads on one database: the devices of one that is dead go on at the other, each message once; webhooks are told by
one of them. usage: nodes.py BUILD"""
import os
import shutil
import signal
import sys
import tempfile
import time

from crashing import DEVICE, LEAD
from settings import Server
from wadtest import Failure, Sandbox, Tally, Wad, run_tests, wait_until
from webhooks import OPEN, Receiver, plain


def check(condition, what):
    if not condition:
        raise Failure(what)


class Node(Wad):
    """A wad of the pair: the key of the first, a database of its own nowhere."""

    def __init__(self, pair, name):
        directory = os.path.join(pair.directory, name)
        os.mkdir(directory)
        os.chmod(directory, 0o755)
        if pair.nodes:
            os.mkdir(os.path.join(directory, "wad"), 0o700)
            shutil.copy(os.path.join(pair.nodes[0].state, "key"), os.path.join(directory, "wad/key"))
            os.chmod(os.path.join(directory, "wad/key"), 0o400)
        super().__init__(pair.build, directory, pair.sandbox, pair.settings, env={"DB_URI": pair.server.uri})

    def stop(self):
        return self.process.stop()

    def name(self):
        with open(os.path.join(self.state, "node")) as f:
            return f.read()


class Pair:
    """Sandbox, a PostgreSQL, two wads."""

    def __init__(self, build, name, phones=100, settings=None):
        self.build, self.settings, self.nodes = build, settings, []
        self.directory = tempfile.mkdtemp(prefix=f"wad-{name}-")
        os.chmod(self.directory, 0o755)
        self.sandbox = Sandbox(build, self.directory, (LEAD, phones))
        self.server = Server(self.directory)
        self.nodes.append(Node(self, "a"))
        self.nodes.append(Node(self, "b"))

    def sql(self, text):
        import subprocess
        done = subprocess.run(["psql", self.server.uri, "-qAtXc", text], capture_output=True, text=True, timeout=60)
        check(done.returncode == 0, done.stderr)
        return [line.split("|") for line in done.stdout.splitlines()]

    def dead(self, node):
        """kill -9, and its lease ends now, not in two minutes"""
        node.process.kill()
        self.sql(f"update nodes set lease_until = now() where name = '{node.name()}'")

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        try:
            for node in self.nodes:
                if kind is not None:
                    print(f"-- end of {node.process.log_path}\n{node.process.tail(30)}")
                code = node.process.stop() if node.process.alive() else 0
                check(kind is not None or code == 0, f"{node.directory} ended with {code}")
        finally:
            for node in self.nodes:
                node.process.kill()
            self.sandbox.stop()
            self.server.stop()
        if kind is None:
            shutil.rmtree(self.directory, ignore_errors=True)
        return False


def the_devices_of_a_dead_node_send_on(build):
    leads, text = 80, "from whom?"
    with Pair(build, "nodes") as p:
        a, b = p.nodes
        for i in range(2):
            a.pair(f"d{i}", DEVICE + i)
        a.wait_online(2)
        b.pair("d2", DEVICE + 2)
        b.wait_online(1)
        check(a.online() == 2 and b.online() == 1, "each has its own")
        a.call("lead.import", csv="phone\n" + "".join(f"{LEAD + i}\n" for i in range(leads)))
        campaign = a.campaign(title="c", text=text, delay_min_ms=60, delay_max_ms=90, devices=["d0", "d1"])
        wait_until(lambda: len(p.sandbox.shown(text)) >= 15, 30, "the campaign is under way", 0.02)
        p.dead(a)
        died = len(p.sandbox.shown(text))
        check(died < leads, "it died in the middle")
        wait_until(lambda: b.online() == 3, 60, "the other takes the devices over")
        wait_until(lambda: not Tally((str(LEAD + i), text) for i in range(leads)).check(p.sandbox.messages())["missing"], 60,
                   f"all have it: {b.call('campaign.show', campaign=campaign)['counts']}", 0.2)
        got = Tally((str(LEAD + i), text) for i in range(leads)).check(p.sandbox.messages())
        check(not got["twice"], f"twice: {got['twice']}")
        senders = {m["fromPn"] for m in p.sandbox.shown(text)}
        check(senders == {str(DEVICE), str(DEVICE + 1)}, f"their own devices sent: {senders}")
        done = b.wait_campaign(campaign)
        check(done["counts"]["sent"] == leads, f"{done}")
        told = p.sql("select topic from events where topic like 'device.o%line' and data->>'device' = '1' order by id")
        check([t[0] for t in told] == ["device.online", "device.offline", "device.online"], f"{told}")
        # the dead one comes back: the devices stay where they are
        a.start()
        check(a.online() == 0 and len(a.call("daemon.status")) > 0 and b.online() == 3, "it has lost them")
        a.pair("d3", DEVICE + 3)
        a.wait_online(1)
        a.call("message.send", device="d3", to=str(LEAD), text="by a")
        b.call("message.send", device="d0", to=str(LEAD), text="by b")
        wait_until(lambda: len(p.sandbox.shown("by a")) == len(p.sandbox.shown("by b")) == 1, 20, "both work")
        check(p.sandbox.violations() == [], f"{p.sandbox.violations()}")
        print(f"proof: nodes: one of two wads killed after {died} of {leads} messages; the other sent the rest, each once")


def a_node_that_slept_leaves_alone_what_was_taken(build):
    with Pair(build, "sleeper") as p:
        a, b = p.nodes
        a.pair("d0", DEVICE)
        a.wait_online(1)
        os.kill(a.process.pid, signal.SIGSTOP)
        try:
            p.sql(f"update nodes set lease_until = now() where name = '{a.name()}'")
            wait_until(lambda: b.online() == 1, 60, "the other takes the device over")
        finally:
            os.kill(a.process.pid, signal.SIGCONT)
        wait_until(lambda: "device.taken" in a.process.tail(100), 60, "the first notices that it is gone")
        # the network told it meanwhile that it was replaced: true of its connection, not of the device
        check("logged in elsewhere" in a.process.tail(100), a.process.tail(30))
        check(p.sql("select state, online, node from devices") == [["paired", "t", b.name()]], f"{p.sql('table devices')}")
        told = [t[0] for t in p.sql("select topic from events where topic like 'device.%' order by id")]
        check("device.fault" not in told and told[-1] == "device.online", f"{told}")
        b.call("message.send", device="d0", to=str(LEAD), text="by b")
        wait_until(lambda: len(p.sandbox.shown("by b")) == 1, 20, "the other sends with it")
        check(a.online() == 0 and b.online() == 1, "it stays where it is")


def each_event_is_told_by_one_of_them(build):
    events = 120

    def slow(handler, number):
        time.sleep(0.15)
        plain(handler, number)

    with Pair(build, "tellers", settings=OPEN) as p, Receiver(slow) as r, Receiver(slow) as ordered:
        a, b = p.nodes

        def waiting():
            return int(p.sql("select count(*) from webhook_deliveries where state in (0, 1)")[0][0])

        a.call("webhook.create", url=r.url(), topics=["lead.*"])
        a.call("webhook.create", url=ordered.url(), topics=["lead.*"], ordered=True)
        b.process.stop()
        for i in range(events):
            if i == events // 2:
                check(waiting() > 4, "the first has some under way")
                b.start()  # it looks for what was under way: not at the other's
            (a, b)[i % 2 if i > events // 2 else 0].call("optout.add", phone=str(LEAD + i))

        wait_until(lambda: waiting() == 0, 60, "none waits", 0.2)
        by = dict(p.sql("select node, count(*) from webhook_deliveries group by node"))
        check(len(by) == 2, f"both have told some: {by}")
        for receiver in (r, ordered):
            check(len(receiver.ids()) == len(set(receiver.ids())) == events, f"{len(receiver.ids())} of {events}")
        check(ordered.ids() == sorted(ordered.ids(), key=int), "in their order")
        # one dies with some under way: the other tells them once the lease is over; it starts anew, too, so at most four of
        # each are told again
        for i in range(20):
            a.call("optout.add", phone=str(LEAD + 1000 + i))
        p.dead(a)
        p.sql("update webhook_deliveries set leased_until = now() where state = 1 and node = '" + a.name() + "'")
        b.process.stop()
        b.start()
        wait_until(lambda: waiting() == 0, 60, "none waits", 0.2)
        for receiver in (r, ordered):
            check(len(set(receiver.ids())) == events + 20, f"{len(set(receiver.ids()))} events")
            check(len(receiver.ids()) <= events + 28, f"{len(receiver.ids())} requests")
        a.start()
        print(f"proof: nodes: {events} events at two webhooks by two wads, {by}: no repeats")


if __name__ == "__main__":
    sys.exit(run_tests([the_devices_of_a_dead_node_send_on, a_node_that_slept_leaves_alone_what_was_taken,
                        each_event_is_told_by_one_of_them],
                       os.path.abspath(sys.argv[1])))
