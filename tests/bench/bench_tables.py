"""Figures of large tables: what a campaign's expansion and the claims from its rows cost, and chats among a million
messages. Rows that no figure is about are written by SQL."""
import os
import statistics
import time

from bench_parts import LEAD, pair_all
from wadtest import Failure, World, wait_until

CLAIM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../sql/queries/outbox_claim.sql")


def claims(world, device, times=4):
    """Milliseconds of claims of 250 rows each: median and longest, as the device's shard would plan them."""
    with open(CLAIM) as f:
        text = "\n".join(line for line in f.read().splitlines() if not line.startswith("--"))
    ids = "'{" + ",".join(f"bench{i}" for i in range(250)) + "}'"
    plan = "".join(f"set {name} = off; " for name in ("enable_seqscan", "enable_bitmapscan", "enable_hashjoin",
                                                      "enable_mergejoin", "enable_material"))
    plan += f"set plan_cache_mode = force_generic_plan; prepare claim (bigint, bigint, text[], integer) as {text}; "
    run = f"explain (analyze, timing off) execute claim (1, {device}, {ids}, 9); "
    got = [float(row[0].split()[-2]) for row in world.wad.sql(plan + run * (times + 1)) if row[0].startswith("Execution")]
    return statistics.median(got[1:]), max(got[1:])


def expansion(build, options, note):
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


def chats(build, options, note):
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
