"""Long arrays a range at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray


def portions(bounds: NDArray[np.int64], size: int) -> Iterator[tuple[int, int]]:
    """Ranges of whole groups with about `size` members together, as (first, last + 1).

    `bounds` says before how many members each group starts, and at last how many there are.
    """
    groups = len(bounds) - 1
    first = 0
    while first < groups:
        last = int(bounds.searchsorted(bounds[first] + size, side="right")) - 1
        last = min(max(last, first + 1), groups)
        yield first, last
        first = last
