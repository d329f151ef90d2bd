"""A feed on paper and for other programs: PDF, CSV, SVG and PNG, GeoJSON, GeoPackage.

All of them say what the pages of `gtfsgen.render` say: they are made from the same book of lines.
"""

from __future__ import annotations

FORMATS = ("html", "pdf", "csv", "svg", "png", "geojson", "gpkg")

__all__ = ["FORMATS"]
