"""Figures of the engine: the queue, analytics over ten million messages, calls while a campaign runs. Rows that no
figure is about are written by SQL."""
import os
import statistics
import threading
import time

from bench_parts import LEAD, one_campaign, pair_all, quiet
from wadtest import Rpc, World, wait_until

DAYS, PEOPLE, ANALYTICS_DEVICES = 90, 150000, 15
LOADS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../sql/queries/campaign_loads.sql")


def rank(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def call_ms(wad, times, method, **params):
    """Milliseconds of calls on one connection: the median, and the slowest in a hundred."""
    rpc, took = Rpc(wad.socket), []
    for _ in range(times):
        begin = time.monotonic()
        rpc.call(method, **params)
        took.append((time.monotonic() - begin) * 1000)
    rpc.close()
    return statistics.median(took), rank(took, 0.99)


# -- analytics --

def fill_analytics(wad, messages):
    """The counters as they stand after so many messages: a campaign a day to some of the people."""
    each = messages // DAYS
    wad.sql(f"insert into campaigns (user_id, id, title, state) overriding system value "
            f"select 1, 1000 + d, 'day ' || d, 'done' from generate_series(1, {DAYS}) d;"
            f"insert into analytics_people (user_id, phone, number) select 1, {LEAD} + n, n from generate_series(0, {PEOPLE - 1}) n;"
            # who belongs to which device: the owner of each bit
            f"create table owned as select n / 8192 as chunk, 1 + n % {ANALYTICS_DEVICES} as device, "
            f"bit_or(set_bit(0::bit(8192), n % 8192, 1)) as bits from generate_series(0, {PEOPLE - 1}) n group by 1, 2;")
    for day in range(1, DAYS + 1):  # a day at a time: its rows are sorted in memory
        wad.sql(f"insert into analytics_bits (user_id, scope, scope_id, what, day, chunk, bits) "
                f"select 1, 0, 0, w, (now() at time zone 'UTC')::date - {DAYS - day}, n / 8192, "
                f"bit_or(set_bit(0::bit(8192), n % 8192, 1)) "
                f"from (select (i + {day} * 7919) % {PEOPLE} as n, i from generate_series(0, {each - 1}) i) s "
                f"join (values (1, 100), (2, 95), (3, 60), (4, 5)) v (w, percent) on i % 100 < percent group by 4, 6;")
    wad.sql(f"insert into analytics_bits (user_id, scope, scope_id, what, day, chunk, bits) "
            f"select 1, 2, 1000 + {DAYS} - ((now() at time zone 'UTC')::date - day), what, day, chunk, bits from analytics_bits "
            f"where scope = 0 union all select 1, 1, device, what, day, chunk, a.bits & o.bits "
            f"from analytics_bits a join owned o using (chunk) where scope = 0; drop table owned;"
            f"insert into analytics_days (user_id, scope, scope_id, day, sent, delivered, read, replied, direct, opt_outs, received) "
            f"select 1, scope, scope_id, day, sum(bit_count(bits)) filter (where what = 1), sum(bit_count(bits)) filter (where what = 2), "
            f"sum(bit_count(bits)) filter (where what = 3), sum(bit_count(bits)) filter (where what = 4), 0, 0, 0 "
            f"from analytics_bits group by 2, 3, 4;")
    for table in ("analytics_bits", "analytics_days", "analytics_people"):
        wad.sql(f"vacuum analyze {table}")


def analytics(build, options, note):
    """Figures of 90 days over ten million messages to 150,000 people, 15 devices, a campaign a day."""
    with World(build, None, name="bench") as w:
        begin = time.monotonic()
        fill_analytics(w.wad, options.analytics_messages)
        note(f"counters of {options.analytics_messages:,} messages written", time.monotonic() - begin, "s")
        size = int(w.wad.sql("select pg_total_relation_size('analytics_bits') + pg_total_relation_size('analytics_people') + "
                             "pg_total_relation_size('analytics_days')")[0][0])
        note("their size", size / 1e6, "MB")
        metrics = w.wad.call("analytics.summary", days="90")["metrics"]
        note("messages in 90 days", metrics["messagesSent"], "")
        note("people in 90 days", metrics["leadsSent"], "")
        for method, params in (("summary", {}), ("summary", {"campaign": str(1000 + DAYS)}), ("export", {}), ("devices", {}),
                               ("campaigns", {})):
            median, worst = call_ms(w.wad, 20, f"analytics.{method}", days="90", **params)
            note(f"analytics.{method}, 90 days{' of ' + next(iter(params)) if params else ''}", median, "ms", "aim 200")
            note("  the slowest of 20", worst, "ms")
        count_events(w.wad, note)


def count_events(wad, note):
    """How fast the counters follow: three events of each of 50,000 messages."""
    messages = 50000
    wad.sql(f"insert into outbox (user_id, campaign_id, device_id, recipient, body, state, msg_id, sent_at) "
            f"select 1, 1001, 1 + n % {ANALYTICS_DEVICES}, {LEAD} + n, 'x', 5, 'M' || n, now() from generate_series(1, {messages}) n")
    before = wad.call("analytics.summary", days="today")["metrics"]["messagesRead"]
    wad.sql("insert into events (user_id, topic, data) select 1, t, jsonb_build_object('id', id::text) from outbox, "
            "unnest(array['message.sent', 'message.delivered', 'message.read']) t where campaign_id = 1001")
    begin = time.monotonic()
    wait_until(lambda: wad.call("analytics.summary", days="today")["metrics"]["messagesRead"] == before + messages, 120,
               "all are counted", 0.1)
    note("events counted", 3 * messages / (time.monotonic() - begin), "per s")


# -- the queue --

def queue(build, options, note):
    """What a message costs beside a short and a long queue."""
    phones = 10000
    with World(build, (LEAD, phones), name="bench") as w:
        wad = w.wad
        pair_all(w, 15)
        wad.call("lead.import", csv="phone,niche\n" + "".join(f"{LEAD + i},real\n" for i in range(phones)))
        one_campaign(w, "first", phones, niche="real")
        for size, aim in ((10000, ""), (options.queued, "aim within 10 %")):
            wad.sql("insert into outbox (user_id, campaign_id, device_id, recipient, body, not_before) "
                    f"select 1, null, 1 + n % 15, 60300000000 + n, 'x', now() + interval '1 day' from generate_series(1, {size} - "
                    "(select count(*) from outbox where state = 0)::integer) n")
            wad.sql("vacuum analyze outbox")  # else the server does it meanwhile, and a message seems to cost it
            quiet(w)
            rate, cpu = one_campaign(w, f"beside {size}", phones, niche="real")
            note(f"a message with {size:,} queued rows: wad and PostgreSQL", cpu[0] + cpu[2], "us", aim)
            note("  messages", rate, "per s")
            note("  of it, once a campaign: what devices have to send is counted", loads_ms(wad), "ms")
            quiet(w)
        calls_meanwhile(w, phones, note)


def loads_ms(wad):
    """Milliseconds of the look over all queued rows with which a campaign starts: the median of five."""
    with open(LOADS) as f:
        text = f.read().split("\n", 1)[1].replace("$1", "1")
    rows = [row[0] for _ in range(5) for row in wad.sql("explain (analyze, timing off) " + text)]
    return statistics.median(float(row.split()[-2]) for row in rows if row.startswith("Execution"))


def calls_meanwhile(w, phones, note):
    """What callers wait while a campaign runs as fast as it can."""
    took, done = {"system.ping": [], "campaign.list": [], "queue.stats": []}, threading.Event()

    def ask():
        rpc = Rpc(w.wad.socket)
        while not done.is_set():
            for method, times in took.items():
                begin = time.monotonic()
                rpc.call(method)
                times.append((time.monotonic() - begin) * 1000)
            time.sleep(0.005)
        rpc.close()

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        one_campaign(w, "with callers", phones, niche="real")
    finally:
        done.set()
        thread.join()
    for method, times in took.items():
        note(f"{method} while a campaign runs: the slowest in a hundred", rank(times, 0.99), "ms")
