#!/usr/bin/env python3
"""Let Gambit read what `stakeout game` exports: `python3 tools/check_gambit.py PROGRAM GAME.yaml...`.

Each game is solved by the program into a folder for temporary files. Gambit (pygambit, 16 or later) then reads game.nfg
and says whether it sees what the program says: every payoff that was simulated, the regret at each end of the dynamics,
and of a game whose payoffs were given every equilibrium. Exit code 0: it does; 6: it does not; 2: usage; 77: no pygambit.
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import pygambit
except ImportError:
    print("no pygambit: nothing was checked")
    sys.exit(77)

CLOSE, failures = 1e-4, []


def check(is_right, what):
    print(f"{'ok    ' if is_right else 'FAILED'}  {what}")
    if not is_right:
        failures.append(what)


def payoffs(game, contingency):
    """What each player gets where they play the strategies of these names. Players are words since version 17."""
    players = list(game.players)
    if hasattr(game, "get_payoffs"):
        found = game.get_payoffs(dict(zip(players, contingency)))
        return [float(found[player]) for player in players]
    places = [[s.label for s in player.strategies].index(name) for player, name in zip(players, contingency)]
    return [float(game[tuple(places)][player]) for player in players]


def strategies(game):
    """Names of each player's strategies."""
    if hasattr(game, "get_strategies"):
        return [list(game.get_strategies(player)) for player in game.players]
    return [[strategy.label for strategy in player.strategies] for player in game.players]


def shares(game, profile):
    """Probabilities of all strategies, player by player."""
    return [float(profile[player][strategy] if isinstance(player, str) else profile[strategy])
            for player in game.players
            for strategy in (game.get_strategies(player) if isinstance(player, str) else player.strategies)]


def check_equilibria(game, rows):
    """Every equilibrium of a two-player game, in any order."""
    columns = [f"{whose}: {name}" for whose, names in zip(("first", "second"), strategies(game)) for name in names]
    printed = sorted([row[column] for column in columns] for row in rows)
    solved = pygambit.nash.enummixed_solve(game, rational=False).equilibria
    found = sorted(shares(game, profile) for profile in solved)
    same = len(found) == len(printed) and all(
        abs(a - b) < CLOSE for one, other in zip(found, printed) for a, b in zip(one, other))
    check(same, f"{len(printed)} equilibria as Gambit enumerates them")


def check_payoffs(game, rows):
    """Every payoff of the printed table, where Gambit has it."""
    names, count = strategies(game), len(list(game.players))
    players = sum(rows[0][name] for name in names[0])
    seen, right = 0, True
    for row in rows:
        own = row["one who follows"]
        others = [name for name in names[0]
                  for _ in range(round((row[name] - (name == own)) * (count - 1) / (players - 1)))]
        right &= len(others) == count - 1 and abs(payoffs(game, [own, *others])[0] - row["earns"]) < CLOSE
        seen += 1
    check(right and seen > 0, f"{seen} payoffs where they belong")


def check_rests(game, rows):
    """Gambit's regret where the dynamics end, against the printed one."""
    names = strategies(game)
    for row in rows:
        mix = [max(row[name], 0.0) for name in names[0]]
        data = [[share / sum(mix) for share in mix] for _ in names]
        profile = game.mixed_strategy_profile(data=data)
        regret = profile.max_regret() if callable(profile.max_regret) else profile.max_regret
        check(abs(float(regret) - row["regret"]) < 10 * CLOSE, f"regret {row['regret']:.5f} at an end of the dynamics")


def main(program, files):
    for file in files:
        with tempfile.TemporaryDirectory() as folder:
            print(f"{file}, Gambit {pygambit.__version__}")
            run = subprocess.run([program, "game", file, "--out", folder, "--format", "json"],
                                 capture_output=True, text=True, check=True)
            tables = json.loads(run.stdout)
            tables = {"Equilibria": tables} if isinstance(tables, list) else tables
            game = pygambit.read_nfg(str(Path(folder) / "game.nfg"))
            if "Equilibria" in tables:
                check_equilibria(game, tables["Equilibria"])
            if "Payoffs" in tables:
                check_payoffs(game, tables["Payoffs"])
            check_rests(game, tables.get("Where the replicator dynamics end", []))
    return 6 if failures else 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        print(__doc__)
        sys.exit(2)
    sys.exit(main(sys.argv[1], sys.argv[2:]))
