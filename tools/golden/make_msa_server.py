"""Runs the reference's MSA server client against a local stub and keeps what it sends and writes.

    python make_msa_server.py tests/golden/msa_server

Written: the alignment files that the stub puts into its archives (pair.a3m, uniref.a3m, bfd...a3m), the csv file per
entity as the reference writes it, and requests.json with every request the reference makes.
"""

import argparse
import io
import json
import random
import tarfile
import tempfile
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import boltz.data.msa.mmseqs2 as client
from boltz.main import compute_msa

LETTERS = "ACDEFGHIKLMNPQRSTVWY"
ENVIRONMENT = "bfd.mgnify30.metaeuk30.smag30.a3m"
# The first submission is put off; the ticket takes its time.
SUBMISSIONS = ["RATELIMIT", "UNKNOWN", "PENDING"]
QUESTIONS = ["PENDING", "RUNNING", "UNKNOWN", "COMPLETE"]


def sequence(rng: random.Random, length: int) -> str:
    return "".join(rng.choice(LETTERS) for _ in range(length))


def aligned_row(rng: random.Random, query: str) -> str:
    """A relative of the query: mutations, gaps, and insertions in lower case."""
    row = ""
    for letter in query:
        chance = rng.random()
        if chance < 0.05:
            row += sequence(rng, rng.randint(1, 3)).lower()
        row += "-" if chance > 0.9 else rng.choice(LETTERS) if chance > 0.7 else letter
    return row


def block(rng: random.Random, number: int, query: str, rows: int, gaps: float = 0.0) -> str:
    text = f">{number}\n{query}\n"
    for row in range(rows):
        aligned = "-" * len(query) if rng.random() < gaps else aligned_row(rng, query)
        text += f">UniRef100_{number}_{row}\t{rng.randint(50, 900)}\t0.5{row}\n{aligned}\n"
    return text


def make_files(rng: random.Random, queries: list[str]) -> dict[str, bytes]:
    """Blocks as the server joins them: a NUL byte before each but the first, one at the end."""

    def joined(rows: int, gaps: float = 0.0) -> bytes:
        return "".join(block(rng, 101 + i, query, rows, gaps) + "\0" for i, query in enumerate(queries)).encode()

    return {"pair.a3m": joined(6, 0.4), "uniref.a3m": joined(5), ENVIRONMENT: joined(3)}


def archive(files: dict[str, bytes], names: list[str]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name in names:
            info = tarfile.TarInfo(name)
            info.size = len(files[name])
            tar.addfile(info, io.BytesIO(files[name]))
    return buffer.getvalue()


class Stub:
    """A server that plays each list of states once per kind of search."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.requests = []
        self.states = {kind: {"submit": list(SUBMISSIONS), "ask": list(QUESTIONS)} for kind in ("pair", "msa")}

    def answer(self, method: str, path: str, body: str, headers: dict[str, str]) -> bytes:
        kept = {name.lower(): value for name, value in headers.items()}
        self.requests.append(
            {
                "method": method,
                "path": path,
                "form": dict(urllib.parse.parse_qsl(body)),
                "authorization": kept.get("authorization", ""),
            }
        )
        parts = path.strip("/").split("/")
        if parts[0] == "result":
            names = ["pair.a3m"] if parts[-1] == "ticket-pair" else ["uniref.a3m", ENVIRONMENT]
            return archive(self.files, names)
        kind = parts[1].removeprefix("ticket-")
        status = self.states[kind]["submit" if method == "POST" else "ask"].pop(0)
        return json.dumps({"id": f"ticket-{kind}", "status": status}).encode()


def serve(stub: Stub) -> HTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def reply(self, method: str) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            data = stub.answer(method, self.path, body, dict(self.headers))
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self) -> None:
            self.reply("GET")

        def do_POST(self) -> None:
            self.reply("POST")

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    client.time.sleep = lambda seconds: None

    rng = random.Random(11)
    first, second = sequence(rng, 31), sequence(rng, 24)
    files = make_files(rng, [first, second])
    entities = {"case_0": first, "case_1": second, "case_2": first}
    stub = Stub(files)
    server = serve(stub)
    with tempfile.TemporaryDirectory() as name:
        compute_msa(
            data=entities,
            target_id="case",
            msa_dir=Path(name),
            msa_server_url=f"http://127.0.0.1:{server.server_port}",
            msa_pairing_strategy="greedy",
            msa_server_username="user",
            msa_server_password="word",
        )
        for entity in entities:
            (folder / f"{entity}.csv").write_bytes((Path(name) / f"{entity}.csv").read_bytes())
    server.shutdown()
    for file, data in files.items():
        (folder / file).write_bytes(data)
    record = {"sequences": list(entities.values()), "requests": stub.requests}
    (folder / "requests.json").write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
