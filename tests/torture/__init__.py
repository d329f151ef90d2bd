"""Long and hostile runs, each in words and figures: what was tried, what held."""

from __future__ import annotations

import resource
from dataclasses import dataclass, field


@dataclass
class Result:
    """A row of docs/reliability.md."""

    name: str
    tried: int = 0
    held: int = 0
    seconds: float = 0.0
    failures: list[str] = field(default_factory=list)
    """The first few, each with what is needed to make it again."""
    peak_mb: float = 0.0
    """The most memory that this process, or a child of it, has had until then."""

    enough: bool = False
    """That not all held is as good as was promised, as with mutants."""

    @property
    def good(self) -> bool:
        return self.held == self.tried or self.enough

    def note(self, failure: str | None) -> None:
        """Count one trial; `failure` says what did not hold."""
        self.tried += 1
        self.held += failure is None
        if failure is not None and len(self.failures) < 10:
            self.failures.append(failure)
        self.peak_mb = max(
            resource.getrusage(who).ru_maxrss / 1024
            for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
