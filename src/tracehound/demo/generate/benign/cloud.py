"""An ordinary day in the cloud account: workloads on Bedrock, nightly jobs, admins who look at settings."""

from random import Random

from tracehound.demo.generate.clock import at, office_time
from tracehound.demo.generate.day import ACCOUNT, Day
from tracehound.demo.generate.ids import uuid
from tracehound.demo.generate.people import SERVICES, Person, access_key, team
from tracehound.demo.generate.prompts import retrieval, review, system, talk, texts
from tracehound.demo.generate.shapes import bedrock, cloudtrail
from tracehound.demo.generate.shapes.bedrock import SONNET, TITAN, Invocation, profile
from tracehound.demo.generate.shapes.cloudtrail import Action, Actor

LOGS, TRAIL = "bedrock_invocation", "cloudtrail"
THROTTLED = ("ThrottlingException", "Too many tokens, please wait before trying again.")

# What admins and monitoring look at: service, call, parameters.
READS = (
    ("bedrock", "ListFoundationModels", None),
    ("bedrock", "ListGuardrails", {"maxResults": 100}),
    ("bedrock", "GetGuardrail", {"guardrailIdentifier": bedrock.GUARDRAIL}),
    ("bedrock", "ListInferenceProfiles", {"maxResults": 50}),
    ("bedrock", "ListProvisionedModelThroughputs", None),
    ("bedrock", "ListModelInvocationJobs", {"maxResults": 20}),
    ("bedrock", "GetFoundationModel", {"modelIdentifier": SONNET}),
    ("bedrock", "ListKnowledgeBases", {"maxResults": 20}),
    ("bedrock", "ListAgents", {"maxResults": 20}),
    ("bedrock-agentcore", "ListAgentRuntimes", {"maxResults": 20}),
    ("sagemaker", "ListTrainingJobs", {"maxResults": 10, "sortBy": "CreationTime"}),
    ("sagemaker", "ListEndpoints", {"maxResults": 100}),
    ("sagemaker", "DescribeEndpoint", {"endpointName": "eta-forecast-prod"}),
    ("sagemaker", "ListModels", {"maxResults": 100}),
)


def build(day: Day) -> None:
    """Fill in the cloud's ordinary day."""
    rng = day.rng("cloud")
    for _ in range(75):
        claims(day, rng)
    for _ in range(40):
        translation(day, rng)
    for _ in range(25):
        playground(day, rng)
    for _ in range(25):
        evaluation(day, rng)
    embeddings(day, rng)
    for _ in range(60):
        look(day, rng)
    nightly(day, rng)
    inventory(day, rng)


def both(day: Day, rng: Random, who: Actor, call: Invocation, streamed: bool = False) -> None:
    """Write the invocation log and the trail's record of the same request."""
    call.request = uuid(rng)
    if call.model == TITAN:
        log = bedrock.embedding(rng, call)
    elif call.operation.startswith("Converse"):
        log = bedrock.converse(rng, call, guarded=not streamed)
    else:
        log = bedrock.messages(rng, call)
    day.add(LOGS, call.when, log)
    day.add(TRAIL, call.when, cloudtrail.invoked(rng, who, log, call.when))


def claims(day: Day, rng: Random) -> None:
    """The claims desk's triage: a summary of what a client wrote."""
    one, when = SERVICES["claims-triage"], office_time(rng)
    who = cloudtrail.workload(rng, one, when)
    turns = talk(rng, "support")
    text = "\n".join(f"Client: {user}\nHarbor: {answer}" for user, answer in turns)
    prompt = f"Sort this chat into claim, complaint or question and give one line of summary.\n\n{text}"
    kind = rng.choice(["claim", "complaint", "question", "question"])
    answer = f"{kind}: {turns[0][0][:80]}"
    call = Invocation(when, one.arn, profile("us-east-1"), "Converse", prompt, answer, maximum=200)
    if rng.random() < 0.04:
        refused = Action(
            when,
            "Converse",
            {"modelId": call.model},
            error=THROTTLED,
            host="bedrock-runtime.us-east-1.amazonaws.com",
        )
        day.add(TRAIL, when, cloudtrail.event(rng, who, refused))
        call.when = when + rng.uniform(2, 8)
    both(day, rng, who, call)


def translation(day: Day, rng: Random) -> None:
    """Documents translated with the long-lived key of ``svc-doc-translate``, from inside the network."""
    one, when = SERVICES["svc-doc-translate"], office_time(rng)
    who = cloudtrail.workload(rng, one, when)
    _, text = rng.choice(talk(rng, "office"))
    language = rng.choice(["German", "French", "Spanish", "Polish"])
    prompt = f"Translate into {language}, keep the layout:\n\n{text}"
    answer = f"[{language}] " + text
    call = Invocation(when, one.arn, SONNET, "InvokeModel", prompt, answer, region="eu-central-1")
    both(day, rng, who, call)


def playground(day: Day, rng: Random) -> None:
    """Developers in the console's playground."""
    one = rng.choice(team("engineering", "data"))
    when = office_time(rng)
    who = cloudtrail.employee(rng, one, when)
    *before, (prompt, answer) = talk(rng, "code")
    call = Invocation(when, one.arn, profile("us-east-1"), "ConverseStream", prompt, answer)
    call.before, call.system = before, system("code")
    both(day, rng, who, call, streamed=True)


def evaluation(day: Day, rng: Random) -> None:
    """The pipeline measures the model on reviews and on questions about the wiki."""
    one, when = SERVICES["ci-model-eval"], office_time(rng)
    who = cloudtrail.workload(rng, one, when)
    call = Invocation(when, one.arn, profile("us-east-1"), "InvokeModelWithResponseStream", "", "")
    if rng.random() < 0.5:
        change, call.answer = review(rng)
        call.prompt = f"Review this change in one remark:\n{change}"
    else:
        asked, pages, _, call.answer = retrieval(rng)
        call.prompt = f"{pages}\n\nQuestion: {asked}"
        call.system = str(texts("documents")["system"])
    both(day, rng, who, call)


def embeddings(day: Day, rng: Random) -> None:
    """The nightly index of the wiki, from 02:10 on."""
    one, when = SERVICES["nightly-embeddings"], at("02:10")
    who = cloudtrail.workload(rng, one, when)
    for title, page in texts("documents")["pages"].items():
        for part in page.split(". "):
            when += rng.uniform(0.4, 2.5)
            text = f"{title}: {part}"
            both(day, rng, who, Invocation(when, one.arn, TITAN, "InvokeModel", text, ""))


def look(day: Day, rng: Random) -> None:
    """An admin or a member of the security team reads a setting."""
    one: Person = rng.choice(team("platform", "security"))
    when = office_time(rng)
    service, name, request = rng.choice(READS)
    action = Action(when, name, request, service=service)
    day.add(TRAIL, when, cloudtrail.event(rng, cloudtrail.employee(rng, one, when), action))


def nightly(day: Day, rng: Random) -> None:
    """The nightly training of the arrival forecast in SageMaker."""
    one, when = SERVICES["demand-forecast"], at("01:00:04")
    who = cloudtrail.workload(rng, one, when)
    job = "eta-forecast-2026-11-18-01-00"
    base = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}"
    bucket = "s3://halden-ml-prod/eta"
    training = {
        "trainingJobName": job,
        "algorithmSpecification": {
            "trainingImage": f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/eta-train:41",
            "trainingInputMode": "File",
        },
        "roleArn": f"arn:aws:iam::{ACCOUNT}:role/demand-forecast-sagemaker",
        "outputDataConfig": {
            "s3OutputPath": f"{bucket}/models",
            "kmsKeyId": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/5e2d",
        },
        "resourceConfig": {"instanceType": "ml.m5.2xlarge", "instanceCount": 1, "volumeSizeInGB": 50},
        "vpcConfig": {"securityGroupIds": ["sg-0c41d8"], "subnets": ["subnet-08aa12", "subnet-0be771"]},
        "stoppingCondition": {"maxRuntimeInSeconds": 7200},
        "enableNetworkIsolation": True,
    }
    steps = [
        (0, "CreateTrainingJob", training, {"trainingJobArn": f"{base}:training-job/{job}"}, False),
        *((600 * n, "DescribeTrainingJob", {"trainingJobName": job}, None, True) for n in range(1, 6)),
        (
            3300,
            "CreateTransformJob",
            {"transformJobName": job + "-batch", "modelName": "eta-forecast"},
            {"transformJobArn": f"{base}:transform-job/{job}-batch"},
            False,
        ),
        (3900, "DescribeTransformJob", {"transformJobName": job + "-batch"}, None, True),
    ]
    for after, name, request, response, read in steps:
        action = Action(when + after, name, request, response, service="sagemaker", read=read)
        day.add(TRAIL, action.when, cloudtrail.event(rng, who, action))


def inventory(day: Day, rng: Random) -> None:
    """AWS Config lists SageMaker's resources every three hours."""
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSServiceRoleForConfig/ConfigResourceCompositionSession"
    for hour in range(0, 24, 3):
        when = at(f"{hour:02d}:35:04")
        identity = cloudtrail.session_of(arn, access_key(rng, "ASIA"), rng, when)
        identity["invokedBy"] = "config.amazonaws.com"
        who = Actor(identity, "config.amazonaws.com", "config.amazonaws.com")
        for name in ("ListModels", "ListEndpointConfigs", "ListNotebookInstances"):
            action = Action(when, name, {"maxResults": 100}, service="sagemaker")
            day.add(TRAIL, when, cloudtrail.event(rng, who, action))
