"""Bodies that two readers of JSON could read differently, or that cost more than they should."""

from __future__ import annotations

import json
from typing import Final

C: Final = '"contact":"ana@acme.example"'
A: Final = '"action":"report"'
I: Final = '"ip":"203.0.113.5"'  # noqa: E741 - the address
GOOD: Final = f"{{{C},{A},{I}}}"


def _nested(opening: str, closing: str, depth: int) -> str:
    return f'{{{C},{A},{I},"x":{opening * depth}1{closing * depth}}}'


def _beside(members: str) -> str:
    return f"{{{C},{A},{I},{members}}}"


_TEXTS: Final[tuple[str, ...]] = (
    # a name twice, at any depth, also in another spelling
    _beside(C), _beside(A), _beside(I), _beside('"contact":"eve@x.example"'), _beside('"ip":"198.51.100.9"'),
    _beside('"a":1,"a":1'),
    _beside('"a":{"b":1,"b":2}'), _beside('"a":[{"b":1,"b":2}]'), _beside('"a":{"b":{"c":[[{"d":1,"d":1}]]}}'),
    _beside('"\\u0061ction":"restore"'), _beside('"acti\\u006fn":"restore"'), _beside('"\\u0069p":"198.51.100.9"'),
    _beside('"a":{"\\u0062":1,"b":2}'), _beside('"":1,"":2'), _beside('"__proto__":1,"__proto__":2'),
    f'{{"action":"restore",{C},{A},{I}}}',
    f'{{"contact":{{"type":"contact","id":"ana@acme.example","id":"x"}},{A},{I}}}',
    # null
    _beside('"tenant":null'), _beside('"x":null'), _beside('"x":[null]'), _beside('"x":{"y":null}'),
    _beside('"resource":null'),
    # numbers
    _beside('"x":NaN'), _beside('"x":Infinity'), _beside('"x":-Infinity'), _beside('"x":1e400'),
    _beside('"x":-1e400'), _beside('"x":1e999999999'),
    _beside('"x":' + "1" * 31), _beside('"x":' + "9" * 5000), _beside('"x":0.' + "1" * 5000), _beside('"x":01'),
    _beside('"x":+1'), _beside('"x":.5'),
    _beside('"x":1.'), _beside('"x":0x10'), _beside('"x":1_000'), _beside('"x":1e'), _beside('"x":--1'),
    _beside('"x":١'), _beside('"x":-'),
    # not JSON, though some take it
    GOOD + "x", GOOD + GOOD, GOOD + "\n" + GOOD, GOOD + ",", GOOD + "\x00", "\x00" + GOOD, "// x\n" + GOOD,
    "/* x */" + GOOD, GOOD + "// x",
    f"{{{C},{A},{I},}}", f"{{{C} {A},{I}}}", f"{{{C};{A};{I}}}", f"{{{C},{A},{I}", f"{C},{A},{I}}}",
    f"{{{C},,{A},{I}}}", GOOD.replace('"', "'"),
    "{contact:'ana@acme.example'}", f'{{{C},{A},{I},"x":undefined}}', f'{{{C},{A},{I},"x":True}}',
    _beside("\"x\":'y'"), _beside('"x":"\n"'),
    _beside('"x":"\t"'), _beside('"x":"\\x41"'), _beside('"x":"\\u12"'), _beside('"x":"\\"'),
    _beside('"x":"\\u{61}"'), ")]}',\n" + GOOD, f"\u2028{GOOD}",
    f"\u00a0{GOOD}", f"\x0c{GOOD}", f"\x1e{GOOD}", "data: " + GOOD, "callback(" + GOOD + ")", "jsonp=" + GOOD,
    "<?xml version='1.0'?><a/>",
    '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', "contact=ana%40acme.example&action=report",
    "---\ncontact: ana@acme.example",
    # not an object
    "", " ", "\r\n", "null", "true", "1", '"x"', f"[{GOOD}]", "[]", "[[[]]]", f'"{GOOD}"'.replace('"', '\\"'),
    json.dumps(GOOD),
    # halves of characters
    _beside('"x":"\\ud800"'), _beside('"x":"\\udc00\\ud800"'), _beside('"\\ud800":1'), _beside('"x":["\\udfff"]'),
    f'{{"contact":"\\ud800",{A},{I}}}',
    f'{{"contact":"ana\\ud83d@acme.example",{A},{I}}}', f'{{"contact":"\\ud800@acme.example",{A},{I}}}',
    # depth
    _nested("[", "]", 32), _nested("[", "]", 100), _nested("[", "]", 5000), _nested('{"a":', "}", 32),
    _nested('{"a":', "}", 5000), _nested('[{"a":', "}]", 200),
    "[" * 60000, "{" * 60000, '{"a":' * 12000, "[" * 30000 + "]" * 30000, '"' * 60000, '"\\' * 30000,
    '{"x":"' + "\\u0041" * 10000,
    # size
    _beside('"x":"' + "y" * 65536 + '"'), _beside('"x":[' + "0," * 40000 + "0]"),
    _beside(",".join(f'"k{n}":0' for n in range(9000))), " " * 65537 + GOOD,
    _beside('"' + "k" * 65536 + '":1'), GOOD + " " * 65536,
    # missing, or of another type
    f"{{{C}}}", f"{{{A}}}", f"{{{I}}}", "{}", f'{{"Contact":"ana@acme.example",{A},{I}}}',
    f'{{"contact ":"ana@acme.example",{A},{I}}}',
    f'{{"CONTACT":"ana@acme.example",{A},{I}}}', f'{{{C},"actions":["report"],{I}}}',
    f'{{"contact\\u0000":"ana@acme.example",{A},{I}}}',
    f'{{"query":{GOOD}}}', f'{{"body":{GOOD}}}', '{"decision":true}', f'{{"decision":true,"context":{GOOD}}}',
    f'{{{C},{A},"context":{{{I}}}}}',
    f'{{{C},{A},"IP":"203.0.113.5"}}', f'{{{C},{A},"x-forwarded-for":"203.0.113.5"}}',
    f'{{{C},{A},"role":"admin","roles":["admin"],"decision":true}}',
)  # fmt: skip

DOCUMENTS: Final[tuple[bytes, ...]] = (
    *(text.encode("utf-8", "surrogatepass") for text in _TEXTS),
    # other encodings
    GOOD.encode("utf-16"), GOOD.encode("utf-16-le"), GOOD.encode("utf-16-be"), GOOD.encode("utf-32"),
    GOOD.encode("utf-32-le"), GOOD.encode("utf-32-be"),
    b"\xef\xbb\xbf" + GOOD.encode(), b"\xff\xfe" + GOOD.encode(), GOOD.encode().replace(b"report", b"rep\xffort"),
    GOOD.encode().replace(b"ana", b"\xc1\xa1na"), GOOD.encode().replace(b"ana", b"\xe0\x81\xa1na"),
    GOOD.encode().replace(b"ana", b"\xed\xa0\x80"),
    GOOD.encode().replace(b"ana", b"\xf4\x90\x80\x80"), GOOD.encode().replace(b"ana", b"\xf8\x88\x80\x80\x80"),
    GOOD.encode().replace(b'"', b"\xa8"),
    GOOD.encode("cp037"), GOOD.encode("utf-7").replace(b"@", b"+AEA-"), b"\x1f\x8b\x08\x00" + b"\x00" * 40,
    b"PK\x03\x04" + b"\x00" * 40, bytes(range(256)),
)  # fmt: skip
"""In place of a good flat body."""
