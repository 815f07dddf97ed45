"""Inputs and the containers that take them: attempts, retries, timeouts, the end of apps."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable

from grpclib import GRPCError, Status
from modal_proto import api_pb2 as pb

from .cloud import App, Call, Cloud, Function, Input, Task
from .container import build_root, environment, remove_root
from .digest import save

SUCCESS = pb.GenericResult.GENERIC_STATUS_SUCCESS
FAILURE = pb.GenericResult.GENERIC_STATUS_FAILURE
TIMEOUT = pb.GenericResult.GENERIC_STATUS_TIMEOUT
TERMINATED = pb.GenericResult.GENERIC_STATUS_TERMINATED


class Scheduler:
    """Starts containers for waiting inputs, and decides what follows when one ends."""

    def __init__(self, cloud: Cloud, layout: Callable[[App], pb.AppLayout]) -> None:
        self._cloud = cloud
        self._layout = layout
        self._endings: list[asyncio.Future[None]] = []

    def enqueue(self, call: Call, payloads: list[tuple[int, pb.FunctionInput]]) -> list[Input]:
        """Take inputs of a call."""
        items = []
        for index, payload in payloads:
            item = Input(self._cloud.new_id("in"), index, payload, call)
            self._cloud.inputs[item.id] = item
            call.inputs.append(item)
            call.function.queue.append(item)
            items.append(item)
        self.start_containers(call.function)
        return items

    def start_containers(self, function: Function) -> None:
        """Start as many containers as waiting inputs need and limits allow."""
        function.changed.set()
        definition = function.definition
        limit = definition.autoscaler_settings.max_containers or self._cloud.options.max_containers
        idle = sum(task.current is None and not task.was_used for task in function.tasks)
        while function.queue and len(function.tasks) < limit and idle < len(function.queue):
            task_id = self._cloud.new_id("ta")
            folder = (self._cloud.options.record / "tasks" / task_id).resolve()
            task = Task(task_id, function, folder)
            self._cloud.tasks[task.id] = task
            function.tasks.add(task)
            idle += 1
            task.runner = asyncio.ensure_future(self._run(task))

    async def next_input(self, task: Task) -> Input | None:
        """The next input for a container; None when there is nothing more for it to do."""
        function, task.current = task.function, None
        is_spent = task.was_used and function.definition.single_use_containers
        end = time.time() + self._cloud.options.idle_s
        while not task.end_reason and not is_spent:
            function.changed.clear()
            if function.queue:
                item = function.queue.popleft()
                item.attempts += 1
                item.task_ids.append(task.id)
                task.current, task.was_used = item, True
                self._watch_timeout(task, item)
                return item
            if time.time() >= end:
                break
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(function.changed.wait(), 0.2)
        task.was_used = True  # it is leaving: no candidate for new inputs
        return None

    def _watch_timeout(self, task: Task, item: Input) -> None:
        attempt = item.attempts

        def expire() -> None:
            if task.current is item and item.attempts == attempt and item.result is None:
                self.end_task(task, "timeout")

        if timeout_s := task.function.definition.timeout_secs:
            asyncio.get_running_loop().call_later(timeout_s, expire)

    def finish(
        self, item: Input, result: pb.GenericResult, data_format: int = pb.DATA_FORMAT_PICKLE
    ) -> None:
        """Deliver an input's result."""
        item.result, call = result, item.call
        output = pb.FunctionGetOutputsItem(
            result=result,
            idx=item.index,
            input_id=item.id,
            data_format=data_format,  # type: ignore[arg-type]
            output_created_at=time.time(),
        )
        call.outputs.append(output)
        call.changed.set()
        save(self._cloud)
        self.end_if_idle(call.function.app)

    def settle(
        self,
        item: Input,
        result: pb.GenericResult,
        data_format: int = pb.DATA_FORMAT_PICKLE,
        *,
        counts: bool = True,
    ) -> None:
        """An attempt ended: deliver, or try again as the policy allows; ``counts`` against it."""
        if item.result is not None:
            return
        function = item.call.function
        policy = function.definition.retry_policy
        is_last = counts and item.failures >= policy.retries
        if result.status in (SUCCESS, TERMINATED) or is_last:
            self.finish(item, result, data_format)
            return
        delay_s = 0.0
        if counts:
            delay_ms = policy.initial_delay_ms * policy.backoff_coefficient**item.failures
            delay_s = min(delay_ms, policy.max_delay_ms or 60_000) / 1000
            item.failures += 1

        def again() -> None:
            if item.result is None:
                function.queue.appendleft(item)
                self.start_containers(function)

        asyncio.get_running_loop().call_later(delay_s, again)

    def end_task(self, task: Task, reason: str, grace_s: float | None = None) -> None:
        """SIGINT to a container's processes, and SIGKILL after the grace time, or at once for 0.

        An idle container is only told to leave when it asks for an input.
        """
        if task.exit_code is not None or task.process is None:
            return
        task.end_reason = task.end_reason or reason
        grace_s = self._cloud.options.grace_s if grace_s is None else grace_s
        if grace_s:
            if task.current:
                _send(task, signal.SIGINT)
            asyncio.get_running_loop().call_later(grace_s, _send, task, signal.SIGKILL)
        else:
            _send(task, signal.SIGKILL)

    def preempt(self, grace_s: float | None) -> list[str]:
        """Take all busy containers away; returns their identifiers."""
        busy = [t for t in self._cloud.tasks.values() if t.exit_code is None and t.current]
        for task in busy:
            task.was_preempted = True
            self.end_task(task, "preempted", grace_s)
        return [task.id for task in busy]

    def cancel(self, call: Call) -> None:
        """End what is left of a call."""
        for item in call.inputs:
            if item.result is None:
                self.finish(item, pb.GenericResult(status=TERMINATED, exception="cancelled"))
                for task in self._cloud.tasks.values():
                    if task.current is item:
                        self.end_task(task, "cancelled")

    async def stop_app(self, app: App) -> None:
        """End an app and all its containers."""
        app.state = pb.APP_STATE_STOPPED
        for item in self._cloud.unfinished_inputs(app):
            self.finish(item, pb.GenericResult(status=TERMINATED, exception="app stopped"))
        tasks = self._cloud.tasks_of(app)
        for task in tasks:
            self.end_task(task, "app stopped")
        runners = [task.runner for task in tasks if task.runner]
        await asyncio.gather(*runners, return_exceptions=True)
        app.is_done = True
        app.changed.set()
        save(self._cloud)

    def end_if_idle(self, app: App) -> None:
        """A detached app whose client has left ends by itself when nothing is left to do."""
        is_left = app.state == pb.APP_STATE_DETACHED_DISCONNECTED
        if is_left and not self._cloud.unfinished_inputs(app):
            self._endings.append(asyncio.ensure_future(self.stop_app(app)))

    async def reap(self) -> None:
        """End apps whose client vanished without a word; detached ones go on."""
        while True:
            await asyncio.sleep(1)
            for app in list(self._cloud.apps.values()):
                if time.time() - app.last_heartbeat < self._cloud.options.heartbeat_timeout_s:
                    continue
                if app.state == pb.APP_STATE_EPHEMERAL:
                    app.disconnect = "HEARTBEAT_LOST"
                    await self.stop_app(app)
                elif app.state == pb.APP_STATE_DETACHED:
                    app.disconnect = "HEARTBEAT_LOST"
                    app.state = pb.APP_STATE_DETACHED_DISCONNECTED
                    self.end_if_idle(app)

    async def _run(self, task: Task) -> None:
        """A container's life."""
        function = task.function
        commits: asyncio.Future[None] | None = None
        try:
            script = build_root(self._cloud, task, self._layout(function.app))
            task.process = await asyncio.create_subprocess_exec(
                *("unshare", "-m", "bash", str(script)),
                env=environment(self._cloud, task),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                cwd="/",
                start_new_session=True,
            )
            commits = asyncio.ensure_future(self._commit_in_background(task))
            await asyncio.gather(
                self._pump(task, task.process.stdout, pb.FILE_DESCRIPTOR_STDOUT),
                self._pump(task, task.process.stderr, pb.FILE_DESCRIPTOR_STDERR),
            )
            task.exit_code = await task.process.wait()
        except OSError as error:  # the emulator's own fault: shown where the user looks
            task.exit_code = -1
            text = f"emulator: could not run {task.id}: {error!r}\n"
            self._cloud.log(function, text, pb.FILE_DESCRIPTOR_STDERR, task.id)
        finally:
            if commits:
                commits.cancel()
            task.ended, task.end_reason = time.time(), task.end_reason or "exited"
            function.tasks.discard(task)
            self._settle_what_it_left(task)
            remove_root(task.folder / "root")
            save(self._cloud)
            self.start_containers(function)

    def _settle_what_it_left(self, task: Task) -> None:
        item, task.current = task.current, None
        if item is not None and item.result is None:
            text = f"container {task.id}: {task.end_reason}, exit code {task.exit_code}"
            status = TIMEOUT if task.end_reason == "timeout" else FAILURE
            result = pb.GenericResult(status=status, exception=text)
            self.settle(item, result, counts=not task.was_preempted)
        elif not task.was_used and task.function.queue and (task.exit_code or task.start_failure):
            text = f"container {task.id} failed to start, exit code {task.exit_code}"
            failure = task.start_failure or pb.GenericResult(status=FAILURE, exception=text)
            self.settle(task.function.queue.popleft(), failure)

    async def _pump(self, task: Task, stream: asyncio.StreamReader | None, number: int) -> None:
        while stream and (chunk := await stream.read(65_536)):
            self._cloud.log(task.function, chunk.decode("utf-8", "replace"), number, task.id)

    async def _commit_in_background(self, task: Task) -> None:
        while True:
            await asyncio.sleep(self._cloud.options.background_commit_s)
            for mount in task.function.definition.volume_mounts:
                commit(task, mount.volume_id, "background")


def commit(task: Task | None, volume_id: str, why: str) -> None:
    """Publish a container's working copy of a Volume."""
    if task is None or volume_id not in task.copies:
        raise GRPCError(Status.FAILED_PRECONDITION, "volume is not mounted here")
    changed, deleted = task.copies[volume_id].commit()
    if changed or deleted:
        seconds = round(time.time() - task.started, 2)
        entry = {"seconds": seconds, "why": why, "changed": changed, "deleted": deleted}
        task.commits.append(entry)


def _send(task: Task, number: signal.Signals) -> None:
    if task.exit_code is None and task.process is not None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(task.process.pid, number)
