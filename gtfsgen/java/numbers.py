"""Numbers as Java reads and writes them: one text, or one number, at a time.

Python's own readers differ: `int` takes underscores and any digit, `float` takes `inf` and no `1f`.
"""

from __future__ import annotations

import math
import re
import struct
import unicodedata
from decimal import Decimal

_INT_LIMITS = (-(2**31), 2**31 - 1)

_DECIMAL_FLOAT = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[fFdD]?")
_NAMED_FLOAT = re.compile(r"[+-]?(?:NaN|Infinity)")
_HEX_FLOAT = re.compile(
    r"([+-]?)0[xX](?:([0-9a-fA-F]+)\.?|([0-9a-fA-F]*)\.([0-9a-fA-F]+))[pP]([+-]?[0-9]+)[fFdD]?"
)
_BIG_DECIMAL = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?)([0-9]+))?")
_MAX_EXPONENT_DIGITS = 10


def digit(character: str, radix: int = 10) -> int:
    """Return a digit's value, as `Character.digit(char, radix)`; -1 if it is none.

    Digits of any script will do, but only of one UTF-16 unit; above 9, full-width letters too.
    """
    if character > "\uffff":
        return -1
    value = unicodedata.decimal(character, -1)
    if value < 0 and radix > 10:
        unit = unicodedata.normalize("NFKC", character) if character >= "\uff21" else character
        if len(unit) == 1 and unit.isascii() and unit.isalpha():
            value = ord(unit.lower()) - ord("a") + 10
    return int(value) if value < radix else -1


def parse_int(text: str, radix: int = 10) -> int | None:
    """Read a 32-bit integer as `Integer.parseInt`; None where Java throws."""
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not digits:
        return None
    value = 0
    for character in digits:
        unit = digit(character, radix)
        if unit < 0:
            return None
        value = value * radix + unit
    if text[0] == "-":
        value = -value
    return value if _INT_LIMITS[0] <= value <= _INT_LIMITS[1] else None


def parse_double(text: str) -> float | None:
    """Read a float as `Double.parseDouble`, also hex and `1f`; None where Java throws."""
    if _DECIMAL_FLOAT.fullmatch(text):
        return float(text.rstrip("fFdD"))
    if _NAMED_FLOAT.fullmatch(text):
        return float(text)
    hexadecimal = _HEX_FLOAT.fullmatch(text)
    return _hex_value(*hexadecimal.groups()) if hexadecimal else None


def _hex_value(
    sign: str, whole: str | None, head: str | None, tail: str | None, exponent: str
) -> float:
    """Value a hex float; an exponent out of range gives zero or infinity, never an error."""
    digits = whole or f"{head or ''}{tail or ''}"
    significand = int(digits, 16)
    scale = int(exponent[:12]) if len(exponent.lstrip("+-0")) <= 10 else math.inf
    if scale is math.inf and exponent.startswith("-"):
        scale = -math.inf
    power = scale - 4 * len(tail or "")
    magnitude = significand.bit_length() + power
    if significand == 0 or magnitude < -1100:
        value = 0.0
    elif magnitude > 1100:
        value = math.inf
    else:
        value = _scaled(significand, int(power))
    return -value if sign == "-" else value


def _scaled(significand: int, power: int) -> float:
    """Return significand * 2**power, rounded once."""
    try:
        return significand / (1 << -power) if power < 0 else float(significand << power)
    except OverflowError:
        return math.inf


def parse_decimal(text: str) -> Decimal | None:
    """Read a number as `new BigDecimal(String)`; None where Java throws.

    The scale is `-Decimal.as_tuple().exponent`. Digits of any script are taken, the exponent's too.
    """
    plain = text if text.isascii() else "".join(_ascii_digit(character) for character in text)
    parts = _BIG_DECIMAL.fullmatch(plain)
    if not parts:
        return None
    sign, whole, fraction, exponent_sign, exponent = parts.groups()
    digits = whole + (fraction or "")
    if not digits:
        return None
    power = 0
    if exponent is not None:
        significant = exponent.lstrip("0")
        if len(significant) > _MAX_EXPONENT_DIGITS:
            return None
        power = int(significant or "0") * (-1 if exponent_sign == "-" else 1)
        if not _INT_LIMITS[0] <= power <= _INT_LIMITS[1]:
            return None
    scale = len(fraction or "") - power
    if not _INT_LIMITS[0] <= scale <= _INT_LIMITS[1]:
        return None
    return Decimal((sign == "-", tuple(map(int, digits.lstrip("0") or "0")), -scale))


def _ascii_digit(character: str) -> str:
    value = digit(character)
    return character if value < 0 else str(value)


def plain_text(number: Decimal) -> str:
    """Write a decimal as `BigDecimal.toPlainString`: no exponent, zeros for a negative scale."""
    if not number:
        decimals = max(0, -int(number.as_tuple().exponent))
        return f"{0:.{decimals}f}"
    return format(number, "f")


def to_double(number: Decimal) -> float:
    """Return the nearest double; zero has no sign, as in Java."""
    return float(number) if number else 0.0


def double_text(x: float) -> str:
    """Write a double as `Double.toString` of JDK 17, which is not always the shortest form.

    JDK 17 stops at the first digit that tells the number from its neighbours, but generates two at
    least for a number written with an exponent, and rounds whole numbers above 2**53.
    """
    if math.isnan(x):
        return "NaN"
    sign = "-" if math.copysign(1.0, x) < 0 else ""
    if math.isinf(x):
        return f"{sign}Infinity"
    if x == 0:
        return f"{sign}0.0"
    digits, point = _digits(abs(x))
    return sign + _laid_out(digits, point)


def _laid_out(digits: str, point: int) -> str:
    """Place the decimal point of 0.digits * 10**point."""
    if 0 < point < 8:
        whole = digits[:point].ljust(point, "0")
        return f"{whole}.{digits[point:] or '0'}"
    if -3 < point <= 0:
        return f"0.{'0' * -point}{digits}"
    return f"{digits[0]}.{digits[1:] or '0'}E{point - 1}"


_FRACTION_BITS = 52
_LONG_FIVES = 27  # powers of five that fit a long
_FIVES_BITS = [0, *((5**n).bit_length() for n in range(1, _LONG_FIVES))]


def _digits(x: float) -> tuple[str, int]:
    """Return the digits of a positive double and its point: the value is 0.digits * 10**point."""
    bits = struct.unpack(">q", struct.pack(">d", x))[0]
    exponent = bits >> _FRACTION_BITS
    fraction = bits & ((1 << _FRACTION_BITS) - 1)
    if exponent:
        fraction |= 1 << _FRACTION_BITS
        significant_bits = _FRACTION_BITS + 1
    else:
        significant_bits = fraction.bit_length()
        shift = _FRACTION_BITS + 1 - significant_bits
        fraction <<= shift
        exponent = 1 - shift
    exponent -= 1023
    trailing = (fraction & -fraction).bit_length() - 1
    fraction_bits = _FRACTION_BITS + 1 - trailing
    tiny_bits = max(0, fraction_bits - exponent - 1)
    if tiny_bits == 0 and -21 <= exponent <= 62 and fraction_bits < 64:
        return _whole_digits(
            int(x), exponent - significant_bits - 1 if exponent > significant_bits else 0
        )
    return _generated_digits(fraction, trailing, exponent, significant_bits, tiny_bits)


def _whole_digits(number: int, insignificant_power: int) -> tuple[str, int]:
    """Digits of a whole number; those below its precision are rounded away."""
    dropped = len(str(2**insignificant_power)) - 1 if insignificant_power > 1 else 0
    power = 10**dropped
    quotient, residue = divmod(number, power)
    if dropped and residue >= power >> 1:
        quotient += 1
    digits = str(quotient)
    return digits.rstrip("0"), len(digits) + dropped


def _generated_digits(
    fraction: int, trailing: int, exponent: int, significant_bits: int, tiny_bits: int
) -> tuple[str, int]:
    """Generate digits until the rest is within half a unit of the last place (Steele and White)."""
    fraction_bits = _FRACTION_BITS + 1 - trailing
    point = _estimated_power(fraction, exponent)
    five_b, five_s = max(0, -point), max(0, point)
    two_b = five_b + tiny_bits + exponent
    two_s = five_s + tiny_bits
    two_m = two_b - significant_bits
    two_b -= fraction_bits - 1
    common = min(two_b, two_s)
    two_b, two_s, two_m = two_b - common, two_s - common, two_m - common
    if fraction_bits == 1:
        two_m -= 1  # below a power of two the neighbour is half as far
    if two_m < 0:
        two_b, two_s, two_m = two_b - two_m, two_s - two_m, 0

    numerator = (fraction >> trailing) * 5**five_b << two_b
    denominator = 5**five_s << two_s
    margin = 5**five_b << two_m
    ten = denominator * 10
    fits_long = (
        fraction_bits + two_b + _bits_of_five(five_b) < 64
        and two_s + 1 + _bits_of_five(five_s + 1) < 64
    )

    def is_high() -> bool:
        return numerator + margin > ten if fits_long else numerator + margin >= ten

    quotient, rest = divmod(numerator, denominator)
    numerator, margin = rest * 10, margin * 10
    low, high = numerator < margin, is_high()
    digits = []
    if quotient == 0 and not high:
        point -= 1
    else:
        digits.append(quotient)
    if point < -3 or point >= 8:
        low = high = False
    while not low and not high:
        quotient, rest = divmod(numerator, denominator)
        numerator, margin = rest * 10, margin * 10
        low, high = numerator < margin, is_high()
        digits.append(quotient)
    if high and _rounds_up(low, numerator * 2 - ten, digits[-1]):
        point += _round_up(digits)
    return "".join(map(str, digits)), point + 1


def _bits_of_five(power: int) -> int:
    return _FIVES_BITS[power] if power < _LONG_FIVES else power * 3


def _estimated_power(fraction: int, exponent: int) -> int:
    """Estimate the decimal exponent from a tangent of the logarithm, as JDK 17 does."""
    mantissa = fraction / (1 << _FRACTION_BITS)
    return math.floor((mantissa - 1.5) * 0.289529654 + 0.176091259 + exponent * 0.301029995663981)


def _rounds_up(low: bool, difference: int, last_digit: int) -> bool:
    if not low:
        return True
    return difference > 0 or (difference == 0 and last_digit % 2 == 1)


def _round_up(digits: list[int]) -> int:
    """Add one to the last digit in place; return 1 if the number grew by a digit, else 0."""
    for place in range(len(digits) - 1, -1, -1):
        if digits[place] < 9:
            digits[place] += 1
            return 0
        digits[place] = 0
    digits[0] = 1
    return 1
