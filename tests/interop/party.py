"""A client program of another project, driven line by line.

Each program takes commands as JSON lines on stdin and answers each with {"answer": no, ..} on stdout;
between the answers it reports what happens to it as {"event": ..}. Both know the same commands:

    connect, disconnect            to the network; the first connect shows a QR text
    pair_code {phone}              answers {code} to type on that phone (Baileys only)
    send_text {to, text}           answers {msg}: the message's id; to: a number or LID@lid
    send_image {to, path, caption} the same, through the media host
    forget_sessions {users}        throws away its sessions with all devices of these users
    spoil_sessions {users}         makes what it encrypts next for them unreadable
    ask_history {chat, id, at, count}  asks its own phone for messages before that one of another; answers {msg}
    quit

and the same events: qr {text}, open {jid, lid}, close {why}, message {id, chat, text, image}, where image
is the SHA-256 of the picture it downloaded and decrypted, undecryptable {id}, retry_asked {id, from},
history {request, ids, end}: what the phone answered, where end is endOfHistoryTransferType and request is known to
Baileys only.
"""
import json
import os
import subprocess
import threading
import time

from wadtest import Failure


class Party:
    def __init__(self, name, argv, directory, env=None):
        self.name = name
        self.log_path = os.path.join(directory, name + ".log")
        self.log = open(self.log_path, "ab")
        merged = dict(os.environ)
        merged.update(env or {})
        self.child = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log,
                                      env=merged, cwd=directory)
        self.changed = threading.Condition()
        self.events, self.answers = [], {}
        self.ended = False
        self.next_no = 0
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.child.stdout:
            self.log.write(b"-> " + line)
            self.log.flush()
            try:
                got = json.loads(line)
            except ValueError:
                continue
            with self.changed:
                if "answer" in got:
                    self.answers[got["answer"]] = got
                else:
                    self.events.append(got)
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def _wait(self, check, seconds, what):
        end = time.monotonic() + seconds
        with self.changed:
            while True:
                got = check()
                if got is not None:
                    return got
                left = end - time.monotonic()
                if self.ended or left <= 0:
                    why = "it ended" if self.ended else f"not within {seconds:g} s"
                    raise Failure(f"{self.name}: {what}: {why}\n{self.tail()}")
                self.changed.wait(left)

    def tail(self, lines=12):
        with open(self.log_path, "rb") as f:
            return b"\n".join(f.read().splitlines()[-lines:]).decode(errors="replace")

    def do(self, op, seconds=60, **params):
        self.next_no += 1
        no = self.next_no
        line = json.dumps({"no": no, "op": op, **params}) + "\n"
        self.log.write(b"<- " + line.encode())
        self.log.flush()
        self.child.stdin.write(line.encode())
        self.child.stdin.flush()
        got = self._wait(lambda: self.answers.get(no), seconds, f"answer to {op}")
        if "error" in got:
            raise Failure(f"{self.name}: {op}: {got['error']}")
        return got

    def mark(self):
        """Where the events stand now, for wait(since=)."""
        with self.changed:
            return len(self.events)

    def wait(self, event, seconds=60, since=0, **fields):
        """The first event of this name, from since on, whose fields are these."""
        def find():
            for e in self.events[since:]:
                if e["event"] == event and all(e.get(k) == v for k, v in fields.items()):
                    return e
            return None

        wanted = " ".join([event] + [f"{k}={v}" for k, v in fields.items()])
        return self._wait(find, seconds, wanted)

    def count(self, event, **fields):
        with self.changed:
            return sum(e["event"] == event and all(e.get(k) == v for k, v in fields.items()) for e in self.events)

    def stop(self):
        if self.child.poll() is None:
            try:
                self.child.stdin.write(b'{"no":0,"op":"quit"}\n')
                self.child.stdin.close()
                self.child.wait(5)
            except (OSError, subprocess.TimeoutExpired):
                self.child.kill()
        self.child.wait()
        self.log.close()
