"""Prometheus' text format, version 0.0.4."""

from collections.abc import Iterable, Mapping

from llm.telemetry.meters import Family

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def text(found: Iterable[tuple[Mapping[str, str], Iterable[Family]]]) -> str:
    """Write families, each with the labels of whose they are; those of one name stand together."""
    heads: dict[str, list[str]] = {}
    for common, families in found:
        for family in families:
            lines = heads.setdefault(family.name, _head(family))
            lines += [
                f"{family.name}{suffix}{_labels({**labels, **common})} {value:.17g}"
                for suffix, labels, value in family.samples
            ]
    return "".join(f"{line}\n" for lines in heads.values() for line in lines)


def _head(family: Family) -> list[str]:
    return [f"# HELP {family.name} {family.says}", f"# TYPE {family.name} {family.kind}"]


def _labels(labels: Mapping[str, str]) -> str:
    inside = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{inside}}}" if inside else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
