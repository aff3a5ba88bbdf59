"""`tintype upload --no-variants` against the peers: the same files, the same Garage, in turn. Wall seconds and peak memory."""

import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = 3
KEY, SECRET, BUCKET = "GK" + "3" * 24, "5" * 64, "bench"
BIN = pathlib.Path(sys.executable).parent


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def start_garage(program, folder):
    rpc, api, web, admin = (free_port() for _ in range(4))
    config = folder / "garage.toml"
    config.write_text(
        f'metadata_dir = "{folder}/meta"\ndata_dir = "{folder}/data"\ndb_engine = "sqlite"\nreplication_factor = 1\n'
        f'rpc_bind_addr = "127.0.0.1:{rpc}"\nrpc_public_addr = "127.0.0.1:{rpc}"\nrpc_secret = "{"7" * 64}"\n'
        f'[s3_api]\ns3_region = "garage"\napi_bind_addr = "127.0.0.1:{api}"\nroot_domain = ".s3.localhost"\n'
        f'[s3_web]\nbind_addr = "127.0.0.1:{web}"\nroot_domain = ".web.localhost"\n'
        f'[admin]\napi_bind_addr = "127.0.0.1:{admin}"\nadmin_token = "x"\n'
    )
    env = os.environ | {"GARAGE_DEFAULT_ACCESS_KEY": KEY, "GARAGE_DEFAULT_SECRET_KEY": SECRET, "GARAGE_DEFAULT_BUCKET": BUCKET}
    command = [program, "-c", config, "server", "--single-node", "--default-bucket"]
    server = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while socket.socket().connect_ex(("127.0.0.1", api)) != 0:
        time.sleep(0.1)
    listing = [program, "-c", config, "bucket", "info", BUCKET]
    while subprocess.run(listing, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode != 0:
        time.sleep(0.1)
    return server, f"http://127.0.0.1:{api}"


def measure(command, env):
    """Wall seconds and peak resident MiB of a command and its children."""
    start = time.perf_counter()
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, errors = process.stderr.read(), None
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"{command[0]} failed: {_.decode()[-500:]}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


OBSTORE = """
import sys, pathlib, concurrent.futures
from obstore.store import S3Store
endpoint, bucket, prefix, *folders = sys.argv[1:]
store = S3Store(bucket, endpoint=endpoint, region="garage", client_options={"allow_http": True}, virtual_hosted_style_request=False)
files = [f for folder in folders for f in sorted(pathlib.Path(folder).iterdir())]
with concurrent.futures.ThreadPoolExecutor(32) as pool:
    list(pool.map(lambda f: store.put(f"{prefix}/{f.name}", f), files))
"""


def clients(tintype, endpoint, work):
    """Each client: a function from (folder, prefix) to its command."""
    s3cfg = work / "s3cfg"
    host = endpoint.removeprefix("http://")
    s3cfg.write_text(
        f"[default]\naccess_key = {KEY}\nsecret_key = {SECRET}\nhost_base = {host}\nhost_bucket = {host}\nuse_https = False\nbucket_location = garage\n"
    )
    remote = f":s3,provider=Other,access_key_id={KEY},secret_access_key={SECRET},endpoint='{endpoint}',region=garage,no_check_bucket=true:{BUCKET}"
    return {
        "tintype": lambda folder, prefix: [tintype, "upload", "--no-variants", "--profile", prefix, folder],
        "obstore": lambda folder, prefix: [sys.executable, "-c", OBSTORE, endpoint, BUCKET, prefix, folder],
        "s5cmd": lambda folder, prefix: [BIN / "s5cmd", "--endpoint-url", endpoint, "cp", f"{folder}/", f"s3://{BUCKET}/{prefix}/"],
        "rclone": lambda folder, prefix: [BIN / "rclone", "copy", "--transfers", "32", folder, f"{remote}/{prefix}"],
        "s3cmd": lambda folder, prefix: [BIN / "s3cmd", "-c", s3cfg, "--no-progress", "put", "--recursive", f"{folder}/", f"s3://{BUCKET}/{prefix}/"],
        "awscli": lambda folder, prefix: [BIN / "aws", "--endpoint-url", endpoint, "s3", "cp", "--recursive", "--quiet", folder, f"s3://{BUCKET}/{prefix}/"],
    }


def add_profile(tintype, endpoint, name, env):
    """Each round of ours gets a home and a prefix of its own: nothing may be there already."""
    add = [tintype, "profile", "add", name, "--provider", "garage", "--endpoint", endpoint, "--bucket", BUCKET, "--credentials", "env"]
    subprocess.run([*add, "--original-key", name + "/{name}"], env=env, check=True, stderr=subprocess.DEVNULL)


def main():
    tintype, garage = sys.argv[1:3]
    work = pathlib.Path(tempfile.mkdtemp(prefix="tintype-bench-"))
    small, large = work / "small", work / "large"
    small.mkdir(), large.mkdir()
    for number in range(500):
        (small / f"{number:04}.bin").write_bytes(os.urandom(200_000))
    with open(large / "film.bin", "wb") as film:
        for _ in range(512):
            film.write(os.urandom(1 << 20))
    server, endpoint = start_garage(garage, work)
    env = os.environ | {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_DEFAULT_REGION": "garage", "AWS_REGION": "garage"}
    try:
        for title, folder in (("500 files of 200 KB", small), ("one file of 512 MiB", large)):
            results = {}
            for round_number in range(ROUNDS):
                for name, command in clients(tintype, endpoint, work).items():
                    prefix = f"{name}-{folder.name}-{round_number}"
                    env["TINTYPE_HOME"] = str(work / "homes" / prefix)
                    os.makedirs(env["TINTYPE_HOME"])
                    if name == "tintype":
                        add_profile(tintype, endpoint, prefix, env)
                    results.setdefault(name, []).append(measure([str(word) for word in command(folder, prefix)], env))
            ours = statistics.median(seconds for seconds, _ in results["tintype"])
            print(f"{title} to Garage, medians of {ROUNDS}")
            for name, measured in results.items():
                seconds, mebibytes = (statistics.median(column) for column in zip(*measured))
                print(f"  {name:8} {seconds:6.2f} s  {mebibytes:5.0f} MiB   tintype takes {ours / seconds:.2f} × its time")
    finally:
        server.kill()
        server.wait()
        shutil.rmtree(work)


main()
