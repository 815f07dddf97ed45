"""Runs that are preempted, timed out or left by their client, against the emulator."""

import random
import re
import signal
import time

import pytest
import torch
from modal_emulator.client import ModalCloud

EPOCHS = 6
TINY = [
    *("--config", "configs/smoke.yaml", "--hidden_dim", "32", "--epochs", str(EPOCHS)),
    *("--synthetic_train_frames", "12000", "--save_freq", "4"),
]


def weights(cloud: ModalCloud, run: str, file: str = "last.ckpt") -> dict[str, torch.Tensor]:
    path = cloud.volume / "checkpoints" / run / file
    return torch.load(path, map_location="cpu", weights_only=True)["state_dict"]


def epochs_in(cloud: ModalCloud, run: str) -> int:
    """Complete epochs that are committed."""
    table = cloud.volume / "checkpoints" / run / "metrics.csv"
    return len(table.read_text().splitlines()) - 1 if table.is_file() else 0


def is_writing_checkpoint(cloud: ModalCloud, run: str) -> bool:
    folders = cloud.root.glob(f"record/tasks/*/volumes/*/checkpoints/{run}")
    return any(file.name.startswith(".last.ckpt-") for f in folders for file in f.iterdir())


def assert_same_run(cloud: ModalCloud, run: str, reference: str) -> None:
    for file in ("last.ckpt", "best.ckpt"):
        ours, theirs = weights(cloud, run, file), weights(cloud, reference, file)
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(ours[name], theirs[name]) for name in ours), file


@pytest.fixture(scope="module")
def undisturbed(shared_cloud: ModalCloud) -> ModalCloud:
    """A cloud in which the run ``undisturbed`` is complete."""
    shared_cloud.modal("run", "launch/train.py", *TINY, "--run", "undisturbed")
    return shared_cloud


MOMENTS = [
    pytest.param("after epoch 2", None, id="warned"),
    pytest.param("writing", 0, id="killed-while-writing-a-checkpoint"),
    *(pytest.param(seed, 0 if seed % 2 else None, marks=pytest.mark.slow) for seed in range(10)),
]


@pytest.mark.parametrize(("moment", "grace_s"), MOMENTS)
def test_preempted_run_ends_with_the_same_weights(undisturbed, moment, grace_s):
    cloud, run = undisturbed, f"preempted-{str(moment).replace(' ', '-')}"
    process = cloud.start("run", "launch/train.py", *TINY, "--run", run)
    if isinstance(moment, int):
        whole_s = cloud.state()["tasks"][0]["seconds"]  # of the undisturbed run
        cloud.wait(lambda: any(not task["end_reason"] for task in cloud.state()["tasks"]))
        time.sleep(random.Random(moment).uniform(0.1, 0.9) * whole_s)
    elif moment == "writing":
        cloud.wait(lambda: epochs_in(cloud, run) >= 2)
        while not is_writing_checkpoint(cloud, run):
            assert process.poll() is None
    else:
        cloud.wait(lambda: epochs_in(cloud, run) >= 2)
    taken = cloud.preempt(grace_s)
    before = epochs_in(cloud, run)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    assert_same_run(cloud, run, "undisturbed")
    assert taken or isinstance(moment, int), "a random moment may find the run complete"
    (item,) = cloud.state()["calls"][-1]["inputs"]
    assert item["failures"] == 0, "a preemption must not use up the retries"
    assert item["attempts"] == 1 + len(taken)
    print(f"taken after epoch {before}" if taken else "not taken: complete")
    epochs = [int(number) for number in re.findall(rf"^epoch +(\d+)/{EPOCHS} ", output, re.M)]
    assert len(epochs) <= EPOCHS + len(taken), "more than the epoch in progress was lost"
    if len(taken) and before:
        assert f"going on from checkpoints/{run}/" in output


def test_timed_out_attempts_go_on_and_finish(undisturbed):
    cloud = undisturbed
    options = [*TINY, "--run", "timed-out", "--timeout", "12", "--epochs", "60"]
    done = cloud.modal("run", "launch/train.py", *options, timeout_s=400)
    (item,) = cloud.state()["calls"][-1]["inputs"]
    assert item["attempts"] > 1
    assert item["status"] == "SUCCESS"
    assert "going on from checkpoints/timed-out/" in done.stdout
    assert epochs_in(cloud, "timed-out") == 60


@pytest.mark.parametrize(
    "number", [signal.SIGKILL, pytest.param(signal.SIGINT, marks=pytest.mark.slow)]
)
def test_detached_run_goes_on_without_its_client(undisturbed, number):
    cloud, run = undisturbed, f"detached-{number.name}"
    process = cloud.start("run", "--detach", "launch/train.py", *TINY, "--run", run)
    cloud.wait(lambda: epochs_in(cloud, run) >= 1)
    process.send_signal(number)
    process.communicate(timeout=60)
    assert epochs_in(cloud, run) < EPOCHS
    cloud.wait(lambda: (cloud.volume / "checkpoints" / run / "result.json").is_file())
    assert_same_run(cloud, run, "undisturbed")


def test_no_wait_prints_the_call_and_the_run_goes_on(undisturbed):
    cloud = undisturbed
    options = [*TINY, "--run", "unwatched", "--epochs", "200"]
    done = cloud.modal("run", "--detach", "launch/train.py", *options, "--no_wait")
    assert re.search(r"^run unwatched on T4: call fc-\d+$", done.stdout, re.M)
    app_id = re.search(r"modal app logs (ap-\w+) -f", done.stdout)[1]
    cloud.wait(lambda: epochs_in(cloud, "unwatched") >= 2)
    assert re.search(r"^epoch +1/200 ", cloud.modal("app", "logs", app_id).stdout, re.M)
    cloud.modal("app", "stop", app_id, "--yes")
    (item,) = cloud.state()["calls"][-1]["inputs"]
    assert item["status"] == "TERMINATED"
    assert cloud.state()["apps"][-1]["state"] == "APP_STATE_STOPPED"
