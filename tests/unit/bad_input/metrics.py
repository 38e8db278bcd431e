"""Metrics that nothing would come of, or nobody would reach."""

from __future__ import annotations

from .case import LAB, Bad

MONITORED = "allowed_from: [{namespace: monitoring}]"

BAD = {
    "metrics that Prometheus would not reach": Bad(
        LAB + "metrics:  # <-\n  enabled: true",
        "metrics",
        ("without metrics.allowed_from", "allowed_from: [{namespace: monitoring}]", "scrape: none"),
    ),
    "settings of metrics that are off": Bad(
        LAB + "metrics:  # <-\n  port: 9000", "metrics", ("received port without enabled: true", "write enabled: true, or leave it out")
    ),
    "an interval without a PodMonitor": Bad(
        LAB + f"metrics:  # <-\n  enabled: true\n  {MONITORED}\n  interval: 30s", "metrics", ("received interval", "allowed with scrape: pod_monitor")
    ),
    "an interval without a unit": Bad(
        LAB + f'metrics:\n  enabled: true\n  {MONITORED}\n  scrape: pod_monitor\n  interval: "30"  # <-', "metrics.interval", ("ms s m h", "30s")
    ),
    "another way to scrape": Bad(
        LAB + "metrics:\n  enabled: true\n  scrape: service  # <-", "metrics.scrape", ("annotations", "pod_monitor", "none")
    ),
    "metrics at Jupyter Server's port": Bad(
        LAB + f"metrics:\n  enabled: true\n  {MONITORED}\n  port: 8888  # <-", "metrics.port", ("received 8888", "Jupyter Server", "9464")
    ),
    "metrics at sshd's port": Bad(LAB + f"metrics:\n  enabled: true\n  {MONITORED}\n  port: 2222  # <-", "metrics.port", ("received 2222", "sshd")),
    "metrics at the controller's last port": Bad(
        LAB + f"metrics:\n  enabled: true\n  {MONITORED}\n  port: 10118  # <-", "metrics.port", ("received 10118", "10101 to 10118")
    ),
    "a controller at the metrics' own port": Bad(
        LAB + f"controller:\n  first_port: 9460\nmetrics:  # <-\n  enabled: true\n  {MONITORED}", "metrics.port", ("received 9464", "9460 to 9477")
    ),
    "who reads metrics where everybody is let in": Bad(
        LAB + f"network:\n  policies: false\nmetrics:\n  enabled: true\n  {MONITORED}  # <-",
        "metrics.allowed_from",
        ("policies: false", "leave it out"),
    ),
}
