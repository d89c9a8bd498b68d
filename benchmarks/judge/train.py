"""Train the local judge of contradictions: `python benchmarks/judge/train.py --help`; what it is, is in README.md here.

Stage 1 reads the NLI sets at a near constant rate. Stage 2 goes on from it, mixes in labelled pairs of agent memories many
times over, and lets the rate fall to nothing. Needs torch and safetensors, which are no requirement of the project.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch

from benchmarks.judge.batches import Batch, Pieces, shuffled
from benchmarks.judge.figures import of_contradiction, probabilities
from benchmarks.judge.network import Network, fresh
from benchmarks.judge.pairs import Pair, development, epoch, grouped, memories, training
from benchmarks.judge.stores import near
from core.models.minilm import model_files

_GROUPS: Final = Path(__file__).with_name("groups")
_SEED: Final = 8
_WARM: Final = 0.06
_DECAY: Final = 0.01
_CLIP: Final = 1.0
_SHOWN: Final = 50


def main() -> None:
    """Read, train, keep a checkpoint every so many steps, print figures of the development sets."""
    args = _arguments()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    args.out.mkdir(parents=True, exist_ok=True)
    tokenizer, _ = model_files()
    pieces = Pieces(tokenizer, most=args.longest)
    network = fresh(args.start, seed=args.seed) if args.start.suffix == ".safetensors" else restored(args.start)
    pairs = training(args.nli)
    extra = memories(args.memories) * args.times + (grouped(args.groups) if args.groups else [])
    for path in args.stores:
        extra += near(path, most=args.near, seed=args.seed, embeddings=args.embeddings)
    held = {name: rows[: args.held] for name, rows in development(args.nli).items()}
    if args.tune:
        held["tune"] = memories([args.tune])
    steps: list[Batch] = []
    for number in range(args.epochs):
        seed = args.seed + number
        drawn = epoch(pairs, extra, share=args.share, seed=seed)
        steps += shuffled(drawn, pieces, size=args.batch, seed=seed)
    print(f"{len(pairs):,} NLI pairs, {len(extra):,} more, {len(steps):,} steps of {args.batch}", flush=True)
    _train(network, steps, held, pieces, args)


def restored(path: Path) -> Network:
    """Return the network of a checkpoint."""
    network = Network()
    network.load_state_dict(torch.load(path, weights_only=True))
    return network


def rate_at(step: int, steps: int, *, end: float) -> float:
    """Return the share of the full rate: up in the first twentieth or so, then down in a line to `end`."""
    warm = max(1, round(_WARM * steps))
    if step < warm:
        return (step + 1) / warm
    return 1.0 - (1.0 - end) * (step - warm) / max(1, steps - warm)


def _train(
    network: Network, steps: Sequence[Batch], held: dict[str, list[Pair]], pieces: Pieces, args: argparse.Namespace
) -> None:
    learned = [parameter for parameter in network.parameters() if parameter.requires_grad]
    groups = [
        {"params": [one for one in learned if one.ndim > 1], "weight_decay": _DECAY},
        {"params": [one for one in learned if one.ndim == 1], "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW(groups, lr=args.rate, fused=True)
    network.train()
    started, lost = time.monotonic(), 0.0
    for number, batch in enumerate(steps, 1):
        for group in optimiser.param_groups:
            group["lr"] = args.rate * rate_at(number - 1, len(steps), end=args.end)
        loss = _loss(network, batch, half=args.half)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learned, _CLIP)
        optimiser.step()
        optimiser.zero_grad()
        lost += float(loss.detach())
        if number % _SHOWN == 0:
            took = time.monotonic() - started
            print(f"{number} of {len(steps)}: loss {lost / _SHOWN:.4f}, {took:.0f} s", flush=True)
            lost = 0.0
        if number % args.every == 0 or number == len(steps):
            _keep(network, args.out / f"step{number:05d}.pt")
            print(json.dumps({"step": number} | _figures(network, held, pieces)), flush=True)


def _loss(network: Network, batch: Batch, *, half: bool) -> torch.Tensor:
    """Return minus the log of the probability of all the classes that a pair may have, on average."""
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
        logits = network(*(torch.from_numpy(part) for part in (batch.ids, batch.mask, batch.types)))
    logs = torch.log_softmax(logits.float(), dim=1)
    return -torch.logsumexp(logs.masked_fill(~torch.from_numpy(batch.allowed), -1e9), dim=1).mean()


def _keep(network: Network, path: Path) -> None:
    """Write a checkpoint whole or not at all, and beside it as `last.pt`."""
    torch.save(network.state_dict(), path.with_suffix(".part"))
    path.with_suffix(".part").replace(path)
    last = path.with_name("last.part")
    last.unlink(missing_ok=True)
    os.link(path, last)
    last.replace(path.with_name("last.pt"))


def _figures(network: Network, held: dict[str, list[Pair]], pieces: Pieces) -> dict[str, dict[str, float]]:
    network.eval()
    with torch.inference_mode():
        found = {name: of_contradiction(rows, probabilities(network, rows, pieces)) for name, rows in held.items()}
    network.train()
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nli", type=Path, required=True, help="the directory of the NLI sets")
    parser.add_argument("--start", type=Path, required=True, help="MiniLM's model.safetensors, or a checkpoint")
    parser.add_argument("--out", type=Path, required=True, help="where checkpoints go")
    parser.add_argument("--memories", type=Path, nargs="*", default=[], help="labelled pairs of agent memories")
    parser.add_argument(
        "--groups",
        type=Path,
        nargs="?",
        const=_GROUPS,
        help="and those of a directory (groups/ beside this), but for a tenth",
    )
    parser.add_argument("--times", type=int, default=1, help="how often each of them is seen in an epoch")
    parser.add_argument("--stores", type=Path, nargs="*", default=[], help="memories of which hardly any two clash")
    parser.add_argument("--near", type=int, default=500, help="the most pairs of each of those")
    parser.add_argument("--embeddings", type=Path, help="keep embeddings there for the next run")
    parser.add_argument("--tune", type=Path, help="labelled pairs of agent memories to report on")
    parser.add_argument("--share", type=float, default=1.0, help="how much of the NLI sets an epoch draws")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rate", type=float, default=5e-5)
    parser.add_argument("--end", type=float, default=0.0, help="the share of the rate that is left at the end")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--longest", type=int, default=128, help="word pieces of a pair")
    parser.add_argument("--every", type=int, default=300, help="steps between two checkpoints")
    parser.add_argument("--held", type=int, default=1_000, help="the most pairs of a development set")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=_SEED)
    parser.add_argument("--half", action="store_true", help="bfloat16 where it is safe")
    return parser.parse_args()


if __name__ == "__main__":
    main()
