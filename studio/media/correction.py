"""A correction of colours: an affine map of R'G'B', in whole ten-thousandths, so that it has one exact form."""

from __future__ import annotations

from dataclasses import dataclass

UNIT = 10_000
Row = tuple[int, int, int, int]


@dataclass(frozen=True)
class Correction:
    """The new red, green and blue of a colour: each a sum of so much of its red, green and blue, and of white.

    All values are ten-thousandths: ``red = (10000, 0, 0, 0)`` leaves red as it is. White and black stay what they are,
    whatever the values say: what is clipped has no colour to correct, and a white sun would get a tint.
    """

    red: Row
    green: Row
    blue: Row

    @property
    def rows(self) -> tuple[Row, Row, Row]:
        """Its three rows."""
        return self.red, self.green, self.blue

    @property
    def numbers(self) -> tuple[int, ...]:
        """Its twelve values, by which it is named where it is kept."""
        return (*self.red, *self.green, *self.blue)

    @classmethod
    def of(cls, numbers: tuple[int, ...]) -> Correction:
        """The correction of these twelve values."""
        red, green, blue = ((a, b, c, d) for a, b, c, d in (numbers[0:4], numbers[4:8], numbers[8:12]))
        return cls(red, green, blue)

    def then(self, other: Correction) -> Correction:
        """The correction that does what this one does, and then what the other one does."""
        found = list[int]()
        for of_other in other.rows:
            for column in range(4):
                total = sum(share * row[column] for share, row in zip(of_other[:3], self.rows, strict=True))
                found.append(_rounded(total, UNIT) + (of_other[3] if column == 3 else 0))
        return Correction.of(tuple(found))


AS_MADE = Correction((UNIT, 0, 0, 0), (0, UNIT, 0, 0), (0, 0, UNIT, 0))


def _rounded(value: int, by: int) -> int:
    """The value divided, halves up."""
    return (2 * value + by) // (2 * by)
