#!/usr/bin/env python3
"""Starts the simulated network and wad, links five devices by QR, imports 500 leads, runs a text and an
image campaign to one niche, shows a reply, an answer by a rule, an opt-out, and what a webhook gets of them; a second
user runs a sequence whose days take a few seconds; figures; and counts what the phones' screens have shown."""
import base64
import hashlib
import hmac
import http.server
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import threading
import time

root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(root, "tests/harness"))
from wadtest import Failure, Process, Sandbox, Tally, Wad, png, wait_until  # noqa: E402

DEVICES, LEADS, IN_NICHE = 5, 500, 200
FIRST_DEVICE, FIRST_LEAD = 60110000001, 60120000001
ANN, ANNS_DEVICE, ANNS_LEAD, ENROLLED, DAY_S = "ann", 60110000101, FIRST_LEAD + 400, 20, 2
# a webhook is told over TLS and never on loopback, where settings do not allow it
SETTINGS = {"sequence.day_s": str(DAY_S), "webhook.allow": "127.0.0.0/8", "webhook.ports": "1-65535", "webhook.http": "true"}
SEQUENCE = [{"day": 1, "text": "Welcome to the course, {name}!"}, {"day": 2, "text": "Lesson one is here."},
            {"day": 4, "text": "How was it?"}]  # day 3 is a day of waiting
OFFER_S = 60  # how long somebody may think about looking around
TEXT = "Hello! We are open on Sunday, 10 to 16."
CAPTION = "Our new catalogue"


def say(text=""):
    print(text, flush=True)


def command(*words):
    say("  $ wactl " + " ".join(f'"{w}"' if " " in str(w) else str(w) for w in words))


def indented(text):
    return "  " + text.strip().replace("\n", "\n  ")


def show(wad, *words):
    """A command and its table, as they look on a terminal."""
    command(*words)
    say(indented(wad.wactl("-o", "table", *words).stdout))


class Receiver:
    """Takes webhooks on loopback and looks at their signatures, as a receiver should."""

    def __init__(self):
        self.secret, self.got, self.bad = "", [], 0
        take = self.take

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                good = take(self.rfile.read(int(self.headers["Content-Length"])), self.headers["Wad-Signature"] or "")
                self.send_response(204 if good else 403)
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def take(self, body, header):
        """t=SECONDS,v1=HEX: HMAC-SHA256 of "SECONDS.BODY" with the webhook's secret; none that is older than minutes."""
        parts = dict(part.partition("=")[::2] for part in header.split(","))
        at = parts.get("t", "0")
        mac = hmac.new(self.secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
        good = hmac.compare_digest(mac, parts.get("v1", "")) and abs(time.time() - int(at)) < 300
        self.bad += not good
        if good:
            self.got.append(json.loads(body))
        return good

    def topics(self):
        return [event["event"] for event in self.got]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def link(wad, sandbox, name, phone, *flags):
    """wactl prints each QR text on a line; the simulated phone scans the newest."""
    argv = [os.path.join(wad.build, "ctl/wactl"), "--socket", wad.socket, *flags, "device", "pair", name, "--qr", "text",
            "--wait", "--timeout", "60s"]
    child = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    qr = child.stdout.readline().strip()
    if not qr:
        raise Failure(f"wactl device pair {name} gave no QR text (exit {child.wait()})")
    sandbox.scan(qr, phone)
    threading.Thread(target=child.stdout.read, daemon=True).start()
    if child.wait(60):
        raise Failure(f"wactl device pair {name}: exit {child.returncode}")


def progress(wad, campaign, label):
    """Follows a campaign until it is done; one line that is redrawn on a terminal."""
    tty, start, last = sys.stdout.isatty(), time.monotonic(), None
    while True:
        got = wad.call("campaign.show", campaign=campaign)
        total, sent = max(got["total"], 1), got["counts"]["sent"]
        filled = 30 * sent // total
        line = (f"  {label:<6} [{'#' * filled}{'.' * (30 - filled)}] {sent}/{got['total']} sent, "
                f"{got['counts']['delivered']} delivered, {got['counts']['read']} read")
        if tty:
            print("\r" + line, end="", flush=True)
        elif got["state"] == "done" or last is None:
            say(line)
        last = got
        if got["state"] == "done":
            if tty:
                say()
            return got, time.monotonic() - start
        time.sleep(0.1)


def leads_csv():
    rows = ["phone,name,niche,status"]
    for i in range(LEADS):
        niche = "shops" if i < IN_NICHE else "schools"
        rows.append(f"+{FIRST_LEAD + i},Lead {i + 1},{niche},prospect")
    rows.append("0123,Somebody,shops,prospect")  # a bad line is listed, the rest is taken
    return "\n".join(rows) + "\n"


def run(build, directory):
    began = time.monotonic()
    sandbox = Sandbox(build, directory, phones=(FIRST_LEAD, LEADS))
    receiver, wad = Receiver(), None
    try:
        say(f"simulated network on wss://127.0.0.1:{sandbox.port}, {LEADS} phones")
        wad = Wad(build, directory, sandbox, SETTINGS)
        say(f"wad is up with its own PostgreSQL ({time.monotonic() - began:.1f} s)")
        return campaigns(wad, sandbox, receiver, began)
    finally:
        if wad:
            wad.stop()
        receiver.stop()
        sandbox.stop()


def second_user(wad, sandbox):
    """Another user with a device, a lead list and a sequence of his own; returns the sequence."""
    say("\na second user, whose sequence takes days of %d seconds here:" % DAY_S)
    show(wad, "user", "create", ANN, "--role", "operator", "--fields", "id,name,role,zone")
    wad.wactl("--user", ANN, "device", "create", "desk", "--delay-min-ms", 20, "--delay-max-ms", 60)
    link(wad, sandbox, "desk", ANNS_DEVICE, "--user", ANN)
    wad.wait_online(DEVICES + 1)
    rows = "".join(f"{ANNS_LEAD + i},Pupil {i + 1},course\n" for i in range(ENROLLED))
    wad.wactl("--user", ANN, "lead", "import", "-", stdin="phone,name,niche\n" + rows)
    path = os.path.join(wad.directory, "steps.json")
    with open(path, "w") as f:
        json.dump([dict(step, delay_min_ms=20, delay_max_ms=60) for step in SEQUENCE], f)
    command("--user", ANN, "sequence", "create", "Course", "--niche", "course", "--at-once", "--steps", "steps.json")
    made = wad.wactl("-o", "json", "--user", ANN, "sequence", "create", "Course", "--niche", "course", "--at-once",
                     "--steps", path).stdout
    sequence = json.loads(made)["id"]
    command("--user", ANN, "sequence", "start", sequence)
    wad.wactl("--user", ANN, "sequence", "start", sequence)
    return sequence


def by_themselves(wad, sandbox, receiver):
    """An answer by a rule, an opt-out, and a webhook that is told of both."""
    say("\nan answer by a rule, and somebody who wants no more messages; a webhook is told of both:")
    hook = ("webhook", "create", receiver.url, "--topics", "reply.sent,lead.opt_out")
    command(*hook)
    receiver.secret = json.loads(wad.wactl("-o", "json", *hook).stdout)["secret"]
    command("reply", "create", "{Hello|Dear} {name}, we are open 10 to 16.", "--match", "keyword", "--pattern", "open")
    wad.wactl("reply", "create", "{Hello|Dear} {name}, we are open 10 to 16.", "--match", "keyword", "--pattern", "open")
    for phone, text in ((FIRST_LEAD + 2, "When are you open?"), (FIRST_LEAD + 4, "STOP")):
        sandbox.admin("POST", f"/admin/phones/{phone}/send", {"to": str(FIRST_DEVICE), "text": text})
    wait_until(lambda: len(wad.call("reply.log")["replies"]) == 2 and wad.call("queue.stats")["pending"] == 0, 20,
               "both are answered")
    show(wad, "reply", "log", "--fields", "to,kind,text")
    show(wad, "optout", "list", "--fields", "phone,word")
    wait_until(lambda: {"reply.sent", "lead.opt_out"} <= set(receiver.topics()), 20, "the webhook is told of both")
    for event in sorted(receiver.got, key=lambda e: int(e["id"])):
        say(f"  the webhook got {event['event']}: {json.dumps(event['data'])}")


def figures(wad, sequence):
    say("\nfigures, each user's own:")

    def ended():
        return wad.wactl("-o", "json", "--user", ANN, "sequence", "show", sequence)

    wait_until(lambda: json.loads(ended().stdout)["by_state"].get("completed") == ENROLLED, 30, "the sequence has ended", 0.2)
    show(wad, "analytics", "campaigns", "--fields", "name,leads_sent,leads_received,leads_read,leads_replied,opt_outs,success_rate")
    show(wad, "--user", ANN, "analytics", "sequences", "--fields", "name,leads_sent,leads_received,messages_sent,success_rate")


def campaigns(wad, sandbox, receiver, began):
    say("\nfive devices, linked through their QR codes:")
    command("device", "pair", "phone1", "--wait")
    for i in range(DEVICES):
        wad.wactl("device", "create", f"phone{i + 1}", "--delay-min-ms", 20, "--delay-max-ms", 60)
        link(wad, sandbox, f"phone{i + 1}", FIRST_DEVICE + i)
    wad.wait_online(DEVICES)
    show(wad, "device", "list", "--fields", "name,state,online,phone,lid")

    say("\nleads:")
    command("lead", "import", "leads.csv")  # its table is on stdout, its notes on stderr
    path = os.path.join(wad.directory, "leads.csv")
    with open(path, "w") as f:
        f.write(leads_csv())
    done = wad.wactl("-o", "table", "lead", "import", path, check=False)
    say(indented(done.stdout + done.stderr))
    if done.returncode != 7:
        raise Failure(f"lead import: exit {done.returncode}, not 7 (partly done)")

    image = os.path.join(wad.directory, "catalogue.png")
    with open(image, "wb") as f:
        f.write(png(320, 200))
    sandbox.admin("POST", f"/admin/phones/{FIRST_LEAD}/config",
                  {"autoReply": "Thank you, see you on Sunday!", "replyDelayMs": 300})
    for i in range(0, IN_NICHE, 2):
        sandbox.admin("POST", f"/admin/phones/{FIRST_LEAD + i}/config", {"autoRead": True, "readDelayMs": 200})

    sequence = second_user(wad, sandbox)
    say("\ncampaigns:")
    command("campaign", "create", "Sunday", "--niche", "shops", "--text", TEXT)
    text = wad.campaign(title="Sunday", niche="shops", text=TEXT, delay_min_ms=20, delay_max_ms=60)
    first, first_s = progress(wad, text, "text")
    command("campaign", "create", "Catalogue", "--niche", "shops", "--image", "catalogue.png", "--caption", CAPTION)
    picture = wad.campaign(title="Catalogue", niche="shops", image=base64.b64encode(open(image, "rb").read()).decode(),
                           caption=CAPTION, delay_min_ms=20, delay_max_ms=60)
    second, second_s = progress(wad, picture, "image")

    expected = {(str(FIRST_LEAD + i), t) for i in range(IN_NICHE) for t in (TEXT, CAPTION)}
    tally = Tally(expected)
    wait_until(lambda: not tally.check(sandbox.messages())["missing"], 30, "all messages are on the phones", 0.3)
    wait_until(lambda: wad.call("campaign.show", campaign=picture)["counts"]["read"] >= IN_NICHE // 2, 15,
               "the read receipts are in")

    say("\na reply came in:")
    wait_until(lambda: any(not m["from_me"] for m in wad.call("message.list", chat=str(FIRST_LEAD))["messages"]), 20,
               "the reply is stored")
    show(wad, "message", "list", "--chat", FIRST_LEAD, "--fields", "at,name,from_me,kind,text,status")
    by_themselves(wad, sandbox, receiver)
    figures(wad, sequence)
    return report(wad, sandbox, receiver, tally, [(text, "text", first_s), (picture, "image", second_s)], began)


def others(sandbox):
    """What the phones got beside the campaigns: the sequence's messages."""
    wanted = {(str(ANNS_LEAD + i), step["text"].replace("{name}", f"Pupil {i + 1}"))
              for i in range(ENROLLED) for step in SEQUENCE}
    return Tally(wanted).check(sandbox.messages())


def report(wad, sandbox, receiver, tally, campaigns_run, began):
    result, sequence = tally.check(sandbox.messages()), others(sandbox)
    bad_media = [m for m in sandbox.messages() if m.get("kind") == "message" and m.get("media")
                 and m["media"] != "ok" and (not isinstance(m["media"], dict) or not m["media"].get("ok", False))]
    violations = sandbox.violations()
    say(f"\n  {'campaign':<10}{'messages':>9}{'sent':>7}{'delivered':>11}{'read':>7}{'failed':>8}{'per second':>12}")
    for campaign, label, seconds in campaigns_run:
        got = wad.call("campaign.show", campaign=campaign)
        c = got["counts"]
        say(f"  {label:<10}{got['total']:>9}{c['sent']:>7}{c['delivered']:>11}{c['read']:>7}{c['failed']:>8}"
            f"{got['total'] / seconds:>12.0f}")
    say(f"\n  shown on the phones: {result['shown']}; shown twice: {len(result['twice'])}; "
        f"repeats dropped by the phones: {result['repeats']}")
    say(f"  of the sequence: {sequence['shown']} of {sequence['expected']}; shown twice: {len(sequence['twice'])}")
    say(f"  of the webhook: {len(receiver.got)} events, {receiver.bad} with a bad signature")
    say(f"  memory of wad with {DEVICES + 1} devices: {wad.memory()['Rss'] / 1e6:.1f} MB; "
        f"took {time.monotonic() - began:.1f} s in all")
    for problem in [f"missing: {m}" for m in result["missing"][:5]] + [f"twice: {t}" for t in result["twice"][:5]] + \
            [f"sequence: {m}" for m in (sequence["missing"] + sequence["twice"])[:5]] + \
            [f"media: {m}" for m in bad_media[:5]] + [f"violation: {v}" for v in violations[:5]]:
        say("  PROBLEM " + problem)
    good = not (result["missing"] or result["twice"] or bad_media or violations or sequence["missing"]
                or sequence["twice"] or receiver.bad)
    last = (f"demo: {result['shown']} of {result['expected']} messages on the recipients' phones, each "
            + ("exactly once" if good else "NOT exactly once"))
    say("\n" + last)
    if good and look_around(wad):
        say(last)
    return 0 if good else 1


def look_around(wad):
    """On a terminal: the console on what is still running. True: it was opened."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    print(f"\nEnter opens the console, watui, on this demo (its phones go on answering); anything else ends it. [{OFFER_S} s] ",
          end="", flush=True)
    if not select.select([sys.stdin], [], [], OFFER_S)[0] or sys.stdin.readline().strip():
        print()
        return False
    subprocess.run([os.path.join(wad.build, "tui/watui"), "--socket", wad.socket], check=False)
    return True


def main():
    build = os.path.abspath(sys.argv[1])
    directory = tempfile.mkdtemp(prefix="wad-demo-")
    os.chmod(directory, 0o755)
    say(f"the demo's files are in {directory} until it has ended well")
    try:
        rc = run(build, directory)
        if rc == 0:
            shutil.rmtree(directory, ignore_errors=True)
        return rc
    except Failure as problem:
        say(f"\ndemo failed: {problem}")
        for name in ("wad.log", "sandbox.log"):
            path = os.path.join(directory, name)
            if os.path.exists(path):
                say(f"-- end of {name}")
                with open(path, errors="replace") as f:
                    say("".join(f.readlines()[-15:]))
        return 1


if __name__ == "__main__":
    sys.exit(main())
