"""The scripts of .ci and docs/figures are no package; their tests find them by path."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / ".ci"), str(ROOT / "docs/figures")]
