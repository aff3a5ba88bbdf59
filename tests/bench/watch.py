"""Watched folders: `tintype watch` on bursts, saves, kills and large folders, before a real Garage.

Prints what was lost, sent twice or torn, and how long things took. `TINTYPE_BENCH=burst,saves,kills,latency,idle`
chooses, and `deep`; `TINTYPE_BENCH_MINUTES` bounds the kills (default: 10), `TINTYPE_BENCH_IDLE=300` looks at an idle folder for longer. Where that is allowed, the queue of inotify is cut to 16
events for the burst.
"""

import datetime
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import zlib

from servers import add_profile, start_garage

QUEUE = pathlib.Path("/proc/sys/fs/inotify/max_queued_events")


def png(text, size=0):
    """A picture of one pixel that says `text` and has about `size` bytes."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    words = b"Comment\0" + text.encode() + b" " + random.randbytes(size).hex().encode()[: max(0, size - 100)]
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"tEXt", words) + chunk(b"IDAT", zlib.compress(b"\0\0\0\0")) + chunk(b"IEND", b"")


class Bucket:
    """The same bucket, looked at without Tintype."""

    def __init__(self, server):
        self.server, self.host = server, server.endpoint.removeprefix("http://")
        self.connection = http.client.HTTPConnection(self.host)

    def ask(self, method, key, query=""):
        """A request signed as AWS says (Signature Version 4): status and body."""
        now = datetime.datetime.now(datetime.timezone.utc)
        day, moment, empty = now.strftime("%Y%m%d"), now.strftime("%Y%m%dT%H%M%SZ"), hashlib.sha256(b"").hexdigest()
        path, scope = f"/{self.server.bucket}/{key}", f"{day}/{self.server.region}/s3/aws4_request"
        signed = "host;x-amz-content-sha256;x-amz-date"
        canonical = f"{method}\n{path}\n{query}\nhost:{self.host}\nx-amz-content-sha256:{empty}\nx-amz-date:{moment}\n\n{signed}\n{empty}"
        text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        secret = ("AWS4" + self.server.secret).encode()
        for word in (day, self.server.region, "s3", "aws4_request", text):
            secret = hmac.new(secret, word.encode(), hashlib.sha256).digest()
        credential = f"AWS4-HMAC-SHA256 Credential={self.server.key}/{scope}, SignedHeaders={signed}, Signature={secret.hex()}"
        headers = {"Authorization": credential, "x-amz-date": moment, "x-amz-content-sha256": empty}
        self.connection.request(method, path + ("?" + query if query else ""), headers=headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def keys(self, prefix):
        keys, token = [], ""
        while True:
            _, body = self.ask("GET", "", f"{token}list-type=2&prefix={prefix}%2F")
            text = body.decode()
            keys += [part.split("</Key>")[0] for part in text.split("<Key>")[1:]]
            if "<NextContinuationToken>" not in text:
                return keys
            next_token = text.split("<NextContinuationToken>")[1].split("</")[0]
            token = "continuation-token=" + urllib.parse.quote(next_token, safe="") + "&"


class Watcher:
    """`tintype watch` over a folder of its own."""

    def __init__(self, tintype, server, work, name, *flags):
        self.tintype, self.name, self.flags = tintype, name, flags
        self.home, self.folder = work / f"{name}-home", work / name
        self.folder.mkdir()
        self.home.mkdir()
        self.env = os.environ | {"AWS_ACCESS_KEY_ID": server.key, "AWS_SECRET_ACCESS_KEY": server.secret, "TINTYPE_HOME": str(self.home)}
        add_profile(tintype, server, name, self.env)
        self.process = None

    def start(self):
        command = [self.tintype, "watch", "--json", "--no-variants", "--profile", self.name, *self.flags, self.folder]
        self.process = subprocess.Popen(command, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.states = []
        self.reconciled = threading.Event()
        threading.Thread(target=self.listen, args=(self.process.stdout,), daemon=True).start()

    def listen(self, lines):
        for line in lines:
            told = json.loads(line)
            if "folder" in told and told["folder"]["scanned_at"]:
                self.states.append(told["folder"])
                self.reconciled.set()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def count(self, sql):
        with sqlite3.connect(f"file:{self.home / 'journal.sqlite'}?mode=ro", uri=True, timeout=20) as journal:
            return journal.execute(sql).fetchone()[0]

    def wait(self, sql, count, patience=900):
        start = time.perf_counter()
        while self.count(sql) != count:
            if time.perf_counter() - start > patience:
                raise SystemExit(f"{self.name}: {self.count(sql)} instead of {count} after {patience} s")
            time.sleep(0.1)
        return time.perf_counter() - start

    def memory(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def cpu(self):
        stat = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")")[1].split()
        return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


SEEN, JOBS = "SELECT count(*) FROM seen", "SELECT count(*) FROM jobs"
DONE = JOBS + " WHERE state = 'done'"
UNFINISHED = JOBS + " WHERE state IN ('queued', 'planned')"


def burst(tintype, server, work, count=20_000):
    """All files of a burst are found although the platform's news overflow, and none is sent twice."""
    watcher = Watcher(tintype, server, work, "burst")
    before = None
    try:
        before = QUEUE.read_text()
        QUEUE.write_text("16")
    except OSError:
        print("the queue of events cannot be cut here", flush=True)
    try:
        watcher.start()
        watcher.reconciled.wait(60)
    finally:
        if before:
            QUEUE.write_text(before)
    start = time.perf_counter()
    for number in range(count):
        (watcher.folder / f"{number:05}.png").write_bytes(png(f"{number}"))
    made = time.perf_counter() - start
    found = watcher.wait(SEEN, count)
    sent = found + watcher.wait(DONE, count)
    keys = Bucket(server).keys("burst")
    print(f"burst of {count:,} in {made:.1f} s: all found {found:.1f} s after it, all sent {sent:.1f} s after it; "
          f"{len(set(keys)):,} objects, {watcher.count(JOBS):,} jobs; {watcher.memory():.0f} MiB", flush=True)
    watcher.kill()


def saves(tintype, server, work, count=10_000, names=1000):
    """Files are saved by temporary and rename while they are sent: at the end each object is the last save, whole."""
    watcher = Watcher(tintype, server, work, "saves", "--changed", "replace")
    watcher.start()
    watcher.reconciled.wait(60)
    last, dice = {}, random.Random(7)
    for number in range(count):
        name = f"{dice.randrange(names):04}.png" if number >= names else f"{number:04}.png"
        last[name] = png(f"{number} of {name}", 2000)
        temporary = watcher.folder / f".{name}.tmp"
        temporary.write_bytes(last[name])
        temporary.rename(watcher.folder / name)
        time.sleep(0.001)
    time.sleep(3)
    watcher.wait(UNFINISHED, 0)
    bucket = Bucket(server)
    wrong = [name for name, content in last.items() if bucket.ask("GET", f"saves/{name}")[1] != content]
    print(f"{count:,} saves over {names:,} names: {len(wrong)} wrong, {len(bucket.keys('saves')):,} objects, {watcher.count(JOBS):,} jobs", flush=True)
    watcher.kill()


def kills(tintype, server, work, count=20_000, most=1000):
    """Killed at random moments during a burst, again and again: nothing is lost, nothing is there twice."""
    watcher = Watcher(tintype, server, work, "kills")
    minutes = float(os.environ.get("TINTYPE_BENCH_MINUTES", "10"))
    end, dice, killed = time.perf_counter() + minutes * 60, random.Random(11), 0
    write = threading.Thread(target=lambda: [((watcher.folder / f"{number:05}.png").write_bytes(png(f"{number}")), time.sleep(minutes * 30 / count)) for number in range(count)])
    write.start()
    while killed < most and time.perf_counter() < end:
        watcher.start()
        time.sleep(dice.random() * 0.8)
        watcher.kill()
        killed += 1
    write.join()
    watcher.start()
    watcher.wait(DONE, count)
    keys, jobs = Bucket(server).keys("kills"), watcher.count(JOBS)
    print(f"{killed} × kill -9 during a burst of {count:,}: {len(set(keys)):,} objects, {jobs:,} jobs", flush=True)
    watcher.kill()


def latency(tintype, server, work, count=200):
    """From the close of a 200 KB file to its object in the bucket, on an idle machine; and from a rename into place."""
    watcher, bucket = Watcher(tintype, server, work, "latency"), Bucket(server)
    watcher.start()
    watcher.reconciled.wait(60)
    settle = {"close": 0.2, "rename": 0.0}
    for kind in settle:
        times = []
        for number in range(count):
            name, content = f"{kind}-{number:03}.png", png(f"{number}", 200_000)
            path = watcher.folder / (name if kind == "close" else f".{name}.tmp")
            path.write_bytes(content)
            if kind == "rename":
                path.rename(watcher.folder / name)
            start = time.perf_counter()
            while bucket.ask("HEAD", f"latency/{name}")[0] != 200:
                time.sleep(0.002)
            times.append(time.perf_counter() - start - settle[kind])
            time.sleep(0.05)
        times.sort()
        print(f"{kind} of a 200 KB file to its object, beyond the {settle[kind] * 1000:.0f} ms it has to rest: median {statistics.median(times) * 1000:.0f} ms, "
              f"p99 {times[int(len(times) * 0.99) - 1] * 1000:.0f} ms, longest {times[-1] * 1000:.0f} ms", flush=True)
    watcher.kill()


def idle(tintype, server, work):
    """What a large folder costs when nothing happens in it."""
    for count in (10_000, 100_000):
        watcher = Watcher(tintype, server, work, f"idle-{count}", "--only-new")
        content = png("idle")
        for number in range(count):
            folder = watcher.folder / f"{number // 1000:03}"
            if number % 1000 == 0:
                folder.mkdir()
            (folder / f"{number:06}.png").write_bytes(content)
        watcher.start()
        watcher.reconciled.wait(120)
        watcher.wait("SELECT count(*) FROM folders WHERE begun = 1", 1)
        watcher.kill()
        starts = []
        for _ in range(3):
            start = time.perf_counter()
            watcher.start()
            watcher.reconciled.wait(120)
            starts.append(time.perf_counter() - start)
            if len(starts) < 3:
                watcher.kill()
        seconds = int(os.environ.get("TINTYPE_BENCH_IDLE", "30"))
        # A new folder is compared again after 10, 40 and 130 s, then every 300 s.
        time.sleep(3 if seconds < 300 else 140)
        before, began = watcher.cpu(), time.perf_counter()
        time.sleep(seconds)
        share = (watcher.cpu() - before) / (time.perf_counter() - began)
        start = statistics.median(starts)
        print(f"{count:,} files watched: {start:.2f} s from start to reconciled ({start / count * 1e6:.0f} µs a file), then {share * 100:.2f} % CPU over {seconds} s, {watcher.memory():.0f} MiB", flush=True)
        watcher.kill()


def deep(tintype, server, work, count=1000):
    """Files ten folders deep, in folders that are made just before them."""
    watcher = Watcher(tintype, server, work, "deep")
    watcher.start()
    watcher.reconciled.wait(60)
    for number in range(count):
        folder = watcher.folder / "/".join([f"{number:04}", *"abcdefghi"])
        folder.mkdir(parents=True)
        (folder / f"{number:04}.png").write_bytes(png(f"{number}"))
    found = watcher.wait(SEEN, count)
    watcher.wait(DONE, count)
    print(f"{count:,} files ten new folders deep: all found {found:.1f} s after the last, {len(Bucket(server).keys('deep')):,} objects", flush=True)
    watcher.kill()


TASKS = {"burst": burst, "deep": deep, "saves": saves, "latency": latency, "idle": idle, "kills": kills}


def main():
    tintype, garage = sys.argv[1:]
    work = pathlib.Path(tempfile.mkdtemp(prefix="tintype-bench-"))
    server = start_garage(garage, work)
    try:
        for name in os.environ.get("TINTYPE_BENCH", ",".join(TASKS)).split(","):
            TASKS[name](tintype, server, work)
    finally:
        server.process.kill()
        server.process.wait()
        shutil.rmtree(work)


main()
