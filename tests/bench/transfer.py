"""`tintype upload --no-variants` against the peers: the same files, the same server, in turn, on two servers.

Prints wall seconds, CPU seconds and peak memory of each client, medians; then how fast jobs are queued, and what
photographs take end to end. `TINTYPE_BENCH=small,tiny,large,queue,photos` and `TINTYPE_SERVERS=garage,demo` choose;
`TINTYPE_PEERS=obstore,s5cmd` leaves the others out.
"""

import os
import pathlib
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

from servers import Server, add_profile, files, start_demo, start_garage

ROUNDS = 3
BIN = pathlib.Path(sys.executable).parent


def measure(command, env):
    """Wall seconds, CPU seconds and peak resident MiB of a command."""
    start = time.perf_counter()
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"{command[0]} failed: {errors.decode()[-500:]}")
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


OBSTORE = """
import sys, pathlib, concurrent.futures
from obstore.store import S3Store
endpoint, region, bucket, prefix, *folders = sys.argv[1:]
store = S3Store(bucket, endpoint=endpoint, region=region, client_options={"allow_http": True}, virtual_hosted_style_request=False)
files = [f for folder in folders for f in sorted(pathlib.Path(folder).iterdir())]
with concurrent.futures.ThreadPoolExecutor(32) as pool:
    list(pool.map(lambda f: store.put(f"{prefix}/{f.name}", f), files))
"""


def clients(tintype, server, work):
    """Each client: a function from (folder, prefix) to its command."""
    s3cfg, host = work / "s3cfg", server.endpoint.removeprefix("http://")
    s3cfg.write_text(
        f"[default]\naccess_key = {server.key}\nsecret_key = {server.secret}\nhost_base = {host}\nhost_bucket = {host}\n"
        f"use_https = False\nbucket_location = {server.region}\n"
    )
    keys = f"access_key_id={server.key},secret_access_key={server.secret},endpoint='{server.endpoint}',region={server.region}"
    remote, to = f":s3,provider=Other,{keys},no_check_bucket=true:{server.bucket}", f"s3://{server.bucket}"
    every = {
        "tintype": lambda folder, prefix: [tintype, "upload", "--no-variants", "--profile", prefix, folder],
        "obstore": lambda folder, prefix: [sys.executable, "-c", OBSTORE, server.endpoint, server.region, server.bucket, prefix, folder],
        "s5cmd": lambda folder, prefix: [BIN / "s5cmd", "--endpoint-url", server.endpoint, "cp", f"{folder}/", f"{to}/{prefix}/"],
        "rclone": lambda folder, prefix: [BIN / "rclone", "copy", "--transfers", "32", folder, f"{remote}/{prefix}"],
        "s3cmd": lambda folder, prefix: [BIN / "s3cmd", "-c", s3cfg, "--no-progress", "put", "--recursive", f"{folder}/", f"{to}/{prefix}/"],
        "awscli": lambda folder, prefix: [BIN / "aws", "--endpoint-url", server.endpoint, "s3", "cp", "--recursive", "--quiet", folder, f"{to}/{prefix}/"],
    }
    wanted = os.environ.get("TINTYPE_PEERS")
    return {name: command for name, command in every.items() if name == "tintype" or not wanted or name in wanted.split(",")}


def bench(tintype, server, title, folder, work):
    keys = {"AWS_ACCESS_KEY_ID": server.key, "AWS_SECRET_ACCESS_KEY": server.secret}
    env = os.environ | keys | {"AWS_DEFAULT_REGION": server.region, "AWS_REGION": server.region}
    results = {}
    for round_number in range(ROUNDS):
        for name, command in clients(tintype, server, work).items():
            prefix = f"{name}-{folder.name}-{round_number}"
            env["TINTYPE_HOME"] = str(work / "homes" / server.provider / prefix)
            os.makedirs(env["TINTYPE_HOME"])
            if name == "tintype":
                add_profile(tintype, server, prefix, env)
            results.setdefault(name, []).append(measure([str(word) for word in command(folder, prefix)], env))
    ours = statistics.median(seconds for seconds, *_ in results["tintype"])
    print(f"{title}, medians of {ROUNDS}", flush=True)
    for name, measured in results.items():
        seconds, cpu, mebibytes = (statistics.median(column) for column in zip(*measured))
        print(f"  {name:8} {seconds:6.2f} s  {cpu:6.2f} s CPU  {mebibytes:5.0f} MiB   tintype takes {ours / seconds:.2f} × its time", flush=True)


def queue(tintype, work):
    """100,000 jobs, ten thousand at a time: acknowledged durable per second, and whether it stays so."""
    server = Server(None, "http://127.0.0.1:1", "key", "secret", "bench", "garage", "garage")
    env = os.environ | {"TINTYPE_HOME": str(work / "queue-home"), "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
    os.makedirs(env["TINTYPE_HOME"])
    add_profile(tintype, server, "queue", env)
    subprocess.run([tintype, "pause"], env=env, check=True, stderr=subprocess.DEVNULL)
    rates = []
    for batch in range(10):
        folder = files(work, f"queue-{batch}", 10_000, 100)
        start = time.perf_counter()
        command = [tintype, "upload", "--no-variants", "--patience", "3600", "--profile", "queue", folder]
        process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        journal = sqlite3.connect(pathlib.Path(env["TINTYPE_HOME"]) / "journal.sqlite", timeout=20)
        # Nobody has counted anything before the first job is in the journal.
        while (journal.execute("SELECT sum(jobs) FROM tally").fetchone()[0] or 0) < (batch + 1) * 10_000:
            time.sleep(0.005)
        rates.append(10_000 / (time.perf_counter() - start))
        process.kill()
        process.wait()
    print(f"queued, jobs a second (program start and folder included): first 10,000 {rates[0]:,.0f}, last {rates[-1]:,.0f}, median {statistics.median(rates):,.0f}", flush=True)


def photos(tintype, server, folder, work):
    """Originals and three variants end to end, against the imaging alone and the sending alone."""
    env = os.environ | {"AWS_ACCESS_KEY_ID": server.key, "AWS_SECRET_ACCESS_KEY": server.secret}
    times = {"imaging": [], "sending": [], "both": []}
    for round_number in range(ROUNDS):
        made = work / f"made-{server.provider}-{round_number}"
        env["TINTYPE_HOME"] = str(work / "homes" / server.provider / f"photos-{round_number}")
        os.makedirs(env["TINTYPE_HOME"])
        for name in ("sending", "both"):
            add_profile(tintype, server, f"{name}-{round_number}", env)
        times["imaging"].append(measure([str(word) for word in (tintype, "variants", folder, "--out", made)], env)[0])
        shutil.copytree(folder, made / "originals")
        times["sending"].append(measure([tintype, "upload", "--no-variants", "--profile", f"sending-{round_number}", str(made)], env)[0])
        times["both"].append(measure([tintype, "upload", "--profile", f"both-{round_number}", str(folder)], env)[0])
    imaging, sending, both = (statistics.median(column) for column in times.values())
    print(f"{len(list(folder.iterdir()))} photographs with three variants: imaging alone {imaging:.2f} s, sending alone {sending:.2f} s, both {both:.2f} s: {both / max(imaging, sending):.2f} × the larger", flush=True)


TASKS = {
    "small": ("500 files of 200 KB", 500, 200_000),
    "tiny": ("5,000 files of 20 KB", 5000, 20_000),
    "large": ("one file of 512 MiB", 1, 512 << 20),
}


def main():
    tintype, garage, *rest = sys.argv[1:]
    work = pathlib.Path(tempfile.mkdtemp(prefix="tintype-bench-"))
    chosen = os.environ.get("TINTYPE_BENCH", ",".join([*TASKS, "queue", "photos"])).split(",")
    start = {"garage": lambda: start_garage(garage, work), "demo": lambda: start_demo(tintype, work)}
    folders = {name: files(work, name, *TASKS[name][1:]) for name in chosen if name in TASKS}
    try:
        for kind in os.environ.get("TINTYPE_SERVERS", "garage,demo").split(","):
            server = start[kind]()
            try:
                for name, folder in folders.items():
                    bench(tintype, server, f"{TASKS[name][0]} to {kind}", folder, work)
                if "photos" in chosen and rest:
                    photos(tintype, server, pathlib.Path(rest[0]), work)
            finally:
                server.process.kill()
                server.process.wait()
        if "queue" in chosen:
            queue(tintype, work)
    finally:
        shutil.rmtree(work)


main()
