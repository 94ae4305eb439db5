"""Reads the indexes of Autobahn reports and says whether the server conforms: `judge.py SERVER CASES_MIN INDEX...`.

Law: every case is OK in its behavior and in the way it closed. The suite itself calls a few cases undefined and
answers INFORMATIONAL whatever the server does; that word is taken from those and from no other. NON-STRICT, UNCLEAN
and UNIMPLEMENTED are failures, and so are a report with fewer cases than were asked for and compressed cases in which
the server compressed nothing. Servers other than holdline are counted, and not judged.
Runs on Python 2.7 and 3, as the machine of the one or of the other may be all there is.
"""

from __future__ import print_function

import json
import os
import sys
from collections import Counter

# A message larger than the socket takes before a close, and two close codes that the RFC says nothing about.
UNDEFINED = frozenset(["7.1.6", "7.13.1", "7.13.2"])
COMPRESSED = frozenset([12, 13])


def in_order(case):
    return [int(part) for part in case.split(".")]


def is_right(case, word):
    return word == "OK" or (word == "INFORMATIONAL" and case in UNDEFINED)


def read_cases(server, indexes):
    """All cases of all indexes; each result gets the folder that its report lies in."""
    cases = {}
    for index in indexes:
        with open(index) as file:
            found = json.load(file).get(server, {})
        for case, result in found.items():
            result["folder"] = os.path.dirname(index)
            cases[case] = result
    return cases


def read_report(result):
    with open(os.path.join(result["folder"], result["reportfile"])) as file:
        return json.load(file)


def print_counts(cases, key):
    counts = Counter(result[key] for result in cases.values())
    words = ", ".join("%d %s" % (count, word) for word, count in counts.most_common())
    print("autobahn: %-13s %s" % (key, words))


def print_words(cases, failed):
    """One line for each pair of words that is not as it should be, with its cases."""
    words = {}
    for case in failed:
        pair = (cases[case]["behavior"], cases[case]["behaviorClose"])
        words.setdefault(pair, []).append(case)
    for pair in sorted(words):
        print("autobahn: behavior %s, behaviorClose %s: %s" % (pair + (" ".join(words[pair]),)))


def print_failure(case, result):
    print("\nFAILED %s: behavior %s, behaviorClose %s" % (case, result["behavior"], result["behaviorClose"]))
    report = read_report(result)
    for key in ["description", "expectation", "result", "resultClose", "expected", "received",
                "remoteCloseCode", "remoteCloseReason", "wasNotCleanReason"]:
        print("  %-18s %s" % (key, json.dumps(report.get(key))[:300]))


def compresses(cases):
    """Whether the server compressed in the compressed cases; says how much. Messages of 16 bytes may grow by it."""
    seconds = messages = octets = sent = 0
    for case, result in cases.items():
        if in_order(case)[0] in COMPRESSED:
            traffic = read_report(result)["trafficStats"] or {}
            seconds += result["duration"] / 1000.0
            messages += traffic.get("incomingWebSocketMessages", 0)
            octets += traffic.get("incomingOctetsAppLevel", 0)
            sent += traffic.get("incomingOctetsWebSocketLevel", 0)
    if not octets:
        return True
    print("autobahn: %d messages of the compressed cases came back, %.1f MB in %.1f MB (%.1f %%); the cases took %.0f s"
          % (messages, octets / 1e6, sent / 1e6, 100.0 * sent / octets, seconds))
    return sent != octets


def main(server, cases_min, indexes):
    cases = read_cases(server, indexes)
    print_counts(cases, "behavior")
    print_counts(cases, "behaviorClose")
    compressed = compresses(cases)
    failed = [case for case in sorted(cases, key=in_order)
              if not (is_right(case, cases[case]["behavior"]) and is_right(case, cases[case]["behaviorClose"]))]
    complete = len(cases) >= cases_min
    if server == "holdline":
        for case in failed:
            print_failure(case, cases[case])
        if failed:
            print("\n", end="")
    print_words(cases, failed)
    if not compressed:
        print("autobahn: nothing was compressed")
    if not complete:
        print("autobahn: the report has %d cases, and there should be %d" % (len(cases), cases_min))
    print("autobahn: %d of %d cases as they should be" % (len(cases) - len(failed), max(len(cases), cases_min)))
    if server != "holdline":
        return 0 if complete else 1
    return 1 if failed or not complete or not compressed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))
