"""Swagger UI on one page, from the files Powertools brings: nothing is loaded from elsewhere.

The page may run its two scripts and no other, and speak to this API alone.
"""

import base64
import functools
import hashlib
import re
from dataclasses import dataclass
from importlib.resources import files

_ASSETS = "aws_lambda_powertools.event_handler.openapi.swagger_ui"
_START = """
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  layout: "BaseLayout",
  presets: [SwaggerUIBundle.presets.apis],
  deepLinking: true,
  validatorUrl: null,
});
"""


@dataclass(frozen=True)
class Page:
    """HTML, and the policy a browser is to hold it to."""

    html: str
    policy: str


@functools.cache
def page() -> Page:
    folder = files(_ASSETS)
    style = folder.joinpath("swagger-ui.min.css").read_text("utf-8")
    bundle = _inline(folder.joinpath("swagger-ui-bundle.min.js").read_text("utf-8"))
    html = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Reelwright</title>
<style>{style}</style>
</head>
<body>
<div id="swagger-ui"></div>
<script>{bundle}</script>
<script>{_START}</script>
</body>
</html>
"""
    scripts = " ".join(f"'sha256-{_digest(script)}'" for script in (bundle, _START))
    # Swagger UI styles its elements as it goes, and its icons are data.
    policy = (
        f"default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; img-src data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return Page(html, policy)


def _inline(script: str) -> str:
    """The same script without what would confuse a reader of HTML as to where it ends."""
    return re.sub(r"<(?=!--|/?script)", r"\\x3c", script)


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
