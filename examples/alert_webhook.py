# SPDX-License-Identifier: Apache-2.0
"""Post alerts of an archive to a webhook, as JSON: what is new since the last run, or while calibrations come in.

The address is taken from the environment variable ``ALERT_WEBHOOK_URL``, because it often has a secret in it, which
would be seen in a list of processes. It is never printed. ``ALERT_WEBHOOK_TOKEN``, if there is one, is sent as a bearer
token.

For cron, which runs it in the home folder, every ten minutes::

    */10 * * * *  . ./.alerts.env; venv/bin/python alert_webhook.py rules.toml --memory .alerts.json

where ``.alerts.env``, a file of mode 0600, has ``export ALERT_WEBHOOK_URL=https://...``.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import sys
from collections.abc import Iterable
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from qiskit_ibm_native import Alert, CalibrationArchive
from qiskit_ibm_native.exceptions import IBMError

URL, TOKEN = "ALERT_WEBHOOK_URL", "ALERT_WEBHOOK_TOKEN"
#: Seconds until a webhook has to have answered.
TIMEOUT = 30


class WebhookError(Exception):
    """The webhook did not take an alert. The message does not have its address, nor what it answered."""


class _NoRedirects(HTTPRedirectHandler):
    """A redirection would take the token to another server."""

    def redirect_request(self, *_: object) -> None:
        """Follow no redirection."""


def post(alert: Alert, url: str, token: str | None = None) -> None:
    """Post an alert.

    Args:
        alert: The alert. ``text`` is what chats such as Slack and Mattermost show of it.
        url: The address of the webhook.
        token: A bearer token.

    Raises:
        WebhookError: It was not taken.
    """
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = Request(url, json.dumps(alert.to_dict()).encode(), headers)  # noqa: S310 (checked by checked_url)
    try:
        with build_opener(_NoRedirects).open(request, timeout=TIMEOUT):
            pass
    except HTTPError as error:
        raise WebhookError(f"the webhook answered with status {error.code}") from None
    except (HTTPException, URLError, OSError, ValueError) as error:
        # Messages of these may have the address.
        raise WebhookError(f"the webhook cannot be reached: {type(error).__name__}") from None


def checked_url() -> str:
    """Return the address of the webhook.

    Raises:
        WebhookError: The environment has none, or one that is no web address.
    """
    url = os.environ.get(URL, "").strip()
    if not url.startswith(("https://", "http://")):
        raise WebhookError(f"the environment variable {URL} has no web address")
    return url


def post_all(alerts: Iterable[Alert]) -> int:
    """Post alerts as they come; return their number."""
    url, token = checked_url(), os.environ.get(TOKEN)
    count = 0
    for alert in alerts:
        post(alert, url, token)
        count += 1
    return count


def main() -> int:
    """Run the program; return its exit status: 0, or 2 after an error."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rules", help="a file of rules")
    parser.add_argument("--archive", type=Path, help="the archive (default: that of the user)")
    parser.add_argument("--memory", type=Path, help="a file that remembers what was posted")
    parser.add_argument("--for", dest="timeout", metavar="TIME", help="watch so long, such as 12h (default: look once)")
    parser.add_argument("--interval", default="1min", help="time from one look to the next (default: %(default)s)")
    chosen = parser.parse_args()
    if chosen.archive is not None and not chosen.archive.is_file():
        parser.error(f"there is no archive {chosen.archive}")
    try:
        with CalibrationArchive(chosen.archive) as archive:
            timeout = chosen.timeout or datetime.timedelta()
            alerts = archive.watch(chosen.rules, interval=chosen.interval, timeout=timeout, memory=chosen.memory)
            count = post_all(alerts)
    except (IBMError, OSError, ValueError, WebhookError) as error:
        print(f"alert_webhook: {error}", file=sys.stderr)
        return 2
    print(f"{count} alerts posted", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
