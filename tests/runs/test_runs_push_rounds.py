"""Rounds of pushes killed by kill -9, at points and at any moment, over real HTTP: each document is in the books once.

`CONNECTOR_PUSH_ROUNDS` asks for so many of each provider, `CONNECTOR_PUSH_ROUND` for the one of that seed.
"""

import os
from pathlib import Path

import pytest
from push_rounds import QUICKBOOKS, XERO, a_round

ROUNDS = int(os.environ.get("CONNECTOR_PUSH_ROUNDS", "20"))
ONE = os.environ.get("CONNECTOR_PUSH_ROUND", "")
SEEDS = [int(ONE)] if ONE else range(ROUNDS)


@pytest.mark.unmeasured
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("provider", [XERO, QUICKBOOKS])
def test_killed_anywhere_and_run_again_each_document_is_booked_once(tmp_path: Path, provider: str, seed: int) -> None:
    with a_round(provider, seed, tmp_path) as played:
        played.play()
