"""JUnit XML as every consumer takes it: the intersection of the schemas of Jenkins' xUnit plugin and of Ant's report.

Neither knows where a case stands. Its file and line stand at the head of a failure and in the suite's output; `located`
writes them as the attributes `file` and `line` of each case as well, for the platforms that link them.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from typing import Final, NamedTuple
from xml.etree import ElementTree as ET

FAILURE: Final = "failure"
ERROR: Final = "error"
_NO_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class JunitCase(NamedTuple):
    """One case. `outcome`: empty for a pass, `failure`, or `error` (it could not be asked). `line`: 0 is unknown."""

    name: str
    file: str
    line: int = 0
    outcome: str = ""
    kind: str = ""
    message: str = ""
    body: str = ""

    @property
    def place(self) -> str:
        """`file:line`, or the file where the line is not known."""
        return f"{self.file}:{self.line}" if self.line else self.file


class JunitSuite(NamedTuple):
    """One suite: its cases, its file, and what it says about itself. `seconds`: how long all of it took."""

    name: str
    file: str
    cases: tuple[JunitCase, ...]
    properties: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.0


def junit(suites: Iterable[JunitSuite], at: dt.datetime, *, located: bool = False) -> str:
    """The whole document. `at`: when the suites were run, in UTC."""
    root = ET.Element("testsuites")
    for number, suite in enumerate(suites):
        _add_suite(root, number, suite, at, located)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _add_suite(root: ET.Element, number: int, suite: JunitSuite, at: dt.datetime, located: bool) -> None:
    element = ET.SubElement(
        root,
        "testsuite",
        {
            "name": _xml(suite.name),
            "package": "authz",
            "id": str(number),
            "timestamp": f"{at:%Y-%m-%dT%H:%M:%S}",
            "hostname": "localhost",
            "tests": str(len(suite.cases)),
            "failures": str(sum(case.outcome == FAILURE for case in suite.cases)),
            "errors": str(sum(case.outcome == ERROR for case in suite.cases)),
            "skipped": "0",
            "time": f"{suite.seconds:.3f}",
        },
    )
    properties = ET.SubElement(element, "properties")
    for name, value in (("file", suite.file), *suite.properties):
        ET.SubElement(properties, "property", {"name": name, "value": _xml(value)})
    for case in suite.cases:
        _add_case(element, suite, case, located)
    places = "\n".join(f"{case.place}: {case.outcome or 'passed'}: {case.name}" for case in suite.cases)
    ET.SubElement(element, "system-out").text = _xml(places)
    ET.SubElement(element, "system-err").text = ""


def _add_case(parent: ET.Element, suite: JunitSuite, case: JunitCase, located: bool) -> None:
    place = {"file": _xml(case.file), "line": str(case.line)} if located else {}
    words = {"name": _xml(case.name), "classname": f"authz.{_xml(suite.name)}", "time": "0", **place}
    element = ET.SubElement(parent, "testcase", words)
    if case.outcome:
        told = {"message": _xml(case.message), "type": case.kind}
        ET.SubElement(element, case.outcome, told).text = _xml(f"{case.place}\n{case.body or case.message}")


def _xml(text: str) -> str:
    """Without the characters that no XML document may hold; their place stays visible."""
    return _NO_XML.sub("�", text)
