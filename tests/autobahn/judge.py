"""Counts the outcomes of an Autobahn report by behaviour, names what is not right, and fails if anything is not."""

import collections
import json
import sys

# INFORMATIONAL is the suite's own word for cases that every behaviour passes.
GOOD = {"OK", "INFORMATIONAL"}


def main(path):
    with open(path) as report:
        cases = json.load(report)["holdline"]
    behaviours = collections.Counter(case["behavior"] for case in cases.values())
    closes = collections.Counter(case["behaviorClose"] for case in cases.values())
    print(f"{len(cases)} cases; by behaviour: {show(behaviours)}; by close: {show(closes)}")
    wrong = {
        name: case
        for name, case in cases.items()
        if case["behavior"] not in GOOD or case["behaviorClose"] not in GOOD
    }
    for name in sorted(wrong, key=lambda name: [int(part) for part in name.split(".")]):
        case = wrong[name]
        print(f"case {name}: {case['behavior']}, close {case['behaviorClose']} ({case['reportfile']})")
    if not cases:
        print("no case was run")
    return 1 if wrong or not cases else 0


def show(counts):
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
