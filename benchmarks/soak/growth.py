"""Whether what was measured again and again grows: by a slope over all points, never by one."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median

FEWEST = 4
"""Points below which no slope is judged."""


@dataclass(frozen=True)
class Series:
    """One figure, measured whenever all was at rest. `of` counts the jobs that had ended by then.

    `limit`: how much it may grow by a job. Where that is 0, it may not grow beyond `noise`, the
    most that two looks at the same thing differ by.
    """

    name: str
    unit: str
    of: Sequence[int]
    values: Sequence[float]
    noise: float = 0.0
    limit: float = 0.0

    @property
    def slope(self) -> float:
        """By a job: the median of the slopes between any two points, which no outlier bends."""
        points = list(zip(self.of, self.values, strict=True))
        slopes = [(y - x) / (n - m) for (m, x), (n, y) in combinations(points, 2) if n > m]
        return median(slopes) if slopes else 0.0

    @property
    def grown(self) -> float:
        """By the slope, from the first point to the last."""
        return self.slope * (self.of[-1] - self.of[0]) if self.of else 0.0

    @property
    def allowed(self) -> float:
        jobs = self.of[-1] - self.of[0] if self.of else 0
        return self.noise + self.limit * jobs

    def growth(self) -> str | None:
        """What is to be said if it grows more than it may."""
        if len(self.values) < FEWEST:
            return (
                f"Unknown: {self.name} was measured {len(self.values)} times after the warm-up; a "
                f"slope takes {FEWEST}. Let it run longer."
            )
        if self.grown <= self.allowed:
            return None
        jobs = self.of[-1] - self.of[0]
        return (
            f"Growth: {self.name} grew by {self.grown:.1f} {self.unit} over {jobs} jobs "
            f"({self.values[0]:.1f} to {self.values[-1]:.1f}); at most {self.allowed:.1f} may be."
        )
