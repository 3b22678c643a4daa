"""Flat files in columns or in cells: records by their layouts, put together into messages, with totals checked."""

from tundish.formats.fixed.format import SPEC, FixedFormat
from tundish.formats.fixed.settings import FixedSettings

__all__ = ["SPEC", "FixedFormat", "FixedSettings"]
