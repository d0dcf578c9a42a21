"""Taking names out of stored run plans: what is told of a person goes, what is counted and billed stays. Pure.

A stranger's trap: a name is taken out where its row or its document is known, and besides wherever it stands as a whole
word in a sentence. Ids, numbers, amounts and places are never touched, whatever a client is called.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

MARK = "(erased)"
Place = tuple[str, str, int]
_PLACE = ["source", "sheet", "row"]
_SENTENCES = ("reason", "flag_detail", "detail")
_PERSONAL = {
    "terms": ("client_id", ["name"]),
    "clients": ("client_id", ["name", "domain", "client_ref", "tags"]),
    "partners": ("partner_id", ["name", "email", "tax_number"]),
    "contact_details": ("partner_id", ["name", "email", "tax_number"]),
}
_TOLD = {"rows": ["subject", "reason"], "changed_cells": ["before", "after"]}


@dataclass(frozen=True)
class Own:
    """What of a run is to be erased.

    Attributes:
        words: names, domains, addresses and ids, as they were written.
        places: the rows it stands in.
        owners: clients or partners of the plan's frames.
        charges: charges whose lines name it.
        parties: partners whose documents name it.
        every_problem: all problems, wherever they stand.
    """

    words: frozenset[str] = frozenset()
    places: frozenset[Place] = frozenset()
    owners: frozenset[str] = frozenset()
    charges: frozenset[str] = frozenset()
    parties: frozenset[str] = frozenset()
    every_problem: bool = False

    def scrubbed(self, text: str) -> str:
        """A sentence without the words."""
        return self._pattern.sub(MARK, text)

    @property
    def _pattern(self) -> re.Pattern[str]:
        longest_first = sorted(self.words, key=len, reverse=True)
        return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first)) or '(?!)'})(?!\w)", re.IGNORECASE)


def plan_scrubbed(plain: Mapping[str, Any], own: Own) -> dict[str, Any]:
    """A plan's JSON values (`RunPlan.to_stored`) without what is to be erased."""
    return {
        **plain,
        "problems": [_problem(one, own) for one in plain["problems"]],
        "documents": [
            {
                **one,
                "faults": [[code, own.scrubbed(text)] for code, text in one["faults"]],
                "document": document_scrubbed(one["document"], own),
            }
            for one in plain["documents"]
        ],
    }


def _problem(plain: Mapping[str, Any], own: Own) -> dict[str, Any]:
    place = plain["place"]
    if own.every_problem or (place["file"], place.get("sheet"), place.get("row")) in own.places:
        return {**plain, "message": MARK, "excerpt": "", "mark": [0, 0]}
    told = {name: own.scrubbed(plain[name]) for name in ("message", "next_step", "excerpt")}
    mark = plain["mark"] if told["excerpt"] == plain["excerpt"] else [0, 0]  # the mark would point beside it
    return {**plain, **told, "mark": mark}


def document_scrubbed(plain: Mapping[str, Any], own: Own) -> dict[str, Any]:
    """A document's JSON values without what is to be erased; numbers and amounts stay."""
    party = plain["party"]
    if party["partner_id"] in own.parties:
        party = {**party, "name": MARK, "email": None, "tax_number": None}
    lines = [
        {**line, "description": own.scrubbed(line["description"])} if line["charge_id"] in own.charges else line
        for line in plain["lines"]
    ]
    return {**plain, "party": party, "lines": lines}


def frame_scrubbed(name: str, frame: pl.DataFrame, own: Own) -> pl.DataFrame:
    """A frame of a plan without what is to be erased."""
    if name in _PERSONAL:
        key, columns = _PERSONAL[name]
        theirs = pl.col(key).is_in(sorted(own.owners))
        there = [column for column in columns if column in frame.columns]
        frame = frame.with_columns(pl.when(~theirs).then(pl.col(column)).alias(column) for column in there)
    if name in _TOLD:
        at = pl.DataFrame(sorted(own.places), schema=frame.select(_PLACE).schema, orient="row")
        marked = frame.join(at.with_columns(own=pl.lit(value=True)), on=_PLACE, how="left", maintain_order="left")
        told = pl.col("own") & pl.col("told").is_not_null()
        frame = frame.with_columns(
            marked.select("own", told=column)
            .select(pl.when(told).then(pl.lit(MARK)).otherwise("told").alias(column))
            .to_series()
            for column in _TOLD[name]
        )
    if name == "lines":
        named = pl.col("charge_id").is_in(sorted(own.charges))
        without = _sentences(frame["description"], own)
        frame = frame.with_columns(description=pl.when(named).then(without).otherwise("description"))
    sentences = [column for column in _SENTENCES if column in frame.columns]
    return frame.with_columns(_sentences(frame[column], own) for column in sentences)


def _sentences(told: pl.Series, own: Own) -> pl.Series:
    """Each distinct sentence is looked at once."""
    distinct = told.drop_nulls().unique().to_list()
    changed = {text: own.scrubbed(text) for text in distinct}
    return told.replace(changed)


def differences(before: Any, after: Any) -> int:  # noqa: ANN401 - JSON values
    """How many values of two JSON trees of one shape differ."""
    if isinstance(before, dict):
        return sum(differences(before[key], after[key]) for key in before)
    if isinstance(before, list) and len(before) == len(after):
        return sum(differences(one, other) for one, other in zip(before, after, strict=True))
    return int(before != after)


def cells_changed(before: pl.DataFrame, after: pl.DataFrame) -> int:
    """How many cells of two frames of one shape differ."""
    return sum(int(before[name].ne_missing(after[name]).sum()) for name in before.columns)


def words_of(values: Iterable[Any]) -> frozenset[str]:
    """What of some cells is a word to be erased; blanks and single letters are none."""
    shown = (str(value).strip() for value in values if value is not None)
    return frozenset(one for one in shown if len(one) > 1)
