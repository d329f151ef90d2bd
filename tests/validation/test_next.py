"""What the rule set canonical-next finds and 8.0.1 does not, and the other way round."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import gtfsgen
from tests.validation.test_cases import TODAY, found, write_feed

SHAPES = ("missing_recommended_file", "shapes.txt", None)
TYPE_2 = "from_stop_id,to_stop_id,transfer_type,min_transfer_time\nB,B,2,{}\n"
PRODUCT = "fare_product_id,fare_product_name,amount,currency\nF,Discount,-2.00,EUR\n"
SHAPE = "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\nX,48.1,16.3,1\nX,48.2,16.2,2\n"


@pytest.mark.parametrize(
    ("tables", "only_now", "only_next"),
    [
        ({}, set(), {SHAPES}),
        ({"shapes.txt": SHAPE.split("\n")[0] + "\n"}, set(), {SHAPES}),
        ({"shapes.txt": SHAPE}, set(), set()),
        (
            {"transfers.txt": TYPE_2.format("")},
            set(),
            {SHAPES, ("missing_required_field", "transfers.txt", 2)},
        ),
        ({"transfers.txt": TYPE_2.format("0")}, set(), {SHAPES}),
        (
            {"fare_products.txt": PRODUCT},
            {("number_out_of_range", "fare_products.txt", 2)},
            {SHAPES},
        ),
    ],
    ids=["no shapes", "no points", "shapes", "no minimum time", "no minutes", "discount"],
)
def test_next(
    tables: dict[str, str], only_now: set[Any], only_next: set[Any], tmp_path: Path
) -> None:
    folder = write_feed(tables, tmp_path)
    now = set(found(gtfsgen.validate(folder, "canonical-8.0.1", TODAY)))
    later = set(found(gtfsgen.validate(folder, "canonical-next", TODAY)))
    assert now - later == only_now
    assert later - now == only_next
