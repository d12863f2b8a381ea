"""Step Functions interpreter: moto parses the definition anew for each execution, 0.1 s of CPU for ours."""

import copy
from functools import lru_cache
from typing import Any

from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker


def install() -> None:
    """Parse a definition once and run each execution on its own copy, since states keep notes in themselves."""

    def copy_of_program(self: Any) -> Any:
        return copy.deepcopy(_program(self._evaluation_details.state_machine_details.definition))

    ExecutionWorker._get_evaluation_entrypoint = copy_of_program


@lru_cache(maxsize=16)
def _program(definition: str) -> Any:
    return AmazonStateLanguageParser.parse(definition)[0]
