"""Who is calling: API keys and access tokens, and everything that is not one."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from starlette.datastructures import Headers

from hub.gateway.authentication import Authenticator, read_credential, token_scopes
from hub.gateway.limits import KEY_SET_FRESH_SECONDS, KEY_SET_MAX_BYTES, KEY_SET_STALE_SECONDS
from hub.gateway.problems import ProblemError
from hub.gateway.token_keys import (
    FileTokenKeys,
    KeysUnavailableError,
    UrlTokenKeys,
    parse_key_set,
    token_keys_for,
)
from hub.identity.partners import OauthSettings
from tests.unit.gateway_world import SCHOOL, SIGNAL, STOPPED, STRUCTURED, World, build_world

PRIVATE = ec.generate_private_key(ec.SECP256R1())
STRANGER = ec.generate_private_key(ec.SECP256R1())
RSA_PRIVATE = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SHARED_SECRET = base64.urlsafe_b64encode(bytes(32)).decode()


def jwk(private: Any, key_id: str, **more: str) -> dict[str, Any]:
    """Return the public key in JWK form."""
    algorithm = jwt.algorithms.ECAlgorithm if isinstance(private, ec.EllipticCurvePrivateKey) else None
    maker = algorithm or jwt.algorithms.RSAAlgorithm
    return {**json.loads(maker.to_jwk(private.public_key())), "kid": key_id, **more}


KEY_SET = {
    "keys": [
        jwk(PRIVATE, "one"),
        jwk(RSA_PRIVATE, "two", alg="PS256"),
        {"kty": "oct", "kid": "shared", "k": SHARED_SECRET},
        {"kty": "unheard-of", "kid": "new"},
        jwk(STRANGER, "encrypts", use="enc"),
        "no key at all",
    ]
}


@pytest.fixture
def world(tmp_path: Path) -> World:
    (tmp_path / "jwks.json").write_text(json.dumps(KEY_SET), encoding="ascii")
    return build_world(tmp_path)


def token(
    private: Any = PRIVATE,
    algorithm: str = "ES256",
    headers: dict[str, Any] | None = None,
    **claims: Any,
) -> str:
    """Return a token that is good but for what is changed; a claim None is left out."""
    now = int(time.time())
    good = {
        "iss": "https://login.example/",
        "aud": "https://hub.example/",
        "exp": now + 60,
        "iat": now,
        "sub": "service-account",
        "client_id": "school-client",
        "scope": "events.publish events.consume",
    }
    wanted = {name: value for name, value in (good | claims).items() if value is not None}
    named = {"kid": "one", **(headers or {})}
    shown = {name: value for name, value in named.items() if value is not None}
    return jwt.encode(wanted, private, algorithm=algorithm, headers=shown)


async def ask(world: World, **headers: str) -> httpx.Response:
    """Ask for subscriptions with these headers only."""
    async with world.client(None) as client:
        return await client.get("/subscriptions", headers=headers)


async def test_good_token_and_good_key_open_the_door(world: World) -> None:
    """A token of the issuer, an API key in its own header and as bearer: each is taken."""
    for headers in (
        {"Authorization": f"Bearer {token()}"},
        {"Authorization": f"Bearer {token(RSA_PRIVATE, 'PS256', {'kid': 'two'})}"},
        {"Authorization": f"bearer {world.keys[SCHOOL]}"},
        {"X-API-Key": world.keys[SCHOOL]},
    ):
        assert (await ask(world, **headers)).status_code == 200


NOW = int(time.time())
BAD_TOKENS: dict[str, Callable[[], str]] = {
    "foreign signature": lambda: token(STRANGER),
    "unknown key id": lambda: token(headers={"kid": "other"}),
    "no key id among several keys": lambda: token(headers={"kid": None}),
    "key meant for encryption": lambda: token(STRANGER, headers={"kid": "encrypts"}),
    "shared secret": lambda: token(bytes(32), "HS256", {"kid": "shared"}),
    "another algorithm than the key's": lambda: token(RSA_PRIVATE, "RS256", {"kid": "two"}),
    "expired": lambda: token(exp=NOW - 3600),
    "no expiry": lambda: token(exp=None),
    "not yet valid": lambda: token(nbf=NOW + 3600),
    "other issuer": lambda: token(iss="https://evil.example/"),
    "no issuer": lambda: token(iss=None),
    "other audience": lambda: token(aud="https://other.example/"),
    "no audience": lambda: token(aud=None),
    "unknown client": lambda: token(client_id="nobody"),
    "no client": lambda: token(client_id=None),
    "client that is no text": lambda: token(client_id=7),
    "partner suspended": lambda: token(client_id="stopped-client"),
    "another type of token": lambda: token(headers={"typ": "logout+jwt"}),
    "not a token": lambda: "a.b.c",
    "expiry beyond all numbers": lambda: token(exp=10**400),
    "larger than any token": lambda: f"{'x' * 9000}.y.z",
    "unsigned": lambda: jwt.encode({"sub": "x"}, "", algorithm="none"),
}


@pytest.mark.parametrize("name", BAD_TOKENS)
async def test_bad_tokens_are_refused_alike(world: World, name: str) -> None:
    """Whatever is wrong with a token, the answer is the same 401 and tells nothing more."""
    response = await ask(world, Authorization=f"Bearer {BAD_TOKENS[name]()}")
    assert (response.status_code, response.json()["reason"]) == (401, "credentials_invalid")
    assert response.headers["www-authenticate"] == 'Bearer realm="samenhub", error="invalid_token"'
    assert world.counts.reasons == ["credentials_invalid"]


async def test_clocks_may_differ_a_little(world: World) -> None:
    """A token that ended seconds ago still counts within the configured leeway."""
    assert (await ask(world, Authorization=f"Bearer {token(exp=int(time.time()) - 10)}")).status_code == 200


async def test_bad_keys_are_refused(world: World) -> None:
    """An unknown, wrong or ended key and the key of a suspended partner are nobody's."""
    right = world.keys[SCHOOL]
    for key in (
        "key_unknown.secret",
        right + "x",
        right.partition(".")[0] + ".",
        world.keys["old"],
        world.keys[STOPPED],
    ):
        response = await ask(world, **{"X-API-Key": key})
        assert (response.status_code, response.json()["reason"]) == (401, "credentials_invalid")


async def test_missing_and_double_credentials(world: World) -> None:
    """None gives a bare challenge; two are refused, for the door must not choose whom to believe."""
    none = await ask(world)
    assert (none.status_code, none.json()["reason"]) == (401, "credentials_missing")
    assert none.headers["www-authenticate"] == 'Bearer realm="samenhub"'
    basic = await ask(world, Authorization="Basic dXNlcjpwYXNz")
    assert basic.json()["reason"] == "credentials_missing"
    both = await ask(world, Authorization=f"Bearer {token()}", **{"X-API-Key": world.keys[SCHOOL]})
    assert both.json()["reason"] == "credentials_ambiguous"


async def test_token_scopes_limit_the_partner(world: World) -> None:
    """A token can do less than its partner, never more; a token without scopes can do nothing."""
    publishing = token(scope="events.publish other")
    async with world.client(None, Authorization=f"Bearer {publishing}") as client:
        sent = await client.post("/events", content=json.dumps(SIGNAL), headers=STRUCTURED)
        assert sent.status_code == 200
        assert (await client.post("/subscriptions", json={"protocol": "FEED"})).status_code == 403
    assert (await ask(world, Authorization=f"Bearer {token(scope=None)}")).status_code == 403


def test_scopes_are_read_from_text_and_lists() -> None:
    """`scope` is text (RFC 8693), `scp` text or a list; anything else grants nothing."""
    assert token_scopes({"scope": "a b"}) == {"a", "b"}
    assert token_scopes({"scp": ["a", 1]}) == {"a"}
    assert token_scopes({"scope": 7}) == frozenset()
    assert token_scopes({}) == frozenset()


def test_credential_is_read_without_blanks() -> None:
    """Blanks around a credential do not belong to it."""
    assert read_credential(Headers({"x-api-key": " a.b "})) == "a.b"


async def test_tokens_without_issuer_are_nobodys(world: World) -> None:
    """Where no key source is composed in, no token is believed."""
    authenticator = Authenticator(world.parts.partners, None)
    with pytest.raises(ProblemError) as caught:
        await authenticator.authenticate(Headers({"authorization": f"Bearer {token()}"}))
    assert caught.value.reason == "credentials_invalid"


async def test_key_source_may_be_composed_in(tmp_path: Path) -> None:
    """A composition may bring its own source of keys instead of the configured one."""
    path = tmp_path / "own.json"
    path.write_text(json.dumps({"keys": [jwk(PRIVATE, "one")]}), encoding="ascii")
    world = build_world(tmp_path, token_keys=FileTokenKeys(path))
    assert (await ask(world, Authorization=f"Bearer {token()}")).status_code == 200


async def test_no_keys_is_503_not_401(world: World) -> None:
    """When the issuer's keys cannot be had, a partner must try again, not look for its fault."""
    (world.folder / "jwks.json").unlink()
    response = await ask(world, Authorization=f"Bearer {token()}")
    assert (response.status_code, response.json()["reason"]) == (503, "keys_unavailable")
    assert "retry-after" in response.headers


async def test_key_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    """A rotated key file takes effect without a restart."""
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"keys": [jwk(PRIVATE, "one")]}), encoding="ascii")
    keys = FileTokenKeys(path)
    assert await keys.find("one") is not None
    path.write_text(json.dumps({"keys": [jwk(STRANGER, "second-key")]}), encoding="ascii")
    assert await keys.find("one") is None
    assert await keys.find("second-key") is not None
    path.write_text("no json", encoding="ascii")
    with pytest.raises(KeysUnavailableError):
        await keys.find("one")


def test_key_set_keeps_usable_keys_only() -> None:
    """Shared secrets, encryption keys and unknown kinds are left out; a document of another form is refused."""
    assert [key.key_id for key in parse_key_set(json.dumps(KEY_SET).encode())] == ["one", "two"]
    for body in (b"[]", b"{}", b'{"keys": 1}', b"x"):
        with pytest.raises(ValueError, match=r".*"):
            parse_key_set(body)


class Issuer:
    """An issuer's address whose answers and time are set by the test."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.requests = 0
        self.answer: httpx.Response | None = httpx.Response(200, json={"keys": [jwk(PRIVATE, "one")]})

    def keys(self) -> UrlTokenKeys:
        client = httpx.AsyncClient(transport=httpx.MockTransport(self._respond))
        return UrlTokenKeys("https://login.example/jwks", client, lambda: self.now)

    def _respond(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        if self.answer is None:
            raise httpx.ConnectError("away", request=request)
        return httpx.Response(self.answer.status_code, content=self.answer.content)


async def test_keys_of_an_address_are_cached() -> None:
    """The issuer is asked once for many tokens, and unknown key ids cannot make the hub hammer it."""
    issuer = Issuer()
    keys = issuer.keys()
    assert await keys.find("one") is not None
    for _ in range(5):
        assert await keys.find("invented") is None
    assert issuer.requests == 1
    issuer.now += 31
    assert await keys.find("invented") is None
    assert issuer.requests == 2
    await keys.close()


async def test_last_good_keys_serve_while_the_issuer_is_away() -> None:
    """An outage of the issuer is none of ours for an hour; after that no token can be judged."""
    issuer = Issuer()
    keys = issuer.keys()
    assert await keys.find("one") is not None
    issuer.answer = None
    issuer.now += KEY_SET_FRESH_SECONDS + 1
    assert await keys.find("one") is not None
    with pytest.raises(KeysUnavailableError):
        await keys.find("perhaps-new")
    issuer.now += KEY_SET_STALE_SECONDS
    with pytest.raises(KeysUnavailableError):
        await keys.find("one")
    await keys.close()


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500),
        httpx.Response(302, headers={"location": "https://evil.example/"}),
        httpx.Response(200, content=b"x" * (KEY_SET_MAX_BYTES + 1)),
        httpx.Response(200, content=b"<html>"),
    ],
)
async def test_bad_answers_of_the_issuer_give_no_keys(answer: httpx.Response) -> None:
    """An error, a redirect, an endless or a foreign document are no keys."""
    issuer = Issuer()
    issuer.answer = answer
    keys = issuer.keys()
    with pytest.raises(KeysUnavailableError):
        await keys.find("one")
    await keys.close()


def settings(**changes: Any) -> OauthSettings:
    """Return settings of an issuer."""
    values = {"jwks_url": None, "jwks_file": None, **changes}
    return OauthSettings(
        "https://login.example/",
        "hub",
        algorithms=("ES256",),
        client_claim="client_id",
        leeway_seconds=0,
        **values,
    )


def test_key_source_follows_the_configuration() -> None:
    """A file or an address, as configured; nothing is connected."""
    assert isinstance(token_keys_for(settings(jwks_file="keys.json")), FileTokenKeys)
    assert isinstance(token_keys_for(settings(jwks_url="https://login.example/jwks")), UrlTokenKeys)
    with pytest.raises(ValueError, match="JWKS"):
        token_keys_for(settings())
