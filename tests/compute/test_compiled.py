"""Training as a compiled program does the same, and is chosen where it pays."""

import csv
import shutil

import pytest
import torch
from tiny import tiny_config

from mabe_lit.compute import check_compiler, compile_training, compiled
from mabe_lit.compute.compiled import WORTHWHILE_STEPS
from mabe_lit.evaluate import evaluate
from mabe_lit.fit import fit
from mabe_lit.models.tcn import TCN
from mabe_lit.shell import InputError

CPU, CUDA = torch.device("cpu"), torch.device("cuda")

# A compiler's cache pickles, and pickle looks through every module for an object without one;
# those of jsonargparse warn of what is old in them whenever they are looked through.
pytestmark = pytest.mark.filterwarnings(
    "ignore::jsonargparse._deprecated.JsonargparseDeprecationWarning"
)


def network():
    return TCN(input_dim=4, num_classes=2, hidden_dim=8, num_layers=1, dropout=0.0)


@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
def test_compiled_training_learns_the_same(tmp_path):
    torch._dynamo.utils.counters.clear()
    curves = []
    for setting in ("never", "always"):
        config = tiny_config(
            tmp_path, compile=setting, dropout=0.0, precision="fp32", ema_decay=0.9, run=setting
        )
        fit(config)
        with (config.run_dir / "metrics.csv").open() as file:
            curves.append([float(row["train_loss"]) for row in csv.DictReader(file)])
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] > 0, "or nothing was compiled"
    assert curves[0] == pytest.approx(curves[1], rel=1e-3)
    assert curves[0][-1] < 0.95 * curves[0][0], "or nothing was learned"
    evaluate(
        checkpoint=[str(config.run_dir / "best.ckpt")],
        data=config.val_data_dir,
        output=str(tmp_path / "evaluation"),
        device="cpu",
    )


@pytest.mark.parametrize(
    ("setting", "device", "steps", "is_compiled"),
    [
        ("never", CUDA, 10**6, False),
        ("auto", CPU, 10**6, False),
        ("auto", CUDA, WORTHWHILE_STEPS - 1, False),
        ("auto", CUDA, WORTHWHILE_STEPS, True),
        ("always", CUDA, 1, True),
        ("always", CPU, 1, True),
    ],
)
def test_auto_compiles_long_trainings_on_a_gpu(monkeypatch, setting, device, steps, is_compiled):
    monkeypatch.setattr(compiled, "_has_compiler", lambda _: True)
    modes = []
    monkeypatch.setattr(torch, "compile", lambda f, *, mode, dynamic: modes.append(mode) or f)
    compile_training(network(), setting, device=device, steps=steps)
    expected = "reduce-overhead" if device == CUDA else "default"
    assert modes == [expected] * is_compiled


def test_without_a_compiler_auto_trains_as_ever_and_always_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(compiled, "_has_compiler", lambda _: False)
    plain = network()
    compile_training(plain, "auto", device=CUDA, steps=10**6)
    assert "stages" not in vars(plain)
    for device, needed in ((CUDA, "Triton with"), (CPU, r"a C\+\+ compiler")):
        check_compiler("auto", device)
        with pytest.raises(InputError, match=f"compile: is always, but {needed}"):
            check_compiler("always", device)
    with pytest.raises(InputError, match="compile: is always"):
        fit(tiny_config(tmp_path, compile="always"))
    assert not (tmp_path / "checkpoints").exists(), "a wrong setting leaves no run behind"


def test_a_gpu_needs_a_c_compiler_as_well(monkeypatch):
    monkeypatch.setattr(compiled.importlib.util, "find_spec", lambda _: "found")
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setattr(shutil, "which", lambda name: "/bin/gcc" if name == "gcc" else None)
    check_compiler("always", CUDA)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(InputError, match="C compiler"):
        check_compiler("always", CUDA)
