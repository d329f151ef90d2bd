"""Put reports/diff.md on the pull request, in one comment that is renewed.

Asks GitHub's API (GITHUB_API_URL) with GITHUB_TOKEN. On anything but a pull request nothing is
done. A token that may not write, as on a pull request from a fork, is said and is no failure.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

MARK = "<!-- gtfsgen -->"
MOST_PAGES = 20


def ask(method: str, path: str, body: Any = None) -> Any:
    request = urllib.request.Request(
        os.environ.get("GITHUB_API_URL", "https://api.github.com") + path,
        data=None if body is None else json.dumps(body).encode(),
        method=method,
        headers={
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}",
            "Content-Type": "application/json",
        },
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def own_comment(issue: str) -> int | None:
    for page in range(1, MOST_PAGES + 1):
        comments = ask("GET", f"{issue}/comments?per_page=100&page={page}")
        for comment in comments:
            if comment["body"].startswith(MARK):
                return int(comment["id"])
        if len(comments) < 100:
            break
    return None


def main() -> int:
    event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
    number = event.get("pull_request", {}).get("number")
    if number is None:
        print("No pull request: nothing to comment on.")
        return 0
    text = Path(os.environ.get("REPORTS", "gtfsgen-reports"), "diff.md").read_text(encoding="utf-8")
    repository = f"/repos/{os.environ['GITHUB_REPOSITORY']}"
    issue = f"{repository}/issues/{number}"
    body = {"body": f"{MARK}\n{text}"}
    try:
        known = own_comment(issue)
        if known is None:
            ask("POST", f"{issue}/comments", body)
        else:
            ask("PATCH", f"{repository}/issues/comments/{known}", body)
    except urllib.error.HTTPError as error:
        if error.code not in (401, 403, 404):
            raise
        print(f"The comment was not written: the token may not ({error.code}).")
        return 0
    print("The comment was written." if known is None else "The comment was renewed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
