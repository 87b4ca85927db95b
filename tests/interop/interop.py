#!/usr/bin/env python3
"""Independent clients talk to a device of wad, over wasandbox.

usage: interop.py BUILD NAME PROGRAM...    NAME: baileys or whatsmeow
"""
import base64
import hashlib
import os
import shutil
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
from wadtest import Failure, Sandbox, Wad, png, wait_until  # noqa: E402
from party import Party  # noqa: E402

# what a delivery receipt looks like to them
DELIVERED = {"baileys": 3, "whatsmeow": ""}
WAD_PHONE, PARTY_PHONE, OTHER_PHONE = "60111000001", "60111000002", "60111000003"


class Meeting:
    """One sandbox, one wad with a device, one client of another project."""

    def __init__(self, build, name, program, directory):
        self.name = name
        self.directory = directory
        self.sandbox = self.wad = self.party = None
        self.proofs = 0
        self.build, self.program = build, program
        self.others = []
        self.sandbox = Sandbox(build, directory, phones=(WAD_PHONE, 3))
        self.party = self.start_party("first")

    def start_party(self, name, root_key=None):
        s, key = self.sandbox, root_key or self.sandbox.root_key
        own = os.path.join(self.directory, name)
        os.mkdir(own)
        if self.name == "baileys":
            return Party(self.name, self.program + [s.url(), key, name], own, {"NODE_EXTRA_CA_CERTS": s.ca_file})
        return Party(self.name, self.program + [f"127.0.0.1:{s.port}", s.ca_file, key, name, own], own)

    def start_wad(self):
        """From here on only companions send receipts, so that one seen is theirs."""
        for phone in (WAD_PHONE, PARTY_PHONE):
            self.sandbox.admin("POST", f"/admin/phones/{phone}/config", {"receipts": False})
        self.wad = Wad(self.build, self.directory, self.sandbox)
        self.wad.pair("wad", WAD_PHONE, delay_min_ms=0, delay_max_ms=0)
        self.wad.wait_online(1)

    def stop(self):
        for part in self.others + [self.party, self.wad, self.sandbox]:
            if part:
                try:
                    part.stop()
                except Failure as e:
                    print(e)

    def proof(self, text):
        self.proofs += 1
        print(f"proof: interop {self.name}: {text}", flush=True)

    # -- what wad and the phones know --

    def wad_sends(self, text=None, image=None):
        args = {"device": "wad", "to": PARTY_PHONE}
        if image:
            args.update(image=base64.b64encode(image).decode(), caption=text)
        else:
            args.update(text=text)
        return self.wad.call("message.send", **args)["id"]

    def wad_state(self, ident, states, seconds=60):
        def there():
            got = self.wad.call("message.show", id=ident)
            return got if got["state"] in states else None

        try:
            return wait_until(there, seconds, "")
        except Failure:
            raise Failure(f"message {ident} of wad is not {states[0]}: {self.wad.call('message.show', id=ident)}")

    def wad_rows(self):
        return self.wad.call("message.list", device="wad", limit=1000)["messages"]

    def wad_has(self, text, seconds=60):
        """The incoming message with this text, stored once."""
        def there():
            return [r for r in self.wad_rows() if r.get("text") == text and not r["from_me"]]

        found = wait_until(there, seconds, f"wad has '{text}'")
        if len(found) != 1:
            raise Failure(f"wad has '{text}' {len(found)} times")
        return found[0]

    def phone_has(self, phone, text, seconds=60):
        def there():
            return [m for m in self.sandbox.messages(phone=phone)
                    if m["kind"] == "message" and m.get("text") == text]

        return wait_until(there, seconds, f"phone {phone} shows '{text}'")[0]

    def users_of_wad(self):
        device = self.wad.call("device.show", device="wad")
        return [WAD_PHONE, device.get("lid", "").split("@")[0].split(":")[0]]

    def retry_receipts(self, phone, ident):
        """The companion of this number did ask again for this message, over the wire."""
        seen = self.sandbox.admin("GET", "/admin/stanzas?limit=5000&width=200")
        seen = seen["stanzas"] if isinstance(seen, dict) else seen
        asked = [x for x in seen if x["dir"] == "in" and x["who"].startswith(phone + ":") and
                 x["stanza"].startswith("<receipt") and "<retry " in x["stanza"] and ident in x["stanza"]]
        if not asked:
            raise Failure(f"no retry receipt of {phone} for {ident} went over the wire")

    # -- the proofs --

    def pair_party(self, p):
        p.do("connect")
        qr = p.wait("qr")["text"]
        got = self.sandbox.scan(qr, PARTY_PHONE)
        opened = p.wait("open", 60)
        if got["phone"] != PARTY_PHONE or not opened["jid"].startswith(PARTY_PHONE + ":"):
            raise Failure(f"paired as {opened['jid']}, the sandbox says {got}")
        return opened["jid"]

    def pair(self):
        self.proof(f"pairs by QR and logs in as {self.pair_party(self.party)}")

    def wrong_root(self):
        """Only whatsmeow verifies who signed the server's certificate."""
        if self.name != "whatsmeow":
            return
        p = self.start_party("wrong", "11" * 32)
        self.others.append(p)
        try:
            p.do("connect")
        except Failure as e:
            if "failed to verify server cert" not in str(e):
                raise
        else:
            raise Failure("a server certificate of another root was accepted")
        self.proof("refuses a server of another root key, so the chain it accepts is a true one")

    def phone_chat(self):
        """Both ways with a simulated phone, before wad is there."""
        p, text = self.party, "from a phone"
        self.sandbox.admin("POST", f"/admin/phones/{OTHER_PHONE}/send", {"to": PARTY_PHONE, "text": text})
        p.wait("message", text=text)
        p.do("send_text", to=OTHER_PHONE, text="to a phone")
        self.phone_has(OTHER_PHONE, "to a phone")
        self.proof("chats with a simulated phone")

    def phone_retry(self):
        """A phone does not open the client's message and asks for it again."""
        p = self.party
        self.sandbox.faults(target=PARTY_PHONE, forceRetry=1)
        ident = p.do("send_text", to=OTHER_PHONE, text="once more for the phone")["msg"]
        p.wait("retry_asked", id=ident)
        shown = self.phone_has(OTHER_PHONE, "once more for the phone")
        self.sandbox.admin("DELETE", "/admin/faults")
        if shown["id"] != ident:
            raise Failure(f"shown under id {shown['id']}, sent as {ident}")
        self.proof("answers a phone's retry receipt")

    def older(self):
        """The client's phone keeps 70 messages of a chat that it has not told of, and is asked for them."""
        p = self.party
        self.sandbox.admin("POST", f"/admin/phones/{PARTY_PHONE}/history", {"tell": False, "chats": [{
            "with": OTHER_PHONE, "fill": 70, "messages": [{"id": "OLD", "text": "older", "t": 1_760_000_000}]}]})
        newest = p.wait("message", text="from a phone")
        before, came = newest["id"], []
        for end in (2, 1):  # more is there; that was all. Baileys tells of a chat once only
            since = p.mark()
            asked = p.do("ask_history", chat=newest["chat"], id=before, at=1_760_000_100, count=50)["msg"]
            got = p.wait("history", since=since)
            if got.get("end", end) != end or got.get("request", asked) != asked:
                raise Failure(f"{asked} was answered by {got}")
            came += got["ids"]
            before = came[-1]
        if came != [f"OLD{n:08X}" for n in range(69, 0, -1)] + ["OLD"]:
            raise Failure(f"older messages came as {came}")
        noted = [m for m in self.sandbox.messages(phone=PARTY_PHONE) if m["kind"] == "history-request"]
        if len(noted) != 2 or noted[0]["count"] != 50:
            raise Failure(f"the phone was asked for {noted}")
        self.proof("asks its phone for older messages, page by page to the end")

    def first_contact(self):
        """Both write first, at the same moment: two sessions are begun across each other."""
        p = self.party
        for n in range(3):
            self.wad_sends(f"wad begins {n}")
            p.do("send_text", to=WAD_PHONE, text=f"{self.name} begins {n}")
        for n in range(3):
            p.wait("message", text=f"wad begins {n}", fromMe=False)
            self.wad_has(f"{self.name} begins {n}")
        self.proof("and wad begin to write at the same moment")

    def texts(self):
        p = self.party
        ident = self.wad_sends("hello from wad")
        p.wait("message", text="hello from wad", fromMe=False)
        self.wad_state(ident, ("delivered", "read"))
        for n in range(5):
            ident = p.do("send_text", to=WAD_PHONE, text=f"hello {n} from {self.name}")["msg"]
            p.wait("status", id=ident, status=DELIVERED[self.name])
        for n in range(5):
            self.wad_has(f"hello {n} from {self.name}")
        since = p.mark()
        for n in range(10):
            self.wad_sends(f"answer {n}")
        for n in range(10):
            p.wait("message", text=f"answer {n}", fromMe=False)
        order = [e["text"] for e in p.events[since:] if e["event"] == "message"]
        if order != [f"answer {n}" for n in range(10)]:
            raise Failure(f"wad's messages came as {order}")
        self.proof("exchanges texts with wad, in order, with delivery receipts both ways")

    def own_devices(self):
        """Each account's phone shows what its companion sent, and the companion what the phone sent."""
        p = self.party
        copy = self.phone_has(WAD_PHONE, "hello from wad")
        if not copy["deviceSent"]:
            raise Failure(f"wad's own phone shows no copy of what wad sent: {copy}")
        self.phone_has(PARTY_PHONE, "hello from wad")
        self.sandbox.admin("POST", f"/admin/phones/{WAD_PHONE}/send", {"to": PARTY_PHONE, "text": "wad's phone writes"})
        p.wait("message", text="wad's phone writes", fromMe=False)

        def stored():
            return [r for r in self.wad_rows() if r.get("text") == "wad's phone writes" and r["from_me"]]

        wait_until(stored, 60, "wad stores what its own phone sent")
        text = f"phone of {self.name} writes"
        self.sandbox.admin("POST", f"/admin/phones/{PARTY_PHONE}/send", {"to": WAD_PHONE, "text": text})
        self.wad_has(text)
        p.wait("message", text=text, fromMe=True)
        self.proof("and wad share each chat with their own phones")

    def images(self):
        p = self.party
        picture = png(320, 200, 1)
        self.wad_sends("picture of wad", picture)
        got = p.wait("message", text="picture of wad", fromMe=False)
        if got["image"] != hashlib.sha256(picture).hexdigest():
            raise Failure(f"the picture of wad came as other bytes: {got}")
        theirs = os.path.join(self.directory, "theirs.png")
        with open(theirs, "wb") as f:
            f.write(png(300, 100, 2))
        p.do("send_image", to=WAD_PHONE, path=theirs, caption=f"picture of {self.name}")
        row = self.wad_has(f"picture of {self.name}")
        if row["kind"] != "image":
            raise Failure(f"wad stored the picture as {row}")
        for phone in (WAD_PHONE, PARTY_PHONE):
            for caption in ("picture of wad", f"picture of {self.name}"):
                media = self.phone_has(phone, caption)["media"]
                if media != "ok":
                    raise Failure(f"phone {phone}, {caption}: {media}")
        self.proof("exchanges images with wad, the bytes compared")

    def party_away(self):
        """What was sent while the client was away comes when it is back."""
        p = self.party
        p.do("disconnect")
        idents = [self.wad_sends(f"missed {n}") for n in range(4)]
        for ident in idents:
            self.wad_state(ident, ("sent", "delivered", "read"))
        since = p.mark()
        p.do("connect")
        p.wait("open", since=since)
        for n in range(4):
            p.wait("message", since=since, text=f"missed {n}")
        p.do("send_text", to=WAD_PHONE, text="back again")
        self.wad_has("back again")
        self.proof("reconnects and gets the 4 messages it missed from wad")

    def wad_away(self):
        """The same for wad."""
        p = self.party
        self.wad.stop()
        for n in range(4):
            p.do("send_text", to=WAD_PHONE, text=f"missed by wad {n}")
        self.wad.start()
        self.wad.wait_online(1)
        for n in range(4):
            self.wad_has(f"missed by wad {n}")
        self.wad_sends("wad is back")
        p.wait("message", text="wad is back")
        self.proof("wad restarts and gets the 4 messages it missed from it")

    def party_asks(self):
        """The client lost its sessions with wad: it asks, wad answers."""
        p = self.party
        if p.do("forget_sessions", users=self.users_of_wad())["count"] == 0:
            raise Failure(f"{self.name} had no session with wad to lose")
        since = p.mark()
        ident = self.wad_sends("cannot be read at first")
        p.wait("undecryptable", since=since)
        p.wait("message", since=since, text="cannot be read at first")
        self.wad_state(ident, ("delivered", "read"))
        p.do("forget_sessions", users=self.users_of_wad())
        picture = png(64, 64, 3)
        self.wad_sends("picture not read at first", picture)
        got = p.wait("message", text="picture not read at first")
        if got.get("image") != hashlib.sha256(picture).hexdigest():
            raise Failure(f"the picture that was sent again came as {got}")
        self.wad_sends("and on")
        p.wait("message", text="and on")
        p.do("send_text", to=WAD_PHONE, text="and back")
        self.wad_has("and back")
        self.retry_receipts(PARTY_PHONE, p.wait("undecryptable", since=since)["id"])
        self.proof("causes a retry receipt that wad answers")

    def wad_asks(self):
        """The client sends what wad cannot decrypt: wad asks, the client answers."""
        p = self.party
        if p.do("spoil_sessions", users=self.users_of_wad())["count"] == 0:
            raise Failure(f"{self.name} had no session with wad to spoil")
        since = p.mark()
        ident = p.do("send_text", to=WAD_PHONE, text="spoiled at first")["msg"]
        p.wait("retry_asked", since=since, id=ident)
        row = self.wad_has("spoiled at first")
        if row["id"] != ident:
            raise Failure(f"wad stored it under {row['id']}, sent as {ident}")
        self.retry_receipts(WAD_PHONE, ident)
        p.do("send_text", to=WAD_PHONE, text="whole again")
        self.wad_has("whole again")
        self.wad_sends("heard you")
        p.wait("message", text="heard you")
        self.proof("answers the retry receipt of wad")

    def second_device(self):
        """Another companion of the same account: what is sent by or to one is shown by all."""
        first, second = self.party, self.start_party("second")
        self.others.append(second)
        self.pair_party(second)
        self.wad_sends("to both companions")
        for p in (first, second):
            p.wait("message", text="to both companions", fromMe=False)
        first.do("send_text", to=WAD_PHONE, text="the first writes")
        second.wait("message", text="the first writes", fromMe=True)
        self.wad_has("the first writes")
        second.do("send_text", to=WAD_PHONE, text="the second writes")
        first.wait("message", text="the second writes", fromMe=True)
        self.wad_has("the second writes")
        self.proof("with two companions of one account: wad reaches both and reads both")

    def lid_addressed(self):
        """What comes to wad's LID is in the same chat as what comes to its number."""
        p = self.party
        p.do("send_text", to=WAD_PHONE, text="to the number")
        p.do("send_text", to=self.users_of_wad()[1] + "@lid", text="to the lid")
        chats = {self.wad_has(text)["chat"] for text in ("to the number", "to the lid")}
        if len(chats) != 1:
            raise Failure(f"wad has one person in the chats {chats}")
        self.proof("writes to wad by number and by LID, one chat")

    def burst(self):
        """Both write 40 messages at once."""
        p, count = self.party, 40
        for n in range(count):
            self.wad_sends(f"burst {n} of wad")
            p.do("send_text", to=WAD_PHONE, text=f"burst {n} of {self.name}")
        for n in range(count):
            p.wait("message", text=f"burst {n} of wad", fromMe=False)
            self.wad_has(f"burst {n} of {self.name}")
        self.proof(f"and wad write {count} messages each across one another")

    def once(self):
        """Nothing was shown twice; no counter was used for two plaintexts."""
        texts = [e["text"] for e in self.party.events if e["event"] == "message" and not e.get("fromMe")]
        twice = sorted({t for t in texts if texts.count(t) > 1})
        if twice:
            raise Failure(f"{self.name} showed more than once: {twice}")
        failed = [e for e in self.party.events if e["event"] == "message_failed"]
        if failed:
            raise Failure(f"{self.name} could not take: {failed}")
        bad = self.sandbox.violations()
        # whatsmeow encrypts and decrypts on one session without a lock between them
        theirs = [v for v in bad if self.name == "whatsmeow" and v["kind"] == "counter-reuse" and
                  v["who"].startswith(PARTY_PHONE)]
        if len(theirs) < len(bad):
            raise Failure(f"violations: {[v for v in bad if v not in theirs]}")
        if theirs:
            print(f"  note: whatsmeow itself used {len(theirs)} counters twice")
        self.proof(f"showed {len(texts)} messages, each once; the sandbox saw no violation by wad")


    def cut(self):
        """wad's connection is cut twice while both write: nothing is lost, nothing gets a second id."""
        p, count = self.party, 20
        since = p.mark()
        for n in range(count):
            self.wad_sends(f"cut {n} of wad")
            p.do("send_text", to=WAD_PHONE, text=f"cut {n} of {self.name}")
            if n in (5, 15):
                self.sandbox.faults(target=WAD_PHONE, dropNow=True)
        for n in range(count):
            p.wait("message", text=f"cut {n} of wad", since=since, fromMe=False)
            self.wad_has(f"cut {n} of {self.name}")
        shown = {(e["text"], e["id"]) for e in p.events[since:] if e["event"] == "message" and not e["fromMe"]}
        if len(shown) != count:
            raise Failure(f"wad sent one text under two ids: {sorted(shown)}")
        self.proof(f"and wad write {count} messages each while wad's connection is cut twice")


def main():
    build, name, program = os.path.abspath(sys.argv[1]), sys.argv[2], sys.argv[3:]
    directory = tempfile.mkdtemp(prefix=f"wad-interop-{name}-")
    os.chmod(directory, 0o755)  # started as root, the private database has a user of its own
    started = time.monotonic()
    meeting = None
    ok = False
    try:
        meeting = Meeting(build, name, program, directory)
        for step in ("pair", "wrong_root", "phone_chat", "phone_retry", "older", "start_wad", "first_contact", "texts",
                     "own_devices", "images", "party_away", "wad_away", "party_asks", "wad_asks", "lid_addressed",
                     "second_device", "burst", "once", "cut"):
            at = time.monotonic()
            try:
                getattr(meeting, step)()
            except Exception as e:
                raise Failure(f"{name}, step {step}: {e}") from e
            print(f"  {step}: {time.monotonic() - at:.1f} s", flush=True)
        ok = True
    except Failure as e:
        print(e)
        print(f"logs are in {directory}")
    finally:
        if meeting:
            meeting.stop()
    if ok:
        shutil.rmtree(directory)
        print(f"interop {name}: {meeting.proofs} proofs in {time.monotonic() - started:.0f} s")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
