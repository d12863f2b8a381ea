"""Run of a Distributed Map, in which each item is an execution of its own, as AWS runs it."""

import json
import pickle
import threading
import uuid
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.stepfunctions.parser.api import HistoryEventType, MapRunFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventHistoryContext
from moto.stepfunctions.parser.asl.eval.program_state import ProgramEnded, ProgramError, ProgramStopped
from moto.stepfunctions.parser.asl.eval.states import ContextObjectData, ExecutionData, ItemData, MapData

KEPT_FAILURES = 1_000
_WATCH_S = 0.1


@dataclass
class Child:
    """Execution of one item, with the attributes that moto's responses read."""

    execution_arn: str
    name: str
    state_machine_arn: str
    execution_input: str
    start_date: datetime
    status: str = "RUNNING"
    stop_date: datetime | None = None
    output: Any = None
    output_details: Any = None
    error: str | None = None
    cause: str | None = None
    env: Any = field(default=None, repr=False)


class MapRun:
    """Run of a Distributed Map: its items, its children at work, and the newest of those that failed."""

    def __init__(self, component: Any, env: Any, given: Any) -> None:
        self.record = given.map_run_record
        self.failed: deque[Child] = deque(maxlen=KEPT_FAILURES)
        self.running: dict[str, Child] = {}
        self._program = pickle.dumps(component._get_iteration_program())
        self._env, self._given = env, given
        self._lock = threading.Lock()
        self._outputs: dict[int, Any] = {}
        self._input = env.states.get_input()

    @property
    def arn(self) -> str:
        return str(self.record.map_run_arn)

    @property
    def state_machine(self) -> str:
        """ARN of the state machine whose role runs the Map."""
        return str(self._env.states.context_object.context_object_data["StateMachine"]["Id"])

    @property
    def children(self) -> list[Child]:
        """The children at work, and the newest that failed or were aborted."""
        with self._lock:
            return [*self.running.values(), *self.failed]

    def finish(self) -> list[Any]:
        """Run all items and return their outputs. Raises FailureEventException beyond the tolerated failures."""
        items = self._given.input_items
        if self._given.item_reader:
            self._given.item_reader.eval(env=self._env)
            items = self._env.stack.pop()
        for counter in (self.record.item_counter, self.record.execution_counter):
            counter.total.count(len(items))
            counter.pending.count(len(items))
        numbered = iter(enumerate(items))
        workers = [
            threading.Thread(target=self._work, args=(numbered,), daemon=True)
            for _ in range(min(self.record.max_concurrency or len(items), len(items)))
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            while worker.is_alive():
                worker.join(_WATCH_S)
                if not self._goes_on():
                    self._stop_children()
        if self._is_over_tolerance():
            raise FailureEventException(self._exceeded())
        return [self._outputs[number] for number in sorted(self._outputs)]

    def _work(self, numbered: Iterator[tuple[int, Any]]) -> None:
        while self._goes_on():
            with self._lock:  # the selector isn't made for several threads either
                number, item = next(numbered, (None, None))
                given = None if number is None else self._selected(number, item)
            if number is None:
                return
            self._run(number, given)

    def _selected(self, number: int, item: Any) -> Any:
        """Evaluate the ItemSelector on the Map's input and the item."""
        selector = self._given.item_selector or self._given.parameters
        if selector is None:
            return item
        frame = self._env.open_inner_frame()
        frame.states.reset(input_value=self._input)
        frame.states.context_object.context_object_data["Map"] = MapData(Item=ItemData(Index=number, Value=item))
        frame.stack.append(self._input)
        selector.eval(frame)
        self._env.delete_frame(frame)
        return frame.stack[-1]

    def _run(self, number: int, given: Any) -> None:
        child = self._begin(given)
        try:
            pickle.loads(self._program).eval(child.env)  # noqa: S301 - our own bytes
        finally:
            self._end(child, number)

    def _begin(self, given: Any) -> Child:
        name, now = str(uuid.uuid4()), datetime.now(UTC)
        machine = self.record.map_state_machine_arn
        arn = f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
        execution = ExecutionData(
            Id=arn,
            Input=given,
            Name=name,
            RoleArn=self._env.aws_execution_details.role_arn,
            StartTime=now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        )
        context = self._env.states.context_object.context_object_data
        env = Environment(
            aws_execution_details=self._env.aws_execution_details,
            execution_type=self._env.execution_type,
            context=ContextObjectData(Execution=execution, StateMachine=context["StateMachine"]),
            event_history_context=EventHistoryContext.of_program_start(),
            cloud_watch_logging_session=None,
            activity_store=self._env.activity_store,
        )
        env.states.reset(given)
        child = Child(arn, name, machine, json.dumps(given), now, env=env)
        with self._lock:
            self.running[arn] = child
        self._count("pending", -1)
        self._count("running", 1)
        return child

    def _end(self, child: Child, number: int) -> None:
        state, child.stop_date = child.env.program_state(), datetime.now(UTC)
        if isinstance(state, ProgramEnded):
            child.status, child.output = "SUCCEEDED", child.env.states.get_input()
            counted = "succeeded"
        elif isinstance(state, ProgramStopped):
            child.status, counted = "ABORTED", "aborted"
        else:
            error = state.error if isinstance(state, ProgramError) else {}
            child.status, counted = "FAILED", "failed"
            child.error, child.cause = error.get("error"), error.get("cause")
        child.env = None
        self._count("running", -1)
        self._count(counted, 1)
        with self._lock:
            del self.running[child.execution_arn]
            if child.status == "SUCCEEDED":
                self._outputs[number] = child.output
            else:
                self.failed.append(child)

    def _count(self, counter: str, change: int) -> None:
        for counters in (self.record.item_counter, self.record.execution_counter):
            getattr(counters, counter).offset(change)

    def _goes_on(self) -> bool:
        return self._env.is_running() and not self._is_over_tolerance()

    def _is_over_tolerance(self) -> bool:
        """Tell if more failed than the count or the percentage tolerates, of which one is given."""
        failed, total = self.record.item_counter.failed.get(), self.record.item_counter.total.get()
        percentage = self.record.tolerated_failure_percentage
        return bool(failed > max(self.record.tolerated_failure_count, total * percentage / 100))

    def _stop_children(self) -> None:
        with self._lock:
            children = list(self.running.values())
        for child in children:
            if (env := child.env) is not None:
                env.set_stop(stop_date=datetime.now(UTC), cause=None, error=None)

    def _exceeded(self) -> FailureEvent:
        name = StatesErrorName(typ=StatesErrorNameType.StatesExceedToleratedFailureThreshold)
        cause = "The specified tolerated failure threshold was exceeded"
        details = MapRunFailedEventDetails(error=name.error_name, cause=cause)
        return FailureEvent(
            env=self._env,
            error_name=name,
            event_type=HistoryEventType.MapRunFailed,
            event_details=EventDetails(mapRunFailedEventDetails=details),
        )
