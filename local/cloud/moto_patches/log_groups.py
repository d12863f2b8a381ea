"""CloudWatch Logs: the ARN that CloudFormation gives for a log group ends in ":*", for its streams; moto's doesn't.

https://github.com/getmoto/moto/pull/6125 added the attribute so; https://github.com/getmoto/moto/issues/8371 reports
the same difference in DescribeLogGroups.
"""

from typing import Any

from moto.logs.models import LogGroup


def install() -> None:
    """Return AWS's ARN ("AWS::Logs::LogGroup", return values), which policies name."""
    get = LogGroup.get_cfn_attribute

    def get_with_streams(self: Any, attribute_name: str) -> str:
        value: str = get(self, attribute_name)
        return f"{value.removesuffix(':*')}:*" if attribute_name == "Arn" else value

    LogGroup.get_cfn_attribute = get_with_streams
