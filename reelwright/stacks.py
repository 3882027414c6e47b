"""Which stack is spoken to, what its outputs are, and as whom."""

import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from local.home import ACCOUNT, DEFAULT_HOME, REGION, Home
from reelwright.errors import NotAuthorisedError, UnreachableError
from reelwright.kept import Kept
from reelwright.sign_in import Signed, UserPool
from reelwright.transport import FixedToken, Tokens

if TYPE_CHECKING:
    import boto3

_SLACK_S = 60
"""A token that ends sooner is renewed before it is used."""
_AWS_HOST = re.compile(r"\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?$")


@dataclass(frozen=True)
class Stack:
    """One deployed stack, as its callers know it."""

    name: str
    """As it is called on the command line; `embedded` is the embedded one."""
    outputs: Mapping[str, str]
    kept: Kept
    profile: str | None = None
    region: str | None = None
    endpoint: str | None = None
    """Of the embedded AWS."""
    stack_name: str | None = None
    """CloudFormation's; not known of a stack that was named by its API."""

    @classmethod
    def on_aws(cls, name: str, *, profile: str | None = None, region: str | None = None) -> Self:
        """By its name. Its outputs are read from CloudFormation once, then kept."""
        profile = profile or os.environ.get("AWS_PROFILE")
        asked = region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        kept = Kept.of(profile or "", asked or "", name)
        outputs = kept.read().get("outputs", {})
        stack = cls(name, outputs, kept, profile, asked, stack_name=name)
        return stack if stack.outputs else stack.looked_up()

    @classmethod
    def at(cls, api_url: str, *, client_id: str | None = None, region: str | None = None) -> Self:
        """By its API's address. The other two are needed to sign in, once."""
        kept = Kept.of(urlsplit(api_url).netloc)
        found = _AWS_HOST.search(urlsplit(api_url).hostname or "")
        told = {
            "UserPoolClientId": client_id,
            "Region": region or (found.group(1) if found else None),
        }
        given = {name: value for name, value in told.items() if value}
        outputs = {**kept.read().get("outputs", {}), **given, "ApiUrl": api_url}
        return cls(api_url, outputs, kept, None, region)

    @classmethod
    def embedded(cls, home: Path | None = None) -> Self:
        """The one that is up. Its user is made when first needed."""
        named = home or os.environ.get("REELWRIGHT_LOCAL_HOME")
        place = Home(Path(named).resolve() if named else DEFAULT_HOME)
        note = place.read_note()
        if note is None:
            raise UnreachableError(
                "No embedded AWS is up.",
                "start it: `reelwright local up`, or name a stack on AWS by --stack",
            )
        if "ApiUrl" not in note.get("outputs", {}):
            raise UnreachableError(
                "The embedded AWS has no stack with an API.", "deploy it: `make local-up`"
            )
        kept = Kept(place.path / "signed_in.json")
        outputs, endpoint = note["outputs"], note["endpoint"]
        return cls("embedded", outputs, kept, None, REGION, endpoint, note["stack"])

    @property
    def api_url(self) -> str:
        return self.outputs["ApiUrl"]

    @property
    def client_id(self) -> str | None:
        """The user pool's client that the API takes tokens of."""
        return self.outputs.get("UserPoolClientId")

    @property
    def pool(self) -> UserPool:
        try:
            client_id, region = self.outputs["UserPoolClientId"], self.outputs["Region"]
        except KeyError as missing:
            raise NotAuthorisedError(
                f"The {missing.args[0]} of {self.name} is not known.",
                "sign in: `reelwright login --api URL --client-id ID --region REGION`",
            ) from None
        return UserPool(client_id, region, self.endpoint)

    def tokens(self) -> Tokens:
        """REELWRIGHT_TOKEN, or of whoever is signed in; on the embedded AWS, its own user."""
        given = os.environ.get("REELWRIGHT_TOKEN")
        if given:
            return FixedToken(given)
        if self.endpoint is not None:
            from reelwright.embedded_user import sign_in  # noqa: PLC0415 - needs boto3

            return KeptTokens(self, lambda: sign_in(self))
        return KeptTokens(self, self._nobody)

    def keep(self, signed: Signed, user: str | None = None) -> None:
        """For later commands: the outputs and the tokens."""
        before = self.kept.read()
        self.kept.write(
            {
                "outputs": dict(self.outputs),
                "user": user or before.get("user"),
                "pool_client": self.client_id,
                "tokens": vars(signed),
            }
        )

    def looked_up(self) -> Self:
        """With the outputs CloudFormation has now, kept beside the tokens."""
        from reelwright.aws_calls import outputs_of  # noqa: PLC0415 - needs boto3

        outputs = outputs_of(self.session(), self.name)
        if "ApiUrl" not in outputs:
            raise UnreachableError(f"The stack {self.name} has no API.", "deploy it again")
        self.kept.write({**self.kept.read(), "outputs": outputs})
        return replace(self, outputs=outputs)

    def session(self) -> "boto3.Session":
        """The caller's AWS credentials, or the embedded AWS's, which are nobody's."""
        import boto3  # noqa: PLC0415 - costs 0.1 s

        from reelwright.aws_calls import told  # noqa: PLC0415

        if self.endpoint is not None:
            return boto3.Session(ACCOUNT, "test", region_name=REGION)
        region = self.region or self.outputs.get("Region")
        with told("no call to AWS can be made"):
            return boto3.Session(profile_name=self.profile, region_name=region)

    def _nobody(self) -> Signed:
        raise NotAuthorisedError(f"Nobody is signed in to {self.name}.", self._sign_in_step())

    def _sign_in_step(self) -> str:
        how = "--api" if "://" in self.name else "--stack"
        return f"sign in: `reelwright login {how} {self.name}`"


class KeptTokens:
    """The tokens of whoever is signed in, renewed without a word while that can be done."""

    def __init__(self, stack: Stack, sign_in: Callable[[], Signed]) -> None:
        self._stack = stack
        self._sign_in = sign_in

    def token(self, *, renew: bool = False) -> str:
        kept = self._stack.kept.read()
        # Under another client the stack was deployed anew, and what is kept is not for it.
        known = kept.get("tokens") if kept.get("pool_client") == self._stack.client_id else None
        signed = self._usable(Signed(**known), renew=renew) if known else self._sign_in()
        return signed.access

    def _usable(self, signed: Signed, *, renew: bool) -> Signed:
        if not renew and time.time() < signed.expires_at - _SLACK_S:
            return signed
        try:
            fresh = self._stack.pool.renew(signed.refresh)
        except NotAuthorisedError:
            return self._sign_in()
        self._stack.keep(fresh)
        return fresh
