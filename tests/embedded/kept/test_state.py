"""What is in the embedded AWS outlives its engine."""

import json
import os
from pathlib import Path

import pytest

from local.deploy import deploy
from tests.embedded.conftest import Bench, eventually, unique, zipped
from tests.embedded.kept.conftest import restart
from tests.embedded.test_deploy import Assembly
from tests.embedded.test_http_api import Site, call

MB = 1_000_000
TELL = """
    import os
    import boto3
    def handle(event, context):
        for record in event["Records"]:
            body = record["dynamodb"]["Keys"]["id"]["S"]
            boto3.client("sqs").send_message(QueueUrl=os.environ["TOLD"], MessageBody=body)
"""
FOUND = "VALUE = 'in the layer'"


def test_rows_and_what_reads_them(bench: Bench) -> None:
    tables, name = bench.client("dynamodb"), unique("table")
    key = [{"AttributeName": "lane", "KeyType": "HASH"}, {"AttributeName": "n", "KeyType": "RANGE"}]
    index = {
        "IndexName": "by-owner",
        "KeySchema": [{"AttributeName": "owner", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    types = {"lane": "S", "n": "N", "owner": "S"}
    tables.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=key,
        GlobalSecondaryIndexes=[index],
        AttributeDefinitions=[
            {"AttributeName": each, "AttributeType": type_} for each, type_ in types.items()
        ],
    )
    rows = [
        {
            "lane": {"S": "a"},
            "n": {"N": str(number)},
            "owner": {"S": f"o{number % 2}"},
            "bytes": {"B": bytes([number])},
            "some": {"SS": ["x", "y"]},
            "deep": {"M": {"list": {"L": [{"NULL": True}, {"BOOL": False}, {"N": "1.5"}]}}},
        }
        for number in range(12)
    ]
    for row in rows:
        tables.put_item(TableName=name, Item=row)
    restart(bench.aws)
    query = {"KeyConditionExpression": "lane = :l", "ExpressionAttributeValues": {":l": {"S": "a"}}}
    assert tables.query(TableName=name, **query)["Items"] == rows
    owned = tables.query(
        TableName=name,
        IndexName="by-owner",
        KeyConditionExpression="#o = :o",
        ExpressionAttributeNames={"#o": "owner"},
        ExpressionAttributeValues={":o": {"S": "o1"}},
    )["Items"]
    assert sorted(int(row["n"]["N"]) for row in owned) == [1, 3, 5, 7, 9, 11]
    with pytest.raises(tables.exceptions.ConditionalCheckFailedException):
        tables.put_item(
            TableName=name, Item=rows[3], ConditionExpression="attribute_not_exists(lane)"
        )


def test_a_stream_is_read_on_where_it_was(bench: Bench) -> None:
    tables = bench.client("dynamodb")
    name, (told, _) = unique("table"), bench.queue()
    table = tables.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
    )["TableDescription"]
    tell = bench.function(TELL, Environment={"Variables": {"TOLD": told}})
    functions = bench.client("lambda")
    mapping = functions.create_event_source_mapping(
        FunctionName=tell, EventSourceArn=table["LatestStreamArn"], StartingPosition="TRIM_HORIZON"
    )["UUID"]

    def put(row: str) -> None:
        tables.put_item(TableName=name, Item={"id": {"S": row}})

    for row in ("one", "in hand"):
        put(row)
        assert bench.received(told, 1, 30) == [row]
    functions.update_event_source_mapping(UUID=mapping, Enabled=False)
    put("two")
    restart(bench.aws)
    functions.update_event_source_mapping(UUID=mapping, Enabled=True)
    put("three")
    said = bench.received(told, 2, 30)
    if said[0] == "in hand":  # stopped before its call had ended, it is handed over again
        said = [*said[1:], *bench.received(told, 1, 30)]
    assert said == ["two", "three"]


def test_messages_in_their_order_those_in_hand_too(bench: Bench) -> None:
    sqs = bench.client("sqs")
    url, _ = bench.queue(fifo=True, VisibilityTimeout="3600")
    for text in ("a1", "b1", "a2", "a3"):
        sqs.send_message(QueueUrl=url, MessageBody=text, MessageGroupId=text[0])
    take = {"QueueUrl": url, "MaxNumberOfMessages": 10}
    taken = sqs.receive_message(**take)["Messages"]
    assert taken[0]["Body"] == "a1"
    restart(bench.aws)
    assert sqs.get_queue_url(QueueName=url.rpartition("/")[2])["QueueUrl"] == url
    sqs.send_message(QueueUrl=url, MessageBody="a2", MessageGroupId="a")  # a repeat: no effect
    again = []
    while messages := sqs.receive_message(**take, AttributeNames=["All"]).get("Messages"):
        again += messages
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    bodies = [message["Body"] for message in again]
    assert sorted(bodies) == ["a1", "a2", "a3", "b1"]
    assert [body for body in bodies if body[0] == "a"] == ["a1", "a2", "a3"]
    first = next(message for message in again if message["Body"] == "a1")
    assert first["Attributes"]["ApproximateReceiveCount"] == "2"


def test_a_delayed_message_stays_delayed(bench: Bench) -> None:
    sqs = bench.client("sqs")
    url, _ = bench.queue()
    sqs.send_message(QueueUrl=url, MessageBody="late", DelaySeconds=900)
    restart(bench.aws)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    counted = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert counted["ApproximateNumberOfMessagesDelayed"] == "1"


def test_functions_their_layers_and_what_calls_them(bench: Bench) -> None:
    functions, sqs = bench.client("lambda"), bench.client("sqs")
    layer = functions.publish_layer_version(
        LayerName=unique("layer"),
        Content={"ZipFile": zipped({"python/found.py": FOUND, "padding.bin": os.urandom(MB)})},
    )["LayerVersionArn"]
    name = bench.function(
        """
        import json, os
        import boto3
        from found import VALUE
        def handle(event, context):
            for record in event.get("Records", []):
                told = {"QueueUrl": os.environ["TOLD"], "MessageBody": record["body"]}
                boto3.client("sqs").send_message(**told)
            return VALUE
        """,
        Layers=[layer],
        Environment={"Variables": {"TOLD": (told := bench.queue()[0])}},
    )
    source_url, source_arn = bench.queue()
    functions.create_event_source_mapping(FunctionName=name, EventSourceArn=source_arn)
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=3)
    restart(bench.aws)
    assert bench.invoke(name) == ("in the layer", None)
    reserved = functions.get_function_concurrency(FunctionName=name)
    assert reserved["ReservedConcurrentExecutions"] == 3
    sqs.send_message(QueueUrl=source_url, MessageBody="hello")
    assert bench.received(told, 1, 30) == ["hello"]


def test_rules_and_keys(bench: Bench) -> None:
    events, kms = bench.client("events"), bench.client("kms")
    url, arn = bench.queue()
    rule = unique("rule")
    events.put_rule(Name=rule, EventPattern=json.dumps({"source": ["mine"]}))
    events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": arn}])
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    secret = kms.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]
    restart(bench.aws)
    assert kms.decrypt(CiphertextBlob=secret)["Plaintext"] == b"secret"
    events.put_events(Entries=[{"Source": "mine", "DetailType": "t", "Detail": "{}"}])
    (body,) = bench.received(url, 1)
    assert json.loads(body)["source"] == "mine"


def test_roles_logs_and_parameters(bench: Bench) -> None:
    logs, ssm = bench.client("logs"), bench.client("ssm")
    name = bench.function("def handle(event, context): print('a line of it')")
    bench.invoke(name)
    group = f"/aws/lambda/{name.rpartition(':')[2]}"

    def lines() -> list[str]:
        try:
            found = logs.filter_log_events(logGroupName=group)["events"]
        except logs.exceptions.ResourceNotFoundException:
            return []
        return [event["message"].strip() for event in found]

    eventually(lambda: "a line of it" in lines())
    ssm.put_parameter(Name="/some/version", Value="30", Type="String")
    before = lines()
    restart(bench.aws)
    assert lines() == before
    assert ssm.get_parameter(Name="/some/version")["Parameter"]["Value"] == "30"
    roles = bench.client("iam").list_roles()["Roles"]
    assert bench.role_arn in [role["Arn"] for role in roles]


def test_a_pipe_goes_on_with_what_was_sent_before(bench: Bench) -> None:
    sqs = bench.client("sqs")
    url, arn = bench.queue(fifo=True)
    machine = bench.machine({"End": {"Type": "Succeed"}})
    pipe = {"Source": arn, "Target": machine, "RoleArn": bench.role_arn}
    name = unique("pipe")
    bench.client("pipes").create_pipe(Name=name, DesiredState="STOPPED", **pipe)
    sqs.send_message(QueueUrl=url, MessageBody="1", MessageGroupId="g")
    restart(bench.aws)
    assert bench.client("pipes").describe_pipe(Name=name)["CurrentState"] == "STOPPED"
    bench.client("pipes").start_pipe(Name=name)
    listed = bench.client("stepfunctions").list_executions
    (execution,) = eventually(lambda: listed(stateMachineArn=machine)["executions"] or None)
    assert json.loads(bench.execution(execution["executionArn"])["input"])[0]["body"] == "1"


def test_a_stack_and_a_second_deploy_of_it(bench: Bench, tmp_path: Path) -> None:
    assembly = Assembly(tmp_path, unique("Stack"))
    assembly.add_function("Work", "def handle(event, context): return 1")
    assembly.resources["Queue"] = {"Type": "AWS::SQS::Queue"}
    assembly.outputs["Url"] = {"Value": {"Ref": "Queue"}}
    outputs = deploy(assembly.write(), assembly.stack, bench.aws)
    stacks = bench.client("cloudformation")
    events = stacks.describe_stack_events(StackName=assembly.stack)["StackEvents"]
    restart(bench.aws)
    assert deploy(assembly.write(), assembly.stack, bench.aws) == outputs
    assert stacks.describe_stack_events(StackName=assembly.stack)["StackEvents"] == events
    assert bench.invoke(outputs["WorkName"]) == (1, None)
    bench.client("sqs").send_message(QueueUrl=outputs["Url"], MessageBody="there")
    assembly.add_function("Work", "def handle(event, context): return 2")
    deploy(assembly.write(), assembly.stack, bench.aws)
    assert bench.invoke(outputs["WorkName"]) == (2, None)


def test_users_their_tokens_and_an_api(bench: Bench, tmp_path: Path) -> None:
    users = bench.client("cognito-idp")
    pool = users.create_user_pool(PoolName=unique("pool"))["UserPool"]["Id"]
    flow = "ADMIN_USER_PASSWORD_AUTH"
    app = users.create_user_pool_client(
        UserPoolId=pool, ClientName="app", ExplicitAuthFlows=[f"ALLOW_{flow}"]
    )["UserPoolClient"]["ClientId"]
    name, word = "someone", "Long-enough-1"
    users.admin_create_user(UserPoolId=pool, Username=name, MessageAction="SUPPRESS")
    users.admin_set_user_password(UserPoolId=pool, Username=name, Password=word, Permanent=True)

    def sign_in() -> str:
        answer = users.admin_initiate_auth(
            UserPoolId=pool,
            ClientId=app,
            AuthFlow=flow,
            AuthParameters={"USERNAME": name, "PASSWORD": word},
        )
        token: str = answer["AuthenticationResult"]["AccessToken"]
        return token

    token = sign_in()
    site = Site(tmp_path, unique("Site"))
    url = deploy(site.write(), site.stack, bench.aws)["Url"]
    restart(bench.aws)
    assert users.get_user(AccessToken=token)["Username"] == name
    assert sign_in()
    assert call(url, "GET", "/things/a", "https://any.example")[::2] == (200, "/things/a")
