#!/usr/bin/env python3
"""Older messages of a chat, asked for from the phone: page by page to the end, each once, whatever dies between."""
import json
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
from wadtest import Failure, RpcError, World, run_tests, wait_until  # noqa: E402

DEVICE, LEAD = 60110000001, 60120000001
CONFLICT, NOT_FOUND, OFFLINE = -32003, -32004, -32010
OLD = 1_760_000_000


def check(condition, what):
    if not condition:
        raise Failure(what)


def keeps(w, count, with_=LEAD, phone=DEVICE, **more):
    """The phone has that many pairs of messages, of one second each, that it has not told of."""
    return w.sandbox.admin("POST", f"/admin/phones/{phone}/history", {"tell": False, "chats": [{
        "with": with_, "fill": count, "messages": [{"id": "IN", "text": "they wrote", "t": OLD},
                                                   {"id": "OUT", "text": "we wrote", "t": OLD, "fromMe": True, "status": 4}],
        **more}]})


def write(w, text, phone=LEAD):
    w.sandbox.admin("POST", f"/admin/phones/{phone}/send", {"to": str(DEVICE), "text": text})
    wait_until(lambda: w.wad.sql(f"select count(*) from messages where body = '{text}'") == [["1"]], 20, f"'{text}' is stored")


def linked(w):
    w.wad.pair("d1", DEVICE, delay_min_ms=0, delay_max_ms=0)
    w.wad.wait_online(1)
    wait_until(lambda: w.wad.sql("select count(*) from history_syncs") == [["0"]], 20, "the greeting is read")


def events(w, topic, request):
    return [json.loads(row[0]) for row in
            w.wad.sql(f"select data from events where topic = '{topic}' and data->>'request' = '{request}'")]


def synced(w, request):
    return wait_until(lambda: events(w, "chat.synced", request), 30, f"{request} is answered")[0]


def ask(w, chat=LEAD, **more):
    return w.wad.call("chat.sync", device="d1", chat=str(chat), **more)


def refused(w, code, **params):
    try:
        w.wad.call("chat.sync", **{"device": "d1", "chat": str(LEAD), **params})
    except RpcError as e:
        check(e.code == code, f"{params}: {e}")
        return str(e)
    raise Failure(f"{params}: it was asked for")


def listed(w, chat=LEAD):
    """All messages of a chat, page by page back; oldest first."""
    seen, place = [], None
    while True:
        page = w.wad.call("message.list", chat=str(chat), limit=70, **({"before": place} if place else {}))
        seen = page["messages"] + seen
        place = page.get("next")
        if not place:
            return seen


def pages_to_the_end(build):
    for how in ("inline", "blob"):
        with World(build, (LEAD, 5), name=f"older-{how}", options=("--history", how)) as w:
            linked(w)
            refused(w, NOT_FOUND)
            keeps(w, 120)
            write(w, "today")
            before = w.wad.call("chat.show", chat=str(LEAD))
            check("end" not in before, before)
            pages = []
            while not pages or not pages[-1]["end"]:
                got = ask(w, count=50)
                check(got["chat"] == before["chat"] and got["count"] == 50, got)
                told = synced(w, got["request"])
                check(told == {"device": told["device"], "chat": before["chat"], "request": got["request"],
                               "messages": told["messages"], "end": told["end"]}, told)
                pages.append(told)
                check(len(pages) < 10, pages)
            check([p["messages"] for p in pages] == [50, 50, 50, 50, 40], pages)
            check([p["end"] for p in pages] == [False] * 4 + [True], pages)
            texts = [(m["at"], m["text"]) for m in listed(w)]
            check(len(texts) == 241 and texts == sorted(texts, key=lambda m: m[0]), f"{len(texts)} in order")
            check([t for _, t in texts] == ["they wrote", "we wrote"] * 120 + ["today"], "those of one second too")
            after = w.wad.call("chat.show", chat=str(LEAD))
            check(after == {**before, "end": True}, f"{before} {after}")
            # there is no more, and nothing comes twice
            told = synced(w, ask(w)["request"])
            check(told["messages"] == 0 and told["end"] is True, told)
            check(len(listed(w)) == 241, "each once")
            check(w.wad.sql("select count(*) from history_requests") == [["0"]], "no request is left")
            asked = [m for m in w.sandbox.messages(phone=DEVICE) if m["kind"] == "history-request"]
            check(len(asked) == 6 and all(m["answered"] for m in asked), asked)
            check(not w.sandbox.violations(), f"violations: {w.sandbox.violations()}")


def many_of_one_second(build):
    """Pages go on where all messages have the same time, as only their order tells them apart."""
    with World(build, (LEAD, 5), name="older-second") as w:
        linked(w)
        w.sandbox.admin("POST", f"/admin/phones/{DEVICE}/history", {"tell": False, "chats": [{
            "with": LEAD, "messages": [{"id": f"S{i}", "text": f"n{i}", "t": OLD} for i in range(130)]}]})
        write(w, "today")
        sizes = []
        while not sizes or not told["end"]:
            told = synced(w, ask(w, count=30)["request"])
            sizes.append(told["messages"])
            check(len(sizes) < 10, sizes)
        check(sizes == [30, 30, 30, 30, 10], sizes)
        check([m["text"] for m in listed(w)] == [f"n{i}" for i in range(130)] + ["today"], "in their order")


def a_phone_that_does_not_answer(build):
    with World(build, (LEAD, 5), name="older-mute") as w:
        linked(w)
        keeps(w, 60)
        write(w, "today")
        write(w, "another", LEAD + 1)
        phone = f"/admin/phones/{DEVICE}/config"
        w.sandbox.admin("POST", phone, {"historyOnDemand": False})
        got = ask(w)
        text = refused(w, CONFLICT)
        check("asked already" in text, text)
        ask(w, LEAD + 1)  # one for each chat
        w.wad.sql("update history_requests set until = now() + interval '1 second'")
        w.wad.stop()
        w.wad.start()  # it finds them
        w.wad.wait_online(1)
        late = wait_until(lambda: events(w, "chat.sync_failed", got["request"]), 20, "it is told of")
        check(late[0]["reason"] == "the phone did not answer in time" and late[0]["chat"] == got["chat"], late)
        check(w.wad.sql("select count(*) from events where topic = 'chat.sync_failed'") == [["2"]], "each once")
        # a phone that is off answers when it is back
        w.sandbox.admin("POST", phone, {"historyOnDemand": True, "online": False})
        got = ask(w)
        w.wad.sql(f"update history_requests set late = true where msg_id = '{got['request']}'")
        w.sandbox.admin("POST", phone, {"online": True})
        check(synced(w, got["request"])["messages"] == 50, "its answer counts though it is late")
        check(synced(w, ask(w, count=500)["request"])["messages"] == 50, "a phone gives what it gives")
        check(not w.sandbox.violations(), f"violations: {w.sandbox.violations()}")


def what_cannot_be_asked(build):
    with World(build, (LEAD, 5), name="older-refused") as w:
        linked(w)
        keeps(w, 60)
        write(w, "today")
        w.wad.call("device.create", name="d2")
        refused(w, OFFLINE, device="d2")
        refused(w, NOT_FOUND, device="nobody")
        refused(w, NOT_FOUND, chat=str(LEAD + 3))
        refused(w, NOT_FOUND, chat="nonsense")
        w.wad.call("device.update", device="d1", store_chats=False)
        text = refused(w, CONFLICT)
        check("store_chats" in text, text)
        w.wad.call("device.update", device="d1", store_chats=True)
        w.sandbox.admin("POST", f"/admin/phones/{DEVICE}/history", {"names": {f"{LEAD + 2}@s.whatsapp.net": "Bob"}})
        wait_until(lambda: w.wad.sql("select count(*) from chats where push_name = 'Bob'") == [["1"]], 20, "a name")
        text = refused(w, CONFLICT, chat=str(LEAD + 2))
        check("needs one" in text, text)
        # the server refuses the request: the chat is free at once
        w.sandbox.faults(ackError={"code": 429, "count": 1})
        refused(w, -32005)
        w.sandbox.faults(ackError={"code": 500, "count": 1})
        refused(w, -32029)
        w.sandbox.admin("DELETE", "/admin/faults")
        check(synced(w, ask(w)["request"])["messages"] == 50, "asked for again")
        check(w.wad.sql("select count(*) from history_requests") == [["0"]], "no request is left")


def a_stop_and_a_cut_end_what_is_under_way(build):
    with World(build, (LEAD, 5), name="older-stop") as w:
        linked(w)
        keeps(w, 60)
        write(w, "today")
        for how in ("cut", "stop"):
            w.sandbox.faults(muteAcks=True)
            got = []

            def call():
                try:
                    got.append(ask(w))
                except RpcError as e:
                    got.append(e)

            seen = len(w.sandbox.messages(phone=DEVICE))
            caller = threading.Thread(target=call)
            caller.start()
            wait_until(lambda: len(w.sandbox.messages(phone=DEVICE)) > seen, 20, "the phone has the request")
            if how == "cut":
                w.sandbox.faults(target=str(DEVICE), dropNow=True)
            else:
                check(w.wad.stop() == 0, "it ends well")
            caller.join(30)
            check(len(got) == 1 and isinstance(got[0], RpcError), f"{how}: {got}")
            check(got[0].code in ((OFFLINE,) if how == "cut" else (OFFLINE, -32009)), f"{how}: {got}")
            w.sandbox.admin("DELETE", "/admin/faults")
            if how == "stop":
                w.wad.start()
            w.wad.wait_online(1)
            # it had left, and is answered
            wait_until(lambda: w.wad.sql("select count(*) from history_requests") == [["0"]], 30, f"{how}: its answer")
        sizes = w.wad.sql("select data->>'messages' from events where topic = 'chat.synced' order by id")
        check(sizes == [["50"], ["50"]], sizes)
        check(not w.sandbox.violations(), f"violations: {w.sandbox.violations()}")


def deaths_lose_nothing(build):
    with World(build, (LEAD, 5), name="older-kill", options=("--history", "blob")) as w:
        linked(w)
        keeps(w, 150)
        write(w, "today")
        w.wad.stop()
        deaths, end = 0, False
        for point, n in (("sync.before_commit", 1), ("sync.after_commit", 1), ("receive.before_commit", 1),
                         ("receive.after_commit", 1), ("history.before_batch", 1), ("history.after_batch", 1),
                         ("history.before_batch", 2), ("history.after_batch", 2), ("history.before_batch", 3)):
            w.wad.start(env={"WAD_CRASH_AT": f"{point}:{n}"})
            w.wad.wait_online(1)
            try:
                ask(w, count=30)
            except (RpcError, Failure, OSError):
                pass  # it died before it could answer
            wait_until(lambda: not w.wad.process.alive(), 30, f"it dies at {point}:{n}")
            deaths += 1
            w.wad.process.kill()
            w.wad.start()
            w.wad.wait_online(1)
            if not point.startswith("sync."):
                wait_until(lambda: w.wad.sql("select count(*) from history_requests where until > now()") == [["0"]], 30,
                           f"{point}: the answer")
            w.wad.sql("update history_requests set until = now()")  # those that never left
            check(w.wad.sql("select count(*) - count(distinct msg_id) from messages") == [["0"]], "each once")
            w.wad.stop()
        w.wad.start()
        w.wad.wait_online(1)
        while not end:
            end = synced(w, ask(w)["request"])["end"]
        texts = [m["text"] for m in listed(w)]
        check(texts == ["they wrote", "we wrote"] * 150 + ["today"], f"{len(texts)} messages")
        told = w.wad.sql("select sum((data->>'messages')::int) from events where topic = 'chat.synced'")
        check(told == [["300"]], f"told of {told}")
        print(f"proof: history: {deaths} deaths while the phone is asked for older messages: 300 messages, each once")
        check(not w.sandbox.violations(), f"violations: {w.sandbox.violations()}")


if __name__ == "__main__":
    sys.exit(run_tests([pages_to_the_end, many_of_one_second, a_phone_that_does_not_answer, what_cannot_be_asked,
                        a_stop_and_a_cut_end_what_is_under_way, deaths_lose_nothing], sys.argv[1]))
