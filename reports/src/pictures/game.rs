//! The pictures of a game: where it rests, what each strategy earns, who joins, who survives where.

use super::sweep::{Wish, short, wished};
use crate::error::ReportError;
use crate::game::{Game, Payoff};
use crate::page::number;
use crate::picture::{Axis, Block, Blocks, Body, Dot, Dots, GROUPS_MAX, Group, Picture, Scale};

/// Profiles drawn; of more the table tells.
const PROFILES_MAX: usize = 60;

/// All that show something.
///
/// # Errors
/// A phase diagram without its columns.
pub fn all(game: &Game) -> Result<Vec<Picture>, ReportError> {
    let mut all: Vec<Picture> = phases(game)?.into_iter().collect();
    all.extend([rests(game), payoffs(game), ranks(game), rounds(game)]);
    all.retain(|picture| !picture.is_empty());
    Ok(all)
}

/// Who survives over two factors.
fn phases(game: &Game) -> Result<Option<Picture>, ReportError> {
    let Some(table) = &game.phases else {
        return Ok(None);
    };
    let survivors = table.factor("survivors");
    let (Some(2), [x, y, ..]) = (survivors, table.factors.as_slice()) else {
        return Ok(None);
    };
    let wish = Wish {
        x: x.clone(),
        y: y.clone(),
        by: None,
        z: Some("survivors".into()),
        is_log: false,
        is_front: false,
    };
    let mut picture = wished(table, &wish)?;
    picture.name = "phases".into();
    picture.title = format!("Who survives over {} and {}", short(x), short(y));
    picture.caption = "Strategies with a share of 1 % or more where most starts of the dynamics lead".into();
    Ok(Some(picture))
}

fn groups(names: &[&str]) -> Vec<Group> {
    let named = names.iter().take(GROUPS_MAX).enumerate();
    let mut groups: Vec<Group> = named.map(|(at, name)| Group::new(*name, at)).collect();
    if let (true, Some(last)) = (names.len() > GROUPS_MAX, groups.last_mut()) {
        last.name = "others".into();
    }
    groups
}

/// A bar an end of the dynamics, cut into the shares of the strategies.
fn rests(game: &Game) -> Picture {
    let names = game.strategies();
    let (mut blocks, mut lanes) = (Vec::new(), Vec::new());
    for (lane, rest) in game.rests.iter().enumerate() {
        let starts = rest
            .starts
            .map_or(String::new(), |starts| format!(", {starts} starts"));
        let lane_name = format!("end {}{starts}", lane + 1);
        let mut from = 0.0;
        for (at, (name, share)) in rest.mix.iter().enumerate() {
            let to = from + share;
            if *share >= 0.0005 {
                blocks.push(Block {
                    label: format!("{lane_name}: {name}"),
                    x: (100.0 * from, 100.0 * to),
                    y: (lane as f64 + 0.18, lane as f64 + 0.82),
                    value: Some(100.0 * share),
                    group: at.min(GROUPS_MAX - 1),
                    strength: 0.8,
                    text: if *share > 0.12 {
                        number(100.0 * share)
                    } else {
                        String::new()
                    },
                    ..Block::default()
                });
            }
            from = to;
        }
        lanes.push(lane_name);
    }
    Picture {
        name: "rests".into(),
        title: "Where the replicator dynamics end".into(),
        caption: "Shares of the strategies; a strategy that pays more than the mix grows until none does"
            .into(),
        x: Axis::new("share, %", Scale::Linear).between(0.0, 100.0),
        y: Axis::new("", Scale::Words(lanes)),
        body: Body::Blocks(Blocks {
            groups: groups(&names),
            blocks,
            value_label: "share, %".into(),
        }),
        omitted: 0,
    }
}

fn profile(payoff: &Payoff) -> String {
    let played = payoff.profile.iter().filter(|(_, count)| *count > 0);
    let words: Vec<String> = played.map(|(name, count)| format!("{count} {name}")).collect();
    words.join(", ")
}

/// What one who follows each strategy earns in each profile.
fn payoffs(game: &Game) -> Picture {
    let mut lanes: Vec<String> = Vec::new();
    let mut names: Vec<&str> = game.strategies();
    let (mut dots, mut omitted) = (Vec::new(), 0);
    for payoff in &game.payoffs {
        let lane = profile(payoff);
        let at = match lanes.iter().position(|known| *known == lane) {
            Some(at) => at,
            None if lanes.len() < PROFILES_MAX => {
                lanes.push(lane.clone());
                lanes.len() - 1
            }
            None => {
                omitted += 1;
                continue;
            }
        };
        let group = names
            .iter()
            .position(|name| *name == payoff.strategy)
            .unwrap_or_else(|| {
                names.push(&payoff.strategy);
                names.len() - 1
            });
        dots.push(Dot {
            label: format!("{lane}: {}", payoff.strategy),
            x: payoff.earns.mean,
            y: at as f64 + 0.5,
            x_interval: payoff.earns.interval,
            y_interval: None,
            group: group.min(GROUPS_MAX - 1),
            is_named: false,
        });
    }
    Picture {
        name: "payoffs".into(),
        title: "What one who follows a strategy earns".into(),
        caption:
            "A row a profile of all players; in units of what one earns when all follow the first strategy"
                .into(),
        x: Axis::new("earns", Scale::Linear),
        y: Axis::new("profile", Scale::Words(lanes)),
        body: Body::Dots(Dots {
            groups: groups(&names),
            dots,
            ..Dots::default()
        }),
        omitted,
    }
}

/// Long-run shares.
fn ranks(game: &Game) -> Picture {
    let bar = |(lane, (name, share)): (usize, &(String, f64))| Block {
        label: name.clone(),
        x: (0.0, 100.0 * share),
        y: (lane as f64 + 0.18, lane as f64 + 0.82),
        value: Some(100.0 * share),
        strength: 0.8,
        text: String::new(),
        ..Block::default()
    };
    let lanes = game.ranks.iter().map(|(name, _)| name.clone()).collect();
    Picture {
        name: "ranks".into(),
        title: "Long-run shares by α-rank".into(),
        caption: "How long a finite population that imitates what pays spends with each strategy".into(),
        x: Axis::new("share, %", Scale::Linear).between(0.0, 100.0),
        y: Axis::new("", Scale::Words(lanes)),
        body: Body::Blocks(Blocks {
            groups: vec![Group::new("share of the time", 0)],
            blocks: game.ranks.iter().enumerate().map(bar).collect(),
            value_label: "share, %".into(),
        }),
        omitted: 0,
    }
}

/// What every candidate would have gained in every round.
fn rounds(game: &Game) -> Picture {
    let (mut lanes, mut dots) = (Vec::new(), Vec::new());
    for trial in &game.rounds {
        let lane = format!("{}: {}", trial.round, trial.candidate);
        dots.push(Dot {
            label: format!("round {lane}, at {}", trial.rests_at),
            x: 100.0 * trial.gain.mean,
            y: lanes.len() as f64 + 0.5,
            x_interval: trial.gain.interval.map(|(low, high)| (100.0 * low, 100.0 * high)),
            y_interval: None,
            group: usize::from(!trial.joins),
            is_named: false,
        });
        lanes.push(lane);
    }
    Picture {
        name: "rounds".into(),
        title: "Who would gain where the game rests".into(),
        caption: "A row a round and candidate; the one that surely gains most joins before the next round"
            .into(),
        x: Axis::new(
            "gain, % of what all earn who follow the first strategy",
            Scale::Linear,
        ),
        y: Axis::new("round: candidate", Scale::Words(lanes)),
        body: Body::Dots(Dots {
            groups: vec![Group::new("joins", 1), Group::new("does not", 6)],
            dots,
            ..Dots::default()
        }),
        omitted: 0,
    }
}
