"""Case as Java sees it."""

import polars as pl

from gtfsgen.java.text import FOLDS, caseless


def java_fold(letter: str) -> str:
    """Character.toLowerCase(Character.toUpperCase(c)), one character to one."""
    upper = letter.upper() if len(letter.upper()) == 1 else letter
    return "i" if upper == "\u0130" else upper.lower() if len(upper.lower()) == 1 else upper


def test_the_folds_are_all_letters_that_java_folds_otherwise() -> None:
    letters = map(chr, range(0x80, 0xD800))
    found = {each: java_fold(each) for each in letters if java_fold(each) != each.lower()}
    assert found == FOLDS


def test_texts_that_java_calls_equal_become_equal() -> None:
    pairs = pl.DataFrame(
        {
            "a": ["STRASSE", "\u0130stanbul", "\u1f48\u03b4\u03cc\u03c2", "Stra\u00dfe", "Ohm"],
            "b": ["stra\u017f\u017fe", "ISTANBUL", "\u1f40\u03b4\u03cc\u03c3", "STRASSE", "ohms"],
        }
    )
    equal = pairs.select(caseless("a") == caseless("b")).to_series().to_list()
    assert equal == [True, True, True, False, False]
