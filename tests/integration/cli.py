#!/usr/bin/env python3
"""wactl as people and scripts use it, against the running daemon: forms of output and their keys, exit
codes, dry runs, batches, terminals (codes that a phone can read, colour, the pager), and
callers of other users."""
import base64
import json
import os
import pwd
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
from wadtest import Failure, Rpc, RpcError, World, png, run_tests, wait_until  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LEAD = 60120000001


def check(condition, what):
    if not condition:
        raise Failure(what)


def shell(w, line, env=None, timeout=60, user=None):
    """A line for sh, with wactl on the path and its socket set."""
    merged = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "CLICOLOR_FORCE", "PAGER", "WACTL_PAGER")}
    merged.update({"WAD_SOCKET": w.wad.socket, "LC_ALL": "C.UTF-8", "TERM": "xterm",
                   "PATH": os.path.join(w.build, "ctl") + ":" + os.environ["PATH"]})
    merged.update(env or {})
    return subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=timeout, env=merged,
                          stdin=subprocess.DEVNULL, user=user, group=user and pwd.getpwuid(user).pw_gid,
                          extra_groups=[] if user else None, cwd="/" if user else None)


def linked(w, count=1):
    for i in range(count):
        w.wad.pair(f"d{i}", LEAD + 100 + i, delay_min_ms=0, delay_max_ms=0)
    w.wad.wait_online(count)


DEVICE = "id name state online"
DEVICE_MORE = ("phone lid push_name reason queued delay_min_ms delay_max_ms created_at linked_at fault per_minute_max "
               "per_hour_max per_day_max warm_up quiet_hours keep_days store_chats reach_locked_until proxy")
CAMPAIGN = "id title state total left counts has_image device_choice grace_s expire_s created_at updated_at"
CAMPAIGN_MORE = "niche status text media follow_up devices delay_min_ms delay_max_ms start_at zone finished_at reason"
MESSAGE = "id state device to attempt created_at"
CHAT = "chat device name is_group unread last_at from_me"
CHAT_MORE = "phone last_kind last_text status end"
LEAD_KEYS = "id phone niche status opted_out created_at updated_at"
LEAD_MORE = "name on_whatsapp note vars zone opt_in_source opt_in_at device"
USER = "id name role active zone has_password devices created_at"
USER_MORE = "queue_paused email full_name os_uid max_devices max_messages_day default_country last_login_at"
SEQUENCE = "id name state days contacts by_state on_reply at_once grace_s expire_s created_at updated_at"
SEQUENCE_MORE = "reason niche status zone lead_day_max description started_at success_rate"
REACH = "name state leads_sent leads_received leads_not_received leads_read leads_not_read leads_replied messages_sent " \
    "messages_failed messages_pending opt_outs failures"
WEBHOOK = "id url enabled ordered waiting failed created_at"
WEBHOOK_MORE = "topics reason failing_since old_secret_until"
RULE = "id enabled match text hours days cooldown_s daily_max today created_at"
# command: keys that are always there; keys that may be. Names are added here, never changed or taken away.
KEYS = {
    "device create g1": (DEVICE, DEVICE_MORE),
    "device list": (DEVICE, DEVICE_MORE),
    "device show d0": (DEVICE + " phone lid queued created_at linked_at", DEVICE_MORE),
    "device update g1 --per-day-max 9 --quiet-hours 22:00-07:00": (DEVICE, DEVICE_MORE),
    "device reconnect d0": (DEVICE, DEVICE_MORE),
    "device pause g1 --reason lunch": (DEVICE, DEVICE_MORE),
    "device resume g1": (DEVICE, DEVICE_MORE),
    "device pair g1": ("device name state", "qr qr_no qr_count expires_ms reason pairing"),
    "device qr g1": ("device name state", "qr qr_no qr_count expires_ms reason pairing"),
    "device cancel g1": ("device name state", "qr qr_no qr_count expires_ms reason pairing"),
    "message send --device d0 --to 60120000005 --text k": ("id state device to", ""),
    "message send --device d0 --to 60120000005 --text k --wait delivered":
        (MESSAGE + " text msg_id sent_at delivered_at", "read_at error campaign"),
    "message show 1": (MESSAGE + " text", "msg_id sent_at delivered_at read_at error campaign"),
    "message list": ("at device chat sender from_me kind id place", "name text media status quoted target"),
    "message search k": ("at device chat sender from_me kind id place", "name text media status quoted target"),
    "message media 3EB0PICTURE --device d0": ("mime size bytes", "name next"),
    "chat list": (CHAT, CHAT_MORE),
    "chat show 60120000005": (CHAT, CHAT_MORE),
    "chat read 60120000005 --device d0": ("chat messages told", ""),
    "chat sync 60120000005 --device d0": ("chat request before count", ""),
    "lead import @leads.csv": ("accepted updated rejected rejected_count", "dry_run notes"),
    "lead import @leads.csv --dry-run": ("accepted updated rejected rejected_count dry_run", "notes"),
    "lead list": (LEAD_KEYS, LEAD_MORE),
    "lead create 60120000160 --name Cy --vars city=Ipoh": (LEAD_KEYS + " name vars", LEAD_MORE),
    "lead show 1": (LEAD_KEYS, LEAD_MORE),
    "lead update 1 --note hello": (LEAD_KEYS + " note", LEAD_MORE),
    "lead labels": ("label leads", ""),
    "lead check 60120000160": ("numbers waiting known", ""),
    "lead export": ("csv", "next"),
    "lead delete 3 --dry-run": ("lead dry_run", ""),
    "lead delete 3 --yes": ("lead", ""),
    "campaign create T --everyone --text x --dry-run":
        ("title state total left counts has_image start_at devices text dry_run opted_out invalid samples",
         "niche status delay_min_ms delay_max_ms zone follow_up media ends_at late"),
    "campaign create T --everyone --text x": (CAMPAIGN + " text start_at", CAMPAIGN_MORE),
    "campaign list": (CAMPAIGN, CAMPAIGN_MORE),
    "campaign show 1": (CAMPAIGN, CAMPAIGN_MORE),
    "campaign update 2 --title U": (CAMPAIGN, CAMPAIGN_MORE),
    "campaign preview 2": ("total opted_out invalid samples", "ends_at late"),
    "campaign report 1": ("id name online total pending success delivered read failed cancelled skipped expired", "last_sent_at"),
    "campaign recipients 1": ("id phone state device part attempt", "name sent_at delivered_at read_at class error reason"),
    "campaign retry 1": ("campaign retried", ""),
    "campaign test 1 --device d0 --to 60120000005": ("id device", ""),
    "campaign pause 2": (CAMPAIGN, CAMPAIGN_MORE),
    "campaign resume 2": (CAMPAIGN, CAMPAIGN_MORE),
    "campaign cancel 2 --yes": (CAMPAIGN, CAMPAIGN_MORE),
    "sequence create W --steps steps.json": (SEQUENCE + " messages steps", SEQUENCE_MORE),
    "sequence list": (SEQUENCE, SEQUENCE_MORE),
    "sequence update 1 --description d": (SEQUENCE + " messages steps description", SEQUENCE_MORE),
    "sequence start 1": (SEQUENCE + " messages steps", SEQUENCE_MORE),
    "sequence enrol 1 60120000150 60120000151 12": ("added already opted_out invalid refused", ""),
    "sequence contacts 1": ("id phone state day enrolled_at", "name next_at device message message_state last_at ended_at"),
    "sequence pause 1 60120000150": (SEQUENCE + " messages steps", SEQUENCE_MORE),
    "sequence resume 1 60120000150": (SEQUENCE + " messages steps", SEQUENCE_MORE),
    "sequence remove 1 60120000150": (SEQUENCE + " messages steps", SEQUENCE_MORE),
    "sequence pause 1": (SEQUENCE + " messages steps", SEQUENCE_MORE),
    "sequence resume 1": (SEQUENCE + " messages steps", SEQUENCE_MORE),
    "sequence show 1": (SEQUENCE + " messages steps", SEQUENCE_MORE),
    "sequence log 1": ("id at phone day part state device", "msg_id error"),
    "sequence summary": ("sequences contacts recent", ""),
    "sequence delete 1 --yes": ("sequence", ""),
    "campaign create D --everyone --text x --draft": (CAMPAIGN + " text", CAMPAIGN_MORE),
    "campaign start 3 --at 2099-01-01T00:00 --zone Asia/Jakarta": (CAMPAIGN + " start_at zone", CAMPAIGN_MORE),
    "campaign delete 3 --dry-run": ("campaign cancelled dry_run", ""),
    "campaign delete 3 --yes": ("campaign cancelled", ""),
    "analytics summary": ("start end zone metrics failures daily counted_until", ""),
    "analytics devices": ("device online messages_sent messages_received unique_contacts messages_delivered messages_read "
                          "messages_replied messages_failed opt_outs failures", "name"),
    "analytics campaigns": ("campaign " + REACH, "success_rate"),
    "analytics sequences": ("sequence " + REACH, "success_rate"),
    "analytics export --days today": ("csv", ""),
    "queue stats": ("pending claimed sending sent delivered read failed cancelled paused",
                    "sent_last_minute sent_last_hour skipped expired oldest_pending_s queue_paused reason"),
    "queue workers": ("device name state queued waiting in_flight sent failed sent_today health",
                      "last_activity next_send_at why campaign sequence"),
    "queue pause --reason lunch": ("queue_paused", ""),
    "queue resume": ("queue_paused", ""),
    "queue retry --class failed": ("retried", ""),
    "reply create hello": (RULE, "pattern device"),
    "reply list": (RULE, "pattern device"),
    "reply show 1": (RULE, "pattern device"),
    "reply update 1 --text bye": (RULE, "pattern device"),
    "reply log": ("id at device to kind text", "rule"),
    "reply delete 1 --yes": ("rule", ""),
    "webhook create https://localhost:8443/a --topics message.sent": (WEBHOOK + " topics secret", ""),
    "webhook list": (WEBHOOK, WEBHOOK_MORE),
    "webhook show 1": (WEBHOOK, WEBHOOK_MORE),
    "webhook update 1 --ordered": (WEBHOOK, WEBHOOK_MORE),
    "webhook rotate 1": ("webhook secret old_secret_until", ""),
    "webhook test 1": ("webhook delivery good took_ms", "status error answer"),
    "webhook deliveries": ("id webhook event topic state attempt created_at",
                           "status took_ms error answer tried_at next_at done_at"),
    "webhook replay 1": ("webhook replayed", ""),
    "webhook delete 1 --yes": ("webhook", ""),
    "optout add 60120000150": ("phone added stopped", ""),
    "optout list": ("phone at", "name word device"),
    "optout remove 60120000150 --yes": ("phone", "removed restored"),
    "optout teach 'stop promo'": ("word kind", "answer"),
    "optout words": ("word kind", "answer"),
    "optout unteach 'stop promo'": ("word", ""),
    "user create ann --password-file pw": (USER, USER_MORE),
    "user list": (USER, USER_MORE),
    "user show ann": (USER, USER_MORE),
    "user update ann --role viewer --max-devices 3": (USER + " max_devices", USER_MORE),
    "user passwd ann --password-file pw": ("user", ""),
    "user pause ann --reason leave": (USER + " queue_paused", USER_MORE),
    "user resume ann": (USER + " queue_paused", USER_MORE),
    "user delete ann --dry-run": ("user devices campaigns leads queued dry_run", ""),
    "user delete ann --yes": ("user devices campaigns leads queued", ""),
    "token create script": ("id token", ""),
    "token list": ("id title scope created_at", "expires_at used_at revoked_at"),
    "token revoke 1 --yes": ("id", ""),
    "session list": ("id address created_at used_at", ""),
    "session revoke 1 --yes": ("id", ""),
    "audit list": ("id at actor method", "user object params"),
    "daemon doctor": ("check state what", "why advice"),
    "daemon show loops": ("part name value", "unit"),
    "daemon status": ("version pid started_at uptime_ms network database shards devices memory_bytes state_dir", ""),
    "system ping": ("at", ""),
    "device logout d1 --yes": (DEVICE, DEVICE_MORE),
    "device delete g1 --dry-run": ("device cancelled dry_run", ""),
    "device delete g1 --yes": ("device cancelled", ""),
    "daemon reload": ("changed restart", ""),
    "daemon log_level info": ("level before", ""),
    "config list": ("name origin live doc", "value pending"),
    "daemon stop --yes": ("pid", ""),
}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
IDS = ("id", "device", "campaign", "phone", "to", "next")


def check_values(command, item):
    for key, value in item.items():
        if key in IDS:
            check(isinstance(value, str), f"{command}: {key} is not a string: {value!r}")
        if key.endswith("_at") or key == "at":
            check(isinstance(value, str) and TIME.match(value), f"{command}: {key} is no time: {value!r}")


def the_keys_of_every_command_stay(build):
    with World(build, (LEAD, 200), name="keys") as w:
        linked(w, 2)
        with open(os.path.join(w.directory, "leads.csv"), "w") as f:
            f.write(f"phone,name,niche,status\n{LEAD},Ann,shops,customer\n{LEAD + 1},Bob,,\n12,x,,\n")
        with open(os.path.join(w.directory, "pw"), "w") as f:
            f.write("correct horse battery\n")
        with open(os.path.join(w.directory, "steps.json"), "w") as f:
            json.dump([{"day": 1, "text": "one"}, {"day": 3, "send_time": "18:30", "image": "@day3.png", "caption": "three"}], f)
        with open(os.path.join(w.directory, "day3.png"), "wb") as f:
            f.write(png(8, 8))
        w.sandbox.admin("POST", f"/admin/phones/{LEAD + 7}/send", {
            "to": w.wad.call("device.show", device="d0")["phone"], "id": "3EB0PICTURE", "mimetype": "image/png",
            "imageBase64": base64.b64encode(png(8, 8)).decode()})
        names = {m["name"] for m in w.wad.call("rpc.discover")["methods"]}
        done = {c.split()[0] + "." + c.split()[1] for c in KEYS}
        rpc_only = {"event.subscribe", "event.unsubscribe", "system.hello", "system.names", "system.act_as", "rpc.discover"}
        check(names - rpc_only == done, f"commands without a row, or rows without a command: {(names - rpc_only) ^ done}")
        for command, (always, maybe) in KEYS.items():
            if command == "campaign create T --everyone --text x":  # so that the second can be paused
                shell(w, "wactl campaign create S --everyone --text s")
                command = command + " --start-at 2099-01-01T00:00:00+08:00"
            got = shell(w, f"cd {w.directory} && wactl -o json {command}")
            if command.startswith("session"):  # only HTTP makes some
                check(got.returncode == (5 if "revoke" in command else 0), f"{command}: {got.returncode}")
                continue
            check(got.returncode in (0, 7), f"{command}: exit {got.returncode} {got.stderr}")
            value = json.loads(got.stdout)
            items = value if isinstance(value, list) else [value]
            # nothing is answered here, no sequence sends
            check(items or command in ("reply log", "sequence log 1", "analytics sequences"), f"{command}: an empty list shows no keys")
            for item in items:
                missing, more = set(always.split()) - set(item), set(item) - set(always.split()) - set(maybe.split())
                check(not missing and not more, f"{command}: missing {missing}, new {more} (add new ones to the table)")
                check_values(command, item)
        w.wad.process.child.wait(30)
        w.wad.start()


def every_form_of_output_is_stable(build):
    with World(build, (LEAD, 200), name="forms") as w:
        w.wad.call("device.create", name='a,"b"')
        w.wad.call("device.create", name="ünï 🎉")
        check(shell(w, "COLUMNS=20 wactl device list -o json").stdout == shell(w, "COLUMNS=200 wactl -o json device list").stdout,
              "JSON depends on the terminal")
        for form in ("table", "json", "jsonl", "csv", "tsv", "yaml", "name"):
            got = shell(w, f"wactl device list -o {form} | cat")
            check(got.stdout and "\033" not in got.stdout and not got.stderr, f"{form}: {got.stdout!r} {got.stderr!r}")
            check(shell(w, f"wactl device list -o {form} 2>/dev/null").stdout == shell(w, f"wactl -v device list -o {form}").stdout,
                  f"{form}: -v changes stdout")
        check(shell(w, "wactl device list -o name").stdout == "1\n2\n", "name")
        check(shell(w, "wactl device list --fields name,id --no-header").stdout == 'a,"b"\t1\nünï 🎉\t2\n', "fields")
        check(shell(w, "wactl device list -o csv --fields id,name").stdout == 'id,name\n1,"a,""b"""\n2,ünï 🎉\n', "csv")
        check(shell(w, "wactl device list -o yaml --fields id").stdout == '- id: "1"\n- id: "2"\n', "yaml")
        listed = shell(w, "wactl device list --fields")
        check(listed.returncode == 0 and "delay_max_ms" in listed.stdout.split(), "--fields alone")
        wrong = shell(w, "wactl device list --fields id,nmae")
        check(wrong.returncode == 2 and "'name'" in wrong.stderr and not wrong.stdout, f"{wrong}")
        check(shell(w, "wactl lead list").stdout.splitlines()[1:] == [], "an empty list has rows")
        check(shell(w, "wactl lead list -o json").stdout == "[]\n", "an empty JSON list")
        bad = shell(w, "wactl -o json device show nope")
        error = json.loads(bad.stderr)
        check(bad.returncode == 5 and error["name"] == "not_found" and error["code"] == -32004 and "nope" in error["message"], f"{bad}")


def each_failure_has_its_exit_code(build):
    with World(build, (LEAD, 20), name="codes") as w:
        linked(w)
        nobody = pwd.getpwnam("nobody").pw_uid
        rows = [
            ("wactl device list", 0, ""), ("wactl device pair d0 -o json", 6, "linked already"),
            ("wactl devise list", 2, "did you mean 'device'"), ("wactl device lst", 2, "'list'"),
            ("wactl device list --limt 3", 2, "--limit"), ("wactl device delete d0", 2, "--yes"),
            ("wactl daemon stop", 2, "--yes"), ("wactl message send --device d0 --to 12 --text x", 2, "to:"),
            ("wactl device create", 2, "needs a name"), ("wactl device create 5", 1, "taken for an id"),
            ("wactl device create ' x'", 1, "blank"), ("wactl device create \"$(printf 'a\\033[31m')\"", 1, "control"),
            ("wactl device create d0", 6, "taken"), ("wactl device show nope", 5, "nope"), ("wactl campaign show 77", 5, ""),
            ("wactl --socket /nonexistent/wad.sock device list", 3, "/nonexistent/wad.sock"),
            (f"printf 'phone\\n{LEAD}\\n1\\n' | wactl lead import -", 7, "line 3"),
            (f"wactl message send --device d0 --to {LEAD} --text x --wait read --timeout 700ms", 8, "not yet read"),
            ("wactl device create z && timeout --foreground -s INT 1 wactl device pair z", 130, ""),
            ("wactl campaign create T --everyone --text x --devices d0 --devices nope", 5, "nope"),
            ("wactl lead import /nonexistent.csv", 2, "/nonexistent.csv"),
        ]
        for line, code, word in rows:
            got = shell(w, line)
            real = 124 if code == 130 else code  # timeout tells its own
            check(got.returncode in (code, real) and word in got.stderr, f"{line}: exit {got.returncode}, {got.stderr}")
        if os.geteuid() == 0:
            got = shell(w, "wactl device list", user=nobody)
            check(got.returncode == 4 and w.wad.socket in got.stderr, f"forbidden socket: {got.returncode} {got.stderr}")
            check("group" in got.stderr, got.stderr)
            os.chmod(w.wad.socket, 0o666)
            for method, code in (("device list", 4), ("system ping", 0), ("daemon stop --yes", 4), ("lead list", 4)):
                got = shell(w, f"wactl {method}", user=nobody)
                check(got.returncode == code, f"{method} as another user: {got.returncode} {got.stderr}")


def a_dry_run_changes_nothing(build):
    with World(build, (LEAD, 200), name="dry") as w:
        linked(w, 2)
        w.wad.call("lead.import", csv=f"phone,name,niche,status\n{LEAD},Ann,shops,customer\n{LEAD + 1},Bob,farms,prospect\n")
        with open(os.path.join(w.directory, "p.png"), "wb") as f:
            f.write(png(32, 32))

        def state():
            return [w.wad.call(m) for m in ("lead.list", "campaign.list", "queue.stats")]

        before = state()
        csv = f"phone,niche\n{LEAD},x\n{LEAD + 5},y\n1,z\n"
        got = w.wad.call("lead.import", csv=csv, dry_run=True)
        check((got["accepted"], got["updated"], got["dry_run"], got["rejected"][0]["line"]) == (1, 1, True, 4), f"{got}")
        got = w.wad.call("campaign.create", title="t", text="x", niche="shops", dry_run=True)
        check(got["total"] == 1 and got["devices"] == ["1", "2"] and got["dry_run"] and "id" not in got, f"{got}")
        got = json.loads(shell(w, f"wactl campaign create t --image {w.directory}/p.png --caption c --everyone --devices d1 --dry-run -o json").stdout)
        check(got["total"] == 2 and got["devices"] == ["2"] and got["has_image"], f"{got}")
        for wrong in ({"text": "x", "devices": ["nope"]}, {"text": "x", "devices": []}, {"image": "bm9uZQ=="}, {}):
            try:
                w.wad.call("campaign.create", title="t", everyone=True, dry_run=True, **wrong)
                raise Failure(f"taken: {wrong}")
            except RpcError:
                pass
        check(state() == before, "a dry run changed something")
        # a second import keeps what it does not name
        w.wad.call("lead.import", csv=f"phone\n{LEAD}\n")
        kept = w.wad.call("lead.list")["leads"][0]
        check((kept["name"], kept["niche"], kept["status"]) == ("Ann", "SHOPS", "customer"), f"{kept}")
        w.wad.call("lead.import", csv=f"phone,niche,status\n{LEAD},farms,prospect\n")
        kept = w.wad.call("lead.list")["leads"][0]
        check((kept["name"], kept["niche"], kept["status"]) == ("Ann", "FARMS", "prospect"), f"{kept}")


def a_batch_goes_on_after_a_bad_line(build):
    with World(build, (LEAD, 200), name="batch") as w:
        linked(w)
        path = os.path.join(w.directory, "batch")
        with open(path, "w") as f:
            f.write("# it's a comment\n\ndevice show d0 --fields name\nnonsense\nwactl device show nope\ndevice delete d0\nevent watch\n")
            for i in range(1000):
                f.write(f"message send --device d0 --to {LEAD + i % 100} --text 'number {i}' --key k{i}\n")
        for line in (f"wactl batch {path}", f"wactl batch - < {path}"):
            got = shell(w, line, timeout=120)
            out = [json.loads(x) for x in got.stdout.splitlines()]
            check(got.returncode == 7 and out[0] == {"name": "d0"} and len(out) == 1001, f"{line}: {got.returncode}, {len(out)}")
            errors = [json.loads(x)["message"] for x in got.stderr.splitlines() if x.startswith("{")]
            check([int(re.match(r"line (\d+): ", e)[1]) for e in errors] == [4, 5, 6, 7], f"{errors}")
            check("1001 done, 4 failed" in got.stderr, got.stderr[-200:])
        stats = w.wad.call("queue.stats")
        check(sum(stats[s] for s in ("pending", "claimed", "sending", "sent", "delivered", "read", "failed")) == 1000,
              f"a key that came again made a message: {stats}")
        try:
            w.wad.call("message.send", device="d0", to=str(LEAD), text="another", key="k0")
            raise Failure("one key, two messages")
        except RpcError as e:
            check(e.code == -32003 and "key" in str(e), str(e))


class Terminal:
    """A tmux window of its own server."""

    made = 0

    def __init__(self, w, columns, rows, line, env=""):
        Terminal.made += 1
        self.name = f"wad-test-{os.getpid()}-{Terminal.made}"
        path = os.path.join(w.build, "ctl")
        self.tmux("-f", os.devnull, "new-session", "-d", "-x", str(columns), "-y", str(rows),
                  f"env LC_ALL=C.UTF-8 WAD_SOCKET={w.wad.socket} PATH={path}:$PATH {env} sh -c {shlex.quote('trap : INT; ' + line + '; echo end $?; sleep 60')}")

    def tmux(self, *args):
        return subprocess.run(["tmux", "-L", self.name, *args], capture_output=True, text=True, timeout=20,
                              env={**os.environ, "LC_ALL": "C.UTF-8"}).stdout

    def text(self, *more):
        return self.tmux("capture-pane", "-p", *more)

    def wait(self, word, seconds=20):
        try:
            return wait_until(lambda: word in self.text() and self.text(), seconds, "")
        except Failure:
            raise Failure(f"not within {seconds} s: the terminal shows {word!r}; it shows:\n{self.text()}")

    def end(self):
        self.tmux("kill-server")


def decode(screen, directory):
    """The screen as a picture, through zbarimg: half blocks are dark."""
    lines = [line for line in screen.splitlines() if set(line) <= set(" ▀▄█") and line.strip()]
    width = max(len(line) for line in lines) + 8
    rows = [[0] * width for _ in range(8)]
    for line in lines:
        line = line.ljust(width)
        rows.append([c in "▀█" for c in line])
        rows.append([c in "▄█" for c in line])
    rows += [[0] * width for _ in range(8)]
    zoom = 4
    picture = b"P5 %d %d 255\n" % (width * zoom, len(rows) * zoom)
    for row in rows:
        picture += b"".join((b"\0" if dark else b"\xff") * zoom for dark in row) * zoom
    path = os.path.join(directory, "qr.pgm")
    with open(path, "wb") as f:
        f.write(picture)
    return subprocess.run(["zbarimg", "-q", "--raw", path], capture_output=True, text=True).stdout.strip()


def svg_as_picture(path, zoom=6):
    """The squares of a picture made of M x y h1v1h-1z, as a file that zbarimg reads."""
    with open(path) as f:
        text = f.read()
    side = int(re.search(r'viewBox="0 0 (\d+) \1"', text)[1])
    dark = {(int(x), int(y)) for x, y in re.findall(r"M(\d+) (\d+)h1v1h-1z", text)}
    rows = [b"".join((b"\0" if (x, y) in dark else b"\xff") * zoom for x in range(side)) * zoom for y in range(side)]
    with open(path + ".pgm", "wb") as f:
        f.write(b"P5 %d %d 255\n" % (side * zoom, side * zoom) + b"".join(rows))
    return path + ".pgm"


def needs(*programs):
    missing = [p for p in programs if shutil.which(p) is None]
    if missing:
        print(f"       needs {', '.join(missing)}")
    return not missing


def a_phone_can_read_the_code_on_the_terminal(build):
    if not needs("tmux", "zbarimg"):
        return
    with World(build, (LEAD, 20), name="terminal") as w:
        w.wad.call("device.create", name="seen")
        t = Terminal(w, 100, 45, "wactl device pair seen")
        try:
            screen = t.wait("code 1 of")
            qr = decode(screen, w.directory)
            check(qr == w.wad.call("device.qr", device="seen")["qr"], f"the code reads {qr!r}")
            w.sandbox.scan(qr, LEAD)
            screen = t.wait("end 0")
            check("seen is linked" in screen and "█" not in screen.split("seen is linked")[1], screen)
        finally:
            t.end()
        w.wad.call("device.create", name="texts")
        w.wad.call("device.create", name="drawn")
        got = shell(w, "wactl device qr drawn --text")
        check(got.returncode == 6 and "none" in got.stderr and not got.stdout, f"{got}")
        w.wad.call("device.pair", device="drawn")
        qr = wait_until(lambda: w.wad.call("device.qr", device="drawn").get("qr"), 20, "a code")
        base = os.path.join(w.directory, "code")
        got = shell(w, f"wactl device qr drawn --png {base}.png --svg {base}.svg --text && wactl device qr drawn --png - > {base}-2.png")
        qrs = {qr, w.wad.call("device.qr", device="drawn")["qr"]}  # it may have been followed by the next
        check(got.returncode == 0 and got.stdout.strip() in qrs, f"{got}")
        for path in (f"{base}.png", f"{base}-2.png", svg_as_picture(f"{base}.svg")):
            read = subprocess.run(["zbarimg", "-q", "--raw", path], capture_output=True, text=True).stdout.strip()
            check(read in qrs, f"{path} reads {read!r}, not one of {qrs}")
        check(os.stat(f"{base}.png").st_mode & 0o777 == 0o600, "others can read the code")
        check(shell(w, "wactl device qr drawn --png /nonexistent/x").returncode == 2, "no such place")
        got = shell(w, "wactl device pair texts --qr text --timeout 2s")
        check(got.returncode == 8 and len(got.stdout.split()) >= 1 and got.stdout.split()[0].count(",") >= 3, f"{got}")
        t = Terminal(w, 40, 10, "wactl device pair texts --timeout 3s")
        try:
            check("█" not in t.wait("40x10"), "a code that does not fit was drawn")
        finally:
            t.end()


def tables_questions_and_pages_on_a_terminal(build):
    if not needs("tmux", "script"):
        return
    with World(build, (LEAD, 20), name="pages") as w:
        for i in range(60):
            w.wad.call("device.create", name=f"device-{i}")
        seen = os.path.join(w.directory, "paged")
        t = Terminal(w, 120, 20, "wactl device list", env=f"WACTL_PAGER='cat > {seen}'")
        try:
            t.wait("end 0")
            check(open(seen).read().count("device-") == 60, "the pager did not get the table")
        finally:
            t.end()
        os.unlink(seen)
        for line, how in ((f"WACTL_PAGER='cat > {seen}' wactl device list | cat", {}),
                          (f"WACTL_PAGER='cat > {seen}' wactl device list --limit 3", {}),
                          (f"WACTL_PAGER='cat > {seen}' wactl device list --no-pager", {}),
                          ("WACTL_PAGER= wactl device list", {}), ("WACTL_PAGER=no-such-pager wactl device list", {})):
            t = Terminal(w, 121, 20, line, **how)
            try:
                screen = t.wait("end 0")
                check("device-" in screen and not os.path.exists(seen), f"{line}: paged, or nothing shown\n{screen}")
            finally:
                t.end()
        t = Terminal(w, 100, 20, "wactl device delete device-7")
        try:
            screen = t.wait("[y/N]")
            check("device-7" in screen and "forget" in screen, screen)
            t.tmux("send-keys", "n", "Enter")
            t.wait("end 2")
            check(w.wad.call("device.show", device="device-7")["name"], "deleted all the same")
        finally:
            t.end()
        colour = {}
        for name, env, flag in (("plain", "", ""), ("no", "NO_COLOR=1", ""), ("empty", "NO_COLOR=", ""), ("dumb", "TERM=dumb", ""),
                                ("never", "", "--color=never"), ("always", "NO_COLOR=1", "--color always"),
                                ("force", "CLICOLOR_FORCE=1 TERM=dumb", "")):
            line = f"env {env} wactl --no-pager device list --limit 2 -o table {flag}"
            colour[name] = "\033[1m" in shell(w, f"script -qec '{line}' /dev/null").stdout
            colour[name + " piped"] = "\033" in shell(w, line + " | cat").stdout
        want = {"plain": True, "empty": True, "always": True, "always piped": True, "force": True, "force piped": True}
        check({k for k, v in colour.items() if v} == set(want), f"{colour}")


def the_shell_runs_commands_and_keeps_no_loose_history(build):
    if not needs("tmux"):
        return
    with World(build, (LEAD, 20), name="shell") as w:
        state = os.path.join(w.directory, "state")
        t = Terminal(w, 90, 24, "wactl", env=f"XDG_STATE_HOME={state}")
        try:
            t.wait("wactl>")
            t.tmux("send-keys", "device create 'with blank'", "Enter")
            t.wait("new")
            t.tmux("send-keys", "device sho", "Tab", "wi", "Tab")
            t.wait("device show with")
            t.tmux("send-keys", "C-c")
            t.tmux("send-keys", "device shw x", "Enter")
            t.wait("did you mean 'show'")
            t.tmux("send-keys", "C-d")
            t.wait("end 0")
        finally:
            t.end()
        path = os.path.join(state, "wactl/history")
        check(os.stat(path).st_mode & 0o777 == 0o600, "mode of the history")
        check("device create 'with blank'" in open(path).read(), "history")


def events_agree_with_their_table(build):
    with World(build, (LEAD, 200), name="topics") as w:
        page = open(os.path.join(ROOT, "man/wad-rpc.7")).read()
        table = dict(re.findall(r"\.It Ic ([a-z]+\.[a-z_]+)\n((?:(?!\.It|\.El).*\n)+)", page[page.index("begin: wactl docs man topics"):]))
        check(len(table) > 10, f"{table}")
        rpc = Rpc(w.wad.socket)
        rpc.call("event.subscribe")
        w.wad.pair("d0", LEAD + 100, delay_min_ms=0, delay_max_ms=0)
        w.wad.wait_online(1)
        w.wad.call("lead.import", csv=f"phone\n{LEAD}\n{LEAD + 1}\n5\n")
        campaign = w.wad.campaign(title="c", text="x")
        w.wad.wait_campaign(campaign)
        w.sandbox.admin("POST", f"/admin/phones/{LEAD + 100}/unlink", {"device": 1})
        seen = {}
        rpc.sock.settimeout(10)
        while "device.logged_out" not in seen or "campaign.state" not in seen:
            event = json.loads(rpc.file.readline())["params"]
            seen.setdefault(event["topic"], event)
        check({"device.qr", "device.paired", "device.online", "lead.imported", "message.sent", "campaign.state"} <= set(seen), f"{set(seen)}")
        for topic, event in seen.items():
            check(topic in table, f"{topic} is not in the table")
            for field in event["data"]:
                check(re.search(rf"\b{field}\b", table[topic]) or field in ("state", "reason"), f"{topic}: {field} is not in the table: {table[topic]}")
        check(seen["lead.imported"]["data"] == {"accepted": 2, "updated": 0, "rejected": 1}, f"{seen['lead.imported']}")
        check(seen["device.paired"]["data"]["phone"] == str(LEAD + 100) and seen["device.paired"]["id"], f"{seen['device.paired']}")
        check("id" not in seen["device.qr"], "a passing event has an id")
        rpc.close()


def watch_goes_on_through_a_restart(build):
    with World(build, (LEAD, 200), name="watch") as w:
        linked(w)
        path = os.path.join(w.directory, "events")
        with open(path, "wb") as out:
            watch = subprocess.Popen([os.path.join(build, "ctl/wactl"), "--socket", w.wad.socket, "event", "watch", "message.sent"],
                                     stdout=out, stderr=subprocess.DEVNULL)
        time.sleep(0.5)
        for i in range(3):
            w.wad.wactl("message", "send", "--device", "d0", "--to", LEAD, "--text", f"a{i}", "--wait", "sent")
        w.wad.process.kill()
        w.wad.start()
        w.wad.wait_online(1)
        for i in range(3):
            w.wad.wactl("message", "send", "--device", "d0", "--to", LEAD, "--text", f"b{i}", "--wait", "sent")
        wait_until(lambda: len(open(path).readlines()) >= 6, 20, "six events")
        watch.send_signal(signal.SIGINT)
        check(watch.wait(10) == 130, "exit after an interrupt")
        lines = [json.loads(x) for x in open(path)]
        check(len(lines) == 6 and len({x["data"]["id"] for x in lines}) == 6, f"{lines}")
        head = shell(w, "wactl event watch --since-id 0 | head -n 1", timeout=20)
        check(json.loads(head.stdout)["topic"], "head")


def a_campaign_is_waited_for(build):
    with World(build, (LEAD, 200), name="wait") as w:
        linked(w)
        w.wad.call("lead.import", csv="phone\n" + "".join(f"{LEAD + i}\n" for i in range(30)))
        got = shell(w, "wactl campaign create now --everyone --text hello --wait --timeout 60s -o json")
        done = json.loads(got.stdout)
        check(got.returncode == 0 and done["state"] == "done" and done["left"] == 0 and len(w.sandbox.shown("hello")) == 30, f"{got}")
        check(re.search(r"0 of 30 left", got.stderr), got.stderr)
        got = shell(w, "wactl campaign create later --everyone --text later --start-at 2099-01-01T00:00:00Z --wait --timeout 1s -o json")
        check(got.returncode == 8 and json.loads(got.stdout)["state"] == "scheduled" and "not yet done" in got.stderr, f"{got}")
        got = shell(w, "wactl campaign create tried --everyone --text tried --wait --dry-run -o json")
        check(got.returncode == 0 and json.loads(got.stdout)["dry_run"] is True, f"{got}")
        draft = w.wad.call("campaign.create", title="draft", everyone=True, text="draft", draft=True)["id"]
        child = subprocess.Popen([os.path.join(build, "ctl/wactl"), "--socket", w.wad.socket, "campaign", "start", draft,
                                  "--at", "2099-01-01T00:00", "--zone", "UTC", "--wait"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            wait_until(lambda: w.wad.call("campaign.show", campaign=draft)["state"] == "scheduled", 20, "it is started")
            w.wad.call("campaign.cancel", campaign=draft)
            out, errors = child.communicate(timeout=20)
            check(child.returncode == 1 and "was cancelled" in errors, f"{child.returncode} {errors}")
        finally:
            child.kill()


def watch_loses_and_doubles_nothing(build):
    """Every event of the table once, in the order of the table, while wad is killed and stopped under it."""
    with World(build, (LEAD, 200), name="watch-all") as w:
        linked(w)
        path = os.path.join(w.directory, "events")
        with open(path, "wb") as out:
            watch = subprocess.Popen([os.path.join(build, "ctl/wactl"), "--socket", w.wad.socket, "event", "watch", "--since-id", "0"],
                                     stdout=out, stderr=subprocess.DEVNULL)
        try:
            for turn in range(4):
                for i in range(40):
                    w.wad.call("message.send", device="d0", to=str(LEAD + i), text=f"{turn} {i}")
                if turn % 2:
                    w.wad.process.stop()
                else:
                    w.wad.process.kill()
                w.wad.start()
                w.wad.wait_online(1)
            wait_until(lambda: w.wad.call("queue.stats")["delivered"] == 160, 60, "all messages are delivered")

            def seen():
                with open(path) as f:
                    return [e["id"] for e in map(json.loads, (x for x in f if x.endswith("\n"))) if "id" in e]

            stored = lambda: [r[0] for r in w.wad.sql("select id from events")]  # noqa: E731
            wait_until(lambda: len(seen()) >= len(stored()), 30, "all events are told")
            ids = seen()
            check(len(ids) == len(set(ids)), f"told twice: {[i for i in set(ids) if ids.count(i) > 1][:9]}")
            check(set(ids) == set(stored()), f"told and stored differ: {sorted(set(ids) ^ set(stored()))[:9]}")
            watch.send_signal(signal.SIGINT)
            check(watch.wait(20) == 130, "exit after an interrupt")
        finally:
            watch.kill()


def follow_prints_what_changes(build):
    with World(build, (LEAD, 200), name="follow") as w:
        linked(w, 2)
        path, one = os.path.join(w.directory, "list"), os.path.join(w.directory, "one")
        wactl = [os.path.join(build, "ctl/wactl"), "--socket", w.wad.socket, "--fields", "id,name,state,queued"]
        with open(path, "wb") as a, open(one, "wb") as b:
            lists = subprocess.Popen(wactl + ["device", "list", "--follow", "-o", "json"], stdout=a, stderr=subprocess.DEVNULL)
            shows = subprocess.Popen(wactl + ["-f", "device", "show", "d0", "-o", "tsv"], stdout=b, stderr=subprocess.DEVNULL)

        def seen():
            with open(path) as f:
                return [json.loads(x) for x in f if x.endswith("\n")]

        try:
            wait_until(lambda: len(seen()) == 2, 20, "both devices are listed")
            w.wad.wactl("device", "pause", "d1")
            wait_until(lambda: [x for x in seen() if x["name"] == "d1" and x["state"] == "paused"], 20, "the pause is told")
            check([x["name"] for x in seen()][:2] == ["d0", "d1"] and [x["name"] for x in seen()].count("d0") == 1, f"{seen()}")
            w.wad.process.kill()
            w.wad.start()
            w.wad.call("device.create", name="later")
            wait_until(lambda: [x for x in seen() if x["name"] == "later"], 20, "it goes on after a restart")
            w.wad.wactl("device", "pause", "d0")
            wait_until(lambda: "paused" in open(one).read(), 20, "the one device is told")
            for child, number in ((lists, signal.SIGINT), (shows, signal.SIGINT)):
                child.send_signal(number)
                check(child.wait(20) == 130, "exit after an interrupt")
        finally:
            lists.kill()
            shows.kill()
        rows = open(one).read().splitlines()
        check(rows[0] == "id\tname\tstate\tqueued" and rows.count(rows[0]) == 1 and len(rows) == len(set(rows)), f"{rows}")
        got = shell(w, "wactl device list --follow | head -n 1", timeout=20)
        check(got.returncode == 0 and got.stdout, f"{got}")
        got = shell(w, "wactl device list --follow --timeout 500ms -o name")
        check(got.returncode == 0 and got.stdout == "1\n2\n3\n", f"{got}")
        for line in ("device pause d0", "lead export", "message send --device d0 --to 60120000005 --text x"):
            got = shell(w, f"wactl {line} --follow")
            check(got.returncode == 2 and "cannot be followed" in got.stderr, f"{got}")
        check(shell(w, "wactl device show nope --follow").returncode == 5, "what is not there")


if __name__ == "__main__":
    sys.exit(run_tests([
        the_keys_of_every_command_stay,
        every_form_of_output_is_stable,
        each_failure_has_its_exit_code,
        a_dry_run_changes_nothing,
        a_batch_goes_on_after_a_bad_line,
        a_phone_can_read_the_code_on_the_terminal,
        tables_questions_and_pages_on_a_terminal,
        the_shell_runs_commands_and_keeps_no_loose_history,
        events_agree_with_their_table,
        watch_goes_on_through_a_restart,
        a_campaign_is_waited_for,
        watch_loses_and_doubles_nothing,
        follow_prints_what_changes,
    ], os.path.abspath(sys.argv[1])))
