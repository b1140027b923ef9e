import json
import urllib.error
import urllib.request


def test_a_user_is_online_and_offline_three_seconds_after_leaving(soketify, backend, app):
    page = app.visit("ada")
    app.wait_for(name="member_added", user_id="ada")
    assert backend.online == {"ada"}

    page.close()
    soketify.advance(2900)
    assert backend.online == {"ada"}
    app.wait_for(name="member_removed", user_id="ada")
    assert backend.online == set()


def test_a_user_who_reloads_the_page_stays_online(soketify, backend, app):
    page = app.visit("ada")
    added = app.wait_for(name="member_added", user_id="ada")
    page.close()
    soketify.advance(2900)
    app.visit("ada")
    app.expect_none(user_id="ada", after=added)
    assert backend.online == {"ada"}


def test_webhooks_that_the_backend_missed_while_it_was_down_are_sent_again(soketify, backend, app):
    page = app.visit("ada")
    app.wait_for(name="member_added", user_id="ada")
    app.fail_webhooks(status=502, times=3)
    page.close()
    soketify.advance(5000)
    assert backend.online == {"ada"}

    removed = app.wait_for(name="member_removed", user_id="ada")
    assert removed["endpoints"][0]["attempts"] == 4
    assert backend.online == set()


def test_only_soketify_can_make_a_user_online(backend, app):
    body = json.dumps({"time_ms": 0, "events": [{"name": "member_added", "user_id": "eve"}]}).encode()
    for signature in ["0" * 64, "", "\u00e4"]:
        request = urllib.request.Request(backend.url, body, {"X-Pusher-Signature": signature.encode().decode("latin-1")})
        try:
            status = urllib.request.urlopen(request, timeout=5).status
        except urllib.error.HTTPError as error:
            status = error.code
        assert status == 401
    assert backend.online == set()
