"""What a worker can be asked for: pure functions of a source, by name."""

from collections.abc import Callable
from typing import Any

#: (arguments, source) → (result, content)
Job = Callable[[dict[str, Any], bytes], tuple[dict[str, Any], bytes]]

#: A picture inside a letter becomes part of its document, so it is small.
LARGEST_INLINE_BYTES = 2_000_000

JOBS: dict[str, Job] = {}
