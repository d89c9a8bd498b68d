"""`serve`: the store over HTTP, for any client of Amazon S3 Vectors."""

from __future__ import annotations

import argparse
import os
import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Final

from core.commands.console import Console
from core.commands.options import positive
from core.errors import ConfigError

if TYPE_CHECKING:
    from core.vectors.server import Access, RunningServer

EXAMPLE: Final = """\
  python -m core serve --store ./memories
  python -m core serve --access-key-file keys.txt --port 9000

Every AWS SDK can write to it and read from it; what it prints are the variables that such a client needs. Requests are
verified with AWS Signature Version 4. Without a key and without --insecure, one is made up and printed once; it lasts as
long as the server. Others can see what is on your command line, so keys are safer in a file: ID:SECRET on each line, with
comments from # on, readable by you alone. Without any of these options they are read from $MNEMOSCOPE_ACCESS_KEYS, each
ID:SECRET, with spaces between.

Ctrl-C lets open requests finish and ends it with exit code 130, SIGTERM with 0."""
_KEYS_VARIABLE: Final = "MNEMOSCOPE_ACCESS_KEYS"
_ACCOUNT: Final = "123456789012"
_REGION: Final = "us-east-1"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at (default: 127.0.0.1, this machine only)")
    parser.add_argument("--port", type=port, default=8333, metavar="N", help="port, 0 for a free one (default: 8333)")
    parser.add_argument(
        "--store", metavar="DIR", help="directory of the store (default: $MNEMOSCOPE_STORE, else ~/.local/share/mnemoscope)"
    )
    parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object on stdout")
    group = parser.add_argument_group("access")
    group.add_argument(
        "--access-key",
        action="append",
        default=[],
        metavar="ID:SECRET",
        help="a key that clients may use; repeatable, but others see it in the list of processes",
    )
    group.add_argument("--access-key-file", type=Path, metavar="FILE", help="file of such keys, one a line")
    group.add_argument("--insecure", action="store_true", help="verify no signature; only on a loopback address")
    group.add_argument("--read-only", action="store_true", help="answer 403 to whatever would change the store")
    parser.add_argument("--account", default=_ACCOUNT, metavar="ID", help=f"account in ARNs (default: {_ACCOUNT})")
    parser.add_argument(
        "--region",
        metavar="NAME",
        help="the one region that requests must be signed for (default: any, and ARNs are in that of each request)",
    )
    parser.add_argument(
        "--max-concurrency", type=positive, default=16, metavar="N", help="requests worked on at once (default: 16)"
    )
    parser.add_argument("--verbose", action="store_true", help="one line for each request on stderr")


def run(args: argparse.Namespace, console: Console) -> int:
    """Serve until a signal comes."""
    from core.vectors.server import RunningServer, Tuning
    from core.vectors.server.origin import is_loopback

    keys, made_up = _keys(args, console)
    server = RunningServer(
        _directory(args.store),
        access_keys=keys,
        insecure=args.insecure,
        host=args.host,
        port=args.port,
        account=_account(args.account),
        region=_region(args.region),
        read_only=args.read_only,
        tuning=Tuning(threads=args.max_concurrency),
        on_request=(lambda access: console.complain(_line(access))) if args.verbose else None,
    )
    if not is_loopback(args.host):
        console.complain(
            f"Warning: {args.host} can be reached from other machines, and what goes over it is not encrypted: "
            "put a proxy with TLS before it."
        )
    _announce(args, console, server, keys, made_up)
    stopped = server.run()
    console.say("Stopped.")
    return 130 if stopped == signal.SIGINT else 0


def _announce(
    args: argparse.Namespace, console: Console, server: RunningServer, keys: dict[str, str], made_up: bool
) -> None:
    """Print where the server is and what a client needs; of secrets only the one that nobody else knows."""
    access_key = next(iter(keys), "any")
    variables = {"AWS_ENDPOINT_URL_S3VECTORS": server.url, "AWS_ACCESS_KEY_ID": access_key}
    if made_up:
        variables["AWS_SECRET_ACCESS_KEY"] = keys[access_key]
    elif args.insecure:
        variables["AWS_SECRET_ACCESS_KEY"] = "any"
    region = args.region or _REGION
    variables |= {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}
    lines = [f"Serving {server.store} at {server.url} until Ctrl-C. A client needs:"]
    lines += [f"  export {name}={value}" for name, value in variables.items()]
    if "AWS_SECRET_ACCESS_KEY" not in variables:
        lines.append(f"  and the secret of {access_key} as AWS_SECRET_ACCESS_KEY")
    value = {
        "url": server.url,
        "store": server.store,
        "access_key_ids": list(keys),
        "insecure": args.insecure,
        "read_only": args.read_only,
        "environment": variables,
    }
    console.result(value, lines)


def _keys(args: argparse.Namespace, console: Console) -> tuple[dict[str, str], bool]:
    """Return the access keys, and whether they were made up."""
    from core.vectors.server.keys import is_private, new_access_key, parse_access_keys, read_access_keys

    keys = parse_access_keys(args.access_key, source="--access-key number")
    if args.access_key and not keys:
        raise ConfigError("--access-key is empty: write it as ID:SECRET.")
    if args.access_key_file is not None:
        keys |= read_access_keys(args.access_key_file)
        if not is_private(args.access_key_file):
            console.complain(f"Warning: others can read '{args.access_key_file}': chmod 600 it.")
    if args.insecure and keys:
        raise ConfigError("--insecure and access keys were both given: choose one.")
    if not keys and not args.insecure:
        keys = parse_access_keys(os.environ.get(_KEYS_VARIABLE, "").split(), source=f"${_KEYS_VARIABLE}, number")
    if keys or args.insecure:
        return keys, False
    return dict([new_access_key()]), True


def _directory(store: str | None) -> Path:
    from core.config import default_store_dir, parse_store_uri

    if store is None:
        return default_store_dir()
    directory = parse_store_uri(store).directory
    if directory is None:
        raise ConfigError(f"The store {store!r} is a service already: serve a directory.")
    return directory


def _account(text: str) -> str:
    if not re.fullmatch(r"[0-9]{12}", text):
        raise ConfigError(f"The account {text!r} is no AWS account id: write 12 digits.")
    return text


def _region(text: str | None) -> str | None:
    if text is not None and not re.fullmatch(r"[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}", text):
        raise ConfigError(f"The region {text!r} is no AWS region: write it as in us-east-1.")
    return text


def _line(access: Access) -> str:
    sizes = f"{access.request_bytes:,} B in, {access.response_bytes:,} B out"
    outcome = f"{access.status} {access.error}" if access.error else str(access.status)
    return f"{access.operation} {outcome} {access.seconds * 1000:.1f} ms, {sizes}, {access.access_key or '–'}"


def port(text: str) -> int:
    """Return a port number."""
    if not text.isdecimal() or not 0 <= int(text) <= 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: write a number from 0 to 65535")
    return int(text)
