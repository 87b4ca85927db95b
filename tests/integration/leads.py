#!/usr/bin/env python3
"""Leads: by hand, from CSV and back, found by labels, status, text and device."""
import csv
import io
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
from wadtest import Failure, Rpc, RpcError, World, run_tests, wait_until  # noqa: E402

DEVICE, LEAD = 60110000001, 60120000001
MANY = 100000


def check(condition, what):
    if not condition:
        raise Failure(what)


def refused(code, call, method, **params):
    try:
        got = call(method, **params)
    except RpcError as e:
        check(e.code == code, f"{method}: {e.code} {e}")
        return str(e)
    raise Failure(f"{method} {params}: taken: {got}")


def exported(call, **params):
    """All parts of lead.export."""
    parts, after = [], {}
    while True:
        got = call("lead.export", **params, **after)
        parts.append(got["csv"])
        if "next" not in got:
            return "".join(parts)
        after = {"after": got["next"]}


def events(w, topic, count):
    rpc = Rpc(w.wad.socket)
    rpc.call("event.subscribe", topics=[topic], since_id="0")
    rpc.sock.settimeout(10)
    got = [json.loads(rpc.file.readline())["params"] for _ in range(count)]
    rpc.close()
    return got


def leads_are_made_and_changed_by_hand(build):
    with World(build, (LEAD, 2), name="byhand") as w:
        call = w.wad.call
        device = call("device.create", name="d1")["id"]
        made = call("lead.create", phone="+60 (12) 345-6789", name="Ann", niche=" shops,vip , SHOPS", note="n",
                    vars={"city": "Ipoh", "empty": ""}, zone="asia/kuala_lumpur", opt_in_source="shop",
                    opt_in_at="2026-01-02T03:04:05Z", device="d1")
        check(made["phone"] == "60123456789" and made["niche"] == "SHOPS,VIP" and made["status"] == "prospect" and
              made["vars"] == {"city": "Ipoh"} and made["zone"] == "Asia/Kuala_Lumpur" and made["device"] == device and
              made["opt_in_at"] == "2026-01-02T03:04:05.000Z" and not made["opted_out"] and "on_whatsapp" not in made,
              f"{made}")
        check(call("lead.show", lead=made["id"]) == made, "what is shown is what was made")
        refused(-32003, call, "lead.create", phone="60123456789")
        refused(-32602, call, "lead.create", phone="60123456780", zone="Mars/Olympus")
        refused(-32602, call, "lead.create", phone="0123456780")
        refused(-32004, call, "lead.create", phone="60123456780", device="none")

        # a user's country makes a national number whole, everywhere
        call("user.update", id="admin", default_country=60)
        other = call("lead.create", phone="012-345 6780", status="customer")
        check(other["phone"] == "60123456780", f"{other}")
        got = call("lead.import", csv="phone\n012 345 6781\n+65 9123 4567\n", dry_run=True)
        check(got["accepted"] == 2 and not got["rejected"], f"{got}")
        check(call("optout.add", phone="0123456780")["added"], "opt-out by a national number")
        check(call("lead.show", lead=other["id"])["opted_out"], "it is that lead")

        # what is not named stays, an empty text goes
        got = call("lead.update", lead=made["id"], vars={"city": "", "shop": "A"}, note="", niche="farms")
        check("note" not in got and got["vars"] == {"shop": "A"} and got["niche"] == "FARMS" and got["name"] == "Ann" and
              got["zone"] == "Asia/Kuala_Lumpur", f"{got}")
        got = call("lead.update", lead=made["id"], opt_in_source="", zone="", phone="+4915112345678")
        check("opt_in_at" not in got and "zone" not in got and got["phone"] == "4915112345678", f"{got}")
        refused(-32003, call, "lead.update", lead=made["id"], phone="60123456780")
        refused(-32602, call, "lead.update", lead=made["id"], zone="Mars/Olympus")
        refused(-32004, call, "lead.update", lead="999", name="x")
        check(call("lead.update", lead=made["id"], phone="4915112345678")["name"] == "Ann", "its own phone is no conflict")

        check(call("lead.delete", lead=made["id"]) == {"lead": made["id"]}, "deleted")
        refused(-32004, call, "lead.show", lead=made["id"])
        refused(-32004, call, "lead.delete", lead=made["id"])
        told = [e["topic"] for e in events(w, "lead.*", 7)]
        check(told.count("lead.created") == 2 and told.count("lead.updated") == 3 and told.count("lead.deleted") == 1, f"{told}")

        got = w.wad.wactl("lead", "create", "60123456799", "--vars", "a=1", "--vars", "b=x=y", "-o", "json")
        check(json.loads(got.stdout)["vars"] == {"a": "1", "b": "x=y"}, got.stdout)


def leads_are_found(build):
    with World(build, (LEAD, 2), name="found") as w:
        call = w.wad.call
        device = call("device.create", name="d1")["id"]
        names = ["delta", "Alpha", "charlie", "", "Bravo", "alpha"]
        for i, name in enumerate(names):
            call("lead.create", phone=str(LEAD + i), niche=["a,b", "b", "c"][i % 3], status=["prospect", "customer"][i % 2],
                 **({"name": name} if name else {}), **({"device": "d1"} if i == 2 else {}), note=f"note {i} 100%")
        call("optout.add", phone=str(LEAD + 4))

        def phones(**params):
            return [int(le["phone"]) - LEAD for le in call("lead.list", **params)["leads"]]

        check(phones() == [0, 1, 2, 3, 4, 5], "in the order in which they were made")
        check(phones(niche="A") == [0, 3] and phones(niche="a, C") == [0, 2, 3, 5] and phones(niche="ab") == [], "labels")
        check(phones(status="customer") == [1, 3, 5] and phones(opted_out=True) == [4] and phones(device="d1") == [2], "filters")
        check(phones(opted_out=False, niche="b") == [0, 1, 3], "two filters")
        check(phones(text="ALPHA") == [1, 5] and phones(text=str(LEAD + 3)[-5:]) == [3] and phones(text="e 2") == [2] and
              phones(text="100%") == list(range(6)) and phones(text="%") == list(range(6)) and phones(text="_") == [], "text")
        check(phones(sort="name") == [3, 1, 5, 4, 2, 0], f"by name: {phones(sort='name')}")
        for sort in ("made", "name"):
            seen, after = [], {}
            while True:
                page = call("lead.list", sort=sort, limit=2, **after)
                seen += [le["phone"] for le in page["leads"]]
                if "next" not in page:
                    break
                after = {"after": page["next"]}
            check(seen == [str(LEAD + i) for i in phones(sort=sort)], f"pages by {sort}: {seen}")
        gone = call("lead.list", sort="name", limit=1)["next"]
        call("lead.delete", lead=gone)
        refused(-32004, call, "lead.list", sort="name", after=gone)
        check(call("lead.labels")["labels"] == [{"label": "A", "leads": 1}, {"label": "B", "leads": 3}, {"label": "C", "leads": 2}],
              f"{call('lead.labels')}")
        check(int(device) > 0, "a device")


def csv_goes_in_and_comes_out(build):
    with World(build, (LEAD, 2), name="csv") as w:
        call = w.wad.call
        device = call("device.create", name="d1")["id"]
        text = ("\ufeffPhone;NAME;niche;tags;Status;journey;Timezone;opt_in_source;opt_in_at;device_id;var.City;extra\r\n"
                f"+{LEAD};\"Ann; \"\"A\"\"\r\nB\";a,b;c;CUSTOMER;=1+1;europe/berlin;fair;2026-01-02;d1;Ipoh;x\r"
                f"{LEAD + 1};'=2;;c;friend;;;;;{device};;\n"
                f"{LEAD + 2};;;;;;Mars/Olympus;;;;;\n"
                f"{LEAD + 3};;;;;;;;;nobody;;\n"
                f"{LEAD + 4};;;;;;;;yesterday;;;\n"
                ";;;;;;;;;;;\n"
                "12;;;;;;;;;;;\n")
        dry = call("lead.import", csv=text, dry_run=True)
        got = call("lead.import", csv=text)
        check({**got, "dry_run": True} == dry, f"a dry run says the same: {dry} {got}")
        check((got["accepted"], got["updated"], got["rejected_count"]) == (2, 0, 4), f"{got}")
        # a quoted line end counts as a line
        check([(r["line"], r["field"]) for r in got["rejected"]] ==
              [(5, "timezone"), (6, "device_id"), (7, "opt_in_at"), (9, "phone")], f"{got['rejected']}")
        check([(n["line"], n["field"]) for n in got["notes"]] == [(4, "status")], f"{got['notes']}")
        leads = call("lead.list")["leads"]
        check(leads[0]["name"] == 'Ann; "A"\r\nB' and leads[0]["niche"] == "A,B,C" and leads[0]["status"] == "customer" and
              leads[0]["note"] == "=1+1" and leads[0]["zone"] == "Europe/Berlin" and leads[0]["device"] == device and
              leads[0]["opt_in_at"] == "2026-01-02T00:00:00.000Z" and leads[0]["vars"] == {"city": "Ipoh"}, f"{leads[0]}")
        check(leads[1]["name"] == "=2" and leads[1]["status"] == "prospect" and leads[1]["niche"] == "C", f"{leads[1]}")

        out = exported(call)
        check(out.startswith("name,phone,niche,target_status,additional_note,device_id,"), out[:100])
        rows = list(csv.DictReader(io.StringIO(out, newline="")))
        check(rows[0]["additional_note"] == "'=1+1" and rows[1]["name"] == "'=2" and rows[0]["var.city"] == "Ipoh", f"{rows}")
        call("user.create", name="second")
        rpc = Rpc(w.wad.socket)
        rpc.call("system.act_as", user="second")
        rpc.call("device.create", name="other")
        check(rpc.call("lead.import", csv=out.replace(f'"{device}"', '""'))["accepted"] == 2, "what came out goes in")
        again = [{k: v for k, v in le.items() if k not in ("id", "device", "created_at", "updated_at")}
                 for le in rpc.call("lead.list")["leads"]]
        check(again == [{k: v for k, v in le.items() if k not in ("id", "device", "created_at", "updated_at")} for le in leads],
              f"the same again: {again}")
        check("nobody" not in rpc.call("lead.export")["csv"] and rpc.call("lead.import", csv=out)["rejected_count"] == 2,
              "another user's device is no device")
        rpc.close()

        # what the file leaves empty stays; tags are added
        got = call("lead.import", csv=f"phone,name,tags,var.city,var.shop\n{LEAD},,z,,S\n{LEAD},,z,,T\n")
        check((got["accepted"], got["updated"], got["rejected"][0]["line"]) == (0, 1, 2), f"{got}")
        lead = call("lead.list", limit=1)["leads"][0]
        check(lead["name"] == 'Ann; "A"\r\nB' and lead["niche"] == "A,B,C,Z" and lead["vars"] == {"city": "Ipoh", "shop": "T"} and
              lead["status"] == "customer", f"{lead}")
        got = call("lead.import", csv=f"phone,additional_note\n{LEAD + 7},\"\n", niche="n", device="d1")
        check(got["rejected"] == [{"line": 2, "reason": "a quote is never closed"}], f"{got}")
        for bad in ("", "name\nx\n", "phone,PHONE\n1,2\n", "phone,var.1\n1,2\n", "phone,notes,journey\n1,2,3\n"):
            refused(-32602, call, "lead.import", csv=bad)
        for place in ("x", "1:", "1:A", "1:a,,b", "99999999999999999999", "1;a"):
            refused(-32602, call, "lead.export", after=place) if place != "1:" else None

        # as a file for people, as an answer for programs
        got = w.wad.wactl("lead", "export", "--niche", "Z")
        check(got.stdout.splitlines()[0].startswith("name,phone,niche") and got.stdout.count(f'"{LEAD}"') == 1, got.stdout)
        got = w.wad.wactl("lead", "export", "-o", "json")
        check(json.loads(got.stdout)["csv"].count("\r\n") >= 3, got.stdout)


def a_hundred_thousand_lines(build):
    """In under 10 s, out again the same, with wad's memory bounded."""
    with World(build, (LEAD, 2), name="many") as w:
        call = w.wad.call
        lines = "".join(f"Person {i},{LEAD + i},L{i % 50},{'customer' if i % 3 else 'prospect'},note {i},City {i % 100}\n"
                        for i in range(MANY))
        text = "name,phone,niche,target_status,additional_note,var.city\n" + lines
        start = time.monotonic()
        got = call("lead.import", csv=text)
        took = time.monotonic() - start
        check((got["accepted"], got["rejected_count"]) == (MANY, 0), f"{got['accepted']} {got['rejected'][:3]}")
        print(f"    {MANY} lines imported in {took:.1f} s", flush=True)
        check(took < (40 if "san" in build else 10), f"import took {took:.1f} s")
        before = w.wad.memory()["Rss"]
        start = time.monotonic()
        out = exported(call)
        print(f"    exported in {time.monotonic() - start:.1f} s, {len(out) >> 10} kB", flush=True)
        rows = list(csv.DictReader(io.StringIO(out, newline="")))
        check(len(rows) == MANY, f"{len(rows)} rows came out")
        for i in (0, 1, 999, 1000, 49999, MANY - 1):
            check((rows[i]["name"], rows[i]["phone"], rows[i]["niche"], rows[i]["additional_note"], rows[i]["var.city"]) ==
                  (f"Person {i}", str(LEAD + i), f"L{i % 50}", f"note {i}", f"City {i % 100}"), f"{rows[i]}")
        grown = w.wad.memory()["Rss"] - before
        check("san" in build or grown < 48 << 20, f"memory of wad grew by {grown >> 20} MB")
        start = time.monotonic()
        got = call("lead.import", csv=out)
        check((got["accepted"], got["updated"], got["rejected_count"]) == (0, MANY, 0), f"{got}")
        print(f"    taken again in {time.monotonic() - start:.1f} s", flush=True)
        check(call("lead.list", niche="L7", limit=1)["leads"][0]["phone"] == str(LEAD + 7), "a label")
        labels = call("lead.labels")["labels"]
        check(len(labels) == 50 and all(x["leads"] == MANY // 50 for x in labels), f"{labels[:3]}")


def a_cut_import_is_taken_again(build):
    """wad dies between two batches: what is there is whole rows, and the same file completes it."""
    count = 12000
    text = "phone,name\n" + "".join(f"{LEAD + i},P{i}\n" for i in range(count))
    with World(build, (LEAD, 2), name="cut", env={"WAD_CRASH_AT": "lead.after_batch:2"}) as w:
        try:
            w.wad.call("lead.import", csv=text)
            raise Failure("wad lived on")
        except (RpcError, OSError, ValueError, EOFError):
            pass
        wait_until(lambda: not w.wad.process.alive(), 20, "wad is dead")
        w.wad.env = {}
        w.wad.start()
        got = w.wad.call("lead.import", csv=text)
        check(got["accepted"] + got["updated"] == count and got["updated"] == 10000, f"{got}")
        check(len(w.wad.call("lead.list", limit=10000)["leads"]) == 10000, "each once")
        check([e["data"] for e in events(w, "lead.imported", 1)] == [{"accepted": 2000, "updated": 10000, "rejected": 0}],
              "one event, of the import that ended")


NOBODY = 60999000001


def known(w):
    return {int(le["phone"]): le["on_whatsapp"] for le in w.wad.call("lead.list", limit=1000)["leads"] if "on_whatsapp" in le}


def numbers_are_looked_up_within_a_budget(build):
    """What the network says is shown, kept and not asked for again; a device asks for so many a day."""
    with World(build, (LEAD, 30), name="checks", settings={"checks.per_day": "40", "checks.every_ms": "100"}) as w:
        call = w.wad.call
        phones = [LEAD + i for i in range(25)] + [NOBODY + i for i in range(25)]
        call("lead.import", csv="phone,niche\n" + "".join(f"{p},a\n" for p in phones[:-1]) + f"{phones[-1]},b\n")
        got = call("lead.check", niche="A")
        check(got == {"numbers": 49, "waiting": 49}, f"{got}")
        check(call("lead.check")["waiting"] == 50, "named again and one more")
        time.sleep(0.5)
        check(known(w) == {}, "without a device nobody asks")
        w.wad.pair("d1", DEVICE)
        wait_until(lambda: len(known(w)) == 40, 30, "the first device asks for 40")
        time.sleep(1)
        check(len(known(w)) == 40, "and for no more today")
        w.wad.pair("d2", DEVICE + 1)
        wait_until(lambda: len(known(w)) == 50, 30, "the second asks for the rest")
        check(known(w) == {p: p < NOBODY for p in phones}, f"what is known: {known(w)}")
        told = []
        wait_until(lambda: told.extend([e["data"] for e in events(w, "lead.checked", 3)]) or len(told) >= 3, 10, "events")
        check(told[0]["waiting"] == 20 and told[0]["on_whatsapp"] + told[0]["not_on_whatsapp"] == 30, f"{told}")
        got = call("lead.check", phones=[f"+{LEAD}", str(NOBODY)])
        check(got["waiting"] == 0 and [(k["phone"], k["on_whatsapp"]) for k in got["known"]] ==
              [(str(LEAD), True), (str(NOBODY), False)], f"{got}")
        check(call("lead.check", phones=[str(LEAD)], again=True)["waiting"] == 1, "unless it is wished")
        refused(-32602, call, "lead.check", phones=["12"])
        refused(-32602, call, "lead.check", phones=[str(LEAD)], niche="A")
        check(w.sandbox.shown() == [], "nobody got a message")
        check(call("user.create", name="other")["name"] == "other", "a user")
        rpc = Rpc(w.wad.socket)
        rpc.call("system.act_as", user="other")
        check(rpc.call("lead.check", phones=[str(LEAD)])["known"] == [], "what one knows another does not")
        rpc.close()


def checks_go_on_after_a_crash(build):
    for point in ("check.after_claim", "check.before_kept"):
        with World(build, (LEAD, 40), name="checkcrash", settings={"checks.every_ms": "100"},
                   env={"WAD_CRASH_AT": point + ":1"}) as w:
            w.wad.call("lead.import", csv="phone\n" + "".join(f"{LEAD + i}\n" for i in range(40)))
            w.wad.pair("d1", DEVICE)
            w.wad.wait_online(1)
            w.wad.call("lead.check")
            wait_until(lambda: not w.wad.process.alive(), 20, "wad is dead")
            w.wad.env = {}
            w.wad.start()
            wait_until(lambda: len(known(w)) == 40, 60, "all are known in the end")


if __name__ == "__main__":
    run_tests([numbers_are_looked_up_within_a_budget, checks_go_on_after_a_crash,
               leads_are_made_and_changed_by_hand, leads_are_found, csv_goes_in_and_comes_out, a_hundred_thousand_lines,
               a_cut_import_is_taken_again], sys.argv[1])
