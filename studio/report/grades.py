"""How well two scenes meet, in a word. Only a seam that was meant to be one movement is judged; a cut is a cut."""

from __future__ import annotations

from typing import Literal

from studio.report.records import SeamRecord

Grade = Literal["good", "fair", "poor", "cut"]

# Measured on rendered clips (block SSIM): continued seams join at .993 and 43 dB, unrelated pictures at .83 and 13 dB.
GOOD = (0.97, 30.0)
FAIR = (0.92, 22.0)


def grade(seam: SeamRecord) -> Grade:
    """``good``, ``fair`` or ``poor`` for a continued seam: both values must reach the bar. ``cut`` for any other."""
    if not seam.continued:
        return "cut"
    if seam.ssim >= GOOD[0] and seam.psnr >= GOOD[1]:
        return "good"
    if seam.ssim >= FAIR[0] and seam.psnr >= FAIR[1]:
        return "fair"
    return "poor"
