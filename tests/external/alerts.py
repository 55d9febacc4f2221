"""When each alert of systemd/monitoring fires, and when it does not, judged by `promtool test rules`.

A case is the samples of some series, one every 15 s, in the notation of promtool: `5x40` is 41 times 5, `0+2x40` goes
from 0 to 80. Of each alert there is a case in which it fires and one, as near to it as can be, in which it does not.
The alert is judged at the end of the samples.
"""

import json
import re
import subprocess

RULES = "systemd/monitoring/switchboard.rules.yml"
JOB, INSTANCE = "switchboard", "127.0.0.1:8081"
SECONDS = 15

REFUSED, ENDED = "switchboard_upgrades_refused_total", "switchboard_connections_ended_total"


def buckets(name, fast, slow):
    """A histogram whose durations are below 20 ms in the first number of times, and below 100 ms in the others."""
    return {f'{name}_bucket,le="0.02"': fast, f'{name}_bucket,le="0.1"': slow, f'{name}_bucket,le="+Inf"': slow}


def commits(fast, slow):
    """The histogram of commits: below 100 ms in the first number of times, and below a second in the others."""
    name = "switchboard_store_commit_seconds_bucket"
    return {f'{name},le="0.1"': fast, f'{name},le="1"': slow, f'{name},le="+Inf"': slow}


BOOKS = {
    "switchboard_messages_received_total": "0+10x40",
    'switchboard_messages_refused_total,reason="malformed"': "0+1x40",
    'switchboard_messages_refused_total,reason="limit"': "0x40",
    'switchboard_messages_undelivered_total,reason="offline"': "0+2x40",
    "switchboard_messages_delivered_total": "0 6+7x39",
    "switchboard_messages_in_outboxes": "0 1x39",
}

# The alert: the samples with which it fires, and those with which it does not.
CASES = {
    "SwitchboardDown": ({"up": "1x3 0x8"}, {"up": "1x3 0x2 1x5"}),
    "SwitchboardRestartsOften": (
        {"process_start_time_seconds": "100x20 400x20 700x20 1000x20"},
        {"process_start_time_seconds": "100x20 400x20 700x40"},
    ),
    "SwitchboardReloadRefused": (
        {'switchboard_reloads_total,result="refused"': "0x20 1x40"},
        {'switchboard_reloads_total,result="refused"': "1x60", 'switchboard_reloads_total,result="done"': "0+1x60"},
    ),
    "SwitchboardNearlyFull": (
        {"switchboard_websockets": "91x40", "switchboard_max_connections": "100x40"},
        {"switchboard_websockets": "90x40", "switchboard_max_connections": "100x40"},
    ),
    "SwitchboardFull": (
        {f'{REFUSED},reason="full"': "0x30 1x10"},
        {f'{REFUSED},reason="full"': "7x40", f'{REFUSED},reason="draining"': "0+9x40"},
    ),
    "SwitchboardOutOfDescriptors": (
        {"switchboard_accept_exhausted_total": "0x30 1x10"},
        {"switchboard_accept_exhausted_total": "3x40"},
    ),
    "SwitchboardTotalLimit": (
        {'switchboard_limits_hit_total,limit="inbox_total_bytes"': "0x30 1x10"},
        {'switchboard_limits_hit_total,limit="inbox_total_bytes"': "3x40",
         'switchboard_limits_hit_total,limit="outbox_bytes"': "0+9x40"},
    ),
    "SwitchboardAddressRefused": (
        {f'{REFUSED},reason="address_full"': "0+10x80", f'{REFUSED},reason="address_too_fast"': "0+10x80"},
        {f'{REFUSED},reason="address_full"': "0+10x80", f'{REFUSED},reason="full"': "0+10x80"},
    ),
    "SwitchboardForeignOrigin": (
        {f'{REFUSED},reason="foreign_origin"': "0+2x80"},
        {f'{REFUSED},reason="foreign_origin"': "0+1x80", f'{REFUSED},reason="malformed"': "0+9x80"},
    ),
    "SwitchboardUpgradesFail": (
        {f'{REFUSED},reason="not_an_upgrade"': "0+10x80", f'{REFUSED},reason="late"': "0+10x80",
         "switchboard_upgrades_total": "0+15x80"},
        {f'{REFUSED},reason="not_an_upgrade"': "0+10x80", "switchboard_upgrades_total": "0+15x80"},
    ),
    "SwitchboardManyLost": (
        {f'{ENDED},outcome="lost"': "0x20 200x20", f'{ENDED},outcome="silent"': "0x20 150x20",
         "switchboard_websockets": "1000x40"},
        {f'{ENDED},outcome="lost"': "0x20 200x20", f'{ENDED},outcome="closed_by_client"': "0x20 900x20",
         "switchboard_websockets": "1000x40"},
    ),
    "SwitchboardSlowReaders": (
        {'switchboard_messages_undelivered_total,reason="slow"': "0+20x80"},
        {'switchboard_messages_undelivered_total,reason="slow"': "0+10x80",
         'switchboard_messages_undelivered_total,reason="offline"': "0+90x80"},
    ),
    "SwitchboardCoreFull": (
        {"process_cpu_seconds_total": "0+14.5x80"},
        {"process_cpu_seconds_total": "0+12x80"},
    ),
    "SwitchboardSlowTurns": (
        buckets("switchboard_turn_seconds", "0+97x60", "0+100x60"),
        buckets("switchboard_turn_seconds", "0+995x60", "0+1000x60"),
    ),
    "SwitchboardLate": (
        buckets("switchboard_loop_lag_seconds", "0+97x60", "0+100x60"),
        buckets("switchboard_loop_lag_seconds", "0+995x60", "0+1000x60"),
    ),
    "SwitchboardStoreDown": (
        {'switchboard_store_state,state="full"': "0x30 1x10", 'switchboard_store_state,state="slow"': "0x40"},
        {'switchboard_store_state,state="full"': "1x30 0x10", 'switchboard_store_state,state="slow"': "0x30 1x10"},
    ),
    "SwitchboardStoreSlow": (
        {"switchboard_store_oldest_job_seconds": "0x10 1.5x30"},
        {"switchboard_store_oldest_job_seconds": "1.5x35 0.9x5"},
    ),
    "SwitchboardStoreCommits": (
        commits("0+97x60", "0+100x60"),
        commits("0+995x60", "0+1000x60"),
    ),
    "SwitchboardBooksDiffer": (BOOKS | {"switchboard_messages_delivered_total": "0+6x40"}, BOOKS),
}


def rules():
    """The labels and the annotations of each alert, as the file has them."""
    found = {}
    with open(RULES, encoding="utf-8") as file:
        for rule in file.read().split("- alert: ")[1:]:
            texts = {key: value.replace("''", "'") for key, value in re.findall(r"(summary|description): '(.*)'", rule)}
            (severity,) = re.findall(r"severity: (\w+)", rule)
            texts["summary"] = texts["summary"].replace("{{ $labels.instance }}", INSTANCE)
            found[rule.split()[0]] = {"severity": severity}, texts
    return found


def length(samples):
    """How many samples these are: 5x40 are 41."""
    return sum(int(part.split("x")[1]) + 1 if "x" in part else 1 for part in samples.split())


def case(name, series, is_firing):
    """One case, as promtool wants it."""
    labels, annotations = rules()[name]
    extra = {}
    if name in ("SwitchboardFull", "SwitchboardForeignOrigin", "SwitchboardSlowReaders"):
        extra = dict([re.findall(r'(reason)="(\w+)"', next(iter(series)))[0]])
    if name == "SwitchboardReloadRefused":
        extra = {"result": "refused"}
    if name == "SwitchboardTotalLimit":
        extra = {"limit": "inbox_total_bytes"}
    alert = {"exp_labels": labels | extra | {"job": JOB, "instance": INSTANCE}, "exp_annotations": annotations}

    def selector(key):
        metric, _, label = key.partition(",")
        return f'{metric}{{job="{JOB}",instance="{INSTANCE}"{"," + label if label else ""}}}'

    end = min(length(samples) for samples in series.values()) - 1
    return {
        "interval": f"{SECONDS}s",
        "input_series": [{"series": selector(key), "values": samples} for key, samples in series.items()],
        "alert_rule_test": [
            {"eval_time": f"{end * SECONDS}s", "alertname": name, "exp_alerts": [alert] if is_firing else []}
        ],
    }


def judged(promtool, folder, tests):
    """Whether promtool finds all tests right, and what it says."""
    path = f"{folder}/alerts.test.yml"
    with open(path, "w", encoding="utf-8") as file:
        # JSON is YAML.
        json.dump({"rule_files": [f"{folder}/switchboard.rules.yml"], "tests": tests}, file)
    done = subprocess.run([promtool, "test", "rules", path], capture_output=True, text=True, timeout=60)
    return done.returncode == 0, done.stdout + done.stderr


def check(promtool, folder):
    """All cases, with the rules as they are in the folder. Each case must also be able to fail."""
    assert set(rules()) == set(CASES), set(rules()) ^ set(CASES)
    right = [case(name, series, fires) for name, both in CASES.items() for series, fires in zip(both, (True, False))]
    is_good, said = judged(promtool, folder, right)
    assert is_good, said
    for name, both in CASES.items():
        for series, fires in zip(both, (False, True)):
            is_good, _ = judged(promtool, folder, [case(name, series, fires)])
            assert not is_good, f"{name} with {series}: promtool would let anything through"
    print(f"alerts: {len(CASES)} fire when they should, and only then")
