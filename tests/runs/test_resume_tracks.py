"""A training on label tracks that is stopped and goes on ends as one that never stopped."""

import pytest
import torch
from tiny import Killed, tiny_config
from two_labs import write_two_labs

from mabe_lit.fit import fit
from mabe_lit.training import read_checkpoint

AUGMENTED = {"rotate": True, "mirror": True, "drop_points": 0.2, "scale_jitter": 0.1}
OF_TWO_LABS = {
    "dataset": "recordings",
    "features": "social",
    "group_embedding": True,
    "recording_context": True,
    "class_weights": "sqrt",
    "label_smoothing": 0.1,
    "members": 2,
}
OF_GROUPS = {
    "synthetic_animals": 3,
    "synthetic_train_frames": 768,
    "synthetic_val_frames": 512,
    "model_type": "ms_tcn",
    "num_stages": 2,
    "ema_decay": 0.9,
}


@pytest.mark.parametrize("settings", [OF_TWO_LABS, OF_GROUPS], ids=["two labs", "groups"])
def test_interrupted_run_ends_with_the_same_weights(tmp_path, settings):
    whole, killed = (
        tiny_config(tmp_path, epochs=3, run=run, **settings, **AUGMENTED)
        for run in ("whole", "killed")
    )
    if settings is OF_TWO_LABS:
        write_two_labs(tmp_path, frames=300)
    result = fit(whole)
    count = 0

    def stop():
        nonlocal count
        count += 1
        if count == 3:  # in the second epoch
            raise Killed

    with pytest.raises(Killed):
        fit(killed, stop)
    assert not (killed.run_dir / "result.json").exists()
    resumed = fit(killed)
    ours, theirs = (
        read_checkpoint(config.run_dir / "last.ckpt")["state_dict"] for config in (killed, whole)
    )
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    for key in ("macro_f1", "agents", "decisions", "steps"):
        assert resumed[key] == result[key]
