"""The deployed page's sign-in in a real browser: a user pool that the test plays, and the API over a deployment."""

import base64
import hashlib
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route

from moderate.console.page_files import page_files
from moderation.api.serve import answered
from tests.console.browser import PATIENCE_MS
from tests.unit.api.place import Place

PAGE, POOL = "https://console.example/", "https://sign-in.example"
SETTINGS = {"url": POOL, "client": "client-1", "scope": "review/use", "page": PAGE}


class Deployment:
    """The page's files, the API and the user pool, as a browser reaches them."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.files = page_files("https://work.example")
        self.challenge, self.issued = "", 0
        self.asked: list[dict[str, str]] = []
        self.revoked: list[str] = []
        self.over = False

    def answer(self, route: Route) -> None:
        """The page and its API."""
        path = urlsplit(route.request.url).path
        if path.startswith("/api/"):
            self._api(route, path)
            return
        if path == "/config.js":
            route.fulfill(content_type="text/javascript", body=f"export const signIn = {json.dumps(SETTINGS)};")
            return
        file = self.files[path]
        policy = file.headers["Content-Security-Policy"].replace("connect-src 'self'", f"connect-src 'self' {POOL}")
        route.fulfill(body=file.body, headers={**file.headers, "Content-Security-Policy": policy})

    def _api(self, route: Route, path: str) -> None:
        if route.request.headers.get("authorization") != f"Bearer access-{self.issued}":
            route.fulfill(status=401, json={"message": "Unauthorized"})
            return
        claims = {"authorizer": {"jwt": {"claims": {"sub": "sub-1"}}}}
        http = {"method": route.request.method, "path": path}
        event: dict[str, Any] = {
            "version": "2.0",
            "rawPath": path,
            "headers": {"content-type": "application/json"},
            "queryStringParameters": None,
            "requestContext": {"http": http, "stage": "$default", **claims},
            "body": route.request.post_data,
            "isBase64Encoded": False,
        }
        said = answered(self.place.app, event)
        route.fulfill(status=said["statusCode"], content_type="application/json", body=said["body"])

    def sign_in(self, route: Route) -> None:
        """The user pool's own pages, of which the test waits for the address, and its token endpoint."""
        path, given = urlsplit(route.request.url).path, dict(parse_qsl(route.request.post_data or ""))
        shared = {"Access-Control-Allow-Origin": PAGE.rstrip("/")}
        if path == "/oauth2/token":
            self.asked.append(given)
            proof = base64.urlsafe_b64encode(hashlib.sha256(given.get("code_verifier", "").encode()).digest())
            proven = given["grant_type"] == "refresh_token" or proof.decode().rstrip("=") == self.challenge
            if self.over or not proven:
                route.fulfill(status=400, headers=shared, json={"error": "invalid_grant"})
                return
            self.issued += 1
            tokens = {"access_token": f"access-{self.issued}", "refresh_token": "refresh", "expires_in": 300}
            route.fulfill(headers=shared, json=tokens)
        elif path == "/oauth2/revoke":
            self.revoked.append(given["token"])
            route.fulfill(headers=shared, body="")
        else:
            route.fulfill(content_type="text/html", body="<title>Sign in</title>")


@pytest.fixture
def deployment(place) -> Deployment:
    return Deployment(place)


@pytest.fixture
def page(browser: Browser, deployment) -> Iterator[Page]:
    context = browser.new_context()
    context.set_default_timeout(PATIENCE_MS)
    context.route(f"{PAGE}**", deployment.answer)
    context.route(f"{POOL}/**", deployment.sign_in)
    page = context.new_page()
    page.clock.install()
    yield page
    context.close()


def leave(page: Page, deployment: Deployment, place: str = "") -> dict[str, str]:
    """Open the page, and return what it asks the user pool for."""
    page.goto(PAGE + place)
    page.wait_for_url(f"{POOL}/oauth2/authorize**")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}
    deployment.challenge = asked["code_challenge"]
    return asked


def come_back(page: Page, deployment: Deployment, place: str = "") -> None:
    """Sign in, and wait for the console."""
    asked = leave(page, deployment, place)
    page.goto(f"{PAGE}?{urlencode({'code': 'code-1', 'state': asked['state']})}")
    page.get_by_role("navigation").wait_for()


def test_who_opens_the_page_is_sent_to_sign_in_with_a_challenge(page, deployment) -> None:
    asked = leave(page, deployment)

    assert asked.pop("state") != asked.pop("code_challenge")
    assert asked == {
        "response_type": "code",
        "client_id": "client-1",
        "redirect_uri": PAGE,
        "scope": "review/use",
        "code_challenge_method": "S256",
    }


def test_a_code_becomes_a_session_that_is_kept_in_memory_alone(page, deployment) -> None:
    come_back(page, deployment)

    page.get_by_text("otter").wait_for()
    assert page.url.startswith(PAGE) and "code" not in page.url
    stored = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
    assert "access" not in stored and "refresh" not in stored and "verifier" not in stored


def test_the_place_that_was_asked_for_is_opened_after_the_sign_in(page, deployment) -> None:
    come_back(page, deployment, "#/policies")

    page.get_by_role("heading", name="Policies").wait_for()


def test_a_token_is_renewed_before_it_ends(page, deployment) -> None:
    come_back(page, deployment)
    page.clock.run_for(280_000)

    page.get_by_role("link", name="Policies").click()

    page.get_by_role("heading", name="Routes").wait_for()
    assert deployment.asked[-1] == {"grant_type": "refresh_token", "refresh_token": "refresh", "client_id": "client-1"}


def test_a_session_that_ended_says_so(page, deployment) -> None:
    come_back(page, deployment)
    deployment.over = True
    page.clock.run_for(280_000)

    page.get_by_role("link", name="Policies").click()

    page.get_by_text("Your session has ended").first.wait_for()


def test_a_code_that_this_tab_did_not_ask_for_is_not_used(page, deployment) -> None:
    """Nobody is signed in as somebody else by a link."""
    leave(page, deployment)

    page.goto(f"{PAGE}?{urlencode({'code': 'theirs', 'state': 'theirs'})}")

    page.wait_for_url(f"{POOL}/oauth2/authorize**")
    assert deployment.asked == []


def test_a_sign_in_that_failed_says_so_and_is_not_begun_again(page, deployment) -> None:
    page.goto(f"{PAGE}?error=access_denied")

    page.get_by_role("alert").filter(has_text="The sign-in failed").wait_for()


def test_who_signs_out_is_signed_out_at_the_pool(page, deployment) -> None:
    come_back(page, deployment)

    page.get_by_role("button", name="Sign out").click()

    page.wait_for_url(f"{POOL}/logout**")
    assert parse_qs(urlsplit(page.url).query) == {"client_id": ["client-1"], "logout_uri": [PAGE]}
    assert deployment.revoked == ["refresh"]
