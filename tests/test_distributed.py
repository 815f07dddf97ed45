"""Several processes that train together."""

import numpy as np
import pytest
from test_training import tiny_config

from mabe_lit.datamodule import BehaviorDataModule, WindowBatches
from mabe_lit.device import resolve_device
from mabe_lit.distributed import check_devices
from mabe_lit.errors import InputError


def windows_of(batches):
    return [frames.tobytes() for batch, _ in batches for frames in batch]


@pytest.mark.parametrize("devices", [2, 3])
def test_processes_share_the_windows_of_an_epoch(tmp_path, monkeypatch, devices):
    config = tiny_config(tmp_path, devices=devices)
    data = BehaviorDataModule(config)
    data.prepare_data()
    data.setup()
    alone = WindowBatches(data.train, tiny_config(tmp_path), size=4, length=64, shuffle=True)
    shares = []
    for rank in range(devices):
        monkeypatch.setenv("LOCAL_RANK", str(rank))
        batches = WindowBatches(data.train, config, size=4, length=64, shuffle=True)
        shares.append(windows_of(batches))
        assert len(list(batches)) == len(batches)
    assert len({len(share) for share in shares}) == 1, "or one would wait for the others forever"
    shown = [window for share in shares for window in share]
    assert set(shown) == set(windows_of(alone))
    assert len(shown) - len(set(shown)) < 4 * devices


def test_validation_is_whole_in_each_process(tmp_path, monkeypatch):
    config = tiny_config(tmp_path, devices=2)
    data = BehaviorDataModule(config)
    data.prepare_data()
    data.setup()
    monkeypatch.setenv("LOCAL_RANK", "1")
    frames = np.concatenate(
        [
            b[inside]
            for b, inside in WindowBatches(data.val, config, size=4, length=64, shuffle=False)
        ]
    )
    assert np.array_equal(np.sort(frames), np.arange(len(data.val.labels)))


def test_more_devices_than_gpus_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    with pytest.raises(InputError, match="devices: is 2, but PyTorch finds 1 GPUs here"):
        check_devices(tiny_config(tmp_path, devices=2), resolve_device("cuda"))
