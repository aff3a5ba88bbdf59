"""The servers that the benchmarks run against, and what both benchmarks need."""

import json
import os
import socket
import subprocess
import time


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """A running server: its process, and how to reach it."""

    def __init__(self, process, endpoint, key, secret, bucket, region, provider):
        self.process, self.endpoint, self.key, self.secret = process, endpoint, key, secret
        self.bucket, self.region, self.provider = bucket, region, provider


def start_demo(tintype, folder):
    process = subprocess.Popen([tintype, "demo", "--json", "--dir", folder / "demo"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    access = json.loads(process.stdout.readline())
    names = ("endpoint", "access_key_id", "secret_access_key", "bucket", "region")
    return Server(process, *(access[name] for name in names), "other")


def start_garage(program, folder):
    key, secret, bucket = "GK" + "3" * 24, "5" * 64, "bench"
    rpc, api, web, admin = (free_port() for _ in range(4))
    config = folder / "garage.toml"
    config.write_text(
        f'metadata_dir = "{folder}/meta"\ndata_dir = "{folder}/data"\ndb_engine = "sqlite"\nreplication_factor = 1\n'
        f'rpc_bind_addr = "127.0.0.1:{rpc}"\nrpc_public_addr = "127.0.0.1:{rpc}"\nrpc_secret = "{"7" * 64}"\n'
        f'[s3_api]\ns3_region = "garage"\napi_bind_addr = "127.0.0.1:{api}"\nroot_domain = ".s3.localhost"\n'
        f'[s3_web]\nbind_addr = "127.0.0.1:{web}"\nroot_domain = ".web.localhost"\n'
        f'[admin]\napi_bind_addr = "127.0.0.1:{admin}"\nadmin_token = "x"\n'
    )
    env = os.environ | {"GARAGE_DEFAULT_ACCESS_KEY": key, "GARAGE_DEFAULT_SECRET_KEY": secret, "GARAGE_DEFAULT_BUCKET": bucket}
    command = [program, "-c", config, "server", "--single-node", "--default-bucket"]
    server = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while socket.socket().connect_ex(("127.0.0.1", api)) != 0:
        time.sleep(0.1)
    listing = [program, "-c", config, "bucket", "info", bucket]
    while subprocess.run(listing, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode != 0:
        time.sleep(0.1)
    return Server(server, f"http://127.0.0.1:{api}", key, secret, bucket, "garage", "garage")


def add_profile(tintype, server, name, env):
    """Each round of ours gets a home and a prefix of its own: nothing may be there already."""
    add = [tintype, "profile", "add", name, "--provider", server.provider, "--endpoint", server.endpoint, "--bucket", server.bucket]
    more = ["--credentials", "env", "--region", server.region, "--original-key", name + "/{name}"]
    subprocess.run([*add, *more], env=env, check=True, stderr=subprocess.DEVNULL)
    # As the window does when a bucket is connected: finds out what the service honours.
    subprocess.run([tintype, "profile", "test", name, "--fix"], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def files(work, name, count, size):
    folder = work / name
    folder.mkdir()
    for number in range(count):
        with open(folder / f"{number:05}.bin", "wb") as file:
            for start in range(0, size, 1 << 20):
                file.write(os.urandom(min(1 << 20, size - start)))
    return folder
