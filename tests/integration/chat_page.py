#!/usr/bin/env python3
"""The chat page with hostile names and messages: read by a parser, and by a real browser (Chromium, when it is installed):
no script runs, nothing is loaded, nothing but our own links is there."""
import html.parser
import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
import urllib.request

from http_api import Api, check
from wadtest import run_tests, wait_until

FIRST = 60120000001
HOSTILE = ["<script>document.title='owned'</script>", "\"><img src=x onerror=\"document.title='owned'\">",
           "'><svg/onload=document.title='owned'>", "</p></li></ol><iframe src=//evil.example></iframe>", "javascript:alert(1)",
           "&lt;b&gt; &amp; &#x3c;i&#x3e;", "</title><style>body{display:none}</style>", "\u202egnitirw \u2066 isolated \u2069",
           "<a href=\"https://evil.example\">click</a>", "line one\nline two\ttab", "\x1b[31m red \x07", "\u0928\u092e\u0938\u094d\u0924\u0947 \U0001f600",
           "<!-- <base href=//evil.example> -->", "x" * 9000]


class Page(html.parser.HTMLParser):
    """Tags, links and the text as somebody would see it."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.links, self.words, self.inside = set(), [], "", []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        for name, value in attrs:
            check(not name.startswith("on") and name not in ("src", "style", "action"), f"<{tag} {name}={value}>")
            if name == "href":
                self.links.append(value)
        self.inside.append(tag)

    def handle_endtag(self, tag):
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data):
        if not self.inside or self.inside[-1] != "style":
            self.words += data + "\n"


def fill(api):
    """A device, and a person of a hostile name who writes hostile things; what the messages' texts are."""
    sandbox = api.world.sandbox
    api.wad.pair("d", FIRST, delay_min_ms=0, delay_max_ms=0)
    api.wad.wait_online(1)
    api.expect(200, "POST", "/api/leads/import",
               {"csv": f'phone,name\n{FIRST + 1},"<script>document.title=\'owned\'</script><b>Eve</b>"\n'})
    for text in HOSTILE:
        sandbox.admin("POST", f"/admin/phones/{FIRST + 1}/send", {"to": str(FIRST), "text": text})
    for i in range(60):
        sandbox.admin("POST", f"/admin/phones/{FIRST + 2}/send", {"to": str(FIRST), "text": f"plain {i}"})
    api.wad.call("message.send", device="d", to=str(FIRST + 1), text="an answer <i>of ours</i>")
    wait_until(lambda: len(api.wad.call("message.list", limit=1000)["messages"]) >= len(HOSTILE) + 61, 30, "all is stored")


def read(api, path):
    got = api.expect(200, "GET", path)
    check(got.type == "text/html" and "charset=utf-8" in got.headers["Content-Type"], f"{got.headers}")
    policy = got.headers["Content-Security-Policy"]
    check(policy.startswith("default-src 'none'; style-src 'sha256-") and "unsafe" not in policy and "script" not in policy, policy)
    page = Page(got.body.decode())
    check(page.tags <= {"html", "head", "meta", "title", "style", "body", "h1", "ul", "ol", "li", "p", "a", "b", "bdi", "nav",
                        "small", "time"}, f"tags: {page.tags}")
    check(all(link.startswith("/device/d/whatsapp") for link in page.links), f"links: {page.links}")
    return page


def strangers_words_stay_words(build):
    with Api(build, phones=(FIRST, 4)) as api:
        fill(api)
        chats = read(api, "/device/d/whatsapp")
        check("<script>document.title='owned'</script><b>Eve</b>" in chats.words, f"the name: {chats.words[:500]}")
        links = [link for link in chats.links if "chat=" in link]
        check(len(links) == 2, f"{chats.links}")
        pages = [read(api, link) for link in links]
        hostile = next(p for p in pages if "an answer" in p.words)
        for text in HOSTILE[:-1]:
            shown = re.sub(r"[\x00-\x08\x0b-\x1f]", "\ufffd", text)
            check(shown in hostile.words, f"not shown as it is: {text!r}")
        check("x" * 4000 + " \u2026" in hostile.words and "x" * 4001 not in hostile.words, "a long text is cut")
        check("an answer <i>of ours</i>" in hostile.words, "our own words")
        plain = next(p for p in pages if p is not hostile)
        check("plain 59" in plain.words and "plain 9\n" not in plain.words, "the newest page")
        older = read(api, next(link for link in plain.links if "before=" in link))
        found = [int(n) for n in re.findall(r"plain (\d+)", older.words + plain.words)]
        check(found == list(range(60)), f"paged: {found}")
        newer = read(api, next(link for link in older.links if "after=" in link))
        check([int(n) for n in re.findall(r"plain (\d+)", newer.words)] == list(range(10, 60)), "and forth again")
        check(read(api, "/device/d/whatsapp-web").words == chats.words, "the older address")
        check("<b>Eve</b>" in hostile.words, "the name stands above the messages")
        api.expect(404, "GET", "/device/d/whatsapp?chat=60199999999")
        api.expect(404, "GET", "/device/nobody/whatsapp")
        api.expect(401, "GET", "/device/d/whatsapp", token=None)
        api.expect(400, "GET", "/device/d/whatsapp?chat=")
        api.expect(400, "GET", "/device/d/whatsapp?chat=60120000002&before=x%3Cscript%3E")
        other = api.wad.call("token.create", title="r", scope="read")["token"]
        check(api.ask("GET", "/device/d/whatsapp", token=other).status == 200, "viewers read")


def proxy(api, inject):
    """Hands a browser's requests on with the token; may put a script into the page, as a hole in it would."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            request = urllib.request.Request(f"http://127.0.0.1:{api.port}{self.path}", headers={"Authorization": f"Bearer {api.token}"})
            try:
                with urllib.request.urlopen(request) as got:
                    body, status, headers = got.read(), got.status, got.headers
            except urllib.error.HTTPError as e:
                body, status, headers = e.read(), e.code, e.headers
            if inject:
                body = body.replace(b"<h1>", b"<script>document.title='owned'</script><img src=/stolen onerror=\"document.title='owned'\">"
                                    b"<h1>", 1)
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in ("content-length", "connection", "date"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, asked


def browse(api, path, *more, inject=False):
    """What the browser made of the page, and what it asked for."""
    server, asked = proxy(api, inject)
    profile = os.path.join(api.world.directory, "browser")
    env = dict(os.environ, HOME=api.world.directory, XDG_CONFIG_HOME=profile, XDG_CACHE_HOME=profile)
    argv = [shutil.which("chromium"), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", "--disable-sync", "--disable-component-update",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            f"--user-data-dir={profile}", "--virtual-time-budget=2000", "--window-size=900,1400", *more,
            f"http://127.0.0.1:{server.server_address[1]}{path}"]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=120, env=env, check=False)
    finally:
        server.shutdown()
        server.server_close()
    return done.stdout, [p for p in asked if p != "/favicon.ico"]


def a_browser_runs_nothing_of_it(build):
    if shutil.which("chromium") is None:
        print("     (no chromium here: the look with a real browser is left out)")
        return
    with Api(build, phones=(FIRST, 4)) as api:
        fill(api)
        links = [link for link in read(api, "/device/d/whatsapp").links if "chat=" in link]
        chat = next(link for link in links if "an answer" in read(api, link).words)
        for path, title in (("/device/d/whatsapp", "Chats"), (chat, "Chat")):
            for inject in (False, True):
                dom, asked = browse(api, path, "--dump-dom", inject=inject)
                check(f"<title>{title}</title>" in dom, f"{path}: the title is not ours: {dom[:300]}")
                check(len(asked) == 1, f"{path}: the browser asked for {asked}")
                if not inject:
                    check(not re.search(r"<(script|img|iframe|svg|base)\b", dom), f"{path}: an element that is not ours")
        picture = os.environ.get("CHAT_PAGE_PICTURE", os.path.join(api.world.directory, "page.png"))
        browse(api, chat, f"--screenshot={picture}", "--hide-scrollbars")
        with open(picture, "rb") as f:
            check(f.read(8) == b"\x89PNG\r\n\x1a\n" and os.path.getsize(picture) > 10000, "a picture")
        print("proof: Chromium showed hostile names and messages: no script ran, not one that was put into the page either; "
              "nothing but the page was asked for")


if __name__ == "__main__":
    every = [strangers_words_stay_words, a_browser_runs_nothing_of_it]
    wanted = sys.argv[2:]
    sys.exit(run_tests([t for t in every if not wanted or t.__name__ in wanted], sys.argv[1]))
