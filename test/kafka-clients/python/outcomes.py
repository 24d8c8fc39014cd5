"""What the scenarios of both Python clients share: bytes as text, errors by kind, waiting."""

import hashlib
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

TIME = 1_700_000_000_000
#: Key, value and headers of records that have to come back exactly.
RECORDS = [
    (b"key", b"value", []),
    (None, b"no key", []),
    (b"no value", None, []),
    (b"", b"", []),
    ("ключ 🔑".encode(), "значение".encode(), []),
    (b"long", b"0123456789" * 10_000, []),
    (b"h", b"v", [("a", b"1"), ("a", b"2"), ("null", None), ("bytes", b"\x00\xff\x80")]),
    (None, b"\x00\xff\xfe\n\r", []),
]


def shown(value):
    """Short bytes whole, long ones by length and digest."""
    if value is None or len(value) <= 64:
        return None if value is None else value.hex()
    return {"length": len(value), "sha256": hashlib.sha256(value).hexdigest()}


def until(holds, seconds=20):
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError("a condition did not come")


def outcome(work, kind=lambda error: type(error).__name__):
    try:
        return work()
    except Exception as error:  # every kind of failure is an outcome here
        return {"error": kind(error)}


def run(scenarios, kind=lambda error: type(error).__name__):
    """Arguments as the Java program's; prints one JSON line for each scenario."""
    wanted = sys.argv[4:]

    def tell(name, work):
        line = json.dumps({"scenario": name, "outcome": outcome(work, kind)}, ensure_ascii=False)
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    # Most of a scenario is waiting for a broker's timers: several run at a time.
    with ThreadPoolExecutor(4) as threads:
        for name, work in scenarios.items():
            if not wanted or name in wanted:
                threads.submit(tell, name, work)
