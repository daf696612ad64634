#!/usr/bin/env python3
"""Opens report.html of a run folder in headless Chromium and checks it against the run's arrays.

    report_page.py RUN_DIR [--screenshots DIR]

The threshold explorer is driven through the address (#threshold=…): its readings must equal what NumPy counts in
scores.npy and labels.npy at the threshold it shows. Nothing may be logged to the console and nothing may be fetched.
"""
import argparse
import html
import json
import pathlib
import re
import subprocess
import sys

import numpy as np

FLAGS = ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--enable-logging=stderr"]


def browse(*arguments):
    run = subprocess.run([*FLAGS, *arguments], capture_output=True, text=True, timeout=120)
    noise = [line for line in run.stderr.splitlines() if re.search(r"CONSOLE|Refused|Uncaught", line)]
    if noise:
        sys.exit("the page logs to the console:\n" + "\n".join(noise))
    return run.stdout


def readings(dom):
    return {name: html.unescape(text) for name, text in re.findall(r'<output id="(\w+)">([^<]*)</output>', dom)}


def check(page, scores, labels, wanted):
    genuine, impostor = scores[labels == 1], scores[labels == 0]
    shown = readings(browse("--dump-dom", f"{page}#threshold={wanted!r}"))
    accepted_genuine, genuine_count = (int(word.replace(",", "")) for word in shown["genuine"].split(" of "))
    accepted_impostors, impostor_count = (int(word.replace(",", "")) for word in shown["impostors"].split(" of "))
    assert (genuine_count, impostor_count) == (len(genuine), len(impostor)), shown
    if shown["threshold"] == "above every score":
        assert accepted_genuine == accepted_impostors == 0, shown
    else:
        # Four decimals are shown: any threshold that rounds to them may be meant.
        low, high = float(shown["threshold"]) - 5.1e-5, float(shown["threshold"]) + 5.1e-5
        assert (genuine >= high).sum() <= accepted_genuine <= (genuine >= low).sum(), (shown, wanted)
        assert (impostor >= high).sum() <= accepted_impostors <= (impostor >= low).sum(), (shown, wanted)
        assert float(shown["threshold"]) >= wanted - 5.1e-5, (shown, wanted)
    assert shown["tar"] == f"{100 * accepted_genuine / genuine_count:.2f} %", shown
    assert shown["missed"] == f"{genuine_count - accepted_genuine:,}", shown
    far = accepted_impostors / impostor_count
    assert abs(float(shown["far"].split(" ")[0]) - far) <= 0.006 * far, shown
    return shown


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=pathlib.Path)
    parser.add_argument("--screenshots", type=pathlib.Path)
    options = parser.parse_args()
    page = (options.run / "report.html").resolve().as_uri()
    scores = np.load(options.run / "scores.npy").astype(np.float64)
    labels = np.load(options.run / "labels.npy")
    report = json.loads((options.run / "report.json").read_text())
    states = json.loads(re.search(r'id="states">(.*?)</script>', (options.run / "report.html").read_text()).group(1))
    # Every state of the explorer is a state of the data.
    genuine, impostor = np.sort(scores[labels == 1]), np.sort(scores[labels == 0])
    for threshold, i, g in zip(states["t"], states["i"], states["g"]):
        at = np.inf if threshold is None else threshold
        assert len(genuine) - np.searchsorted(genuine, at) == g, (threshold, g)
        assert len(impostor) - np.searchsorted(impostor, at) == i, (threshold, i)
    finite = scores[np.isfinite(scores)]
    wanted = [float(x) for x in np.linspace(finite.min() - 0.1, finite.max() + 0.1, 9)]
    for point in report["verification"]["operatingPoints"]:
        if isinstance(point.get("threshold"), float):
            shown = check(page, scores, labels, point["threshold"])
            assert shown["genuine"].startswith(f"{point['acceptedGenuine']:,} of "), (shown, point)
            assert shown["impostors"].startswith(f"{point['acceptedImpostors']:,} of "), (shown, point)
    for threshold in wanted:
        check(page, scores, labels, threshold)
    if options.screenshots:
        options.screenshots.mkdir(parents=True, exist_ok=True)
        for name, size, more in [
            ("desktop", "1200,6000", []),
            ("dark", "1200,6000", ["--blink-settings=preferredColorScheme=0"]),
            ("phone", "500,9000", []),
        ]:
            browse(*more, f"--window-size={size}", f"--screenshot={options.screenshots / name}.png", page)
        browse("--no-pdf-header-footer", f"--print-to-pdf={options.screenshots / 'print'}.pdf", page)
    print(f"{len(states['t'])} states and {len(wanted)} positions of the threshold agree; the console is silent")


main()
