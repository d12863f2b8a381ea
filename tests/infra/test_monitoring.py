"""Monitoring: the alarms of the docs' table, the topic they notify, the dashboard and the runbooks."""

import json
import re
from typing import Any

import pytest
from aws_cdk.cx_api import CloudAssembly

from statemachine import definition
from tests.infra.synthesis import ROOT, Template, flatten, template_of
from tests.support.metrics import EMITTED

OURS = "ImageModeration"
RUNBOOKS = (ROOT / "docs/runbooks.md").read_text()
Metric = tuple[str, str, dict[str, str]]  # namespace, name, dimensions

# What each alarm looks at beside our own metrics: the start of the resource's id, or a name.
WATCHED = {
    "IntakeDelayed": {"<WorkflowObjectCreated"},
    "UnstartedExecutions": {"<WorkflowUnstartedExecutions"},
    "ExecutionsFailed": {"<WorkflowMachine"},
    "UnrecordedFailures": {"<FunctionsUnrecordedFailures"},
    "Blip2Errors": {"moderation-blip2"},
    "LlamaErrors": {"moderation-llama2"},
    "Undelivered": {"<AlertsUnsafe", "<AlertsReview"},
}


@pytest.fixture(scope="module")
def alarms(moderation: Template) -> dict[str, dict[str, Any]]:
    """Properties by the alarm's own name."""
    found = moderation.of_type("AWS::CloudWatch::Alarm")
    return {name.removeprefix("MonitoringAlarms")[:-8]: alarm["Properties"] for name, alarm in found.items()}


@pytest.fixture(scope="module")
def page(moderation: Template) -> dict[str, Any]:
    """The dashboard's body."""
    body: dict[str, Any] = json.loads(flatten(moderation.only("AWS::CloudWatch::Dashboard")["DashboardBody"]))
    return body


def stats_of(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    """The metrics under an alarm, be it on one or on an expression."""
    if "Metrics" not in alarm:
        return [{"Metric": alarm, "Period": alarm["Period"]}]
    return [query["MetricStat"] for query in alarm["Metrics"] if "MetricStat" in query]


def metric_of(stat: dict[str, Any]) -> Metric:
    metric = stat["Metric"]
    dimensions = {d["Name"]: flatten(d["Value"]) for d in metric.get("Dimensions", [])}
    return metric["Namespace"], metric["MetricName"], dimensions


def drawn(page: dict[str, Any]) -> list[Metric]:
    """The metrics on the page; those of a search have their dimensions without values."""
    found: list[Metric] = []
    for line in [line for w in page["widgets"] for line in w["properties"].get("metrics", [])]:
        names = [part for part in line if isinstance(part, str)]
        if names:
            found.append((names[0], names[1], dict(zip(names[2::2], names[3::2], strict=True))))
        elif search := re.match(r"SEARCH\('\{(\w+),([\w,]+)\} MetricName=\"(\w+)\"'", line[0]["expression"]):
            found.append((search[1], search[3], dict.fromkeys(search[2].split(","), "")))
    return found


def table() -> dict[str, tuple[set[str], str, float, str]]:
    """The docs' table: alarm → metrics, comparison, threshold, periods."""
    found = {}
    for line in RUNBOOKS.splitlines():
        if row := re.fullmatch(
            r"\| \[(\w+)\]\(#\w+\) \| (.+?) \| ([<≥]) ([\d,]+).*? \| ((?:\d of \d times )?\d+ min) \| .+ \|", line
        ):
            found[row[1]] = (set(re.findall(r"`(\w+)`", row[2])), row[3], float(row[4].replace(",", "")), row[5])
    return found


def how_long(alarm: dict[str, Any]) -> str:
    """The datapoints that an alarm looks at, as the docs' table writes them."""
    needed, of, minutes = alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"], stats_of(alarm)[0]["Period"] // 60
    return f"{minutes} min" if of == 1 else f"{needed} of {of} times {minutes} min"


def test_the_alarms_are_those_of_the_docs_with_metrics_thresholds_and_periods(alarms: dict[str, Any]) -> None:
    signs = {"GreaterThanOrEqualToThreshold": "≥", "LessThanThreshold": "<"}

    assert table() == {
        name: (
            {metric_of(stat)[1] for stat in stats_of(alarm)},
            signs[alarm["ComparisonOperator"]],
            alarm["Threshold"],
            how_long(alarm),
        )
        for name, alarm in alarms.items()
    }


def test_a_cold_start_from_zero_is_no_slow_verdict(production: CloudAssembly) -> None:
    watching = template_of(production, "Moderation").of_type("AWS::CloudWatch::Alarm")
    [slow] = [alarm["Properties"] for name, alarm in watching.items() if "SlowVerdicts" in name]

    assert slow["Threshold"] == 60 * 60 * 1000


def test_every_alarm_names_a_runbook_that_exists_and_says_when_it_is_over(alarms: dict[str, Any]) -> None:
    headings = dict(re.findall(r"^### (\w+)\n(.+?)(?=^##)", RUNBOOKS, re.DOTALL | re.MULTILINE))

    for name, alarm in alarms.items():
        assert alarm["AlarmDescription"].endswith(f". Runbook: docs/runbooks.md#{name.lower()}")
        for part in ("Meaning", "First look", "Likely cause", "Fix", "Resolved"):
            assert f"**{part}.**" in headings[name], f"{name}: {part}"


def test_every_alarm_tells_the_ops_topic_when_it_fires_and_when_it_is_over(
    moderation: Template, alarms: dict[str, Any]
) -> None:
    topic = moderation.content["Outputs"]["OpsTopicArn"]["Value"]

    assert flatten(topic).startswith("<AlertsOps")
    for alarm in alarms.values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [topic]
        assert "AlarmName" not in alarm, "a name of its own would stand in the way of a replacement"


def test_alarms_look_at_this_deployments_own_things(alarms: dict[str, Any]) -> None:
    for name, alarm in alarms.items():
        others = [metric_of(stat)[2] for stat in stats_of(alarm) if metric_of(stat)[0] != OURS]
        values = {value for dimensions in others for key, value in dimensions.items() if key != "VariantName"}
        expected = WATCHED.get(name, set())
        assert len(values) == len(expected), name
        assert all(any(value.startswith(start) for start in expected) for value in values), name


def test_nothing_to_measure_is_no_alarm_but_a_queue_or_sweeper_that_falls_silent_hides_none(
    alarms: dict[str, Any],
) -> None:
    missing = {name: alarm["TreatMissingData"] for name, alarm in alarms.items()}

    assert {name for name, treatment in missing.items() if treatment == "breaching"} == {
        "SweeperSilent",
        "FinaliserSilent",
        "AuditCheckSilent",
    }
    kept = {name for name, treatment in missing.items() if treatment == "ignore"}
    by_day = {"BrokenModel", "Drift", "AuditGaps"}
    people = {"ReviewsOverdue", "ReviewsUnseen"}
    assert kept == {"UnstartedExecutions", "UnrecordedFailures", "OldestUndecided", *by_day, *people}
    assert set(missing.values()) == {"breaching", "ignore", "notBreaching"}


def test_what_is_watched_and_drawn_of_ours_is_emitted_under_just_these_dimensions(
    moderation: Template, alarms: dict[str, Any], page: dict[str, Any]
) -> None:
    counted = {
        (t["MetricNamespace"], t["MetricName"])
        for p in moderation.properties("AWS::Logs::MetricFilter")
        for t in p["MetricTransformations"]
    }
    watched = [metric_of(stat) for alarm in alarms.values() for stat in stats_of(alarm)]
    named = [metric for metric in [*watched, *drawn(page)] if metric[0] == OURS]

    assert {name for _, name, _ in named} >= {"Verdicts", "JudgeRepairs", "JudgeSpared", "UploadToVerdictMilliseconds"}
    for namespace, name, dimensions in named:
        if (namespace, name) in counted:
            assert dimensions == {}, name
        else:
            assert dimensions.keys() == {"service", *EMITTED[name]}, name
            assert dimensions["service"] in ("moderation", ""), name
    for function in moderation.properties("AWS::Lambda::Function"):
        if function["Handler"].startswith("moderation."):
            variables = function["Environment"]["Variables"]
            assert (variables["POWERTOOLS_METRICS_NAMESPACE"], variables["POWERTOOLS_SERVICE_NAME"]) == (
                OURS,
                "moderation",
            )


def test_rejections_are_watched_by_names_that_errors_have(alarms: dict[str, Any]) -> None:
    watched = {d["error"] for alarm in alarms.values() for s in stats_of(alarm) if "error" in (d := metric_of(s)[2])}

    assert watched == {"InvalidPolicy", "Misconfigured", "EndpointRejected", "EndpointNotFound"}
    caught = json.loads(definition.load())["States"]["JudgeImage"]["Catch"]
    assert watched < {error for catcher in caught for error in catcher["ErrorEquals"]}


def test_the_log_is_counted_for_states_that_the_workflow_has(moderation: Template) -> None:
    states = json.loads(definition.load())["States"]
    patterns = {
        p["MetricTransformations"][0]["MetricName"]: p["FilterPattern"]
        for p in moderation.properties("AWS::Logs::MetricFilter")
    }

    for metric, state in (("CaughtFailures", "RecordFailure"), ("NotificationFailures", "MarkUnnotified")):
        assert patterns[metric] == f'{{ ($.type = "TaskStateEntered") && ($.details.name = "{state}") }}'
        assert states[state]["Type"] == "Task"
    machine = moderation.machine("Workflow")
    logged = machine["LoggingConfiguration"]["Destinations"][0]["CloudWatchLogsLogGroup"]["LogGroupArn"]
    for properties in moderation.properties("AWS::Logs::MetricFilter"):
        assert flatten(logged).startswith(f"<{properties['LogGroupName']['Ref']}.")
    assert machine["LoggingConfiguration"]["Level"] == "ALL"


def test_the_endpoints_variant_is_the_one_that_is_watched(models: Template, alarms: dict[str, Any]) -> None:
    made = {
        v["VariantName"] for p in models.properties("AWS::SageMaker::EndpointConfig") for v in p["ProductionVariants"]
    }
    watched = {
        dimensions["VariantName"]
        for name in ("Blip2Errors", "LlamaErrors")
        for _, _, dimensions in map(metric_of, stats_of(alarms[name]))
    }

    assert watched == made == {"AllTraffic"}


def test_only_this_accounts_alarms_may_publish_to_the_ops_topic_and_use_its_key(moderation: Template) -> None:
    ours = {
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
        "ArnLike": {"aws:SourceArn": "arn:<AWS::Partition>:cloudwatch:<AWS::Region>:<AWS::AccountId>:alarm:*"},
    }
    policies = [
        *moderation.properties("AWS::SNS::TopicPolicy"),
        {"PolicyDocument": moderation.only("AWS::KMS::Key")["KeyPolicy"]},
    ]
    granted = {
        flatten(statement["Resource"])[:10]: (statement["Action"], statement["Condition"])
        for policy in policies
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    }

    assert {resource: actions for resource, (actions, _) in granted.items()} == {
        "<AlertsOps": "sns:Publish",
        "*": ["kms:Decrypt", "kms:GenerateDataKey*"],
    }
    for _, condition in granted.values():
        condition["ArnLike"]["aws:SourceArn"] = flatten(condition["ArnLike"]["aws:SourceArn"])
        assert condition == ours


def test_an_address_is_subscribed_to_alarms_only_if_one_is_given(
    moderation: Template, production: CloudAssembly
) -> None:
    (subscription,) = template_of(production, "Moderation").properties("AWS::SNS::Subscription")

    assert not moderation.of_type("AWS::SNS::Subscription")
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "on-call@example.com")
    assert flatten(subscription["TopicArn"]).startswith("<AlertsOps")


def test_the_page_is_named_after_the_stack_and_shows_every_alarm(
    moderation: Template, page: dict[str, Any], alarms: dict[str, Any]
) -> None:
    (status,) = [widget for widget in page["widgets"] if widget["type"] == "alarm"]

    assert moderation.only("AWS::CloudWatch::Dashboard")["DashboardName"] == "Moderation"
    assert moderation.content["Outputs"]["DashboardName"]["Value"] == "Moderation"
    assert len(status["properties"]["alarms"]) == len(alarms)


def test_the_page_shows_both_endpoints_queues_executions_and_every_stage(page: dict[str, Any]) -> None:
    shown = drawn(page)

    for endpoint in ("moderation-blip2", "moderation-llama2"):
        names = {name for _, name, dimensions in shown if dimensions.get("EndpointName") == endpoint}
        assert names >= {"Invocations", "ModelLatency", "Invocation5XXErrors", "GPUUtilization"}
    assert len({dimensions["QueueName"] for _, _, dimensions in shown if "QueueName" in dimensions}) == 2
    assert {f"{stage}Milliseconds" for stage in ("Prepare", "Query", "Judge", "Record")} < {
        name for _, name, _ in shown
    }
    assert {"ExecutionsStarted", "ExecutionsSucceeded", "ExecutionsFailed"} < {name for _, name, _ in shown}


def test_the_page_shows_four_weeks_of_drift_once_a_day(page: dict[str, Any]) -> None:
    (graph,) = [w["properties"] for w in page["widgets"] if w["properties"]["title"].startswith("Drift")]
    (line,) = graph["metrics"]

    assert line[1] == "Drifted"
    assert (line[-1]["stat"], line[-1]["period"], graph["start"]) == ("Maximum", 86_400, "-P28D")


def estimate(assembly: CloudAssembly) -> dict[str, str]:
    """The lines of the cost estimate: label → expression."""
    page = json.loads(flatten(template_of(assembly, "Moderation").only("AWS::CloudWatch::Dashboard")["DashboardBody"]))
    (graph,) = [w["properties"] for w in page["widgets"] if w["properties"]["title"].startswith("Cost estimate")]
    lines = [line[0] for line in graph["metrics"] if "expression" in line[0]]
    return {line["label"].split(":")[0]: line["expression"] for line in lines}


def test_the_page_estimates_the_cost_from_the_price_file(default: CloudAssembly, theirs: CloudAssembly) -> None:
    prices = json.loads((ROOT / "moderate/costs/prices.json").read_text())["prices"]
    usd = {name: price["usd"] for name, price in prices.items()}

    assert estimate(default) == {
        "moderation-blip2": f"samples0 / 60 * {usd['ml.g5.2xlarge']}",
        "moderation-llama2": f"samples1 / 60 * {usd['ml.g5.12xlarge']}",
        "workflow": f"executions * {9 * usd['states_transition']:f}",
    }
    # What instances others run on isn't known; Express executions have a price by start.
    assert estimate(theirs) == {"workflow": f"executions * {usd['states_express_request']:f}"}
