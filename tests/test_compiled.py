"""Training as a compiled program does the same, and is chosen where it pays."""

import csv
import shutil

import pytest
import torch
from test_training import tiny_config

from mabe_lit import compiled
from mabe_lit.compiled import WORTHWHILE_STEPS, compile_training
from mabe_lit.errors import InputError
from mabe_lit.evaluate import evaluate
from mabe_lit.fit import fit
from mabe_lit.models.tcn import TCN

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


def network():
    return TCN(input_dim=4, num_classes=2, hidden_dim=8, num_layers=1, dropout=0.0)


@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
def test_compiled_training_learns_the_same(tmp_path):
    curves = []
    for setting in ("off", "on"):
        config = tiny_config(
            tmp_path, compile=setting, dropout=0.0, precision="fp32", ema_decay=0.9, run=setting
        )
        fit(config)
        with (config.run_dir / "metrics.csv").open() as file:
            curves.append([float(row["train_loss"]) for row in csv.DictReader(file)])
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
        ("off", CUDA, 10**6, False),
        ("auto", CPU, 10**6, False),
        ("auto", CUDA, WORTHWHILE_STEPS - 1, False),
        ("auto", CUDA, WORTHWHILE_STEPS, True),
        ("on", CUDA, 1, True),
        ("on", CPU, 1, True),
    ],
)
def test_auto_compiles_long_trainings_on_a_gpu(monkeypatch, setting, device, steps, is_compiled):
    monkeypatch.setattr(compiled, "_has_compiler", lambda _: True)
    modes = []
    monkeypatch.setattr(torch, "compile", lambda f, *, mode, dynamic: modes.append(mode) or f)
    compile_training(network(), setting, device=device, steps=steps)
    expected = "reduce-overhead" if device == CUDA else "default"
    assert modes == [expected] * is_compiled


def test_without_a_compiler_auto_trains_as_ever_and_on_is_an_error(monkeypatch):
    monkeypatch.setattr(compiled, "_has_compiler", lambda _: False)
    plain = network()
    compile_training(plain, "auto", device=CUDA, steps=10**6)
    assert "stages" not in vars(plain)
    for device, needed in ((CUDA, "Triton"), (CPU, r"a C\+\+ compiler")):
        with pytest.raises(InputError, match=f"compile: is on, but {needed} is not installed"):
            compile_training(plain, "on", device=device, steps=1)
