"""Reads the index of an Autobahn report and says whether the server conforms: `judge.py INDEX CASES_MIN`.

Law: every case is OK in its behavior and in the way it closed. The suite itself calls a few cases undefined and
answers INFORMATIONAL whatever the server does; that word is taken from those and from no other. NON-STRICT and
UNCLEAN are failures, and so is a report with fewer cases than were asked for.
Runs on Python 2.7 and 3, as the machine of the one or of the other may be all there is.
"""

from __future__ import print_function

import json
import os
import sys
from collections import Counter

# A message larger than the socket takes before a close, and two close codes that the RFC says nothing about.
UNDEFINED = frozenset(["7.1.6", "7.13.1", "7.13.2"])


def in_order(case):
    return [int(part) for part in case.split(".")]


def is_right(case, word):
    return word == "OK" or (word == "INFORMATIONAL" and case in UNDEFINED)


def print_counts(cases, key):
    counts = Counter(result[key] for result in cases.values())
    words = ", ".join("%d %s" % (count, word) for word, count in counts.most_common())
    print("autobahn: %-13s %s" % (key, words))


def print_failure(folder, case, result):
    print("\nFAILED %s: behavior %s, behaviorClose %s" % (case, result["behavior"], result["behaviorClose"]))
    with open(os.path.join(folder, result["reportfile"])) as file:
        report = json.load(file)
    for key in ["description", "expectation", "result", "resultClose", "expected", "received",
                "remoteCloseCode", "remoteCloseReason", "wasNotCleanReason"]:
        print("  %-18s %s" % (key, json.dumps(report.get(key))[:300]))


def main(index, cases_min):
    with open(index) as file:
        agents = json.load(file)
    cases = agents.get("holdline", {})
    print_counts(cases, "behavior")
    print_counts(cases, "behaviorClose")
    failed = [case for case in sorted(cases, key=in_order)
              if not (is_right(case, cases[case]["behavior"]) and is_right(case, cases[case]["behaviorClose"]))]
    for case in failed:
        print_failure(os.path.dirname(index), case, cases[case])
    if failed:
        print("\nautobahn: failing cases: " + " ".join(failed))
    if len(cases) < cases_min:
        print("autobahn: the report has %d cases, and there should be %d" % (len(cases), cases_min))
    print("autobahn: %d of %d cases as they should be" % (len(cases) - len(failed), max(len(cases), cases_min)))
    return 1 if failed or len(cases) < cases_min else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
