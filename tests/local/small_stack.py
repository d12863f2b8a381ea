"""A small assembly with every kind of resource that the real template has, and functions that misbehave on demand."""

import json
from pathlib import Path
from typing import Any

HANDLERS = '''
import json, os, signal, sys, time
import boto3

class TransientFault(Exception):
    """Retried by the state machine."""

def update(name, expression):
    return boto3.client("dynamodb").update_item(
        TableName=os.environ["TABLE"], Key={"pk": {"S": name}, "sk": {"S": "0"}}, UpdateExpression=expression,
        ExpressionAttributeValues={":one": {"N": "1"}}, ReturnValues="ALL_NEW")["Attributes"]

def echo(event, context):
    print("echoed", context.aws_request_id)
    if "until" in event:
        while "released" not in update(event["until"], "ADD polls :one"):
            time.sleep(0.05)
        update(event["until"], "SET ended = :one")
    return {"event": event, "pid": os.getpid(), "left_ms": context.get_remaining_time_in_millis()}

def misbehave(event, context):
    how = event.get("how")
    if how == "raise":
        raise TransientFault("try again")
    if how == "exit":
        os._exit(3)
    if how == "out of memory":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "sleep":
        time.sleep(event["seconds"])
        print("slept", event.get("mark"))
    if how == "fail first":
        if int(update(event["name"], "ADD n :one")["n"]["N"]) <= event["times"]:
            raise TransientFault("not yet")
    return {"how": how}

def record(event, context):
    boto3.client("dynamodb").put_item(TableName=os.environ["TABLE"], Item={
        "pk": {"S": "event"}, "sk": {"S": context.aws_request_id}, "body": {"S": json.dumps(event)}})

def fail_always(event, context):
    raise RuntimeError("this function never works")
'''

EXPRESS = {"StartAt": "End", "States": {"End": {"Type": "Fail", "Error": "E", "Cause": "for a test"}}}
DEFINITION = {
    "StartAt": "Claim",
    "States": {
        "Claim": {
            "Type": "Task",
            "Resource": "arn:aws:states:::dynamodb:updateItem",
            "Parameters": {
                "TableName": "${Table}",
                "Key": {"pk": {"S.$": "$.key"}, "sk": {"S.$": "$.version"}},
                "UpdateExpression": "SET #owner = :me, created_at = :now",
                "ConditionExpression": "attribute_not_exists(pk) OR #owner = :me",
                "ExpressionAttributeNames": {"#owner": "owner"},
                "ExpressionAttributeValues": {
                    ":me": {"S.$": "$$.Execution.Id"},
                    ":now": {"S.$": "$$.Execution.StartTime"},
                },
            },
            "Catch": [
                {
                    "ErrorEquals": ["DynamoDB.ConditionalCheckFailedException"],
                    "ResultPath": None,
                    "Next": "Duplicate",
                }
            ],
            "ResultPath": None,
            "Next": "Work",
        },
        "Work": {
            "Type": "Map",
            "ItemsPath": "$.items",
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "INLINE"},
                "StartAt": "Misbehave",
                "States": {
                    "Misbehave": {
                        "Type": "Task",
                        "Resource": "arn:aws:states:::lambda:invoke",
                        "Parameters": {"FunctionName": "${Misbehave}", "Payload.$": "$"},
                        "ResultSelector": {"how.$": "$.Payload.how"},
                        "Retry": [
                            {
                                "ErrorEquals": ["TransientFault", "Lambda.TooManyRequestsException"],
                                "IntervalSeconds": 30,
                                "BackoffRate": 2,
                                "MaxDelaySeconds": 120,
                                "JitterStrategy": "FULL",
                                "MaxAttempts": 50,
                            }
                        ],
                        "End": True,
                    }
                },
            },
            "Catch": [{"ErrorEquals": ["Sandbox.Timedout"], "ResultPath": "$.failure", "Next": "Duplicate"}],
            "Next": "Pause",
        },
        "Pause": {"Type": "Wait", "Seconds": 60, "End": True},
        "Duplicate": {"Type": "Succeed"},
    },
}


def _get(name: str, attribute: str = "Arn") -> dict[str, Any]:
    return {"Fn::GetAtt": [name, attribute]}


def _ref(name: str) -> dict[str, Any]:
    return {"Ref": name}


def _function(handler: str, **more: Any) -> dict[str, Any]:
    properties = {
        "Code": {"S3Bucket": {"Fn::Sub": "assets-${AWS::AccountId}-${AWS::Region}"}, "S3Key": "code.zip"},
        "Handler": f"small.{handler}",
        "Runtime": "python3.14",
        "Role": _get("Role"),
        "Timeout": 20,
        "MemorySize": 256,
        "Layers": ["arn:aws:lambda:us-east-1:017000801446:layer:AWSLambdaPowertoolsPythonV3-python314-arm64:36"],
        "LoggingConfig": {"LogGroup": _ref("FunctionLog"), "LogFormat": "JSON"},
        "TracingConfig": {"Mode": "Active"},
        "Environment": {"Variables": {"TABLE": _ref("Table")}},
    }
    return {"Type": "AWS::Lambda::Function", "Properties": {**properties, **more}}


def _rule(pattern: dict[str, Any], *targets: dict[str, Any]) -> dict[str, Any]:
    numbered = [{"Id": f"Target{number}", **target} for number, target in enumerate(targets)]
    return {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": pattern, "Targets": numbered}}


_ACCOUNT = "arn:aws:iam::${AWS::AccountId}:root"


def _allow(action: Any, resource: Any, principal: Any = None) -> dict[str, Any]:
    who = {"Principal": principal} if principal else {}
    return {"Effect": "Allow", "Action": action, "Resource": resource, **who}


def _document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _rights() -> dict[str, Any]:
    """One role for everything that assumes one, and what lets services in where there is no role."""
    services = [f"{name}.amazonaws.com" for name in ("lambda", "states", "events")]
    trust = {"Effect": "Allow", "Principal": {"Service": services}, "Action": "sts:AssumeRole"}
    policy = _document(
        _allow(["dynamodb:UpdateItem", "dynamodb:PutItem"], _get("Table")),
        _allow("lambda:InvokeFunction", _get("Misbehave")),
        _allow("states:StartExecution", _get("Machine")),
        _allow("sqs:SendMessage", _get("DeadLetters")),
        _allow(["logs:CreateLogStream", "logs:PutLogEvents"], _get("FunctionLog")),
        _allow(["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "*"),
    )
    events, topics = {"Service": "events.amazonaws.com"}, {"Service": "sns.amazonaws.com"}
    send = [_allow("sqs:SendMessage", "*", events), _allow("sqs:SendMessage", "*", topics)]
    invoked = {
        f"{name}Permission": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "FunctionName": _get(name),
                "Action": "lambda:InvokeFunction",
                "Principal": "events.amazonaws.com",
                "SourceArn": _get(rule),
            },
        }
        for name, rule in (("Record", "Ended"), ("FailAlways", "Custom"))
    }
    return {
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": _document(trust)}},
        "RolePolicy": {
            "Type": "AWS::IAM::Policy",
            "Properties": {"PolicyName": "Rights", "PolicyDocument": policy, "Roles": [_ref("Role")]},
        },
        "QueuePolicy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {"Queues": [_ref("Inbox"), _ref("DeadLetters")], "PolicyDocument": _document(*send)},
        },
        "TopicPolicy": {
            "Type": "AWS::SNS::TopicPolicy",
            "Properties": {
                "Topics": [_ref("Topic")],
                "PolicyDocument": _document(_allow("sns:Publish", _ref("Topic"), events)),
            },
        },
        **invoked,
    }


def template() -> dict[str, Any]:
    """The CloudFormation template of stack `Small`."""
    not_folders = {
        "$or": [
            {"object": {"size": [{"numeric": [">", 0]}]}},
            {"object": {"key": [{"anything-but": {"suffix": "/"}}]}},
        ]
    }
    intake = {
        "detail": {"bucket": {"name": [_ref("Intake")]}, **not_folders},
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
    }
    resources: dict[str, Any] = {
        "Metadata": {"Type": "AWS::CDK::Metadata", "Properties": {"Analytics": "none"}},
        **_rights(),
        "FunctionLog": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 7}},
        "Intake": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "VersioningConfiguration": {"Status": "Enabled"},
                "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}},
                "Tags": [{"Key": "aws-cdk:auto-delete-objects", "Value": "true"}],
            },
        },
        "IntakePolicy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {"Bucket": _ref("Intake"), "PolicyDocument": {"Version": "2012-10-17", "Statement": []}},
        },
        "IntakeAutoDelete": {
            "Type": "Custom::S3AutoDeleteObjects",
            "Properties": {"ServiceToken": _get("Echo"), "BucketName": _ref("Intake")},
            "DependsOn": ["IntakePolicy"],
        },
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "AttributeDefinitions": [
                    {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "owner", "created_at")
                ],
                "KeySchema": [
                    {"AttributeName": "pk", "KeyType": "HASH"},
                    {"AttributeName": "sk", "KeyType": "RANGE"},
                ],
                "GlobalSecondaryIndexes": [
                    {
                        "IndexName": "by-owner",
                        "KeySchema": [
                            {"AttributeName": "owner", "KeyType": "HASH"},
                            {"AttributeName": "created_at", "KeyType": "RANGE"},
                        ],
                        "Projection": {"ProjectionType": "ALL"},
                    }
                ],
                "BillingMode": "PAY_PER_REQUEST",
                "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True},
            },
        },
        "Key": {
            "Type": "AWS::KMS::Key",
            "Properties": {"KeyPolicy": _document(_allow("kms:*", "*", {"AWS": {"Fn::Sub": _ACCOUNT}}))},
        },
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"KmsMasterKeyId": _get("Key")}},
        "Inbox": {"Type": "AWS::SQS::Queue"},
        "DeadLetters": {"Type": "AWS::SQS::Queue"},
        "InboxSubscription": {
            "Type": "AWS::SNS::Subscription",
            "Properties": {
                "TopicArn": _ref("Topic"),
                "Protocol": "sqs",
                "Endpoint": _get("Inbox"),
                "RawMessageDelivery": True,
                "FilterPolicy": {"verdict": ["unsafe"]},
            },
        },
        "Echo": _function("echo"),
        "Misbehave": _function("misbehave", ReservedConcurrentExecutions=2, Timeout=2),
        "Record": _function("record"),
        "FailAlways": _function("fail_always", DeadLetterConfig={"TargetArn": _get("DeadLetters")}),
        "Machine": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "DefinitionString": json.dumps(DEFINITION),
                "DefinitionSubstitutions": {"Table": _ref("Table"), "Misbehave": _get("Misbehave")},
                "RoleArn": _get("Role"),
            },
        },
        "Express": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "StateMachineType": "EXPRESS",
                "DefinitionString": json.dumps(EXPRESS),
                "RoleArn": _get("Role"),
            },
        },
        "Uploaded": _rule(
            intake,
            {
                "Arn": _get("Machine"),
                "RoleArn": _get("Role"),
                "DeadLetterConfig": {"Arn": _get("DeadLetters")},
                "InputTransformer": {
                    "InputPathsMap": {
                        "key": "$.detail.object.key",
                        "version": "$.detail.object.version-id",
                        "size": "$.detail.object.size",
                        "id": "$.id",
                    },
                    "InputTemplate": '{"key":<key>,"version":<version>,"size":<size>,"event_id":<id>,"items":[]}',
                },
            },
        ),
        "Ended": _rule(
            {
                "source": ["aws.states"],
                "detail-type": ["Step Functions Execution Status Change"],
                "detail": {"stateMachineArn": [_get("Machine")], "status": ["FAILED", "TIMED_OUT", "ABORTED"]},
            },
            {"Arn": _get("Record")},
        ),
        "Custom": _rule(
            {"source": ["test"]},
            {"Arn": _get("Inbox"), "InputPath": "$.detail"},
            {"Arn": _ref("Topic"), "Input": '{"from": "rule"}'},
            {"Arn": _get("FailAlways")},
            {
                "Arn": {"Fn::Sub": "arn:aws:states:us-east-1:${AWS::AccountId}:stateMachine:missing"},
                "DeadLetterConfig": {"Arn": _get("DeadLetters")},
            },
        ),
        "Schedule": {
            "Type": "AWS::Events::Rule",
            "Properties": {"ScheduleExpression": "rate(15 minutes)", "Targets": [{"Arn": _get("Echo"), "Id": "T"}]},
        },
    }
    outputs = {
        "IntakeBucketName": _ref("Intake"),
        "VerdictTableName": _ref("Table"),
        "ExpressArn": _get("Express"),
        "WorkflowArn": _ref("Machine"),
        "TopicArn": _ref("Topic"),
        "InboxUrl": _ref("Inbox"),
        "DeadLettersUrl": _ref("DeadLetters"),
        **{name: _ref(name) for name in ("Echo", "Misbehave", "Record", "FailAlways")},
    }
    return {"Resources": resources, "Outputs": {name: {"Value": value} for name, value in outputs.items()}}


def write_assembly(folder: Path, content: dict[str, Any] | None = None) -> Path:
    """Write stack `Small` as the CDK would: template, assets manifest, assets."""
    code = folder / "asset.code"
    code.mkdir(parents=True)
    (code / "small.py").write_text(HANDLERS)
    destination = {"bucketName": "assets-${AWS::AccountId}-${AWS::Region}", "objectKey": "code.zip"}
    asset = {"source": {"path": "asset.code", "packaging": "zip"}, "destinations": {"here": destination}}
    (folder / "Small.assets.json").write_text(json.dumps({"files": {"code": asset}}))
    (folder / "Small.template.json").write_text(json.dumps(content or template()))
    return folder
