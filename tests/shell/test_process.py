import os
import subprocess
import sys

import pytest

from mabe_lit.shell import tune_process

_FAULTS = """
import resource, sys
import numpy as np
from mabe_lit.shell import tune_process

if sys.argv[1] == "tuned":
    tune_process()
for _ in range(4):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.ones(64 << 20, np.uint8)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "2000"}),
        ({"OMP_WAIT_POLICY": "ACTIVE"}, {"OMP_WAIT_POLICY": "ACTIVE"}),
        ({"GOMP_SPINCOUNT": "7"}, {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "7"}),
    ],
)
def test_threads_sleep_soon_unless_the_environment_says_otherwise(monkeypatch, before, after):
    monkeypatch.setattr(os, "environ", dict(before))
    tune_process()
    assert os.environ == after | {"KMP_BLOCKTIME": "0"}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have another allocator")
def test_an_array_takes_the_place_of_one_that_was_freed():
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MALLOC_")}
    faults = {
        name: int(
            subprocess.run(
                [sys.executable, "-c", _FAULTS, name],
                capture_output=True,
                text=True,
                check=True,
                env=environment,
            ).stdout
        )
        for name in ("tuned", "plain")
    }
    assert faults["tuned"] < 0.01 * faults["plain"]
