"""`connect`: whether a bucket of S3 Vectors can be used, right by right, and the smallest policy for it."""

from __future__ import annotations

import argparse
import json
import textwrap
from typing import TYPE_CHECKING, Any, Final

from core.commands.console import Console
from core.commands.options import actor
from core.errors import ConfigError
from core.hostile import one_line

if TYPE_CHECKING:
    from core.config import StoreLocation
    from core.operate.checks import Check

EXAMPLE: Final = """\
  python -m core connect s3vectors://my-bucket?region=us-east-1
  python -m core connect s3vectors://my-bucket?region=eu-central-1 --role curator --write-test
  python -m core connect s3vectors://my-bucket?region=us-east-1 --role agent --index team --embedder titan-v2

Nothing is changed without --write-test. The exit code is 1 if something is denied or fails that the role needs."""
# As core.operate.policies.ROLES, which help need not wait for.
_ROLES: Final = ("read-only", "curator", "agent")

_ROOM_MIN: Final = 20  # columns, on whatever narrow terminal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("store", metavar="URI", help="the bucket, as in s3vectors://BUCKET?region=REGION")
    parser.add_argument("--role", choices=_ROLES, default="read-only", help="what the policy is for (default: read-only)")
    parser.add_argument("--index", metavar="NAME", help="one index, for the checks and the policy (default: all)")
    parser.add_argument("--tenant", metavar="NAME", help="in the policy: only indexes that are tagged with this tenant")
    parser.add_argument("--embedder", metavar="NAME", help="also try this model of Amazon Bedrock, as titan-v2")
    parser.add_argument(
        "--journal",
        metavar="s3://BUCKET/PREFIX",
        help="in the policy: the journal in Amazon S3 (default: $MNEMOSCOPE_JOURNAL, where that is one)",
    )
    parser.add_argument("--manage-indexes", action="store_true", help="in the policy: make and remove indexes too")
    parser.add_argument(
        "--write-test",
        action="store_true",
        help="also try to write: in an index that exists nothing changes, and a temporary one is made and removed",
    )
    parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object on stdout")


def run(args: argparse.Namespace, console: Console) -> int:
    """Print the checks and the policy."""
    from core.config import parse_store_uri
    from core.models.registry import served_model
    from core.operate.checks import State
    from core.operate.rights import probe, sufficient

    where = parse_store_uri(args.store)
    if where.directory is not None:
        raise ConfigError(
            f"{where.uri} is a directory, which needs no rights of AWS: name s3vectors://BUCKET?region=REGION."
        )
    model = served_model(args.embedder) if args.embedder else None
    checks = list(probe(where, actor=actor(), index=args.index, embedder=args.embedder, write_test=args.write_test))
    document = _policy(args, where, checks, model)
    fine = sufficient(checks, args.role, manage_indexes=args.manage_indexes)
    value = {
        "store": where.uri,
        "role": args.role,
        "sufficient": fine,
        "checks": [_plain(check) for check in checks],
        "policy": document,
    }
    console.result(value, _lines(args.role, checks, document, console, fine=fine, missing=State.DENIED))
    return 0 if fine else 1


def _policy(args: argparse.Namespace, where: StoreLocation, checks: list[Check], model: str | None) -> dict[str, Any]:
    from core.config import journal_bucket
    from core.operate.policies import NO_REGION, policy

    journal = journal_bucket(args.journal)
    if args.journal and journal is None:
        raise ConfigError(f"--journal {one_line(args.journal, 200)!r} is no place in Amazon S3: write s3://BUCKET/PREFIX.")

    known = next((check for check in checks if check.arn), None)
    parts = known.arn.split(":") if known and known.arn else []
    return policy(
        args.role,
        bucket=where.bucket,
        region=where.region or (parts[3] if parts else NO_REGION),
        account=parts[4] if parts else None,
        index=args.index,
        tenant=args.tenant,
        embedder=model,
        kms_key_arn=known.kms_key_arn if known else None,
        manage_indexes=args.manage_indexes,
        journal=journal,
    )


def _plain(check: Check) -> dict[str, Any]:
    names = ("name", "detail", "matters", "fix", "action", "statement")
    return {"state": str(check.state)} | {name: getattr(check, name) for name in names}


def _lines(
    role: str, checks: list[Check], document: dict[str, Any], console: Console, *, fine: bool, missing: str
) -> list[str]:
    lines = _table(checks, console.width)
    wrong = [check for check in checks if check.fix]
    for check in wrong:
        said = f"{check.name} {'is denied' if check.state == missing else 'failed'}: {check.detail}"
        lines += ["", *_wrapped("", said, console.width)]
        lines += _wrapped("  for  ", check.matters, console.width) + _wrapped("  do   ", check.fix, console.width)
    verdict = "is enough" if fine else "is not enough"
    said = f"What the credentials may do {verdict} for the role {role}, as far as it was tested."
    lines += ["", *_wrapped("", said, console.width), ""]
    return [*lines, f"The smallest policy for the role {role}:", *json.dumps(document, indent=2).splitlines()]


def _table(checks: list[Check], width: int) -> list[str]:
    rows = [("check", "state", "detail"), *((check.name, str(check.state), check.detail) for check in checks)]
    first, second = (max(len(row[column]) for row in rows) for column in (0, 1))
    return [
        line
        for name, state, detail in rows
        for line in _wrapped(f"{name.ljust(first)}  {state.ljust(second)}  ", detail, width)
    ]


def _wrapped(head: str, text: str, width: int) -> list[str]:
    """Return the text behind its head, on as many lines as it takes; the following ones are indented as far."""
    room = max(width - len(head), _ROOM_MIN)
    first, *more = textwrap.wrap(one_line(text, 2_000), room, break_on_hyphens=False) or [""]
    return [(head + first).rstrip(), *(" " * len(head) + line for line in more)]
