"""An idle server ends, and one that is used never does, however short the time is."""

from __future__ import annotations

import pytest

from jupyter_cluster_constructs.hub import activity_seconds, hub_config
from jupyter_cluster_constructs.spec import Hub, Jupyter


@pytest.mark.parametrize("minutes", [1, 2, 5, 30, 120, 525_600])
def test_the_hub_hears_several_times_whether_a_server_is_used_before_it_counts_as_idle(minutes: int) -> None:
    seconds = activity_seconds(Hub(idle_minutes=minutes))
    assert 10 <= seconds <= 300
    assert minutes * 60 >= 6 * seconds
    config = hub_config(Jupyter(hub=Hub(idle_minutes=minutes)))
    assert f"c.JupyterHub.last_activity_interval = {seconds}\n" in config
    assert f"'JUPYTERHUB_ACTIVITY_INTERVAL': '{seconds}'" in config


def test_without_an_end_of_idle_servers_nobody_asks_more_often_than_jupyterhub_does() -> None:
    assert activity_seconds(Hub(idle_minutes=0)) == 300


def test_tokens_of_somebody_without_an_open_account_are_refused_too() -> None:
    assert "c.Authenticator.auth_refresh_strict = True\n" in hub_config(Jupyter())
