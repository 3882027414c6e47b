"""`reelwright doctor`: can this configuration work in this account, and is this machine ready?"""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reelwright.cli.exits import Exit
from reelwright.cli.given import Given, command

if TYPE_CHECKING:
    from reelwright.quotas import Finding, Settings
    from reelwright.quotas_read import Clients

_TRIES = 6
_STYLES = {"ok": "green", "narrower": "yellow", "refused": "red", "unread": "cyan"}


def add_to(app: typer.Typer) -> None:
    command(app, "doctor")(_doctor)


def _doctor(
    given: Given,
    deploy: Annotated[
        bool, typer.Option("--deploy", help="Judge settings to be deployed, with -c.")
    ] = False,
    context: Annotated[
        list[str] | None,
        typer.Option("--context", "-c", metavar="KEY=VALUE", help="A setting, as cdk takes it."),
    ] = None,
) -> Exit:
    """Compare an account's quotas with a stack's settings, and end with 1 if they can't work.

    With --stack the deployed stack is meant, with --deploy one to come; else the embedded AWS,
    and whether this machine is ready for it. Nothing is changed.
    """
    if given.api:
        raise typer.BadParameter("quotas are read with AWS credentials: say --stack, not --api")
    if deploy and given.stack:
        raise typer.BadParameter("say --stack or --deploy, not both")
    if context and not deploy:
        raise typer.BadParameter("-c needs --deploy")
    if deploy or given.stack:
        return _account(given, context or [])
    from reelwright.cli.doctor_local import local_findings

    return _tell(given, "the embedded AWS on this machine", list(local_findings(given.home)))


def _account(given: Given, context: list[str]) -> Exit:
    from reelwright.quotas import judge
    from reelwright.quotas_read import account_of, limits_of

    session = _session(given)
    account = account_of(session)
    settings = _settings(given, session, context)
    what = given.stack or "the settings to be deployed"
    where = f"{what}, account {account}, {session.region_name}"
    return _tell(given, where, list(judge(settings, limits_of(session))))


def _settings(given: Given, session: "Clients", context: list[str]) -> "Settings":
    from reelwright.quotas_read import settings_of, settings_to_deploy

    return settings_of(session, given.stack) if given.stack else settings_to_deploy(context)


def _session(given: Given) -> Any:
    """boto3's, with the caller's credentials. Service Quotas answers few calls a second."""
    import boto3
    import botocore.session
    from botocore.config import Config

    from reelwright.aws_calls import told

    with told("the account can't be looked at"):
        core = botocore.session.Session(profile=given.profile)
        core.set_default_client_config(
            Config(
                connect_timeout=10,
                read_timeout=20,
                retries={"mode": "standard", "total_max_attempts": _TRIES},
            )
        )
        return boto3.Session(botocore_session=core, region_name=given.region)


def _tell(given: Given, where: str, findings: "list[Finding]") -> Exit:
    is_refused = any(one.state == "refused" for one in findings)
    if given.as_json:
        told: dict[str, Any] = {
            "checked": where,
            "can_work": not is_refused,
            "findings": [asdict(one) for one in findings],
        }
        given.output.document(told)
        return Exit.UNFIT if is_refused else Exit.DONE
    from rich.text import Text

    given.output.line(f"Checked: {where}")
    given.output.table(
        ["", "what", "allows", "wants"],
        [
            [Text(one.state, _STYLES[one.state]), one.what, one.allows, one.wants]
            for one in findings
        ],
    )
    for one in findings:
        if one.state != "ok":
            given.output.line(f"{one.what}: {one.says}.")
    given.output.line(
        Text("This can't work as it is.", "red") if is_refused else Text("This can work.", "green")
    )
    return Exit.UNFIT if is_refused else Exit.DONE
