"""What the API's description says besides operations: scopes, the stream of events, and what a webhook is sent."""

from handbook.reference import description
from test_api import CALLS


def test_it_says_which_scope_a_call_needs() -> None:
    described = description()["paths"]
    told = {
        (method.upper(), path): [scope for one in call["security"] for scope in one["HTTPBearer"]]
        for path, by in described.items()
        for method, call in by.items()
    }
    needs = {(method, path.replace("RR123456785NO", "{number}")): [scope] for method, path, scope in CALLS}
    assert told == needs | {("GET", "/events"): ["states"]}


def test_it_says_what_the_stream_and_a_webhook_are() -> None:
    described = description()
    stream = described["paths"]["/events"]["get"]
    assert "event `check`" in stream["responses"]["200"]["content"]["text/event-stream"]["schema"]["description"]
    assert [one["name"] for one in stream["parameters"]] == ["last-event-id"]
    sent = described["webhooks"]["check.ended"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert sent == {"$ref": "#/components/schemas/CheckEnded"}
