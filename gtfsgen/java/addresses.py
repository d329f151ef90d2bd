"""Web and e-mail addresses that Apache commons-validator 1.6 accepts.

Its defaults hold: http, https and ftp only, no local hosts, no double slash in a path, and a host
that ends in a top-level domain of its list, which is of 2017.
"""

from __future__ import annotations

import re
import stringprep
import unicodedata

from gtfsgen.java.facts import names
from gtfsgen.java.numbers import parse_int

_NOT_LINE_END = r"[^\n\r\x85\u2028\u2029]"  # what "." is in Java

_URL = re.compile(rf"(?:([^:/?#]+):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#{_NOT_LINE_END}*)?")
_SCHEMES = {"http", "https", "ftp"}
_USER_INFO = r"[a-zA-Z0-9%-._~!$&'()*+,;=]+(?::[a-zA-Z0-9%-._~!$&'()*+,;=]*)?@"
_AUTHORITY = re.compile(
    rf"(?:\[([0-9a-fA-F:]+)\]|(?:{_USER_INFO})?([a-zA-Z0-9.-]*))(?::([0-9]*))?({_NOT_LINE_END}*)"
)
_PATH = re.compile(r"(?:/[-\w:@&?=+,.!/~*'%$_;()]*)?", re.ASCII)
_WHITESPACE = re.compile(r"[ \t\n\x0b\f\r]")
_MAX_PORT = 65535
_CONTROLS = "".join(map(chr, range(0x21)))

_LABEL = r"[a-zA-Z0-9](?>[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+([a-zA-Z](?>[a-zA-Z0-9-]{{0,61}}[a-zA-Z0-9])?)\.?")
_MAX_DOMAIN_LENGTH = 253
_MAX_LABEL_LENGTH = 63
_DOTS = re.compile("[.\u3002\uff0e\uff61]")
_ENCODED_PREFIX = "xn--"

_IP_4 = re.compile(r"([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})")
_IP_6_GROUPS = 8
_IP_6_GROUP_DIGITS = 4

_EMAIL = re.compile(rf"[ \t\n\x0b\f\r]*?({_NOT_LINE_END}+)@({_NOT_LINE_END}+?)[ \t\n\x0b\f\r]*")
_USER_CHARACTER = rf"\\{_NOT_LINE_END}|'" + r"""|[^ \t\n\x0b\f\r\x00-\x1f\x7f()<>@,;:'\\".\[\]]"""
_WORD = rf"""(?:(?:{_USER_CHARACTER})+|"(?:\\"|[^"])*")"""
_USER = re.compile(rf"[ \t\n\x0b\f\r]*{_WORD}(?:\.{_WORD})*")
_MAX_USER_LENGTH = 64
_IP_IN_BRACKETS = re.compile(rf"\[({_NOT_LINE_END}*)\]")


def is_url(text: str) -> bool:
    """Tell whether `UrlValidator` accepts a web address."""
    parts = _URL.fullmatch(text)
    if not parts:
        return False
    scheme, authority, path, query = parts.groups()
    return (
        scheme is not None
        and scheme.lower() in _SCHEMES
        and authority is not None
        and _is_authority(authority)
        and _is_path(path)
        and not (query and _WHITESPACE.search(query))
    )


def is_email(text: str) -> bool:
    """Tell whether `EmailValidator` accepts an e-mail address."""
    parts = None if text.endswith(".") else _EMAIL.fullmatch(text)
    if not parts:
        return False
    user, domain = parts.groups()
    if _utf16_length(user) > _MAX_USER_LENGTH or not _USER.fullmatch(user):
        return False
    if address := _IP_IN_BRACKETS.fullmatch(domain):
        return _is_ip_4(address[1]) or _is_ip_6(address[1])
    return is_domain(domain)


def is_domain(text: str) -> bool:
    """Tell whether a host name is well formed and ends in a known top-level domain."""
    domain = _encoded(text)
    if _utf16_length(domain) > _MAX_DOMAIN_LENGTH:
        return False
    parts = _DOMAIN.fullmatch(domain)
    return parts is not None and parts[1].lower() in names("top_level_domains.txt")


def _is_authority(text: str) -> bool:
    parts = _AUTHORITY.fullmatch(_encoded(text))
    if not parts:
        return False
    ip_6, host, port, rest = parts.groups()
    if ip_6 is not None:
        if not _is_ip_6(ip_6):
            return False
    elif not _is_host(host, port):
        return False
    return not rest.strip(_CONTROLS)


def _is_host(host: str, port: str | None) -> bool:
    return (is_domain(host) or _is_ip_4(host)) and (not port or int(port) <= _MAX_PORT)


def _is_path(text: str) -> bool:
    return bool(_PATH.fullmatch(text)) and "//" not in text and not _climbs_out(text)


def _climbs_out(path: str) -> bool:
    """Tell whether the path's `..` lead above its root."""
    depth = 0
    for segment in path.split("/")[1:]:
        if segment == "..":
            depth -= 1
            if depth < 0:
                return True
        elif segment not in ("", "."):
            depth += 1
    return False


def _is_ip_4(text: str) -> bool:
    parts = _IP_4.fullmatch(text)
    return parts is not None and all(
        int(part) <= 255 and (len(part) == 1 or part[0] != "0") for part in parts.groups()
    )


def _is_ip_6(text: str) -> bool:
    compressed = "::" in text
    if compressed and text.find("::") != text.rfind("::"):
        return False
    if (text.startswith(":") and not text.startswith("::")) or (
        text.endswith(":") and not text.endswith("::")
    ):
        return False
    groups = _ip_6_groups(text)
    if len(groups) > _IP_6_GROUPS:
        return False
    length = 0
    for place, group in enumerate(groups):
        if place == len(groups) - 1 and "." in group:
            if not _is_ip_4(group):
                return False
            length += 2
            continue
        if not _is_ip_6_group(group) or (place and not group and not groups[place - 1]):
            return False
        length += 1
    return length == _IP_6_GROUPS or (compressed and length < _IP_6_GROUPS)


def _ip_6_groups(text: str) -> list[str]:
    """Split at the colons; an edge "::" leaves one empty group there."""
    groups = text.split(":")
    while len(groups) > 1 and not groups[-1]:
        groups.pop()
    if text.endswith("::"):
        return [*groups, ""] if any(groups) else [""]
    return groups[1:] if text.startswith("::") else groups


def _is_ip_6_group(text: str) -> bool:
    if not text:
        return True
    value = parse_int(text, 16) if _utf16_length(text) <= _IP_6_GROUP_DIGITS else None
    return value is not None and value >= 0


def _encoded(host: str) -> str:
    """Encode a host name of other scripts (IDNA 2003); one that cannot be stays as it is."""
    if host.isascii():
        return host
    labels = _DOTS.split(host)
    trailing_dot = not labels[-1]
    encoded = [_encoded_label(label) for label in (labels[:-1] if trailing_dot else labels)]
    if any(label is None for label in encoded):
        return host
    return ".".join(label for label in encoded if label is not None) + "." * trailing_dot


def _encoded_label(label: str) -> str | None:
    """Encode one label; None if it is empty, too long, or has a character that no name may have."""
    prepared = label if label.isascii() else _prepared(label)
    if not prepared:
        return None
    if not prepared.isascii():
        if prepared.lower().startswith(_ENCODED_PREFIX):
            return None
        prepared = _ENCODED_PREFIX + prepared.encode("punycode").decode("ascii").lower()
    return prepared if len(prepared) <= _MAX_LABEL_LENGTH else None


def _prepared(label: str) -> str | None:
    """Fold a label by nameprep (RFC 3491); None if a character is unassigned or forbidden."""
    if any(stringprep.in_table_a1(character) for character in label):
        return None
    mapped = "".join(
        stringprep.map_table_b2(character)
        for character in label
        if not stringprep.in_table_b1(character)
    )
    folded = unicodedata.ucd_3_2_0.normalize("NFKC", mapped)
    if any(table(character) for character in folded for table in _FORBIDDEN):
        return None
    right_to_left = [stringprep.in_table_d1(character) for character in folded]
    if any(right_to_left):
        mixed = any(stringprep.in_table_d2(character) for character in folded)
        if mixed or not right_to_left[0] or not right_to_left[-1]:
            return None
    return folded


_FORBIDDEN = (
    stringprep.in_table_c12,
    stringprep.in_table_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)


def _utf16_length(text: str) -> int:
    return len(text) + sum(character > "\uffff" for character in text)
