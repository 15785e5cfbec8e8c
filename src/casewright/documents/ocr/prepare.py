"""A picture made fit to be read, and the way back to the picture as it was given."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from casewright.documents.blocks import Box
from casewright.documents.ocr.lines import Pixels

Grey = NDArray[np.uint8]
Matrix = NDArray[np.float64]  # 3 x 3: takes (x, y, 1) to (x, y, 1), times a number
# Angles and ink are looked for in a copy of this many pixels (A4 at 100 dpi); not by its longer side, or the
# letters of a long receipt would vanish in it.
LOOK_PIXELS = 1_000_000
MAX_SKEW = 15.0
# Less than this lifts the end of an A4 page's line by less than a third of its height.
LEAST_SKEW = 0.15
# How much steeper the best angle's profile has to be than the usual one's to be believed.
LEAST_CLEARNESS = 1.3
# Letters of 6 points are as high as this in the copy that is looked at; specks are smaller.
LEAST_LETTER = 5
# Paper that is this much darker at one end than at the other was not scanned.
EVEN_LIGHT = 0.75


@dataclass(frozen=True, slots=True)
class Prepared:
    """A picture with its text level. ``back`` takes a point of it to the picture as given.

    ``skew`` is by how many degrees the given one leans, counter-clockwise.
    """

    pixels: Pixels
    back: Matrix
    skew: float = 0.0


@dataclass(frozen=True, slots=True)
class Inked:
    """The part of a page where something stands, and how high most of its letters are, in pixels."""

    bounds: Box
    letter: float


def prepared(pixels: Pixels) -> Prepared:
    """The light evened where it falls unevenly, the lines level; it grows so that nothing is cut off."""
    pixels = evened(pixels)
    skew = skew_of(pixels)
    if abs(skew) < LEAST_SKEW:
        return Prepared(pixels, np.eye(3))
    height, width = pixels.shape[:2]
    there = cv2.getRotationMatrix2D((width / 2, height / 2), -skew, 1.0)
    grown_width = int(np.ceil(abs(there[0, 0]) * width + abs(there[0, 1]) * height))
    grown_height = int(np.ceil(abs(there[0, 1]) * width + abs(there[0, 0]) * height))
    there[0, 2] += (grown_width - width) / 2
    there[1, 2] += (grown_height - height) / 2
    paper = [float(np.median(pixels[::8, ::8, channel])) for channel in range(3)]
    size = (grown_width, grown_height)
    turned = cv2.warpAffine(pixels, there, size, flags=cv2.INTER_CUBIC, borderValue=paper)
    back = np.vstack([cv2.invertAffineTransform(there), [0, 0, 1]])
    return Prepared(turned.astype(np.uint8, copy=False), back, skew)


def inked(pixels: Pixels) -> Inked | None:
    """Where there is something as large as a letter; None on a blank page: specks and grain are nothing."""
    grey = grey_of(pixels)
    if grey.size > 2 * LOOK_PIXELS:  # strokes are some pixels wide there: only specks go
        grey = _grey(cv2.medianBlur(grey, 3))
    small = shrunk(grey)
    grain = 1.4826 * float(np.median(cv2.absdiff(small, cv2.medianBlur(small, 3))))
    dark = ink_of(small, contrast=min(40.0, max(10.0, 5 * grain)))
    _, _, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    left, top, width, height, area = stats[1:].T  # the first is the paper
    large = ((height >= LEAST_LETTER) & (area >= 2 * LEAST_LETTER)) | (width >= 4 * LEAST_LETTER)
    if not large.any():
        return None
    left, top, right, bottom = (side[large] for side in (left, top, left + width, top + height))
    across, down = grey.shape[1] / small.shape[1], grey.shape[0] / small.shape[0]
    bounds = (left.min() * across, top.min() * down, right.max() * across, bottom.max() * down)
    return Inked(Box(*(float(side) for side in bounds)), float(np.median(bottom - top) * down))


def evened(pixels: Pixels) -> Pixels:
    """The picture as if light fell evenly on it: each place divided by its paper's brightness."""
    small = cv2.resize(grey_of(pixels), (64, 64), interpolation=cv2.INTER_AREA)
    paper = cv2.GaussianBlur(cv2.dilate(small, np.ones((9, 9), np.uint8)), (0, 0), 4).astype(np.float32)
    dark, bright = (float(np.percentile(paper, share)) for share in (2, 98))
    if bright < 60 or dark > EVEN_LIGHT * bright or dark < 0.25 * bright:
        return pixels  # even enough, or parts of it are no paper at all
    height, width = pixels.shape[:2]
    more = cv2.resize(bright / paper, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.clip(pixels * more[:, :, None], 0, 255), dtype=np.uint8)


def skew_of(pixels: Pixels) -> float:
    """By how many degrees the lines of text lean, counter-clockwise; 0 where that cannot be told.

    The angle at which the rows of ink are the most uneven: text that lies level leaves white rows between its
    lines (W. Postl, Detection of linear oblique structures and skew scan in digitized documents, 1986).
    """
    ys, xs = np.nonzero(ink_of(shrunk(grey_of(pixels))))
    if len(xs) < 200:
        return 0.0
    ink = np.stack([xs, ys], axis=1).astype(np.float32)[:: len(xs) // 60_000 + 1]
    angle, best, usual = _steepest(ink, np.arange(-MAX_SKEW - 1, MAX_SKEW + 1.1, 1.0))
    angle, best, _ = _steepest(ink, angle + np.arange(-0.9, 0.95, 0.15))
    angle, best, _ = _steepest(ink, angle + np.arange(-0.12, 0.13, 0.04))
    if abs(angle) > MAX_SKEW + 0.2 or best < LEAST_CLEARNESS * usual:
        return 0.0
    return angle


def _steepest(ink: NDArray[np.float32], angles: NDArray[np.float64]) -> tuple[float, float, float]:
    """The angle whose profile is the most uneven, how uneven, and the median over all."""
    scores = [_unevenness(ink, float(angle)) for angle in angles]
    best = int(np.argmax(scores))
    return float(angles[best]), scores[best], float(np.median(scores))


def _unevenness(ink: NDArray[np.float32], degrees: float) -> float:
    radians = np.deg2rad(degrees)
    rows = ink[:, 1] * np.cos(radians) + ink[:, 0] * np.sin(radians)
    steps = np.diff(np.bincount((rows - rows.min()).astype(np.int64)).astype(np.float64))
    return float(np.dot(steps, steps))


def ink_of(grey: Grey, contrast: float = 20.0) -> Grey:
    """255 where it is darker than its surroundings by ``contrast`` (of 255), 0 elsewhere."""
    return _grey(
        cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 31, contrast)
    )


def grey_of(pixels: Pixels) -> Grey:
    """The picture in shades of grey."""
    return _grey(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))


def shrunk(grey: Grey) -> Grey:
    """A copy with at most ``LOOK_PIXELS``."""
    scale = math.sqrt(LOOK_PIXELS / grey.size)
    if scale >= 1:
        return grey
    size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
    return _grey(cv2.resize(grey, size, interpolation=cv2.INTER_AREA))


def turned_back(turned: int, width: int, height: int) -> Matrix:
    """Takes a point of a picture that was turned by quarters (counter-clockwise) to the picture before.

    ``width`` and ``height`` are those before.
    """
    rows = {
        0: [[1, 0, 0], [0, 1, 0]],
        90: [[0, -1, width], [1, 0, 0]],
        180: [[-1, 0, width], [0, -1, height]],
        270: [[0, 1, 0], [-1, 0, height]],
    }[turned]
    return np.array([*rows, [0, 0, 1]], dtype=np.float64)


def scaled(across: float, down: float) -> Matrix:
    """Takes points to another unit."""
    return np.diag([across, down, 1.0])


def moved(box: Box, matrix: Matrix) -> Box:
    """The smallest upright box around a box that was moved."""
    corners = np.array([[box.x0, box.x1, box.x1, box.x0], [box.y0, box.y0, box.y1, box.y1], [1, 1, 1, 1]])
    xs, ys, over = matrix @ corners
    xs, ys = xs / over, ys / over
    return Box(float(xs.min()), float(ys.min()), float(xs.max()), float(ys.max()))


def _grey(made: NDArray[np.generic]) -> Grey:
    """OpenCV's answers are typed as anything."""
    return np.asarray(made, dtype=np.uint8)
