"""What remains answerable with fewer memories, as `python -m core eval consolidation` measures it.

python benchmarks/consolidation.py --memories FILE --questions FILE [--types T,T] [--by session] [--embeddings DIR]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.eval.consolidation import add_arguments, run

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser)
    sys.exit(run(parser.parse_args()))
