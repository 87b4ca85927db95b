#!/usr/bin/env python3
"""Chats: kept by every message, read on whatever device, paged while messages arrive, searched."""
import json
import os
import sys
import time

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


if __name__ == "__main__":
    sys.exit(run_tests([unread_rises_and_falls, pages_hold_while_messages_arrive, words_are_found], sys.argv[1]))
