"""The project's own tables, read from their sources: options.def and errors.def."""
import re

from stack import TOP

_UNITS = {"": 1, "KiB": 1024, "MiB": 1024 ** 2, "GiB": 1024 ** 3,
          "us": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86400}


def quantity(text):
    """A SIZE in bytes or a TIME in seconds."""
    number, unit = re.fullmatch(r"(\d+)([A-Za-z]*)", text).groups()
    return int(number) * _UNITS[unit]


def options():
    """{name: default}"""
    text = (TOP / "src/base/options.def").read_text()
    return dict(re.findall(r'^OPTION\(\w+, (\w+), "([^"]*)"', text, re.M))


def errors():
    """{slug: (status, title, description)}"""
    text = (TOP / "src/base/errors.def").read_text()
    rows = re.findall(r'^ERROR\(\w+, (\d+), "([^"]*)", "([^"]*)", "([^"]*)"\)', text, re.M)
    return {slug: (int(status), title, doc) for status, slug, title, doc in rows}
