"""The contract of a provider's specification, over every one that is registered: run anew where one is installed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import pytest

from studio.providers import GenerationService
from studio.providers.models import StillModel, VideoModel
from studio.providers.order_trace import ORDER_QUERY
from studio.providers.price_book import load_prices
from studio.providers.pricing import PriceTable
from studio.providers.registry import (
    BUILT_IN,
    all_specs,
    generation_name,
    provider_of,
    registered,
    spec_of,
    still_models,
    video_models,
)
from studio.providers.shot_request import ALL_OFF, Operation, ShotOptions, Source
from studio.providers.spec import Connection, ProviderSpec
from studio.settings import Credentials, choose_service, load_settings

SPECS = pytest.mark.parametrize("spec", all_specs(), ids=lambda spec: spec.id)
CLIP = Source("clip", "before")


@dataclass(frozen=True)
class Request:
    """The part of a shot that a provider sees."""

    model: str
    operation: Operation = Operation.VIDEO
    prompt: str = "a quiet harbour"
    aspect_ratio: str = "16:9"
    resolution: str = "540p"
    seconds: Fraction = Fraction(5)
    options: ShotOptions = ALL_OFF
    start: Source | None = None
    end: Source | None = None
    source: Source | None = None
    references: tuple[Source, ...] = ()
    guides: tuple[tuple[int, Source], ...] = ()


@dataclass(frozen=True)
class Order:
    """The part of an order that tells its provider."""

    model: str
    provider: str = field(default="")


def requests(spec: ProviderSpec) -> Iterator[Request]:
    """Every kind of purchase of every model that a provider sells."""
    for operation in spec.endpoints:
        if operation is Operation.IMAGE:
            yield from (Request(m.name, operation, resolution="still", seconds=Fraction(0)) for m in spec.stills)
            continue
        source = None if operation is Operation.VIDEO else CLIP
        for model in spec.models:
            able = {Operation.UPSCALE: model.upscales, Operation.SOUND: model.sound}.get(operation, True)
            if able:
                yield Request(model.name, operation, resolution=model.resolutions[0], source=source)


@SPECS
def test_what_a_specification_says_of_itself(spec: ProviderSpec) -> None:
    """Ids, models and pools fit together, and each model's draft is an existing model and tier."""
    assert spec_of(spec.id) is spec
    assert spec.models
    assert spec.key_variables
    assert not registered().faults
    for model in spec.models:
        assert model.api == spec.id
        assert video_models()[model.name] is model
        assert provider_of(Order(model.name)) == spec.id
        assert list(model.lengths) == sorted(model.lengths)
        assert set(model.continued) | set(model.loop_lengths) | set(model.hdr_lengths) <= set(model.lengths)
        draft, tier = model.draft
        assert tier in video_models()[draft].resolutions
        assert not model.still or still_models()[model.still].api == spec.id
        assert not model.upscales or Operation.UPSCALE in spec.endpoints
        assert not model.sound or Operation.SOUND in spec.endpoints
    for still in spec.stills:
        assert still.api == spec.id
        assert provider_of(Order(still.name)) == spec.id
    assert set(spec.limits) <= {m.pool for m in (*spec.models, *spec.stills)}
    assert (Operation.IMAGE in spec.endpoints) == bool(spec.stills)


@SPECS
def test_generations_of_equal_ids_have_names_of_their_own(spec: ProviderSpec) -> None:
    """Two services may both make a ``job-1``; Luma's keep the names that downloads and results have had before."""
    names = {generation_name(other.id, "job-1") for other in all_specs() if other.id not in BUILT_IN}
    assert len(names) == len(all_specs()) - len(BUILT_IN)
    assert (generation_name(spec.id, "job-1") == "job-1") is (spec.id in BUILT_IN)


@SPECS
def test_every_purchase_can_be_named_and_sent(spec: ProviderSpec) -> None:
    """Each kind of purchase has an endpoint of its own, a name that is the same every time, and a request in JSON."""
    assert len(set(spec.endpoints.values())) == len(spec.endpoints)
    for request in requests(spec):
        assert spec.operation(spec.endpoint(request.operation)) is request.operation
        assert json.dumps(spec.asked(request), sort_keys=True) == json.dumps(spec.asked(request), sort_keys=True)
        given = {CLIP: {"url": "https://x.example/clip.mp4", "generation_id": "g-1"}}
        sent = spec.build_request(request, given)
        assert json.loads(json.dumps(sent)) == sent
        other = Request(**{**vars(request), "prompt": "another harbour", "resolution": "720p"})
        assert spec.asked(other) != spec.asked(request), "two wishes would be one purchase"


@SPECS
def test_every_clip_has_a_price(spec: ProviderSpec) -> None:
    """Every offer of a provider has a price beforehand: each tier and length, new and continued, and stills."""
    table = load_prices().of(spec.id)
    assert isinstance(table, PriceTable)
    for model in spec.models:
        assert isinstance(model, VideoModel)
        for tier in model.resolutions:
            assert all(table.quote(model.name, tier, seconds).usd > 0 for seconds in model.lengths)
            assert all(table.quote(model.name, tier, seconds, extends=True).usd > 0 for seconds in model.continued)
    for still in spec.stills:
        assert isinstance(still, StillModel)
        assert table.quote_still(still.name).usd > 0


@SPECS
async def test_its_client(spec: ProviderSpec) -> None:
    """The client implements the port and knows every endpoint of the specification; the specification loads no SDK."""
    client = spec.open(Connection("http://127.0.0.1:9/x", "k", local=True))
    try:
        assert isinstance(client, GenerationService)
        assert set(spec.endpoints.values()) <= set(client.endpoints)
        assert client.has_list is spec.has_list
    finally:
        await client.aclose()


@SPECS
def test_an_order_s_own_token_settles_it(spec: ProviderSpec) -> None:
    """A generation whose callback names the order is its purchase for certain; one that names another order is not."""
    sent = {"prompt": "a quiet harbour"}
    for token, like in (("ours", "certain"), ("theirs", None)):
        echoed = {**sent, "callback_url": f"https://x.example/?{ORDER_QUERY}={token}"}
        endpoint = next(iter(spec.endpoints.values()))
        assert spec.match_echo(sent, echoed, token="ours", endpoint=endpoint) == like


@SPECS
def test_how_it_is_set_up(spec: ProviderSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key in its variable makes it billed; an address on this machine without a key makes it unbilled."""
    for other in all_specs():
        for name in (*other.key_variables, other.url_variable):
            monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(spec.key_variables[0], "a key")
    service = choose_service(load_settings())
    assert (service.billed, service.realm, service.access(spec.id).base_url) == (True, "luma", spec.base_url)
    assert service.title == spec.vendor
    monkeypatch.delenv(spec.key_variables[0])
    monkeypatch.setenv(spec.url_variable, "http://127.0.0.1:9/x")
    service = choose_service(load_settings())
    assert (service.billed, service.realm, service.access(spec.id).base_url) == (
        False,
        "local",
        "http://127.0.0.1:9/x",
    )
    assert load_settings().credentials[spec.id] == Credentials(None, spec.key_variables[0], "http://127.0.0.1:9/x")
