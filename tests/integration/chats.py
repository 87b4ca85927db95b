#!/usr/bin/env python3
"""Chats: kept by every message, read on whatever device, paged while messages arrive, searched."""
import base64
import hashlib
import os
import subprocess
import sys
import threading
import time
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
from wadtest import Failure, RpcError, World, run_tests, wait_until  # noqa: E402

DEVICE, LEAD = 60110000001, 60120000001
BAD_PARAMS = -32602


def check(condition, what):
    if not condition:
        raise Failure(what)


def write(w, phone, text, to=DEVICE):
    return w.sandbox.admin("POST", f"/admin/phones/{phone}/send", {"to": str(to), "text": text})


def chat(w, phone):
    return next((c for c in w.wad.call("chat.list")["chats"] if c.get("phone") == str(phone)), None)


def unread_rises_and_falls(build):
    with World(build, (LEAD, 5), name="unread") as w:
        w.wad.pair("d1", DEVICE, delay_min_ms=0, delay_max_ms=0)
        w.wad.wait_online(1)
        ids = [write(w, LEAD, f"hello {i}")["id"] for i in range(3)]
        got = wait_until(lambda: (chat(w, LEAD) or {}).get("unread") == 3 and chat(w, LEAD), 20, "three are unread")
        check(got["name"] == f"Phone {LEAD}" and got["last_text"] == "hello 2" and not got["from_me"], got)
        check(w.wad.call("chat.show", chat=got["chat"]) == got, "the same under its JID")
        check(w.wad.call("chat.show", chat=str(LEAD), device="d1") == got, "and under its number")

        # the account's phone reads two of them
        w.sandbox.admin("POST", f"/admin/phones/{DEVICE}/read", {"from": str(LEAD), "ids": ids[:2]})
        wait_until(lambda: chat(w, LEAD)["unread"] == 1, 20, "one is left")
        answer = w.wad.call("chat.read", chat=str(LEAD), device="d1")
        check(answer == {"chat": got["chat"], "messages": 1, "told": True}, answer)
        check(chat(w, LEAD)["unread"] == 0, "none is left")
        wait_until(lambda: any(m["kind"] == "receipt" and m.get("type") == "read" for m in w.sandbox.messages(phone=LEAD)),
                   20, "the author was told")
        check(w.wad.call("chat.read", chat=str(LEAD), device="d1")["messages"] == 0, "nothing twice")
        for bad in (str(LEAD + 1), "nobody@lid", "", "x" * 128):
            try:
                w.wad.call("chat.read", chat=bad or "-", device="d1")
                raise Failure(f"read {bad!r}")
            except RpcError as e:
                check(e.code == -32004, e)

        sent = w.wad.call("message.send", device="d1", to=str(LEAD), text="an answer")
        wait_until(lambda: (chat(w, LEAD) or {}).get("status") in ("delivered", "read"), 20, "its status rises")
        got = chat(w, LEAD)
        check(got["from_me"] and got["last_text"] == "an answer", got)
        w.wad.call("lead.import", csv=f"phone,name\n{LEAD},Ann of the shop\n")
        check(chat(w, LEAD)["name"] == "Ann of the shop", "a lead's name")
        check([c["phone"] for c in w.wad.call("chat.list", search="ANN OF")["chats"]] == [str(LEAD)], "found by name")
        check(w.wad.call("chat.list", search="nobody")["chats"] == [], "or not")
        check(sent["state"] == "pending", sent)
        check(not w.sandbox.violations(), f"violations: {w.sandbox.violations()}")


def pages_hold_while_messages_arrive(build):
    with World(build, (LEAD, 30), name="paging") as w:
        w.wad.pair("d1", DEVICE)
        w.wad.wait_online(1)
        for i in range(40):
            write(w, LEAD, f"m{i:02}")
        wait_until(lambda: len(w.wad.call("message.list", chat=str(LEAD))["messages"]) == 40, 30, "forty are stored")
        seen, place = [], None
        while True:
            extra = {"before": place} if place else {}
            page = w.wad.call("message.list", chat=str(LEAD), limit=7, **extra)
            seen = [m["text"] for m in page["messages"]] + seen
            write(w, LEAD, f"late {len(seen)}")
            place = page.get("next")
            if not place:
                break
        check(seen == [f"m{i:02}" for i in range(40)], f"back: {seen}")
        wait_until(lambda: len(w.wad.call("message.list", chat=str(LEAD), limit=100)["messages"]) == 46, 20, "six came late")
        first = w.wad.call("message.list", chat=str(LEAD), limit=100)["messages"][0]["place"]
        seen, place = [first], first
        texts = []
        while True:
            page = w.wad.call("message.list", chat=str(LEAD), limit=9, after=place)
            texts += [m["text"] for m in page["messages"]]
            place = page.get("next")
            if not place:
                break
        check(len(texts) == 45 and texts[0] == "m01" and texts[-1].startswith("late"), f"forward: {texts}")
        for params in ({"before": "x"}, {"before": "1.2.3", "after": "1.2"}, {"after": "99999999999999999999.1"},
                       {"before": "1." + "9" * 60}):
            try:
                w.wad.call("message.list", chat=str(LEAD), **params)
            except RpcError as e:
                check(e.code == BAD_PARAMS, e)

        for i in range(1, 30):
            write(w, LEAD + i, f"from {i}")
        wait_until(lambda: len(w.wad.call("chat.list")["chats"]) == 30, 30, "thirty chats")
        seen, place = [], None
        while True:
            extra = {"after": place} if place else {}
            page = w.wad.call("chat.list", limit=4, **extra)
            seen += [c["phone"] for c in page["chats"]]
            if len(seen) == 8:
                time.sleep(1.1)  # phones tell whole seconds
                write(w, seen[2], "on top")  # a chat that was shown already
                wait_until(lambda: w.wad.call("chat.list", limit=1)["chats"][0]["last_text"] == "on top", 10, "on top")
            place = page.get("next")
            if not place:
                break
        check(len(set(seen)) == 30 and len(seen) <= 31, f"each chat once: {seen}")
        check(len(w.wad.call("chat.list", unread=True)["chats"]) == 30, "all are unread")


def words_are_found(build):
    with World(build, (LEAD, 5), name="search") as w:
        w.wad.pair("d1", DEVICE)
        w.wad.wait_online(1)
        for text in ("Good morning, is the shop open?", "明天见面吗", "สวัสดีครับ", "'; drop table messages; --", "open"):
            write(w, LEAD, text)
        write(w, LEAD + 1, "we open at ten")
        wait_until(lambda: len(w.wad.call("message.list")["messages"]) == 6, 30, "all are stored")

        def find(words, **more):
            return [m["text"] for m in w.wad.call("message.search", words=words, **more)["messages"]]

        check(find("morn shop") == ["Good morning, is the shop open?"], find("morn shop"))
        check(find("见面") == ["明天见面吗"] and find("面见") == [], "Chinese")
        check(find("สวัส") == ["สวัสดีครับ"], "Thai")
        check(sorted(find("open")) == sorted(["Good morning, is the shop open?", "open", "we open at ten"]), find("open"))
        check(find("open", chat=str(LEAD + 1)) == ["we open at ten"], "in one chat")
        check(find("drop '; table") == ["'; drop table messages; --"], "quotes are text")
        check(find("& | ! :* ( <->") == [], "operators are nothing")
        page = w.wad.call("message.search", words="open", limit=2)
        rest = w.wad.call("message.search", words="open", limit=2, before=page["next"])
        check(len(page["messages"]) == 2 and len(rest["messages"]) == 1, f"pages: {page} {rest}")


OLD = 1_760_000_000  # a year or so ago


def tell(w, **history):
    return w.sandbox.admin("POST", f"/admin/phones/{DEVICE}/history", history)


def past(w, count):
    """A chat with a person of old messages, both ways, a group, names and a pair."""
    lid = next(p["lid"] for p in w.sandbox.admin("GET", "/admin/phones?limit=100") if p["phone"] == str(LEAD))
    return {"chats": [
        {"with": LEAD, "name": "Ann of the shop", "unread": 2, "fill": count,
         "messages": [{"id": "IN", "text": "they wrote", "t": OLD},
                      {"id": "OUT", "text": "we wrote", "t": OLD, "fromMe": True, "status": 4}]},
        {"with": "123-456@g.us", "name": "Friends",
         "messages": [{"id": "G1", "text": "hi all", "t": OLD, "participant": f"{LEAD + 1}@s.whatsapp.net"}]},
        {"with": "status@broadcast", "messages": [{"id": "S", "text": "no chat", "t": OLD}]}],
        "names": {f"{LEAD + 2}@s.whatsapp.net": "Bob", f"{DEVICE}@s.whatsapp.net": "Our shop"},
        "mappings": {f"{LEAD}@s.whatsapp.net": lid}}


def whole(w, count):
    """What is stored of past(), all of it and each once."""
    rows = w.wad.sql("select count(*), count(distinct (chat, msg_id)), count(*) filter (where from_me and status = 3) "
                     "from messages where body in ('they wrote', 'we wrote')")
    check(rows == [[str(2 * count), str(2 * count), str(count)]], f"stored: {rows}")
    got = chat(w, LEAD)
    check(got and got["name"] == "Ann of the shop" and got["chat"].endswith("@lid") and got["unread"] == 2, f"{got}")
    check(got["last_text"] in ("we wrote", "they wrote"), got)
    group = [c for c in w.wad.call("chat.list")["chats"] if c["is_group"]]
    check([c["name"] for c in group] == ["Friends"] and group[0]["last_text"] == "hi all", f"{group}")
    check(w.wad.sql("select count(*) from messages where body = 'no chat'") == [["0"]], "a status is no chat")
    check(w.wad.sql("select push_name from devices") == [["Our shop"]], "the own name")
    check(w.wad.sql("select count(*) from history_syncs") == [["0"]], "nothing is left to do")


def the_past_is_imported(build):
    for how in ("inline", "blob"):
        with World(build, (LEAD, 5), name=f"history-{how}", options=("--history", how)) as w:
            w.wad.pair("d1", DEVICE, delay_min_ms=0, delay_max_ms=0)
            w.wad.wait_online(1)
            wait_until(lambda: w.wad.sql("select count(*) from history_syncs") == [["0"]], 20, "the greeting is read")
            write(w, LEAD + 2, "a chat before its name is known")
            wait_until(lambda: chat(w, LEAD + 2), 20, "a chat")
            for _ in range(2):  # the second time nothing is new
                tell(w, **past(w, 300))
                wait_until(lambda: w.wad.sql("select count(*) from messages where body = 'we wrote'") == [["300"]] and
                           w.wad.sql("select count(*) from history_syncs") == [["0"]], 60, f"{how}: the past is stored")
                time.sleep(0.5)
                whole(w, 300)
            check(chat(w, LEAD + 2)["name"] == "Bob", "a name for a chat that was there")
            page = w.wad.call("message.list", chat=str(LEAD), limit=4)["messages"]
            check([m["text"] for m in page] == ["they wrote", "we wrote"] * 2, f"in order: {page}")
            # what lives goes on in the same chat
            write(w, LEAD, "today")
            wait_until(lambda: chat(w, LEAD)["last_text"] == "today", 20, "today")
            check(chat(w, LEAD)["unread"] == 3, chat(w, LEAD))
            check(not w.sandbox.violations(), f"violations: {w.sandbox.violations()}")


def damaged_pasts_are_refused(build):
    with World(build, (LEAD, 5), name="damaged") as w:
        w.wad.pair("d1", DEVICE)
        w.wad.wait_online(1)
        bomb = zlib.compress(bytes(200 << 20), 9)
        for payload in (b"", b"nonsense", bomb[:1000], bomb, zlib.compress(b"\xff" * 100), zlib.compress(b"")):
            tell(w, payloadBase64=base64.b64encode(payload).decode())
        tell(w, chats=[{"with": LEAD, "messages": [{"id": "x" * 300, "text": "too long", "t": OLD},
                                                   {"id": "OK", "text": "fine", "t": OLD},
                                                   {"id": "NO", "text": "no time", "t": -5}]}])
        wait_until(lambda: w.wad.sql("select count(*) from messages where body = 'fine'") == [["1"]], 30, "the good one")
        wait_until(lambda: w.wad.sql("select count(*) from history_syncs") == [["0"]], 10, "no damaged one is kept")
        check(len(w.wad.call("message.list")["messages"]) == 1, w.wad.call("message.list"))
        check(w.wad.process.alive() and w.wad.online() == 1, "wad lives")


def a_death_leaves_nothing_out(build):
    with World(build, (LEAD, 5), name="history-kill", options=("--history", "blob")) as w:
        w.wad.pair("d1", DEVICE)
        w.wad.wait_online(1)
        wait_until(lambda: w.wad.sql("select count(*) from history_syncs") == [["0"]], 20, "the greeting is read")
        deaths = 0
        for point, n in (("history.before_batch", 1), ("history.after_batch", 1), ("history.before_batch", 3),
                         ("history.after_batch", 3), ("history.before_batch", 6), ("receive.before_commit", 1),
                         ("receive.after_commit", 1)):
            w.wad.stop()
            w.wad.start(env={"WAD_CRASH_AT": f"{point}:{n}"}, wait=False)
            if deaths == 0:
                w.wad.wait_ready()
                w.wad.wait_online(1)
            tell(w, **past(w, 400))
            try:
                wait_until(lambda: not w.wad.process.alive(), 30, f"it dies at {point}:{n}")
                deaths += 1
            except Failure:
                pass  # the import came before this start: fewer batches are left
            w.wad.process.kill()
        w.wad.start()
        w.wad.wait_online(1)
        wait_until(lambda: w.wad.sql("select count(*) from history_syncs") == [["0"]] and
                   w.wad.sql("select count(*) from messages where body = 'we wrote'") == [["400"]], 90, "the past is stored")
        whole(w, 400)
        check(deaths >= 5, f"{deaths} deaths")
        print(f"proof: history: {deaths} deaths, 800 messages: each once")
        check(not w.sandbox.violations(), f"violations: {w.sandbox.violations()}")


def file_of(w, phone):
    return next(m for m in w.wad.call("message.list", chat=str(phone))["messages"] if m["kind"] == "image")


def whole_file(w, **params):
    data, place = b"", {}
    while True:
        part = w.wad.call("message.media", **params, **place)
        data += base64.b64decode(part["bytes"])
        if "next" not in part:
            check(part["size"] == len(data), f"size {part['size']}, {len(data)} came")
            return data
        place = {"after": part["next"]}


def fails(w, code, **params):
    try:
        w.wad.call("message.media", **params)
    except RpcError as e:
        check(e.code == code, f"{params}: {e}")
        return
    raise Failure(f"{params} was answered")


def files_are_fetched_checked_and_kept(build):
    with World(build, (LEAD, 5), name="files", settings={"media.cache_mb": "8"}) as w:
        w.wad.pair("d1", DEVICE)
        w.wad.wait_online(1)
        pictures = [os.urandom(size) for size in (100, 0x100000, 5 << 20, 4 << 20)]
        for i, data in enumerate(pictures):
            w.sandbox.admin("POST", f"/admin/phones/{LEAD + i}/send", {
                "to": str(DEVICE), "imageBase64": base64.b64encode(data).decode(), "caption": f"p{i}",
                "mimetype": "image/png"})
        wait_until(lambda: len(w.wad.call("message.list")["messages"]) == 4, 30, "four pictures")
        ids = [file_of(w, LEAD + i)["id"] for i in range(4)]
        check(file_of(w, LEAD)["media"]["mimetype"] == "image/png", file_of(w, LEAD))
        check(whole_file(w, id=ids[0], device="d1") == pictures[0], "the small one")
        check(whole_file(w, id=ids[1], device="d1", chat=str(LEAD + 1)) == pictures[1], "that of 1 MB")
        check(whole_file(w, id=ids[2], device="d1") == pictures[2], "that of 5 MB, in parts")
        folder = os.path.join(w.wad.state, "media")
        names = sorted(os.listdir(folder))
        check(names == sorted(hashlib.sha256(p).hexdigest() for p in pictures[:3]), f"named by their content: {names}")

        # from the folder, without the network; one that was changed there is fetched anew
        w.sandbox.faults(mediaStatus=503)
        check(whole_file(w, id=ids[0], device="d1") == pictures[0], "kept")
        path = os.path.join(folder, hashlib.sha256(pictures[0]).hexdigest())
        with open(path, "r+b") as f:
            f.write(bytes([pictures[0][0] ^ 1]))
        fails(w, -32029, id=ids[0], device="d1")
        check(not os.path.exists(path), "the changed one is gone")
        w.sandbox.admin("DELETE", "/admin/faults")
        check(whole_file(w, id=ids[0], device="d1") == pictures[0], "fetched again")

        # many ask at once: one fetch
        os.unlink(path)
        got = []
        threads = [threading.Thread(target=lambda: got.append(whole_file(w, id=ids[0], device="d1"))) for _ in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        check(got == [pictures[0]] * 8, "all get it")

        # over the bound the one goes that was not asked for longest: that of 1 MB, then that of 5 MB
        check(whole_file(w, id=ids[3], device="d1") == pictures[3], "another")
        left = sum(os.path.getsize(os.path.join(folder, n)) for n in os.listdir(folder))
        check(left <= 8 << 20, f"{left} bytes are kept")
        check(hashlib.sha256(pictures[3]).hexdigest() in os.listdir(folder), "the newest is there")

        # what is on the media host was changed
        host = os.path.join(w.directory, "sandbox")
        blobs = [os.path.join(d, n) for d, _, files in os.walk(host) for n in files if "media" in d]
        for name in blobs:
            with open(name, "r+b") as f:
                f.seek(os.path.getsize(name) // 2)
                byte = f.read(1)
                f.seek(-1, 1)
                f.write(bytes([byte[0] ^ 1]))
        check(blobs, "files of the media host")
        w.sandbox.process.stop()
        w.sandbox.start()
        w.wad.wait_online(1)
        for name in os.listdir(folder):
            os.unlink(os.path.join(folder, name))
        fails(w, -32023, id=ids[1], device="d1")
        check(not os.listdir(folder), "nothing of it is kept")
        fails(w, -32004, id="3EB0", device="d1")
        write(w, LEAD, "a text")
        wait_until(lambda: any(m["kind"] == "text" for m in w.wad.call("message.list")["messages"]), 20, "a text")
        text = next(m["id"] for m in w.wad.call("message.list")["messages"] if m["kind"] == "text")
        fails(w, -32003, id=text, device="d1")
        done = subprocess.run([os.path.join(build, "ctl/wactl"), "--socket", w.wad.socket, "message", "media", ids[1],
                               "--device", "d1"], capture_output=True, timeout=60)
        check(done.returncode != 0 and done.stdout == b"", done)


def what_is_not_kept_goes(build):
    with World(build, (LEAD, 5), name="retention") as w:
        w.wad.pair("d1", DEVICE)
        w.wad.pair("d2", DEVICE + 1)
        w.wad.wait_online(2)
        tell(w, **past(w, 50))
        wait_until(lambda: w.wad.sql("select count(*) from messages where body = 'we wrote'") == [["50"]], 30, "the past")
        write(w, LEAD, "today")
        write(w, LEAD, "to the other", DEVICE + 1)
        wait_until(lambda: len(w.wad.call("message.list", limit=1000)["messages"]) >= 103, 20, "today")
        w.wad.sql("update devices set keep_days = 30 where name = 'd1'")
        w.wad.process.stop()
        w.wad.start()  # it looks at its start, then hourly
        wait_until(lambda: [m["text"] for m in w.wad.call("message.list", device="d1")["messages"]] == ["today"], 30,
                   "only today is left")
        check(len(w.wad.call("message.list", device="d2")["messages"]) == 1, "the other device keeps its own")
        w.wad.sql("update devices set keep_days = 40 where name = 'd2'")
        w.wad.process.stop()
        w.wad.start()
        months = "select count(*) from pg_inherits where inhparent = 'messages'::regclass"
        wait_until(lambda: int(w.wad.sql(months)[0][0]) <= 6, 30, "old months are gone")
        w.wad.wait_online(2)
        write(w, LEAD, "goes on")
        wait_until(lambda: (chat(w, LEAD) or {}).get("last_text") == "goes on", 20, "it goes on")


if __name__ == "__main__":
    sys.exit(run_tests([unread_rises_and_falls, pages_hold_while_messages_arrive, words_are_found, the_past_is_imported,
                        damaged_pasts_are_refused, a_death_leaves_nothing_out,
                        files_are_fetched_checked_and_kept, what_is_not_kept_goes], sys.argv[1]))
