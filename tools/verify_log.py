#!/usr/bin/env python3
"""Verify a Stakeout run directory without Stakeout: `python3 tools/verify_log.py RUN_DIRECTORY`.

Shares no code with the program. Checks seal, hashes, the chain of each event log, that causes come first, and every
balance: at each epoch, at the end, each host's payouts. Exit code 0: verified; 6: not; 2: usage. Formats: docs/audit.md.
"""
import json
import sys
from collections import defaultdict
from pathlib import Path

try:
    import pyarrow.parquet as parquet
    from blake3 import blake3
except ImportError as error:
    print(f"{error}: run `pip install pyarrow blake3` first", file=sys.stderr)
    sys.exit(2)

failures = []
ACCOUNTS = """clients module claimable wallets vesting governance burned deficit issuance escrow work collateral
slashed""".split()
MAY_BE_NEGATIVE = {"work", "deficit", "issuance"}


def check(is_right, what):
    print(f"{'ok    ' if is_right else 'FAILED'}  {what}")
    if not is_right:
        failures.append(what)


def postings(row):
    """The coins that an event moves: (from, to, amount), an account being its kind and its owner."""
    kind, who, other, value, second = (row[name] for name in ("kind", "participant", "other", "value", "second"))
    figure = value + (second << 63)
    work, claimable, client, escrow = ("work", who), ("claimable", who), ("clients", other), ("escrow", None)
    return {
        "started": [(client, escrow, value)],
        "finished": [(escrow, work, value), (escrow, client, second)],
        "expired": [(escrow, client, value)],
        "shared": [(work, ("work", other), value)],
        "invalidated": [(work, client, value)],
        "slashed": [(("collateral", who), ("slashed", None), figure)],
        "fined": [(work, ("slashed", None), figure)],
        "bounty": [(work, ("work", other), value)],
        "entry_paid": [(("issuance", None), ("governance", None), figure)],
        "slash_moved": [(("slashed", None), ("governance" if other else "burned", None), figure)],
        "work_settled": [(work, claimable, figure)],
        "work_lost": [(work, ("module", None), figure)],
        "written_off": [(("deficit", None), work, figure)],
        "rewarded": [(("issuance", None), claimable, figure)],
        "governance": [(("issuance", None), ("governance", None), figure)],
        "burned": [(("issuance", None), ("burned", None), figure)],
        "claimed": [(claimable, ("vesting" if other else "wallets", who), figure)],
        "claim_lost": [(claimable, ("governance", None), figure)],
        "released": [(("vesting", who), ("wallets", who), figure)],
        "funded": [(("issuance", None), client, figure)],
        "deposited": [(("issuance", None), ("collateral", who), figure)],
    }.get(kind, [])


def segment_end(group):
    """Where a segment's columns end in the file."""
    columns = [group.column(place) for place in range(group.num_columns)]
    starts = [column.dictionary_page_offset or column.data_page_offset for column in columns]
    return max(start + column.total_compressed_size for start, column in zip(starts, columns))


def verify_log(folder, manifest, log, stated):
    name, replicate = log["file"], log["replicate"]
    file, stored, bytes_hashed, prefix = parquet.ParquetFile(folder / name), open(folder / name, "rb"), 0, blake3()
    checkpoints = (file.metadata.metadata or {}).get(b"stakeout.checkpoints", b"").decode().split(",")
    identity = f"stakeout event log 2\n{manifest['scenario_hash']}\n{manifest['seed']}\n{replicate}\n"
    head, number, height, paid = blake3(identity.encode()).digest(), 0, 0, defaultdict(int)
    balances, totals, touched, wrong = defaultdict(int), defaultdict(int), set(), []
    for segment in range(file.num_row_groups):
        first, end = number, segment_end(file.metadata.row_group(segment))
        prefix.update(stored.read(end - bytes_hashed))
        bytes_hashed = end
        for row in file.read_row_group(segment).to_pylist():
            is_next = (row["replicate"], row["event"]) == (replicate, number) and row["height"] >= height
            if not is_next or (row["cause"] is not None and row["cause"] >= number):
                wrong.append(f"event {number} is out of order")
            if row["height"] != height:
                wrong += [f"{account} is overdrawn before event {number}" for account in touched
                          if account[0] not in MAY_BE_NEGATIVE and balances[account] < 0]
                touched, height = set(), row["height"]
            for debit, credit, amount in postings(row):
                for account, change in ((debit, -amount), (credit, amount)):
                    balances[account] += change
                    totals[account[0]] += change
                touched.add(debit)
            if row["kind"] == "balance":
                account, figure = ACCOUNTS[row["other"]], row["value"] + (row["second"] << 63)
                if totals[account] != figure:
                    wrong.append(f"event {number}: {account} is stated as {figure} and is {totals[account]}")
            if row["kind"] == "claimed":
                paid[row["participant"]] += row["value"] + (row["second"] << 63)
            number += 1
        head = blake3(head + prefix.digest()).digest()
        if segment >= len(checkpoints) or checkpoints[segment] != head.hex():
            check(False, f"{name}: checkpoint {segment}, events {first} to {number - 1}")
    check((log["events"], log["head"]) == (number, head.hex()), f"{name}: {number} events, head {head.hex()[:16]}")
    check(not wrong, f"{name}: order and balances at every epoch {'; '.join(wrong[:3])}")
    final = {account: int(text) for account, text in stated["balances"]}
    different = [account for account in ACCOUNTS if final.get(account) != totals[account]]
    check(not different, f"{name}: balances at the end {' '.join(different)}")
    check(sum(totals.values()) == 0, f"{name}: all accounts sum to zero")
    for row in parquet.read_table(folder / "participants.parquet").to_pylist():
        if row["replicate"] == replicate:
            paid[row["participant"]] -= int(max(row["work_coins_base_units"], 0)) + int(row["reward_base_units"])
    check(not any(paid.values()), f"{name}: every host was paid what its rows say")


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    folder = Path(sys.argv[1])
    text = (folder / "manifest.json").read_bytes().decode(errors="replace")
    try:
        manifest = json.loads(text)
    except ValueError as error:
        check(False, f"manifest.json: cannot be read: {error}")
        return 6
    unsealed = text.replace(manifest["seal"], "0" * 64, 1)
    check(blake3(unsealed.encode()).hexdigest() == manifest["seal"], "manifest.json: its seal")
    for entry in manifest["files"]:
        path = folder / entry["name"]
        content = path.read_bytes() if path.exists() else b""
        check((len(content), blake3(content).hexdigest()) == (entry["bytes"], entry["blake3"]), f"{entry['name']}: hash")
    known = {entry["name"] for entry in manifest["files"]} | {"manifest.json", "report.html"}
    check(not {path.name for path in folder.iterdir()} - known, "no file that the manifest does not know")
    for log in manifest["event_logs"]:
        try:
            states = {state["replicate"]: state for state in json.loads((folder / "replicates.json").read_text())}
            verify_log(folder, manifest, log, states[log["replicate"]])
        except Exception as error:  # a broken file may break its reader anywhere
            check(False, f"{log['file']}: cannot be read: {error}")
    return 6 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
