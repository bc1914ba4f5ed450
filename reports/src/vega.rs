//! Pictures as specifications of the Vega grammar, for the page's script to draw.
//!
//! **Invariant.** A specification holds the numbers of the picture and loads nothing. Words of a scenario stand in data
//! alone, never in an expression, so that none of them is ever read as code.

use serde_json::{Value, json};

use crate::draw;
use crate::page::number;
use crate::picture::{Axis, Blocks, Body, Curve, Dots, Flow, Picture, Scale};

/// The specification of a picture. Its width is the page's to set.
pub fn spec(picture: &Picture) -> Value {
    let (data, scales, marks, groups) = match &picture.body {
        Body::Curves(curves) => curve_marks(picture, curves),
        Body::Blocks(blocks) => block_marks(picture, blocks),
        Body::Dots(dots) => dot_marks(picture, dots),
        Body::Flow(flow) => flow_marks(flow),
    };
    let is_flow = matches!(picture.body, Body::Flow(_));
    let height = draw::height(picture) - if is_flow { 60 } else { 110 };
    let mut spec = json!({
        "height": height,
        "padding": 6,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "signals": [
            {"name": "xWords", "value": picture.x.words()},
            {"name": "yWords", "value": picture.y.words()},
            {"name": "picked", "value": null, "on": [
                {"events": "@entry:click, @entryLabel:click", "update": "picked === datum.value ? null : datum.value", "force": true},
                {"events": "dblclick", "update": "null"}
            ]},
        ],
        "data": data,
        "scales": scales,
        "marks": marks,
    });
    if !is_flow {
        spec["axes"] = json!([axis(&picture.x, "bottom", "x"), axis(&picture.y, "left", "y")]);
    }
    if groups > 0 {
        let fade = "!isValid(picked) || picked === datum.value ? 1 : 0.3";
        spec["legends"] = json!([{
            "fill": "colour", "orient": "top", "direction": "horizontal", "symbolType": "square",
            "columns": if groups > 3 { 3 } else { groups }, "labelLimit": 260,
            "encode": {
                "symbols": {"name": "entry", "interactive": true,
                            "update": {"opacity": {"signal": fade}, "cursor": {"value": "pointer"}}},
                "labels": {"name": "entryLabel", "interactive": true,
                           "update": {"opacity": {"signal": fade}, "cursor": {"value": "pointer"}}},
            },
        }]);
    }
    spec
}

type Parts = (Value, Value, Value, usize);

/// Opacity of a mark whose group another may be picked over.
fn faded(full: &str, faint: &str) -> Value {
    json!({"signal": format!("!isValid(picked) || picked === datum.g ? {full} : {faint}")})
}

fn scale(name: &str, axis: &Axis, ends: (f64, f64)) -> Value {
    let range = if name == "x" { "width" } else { "height" };
    let kind = if axis.scale == Scale::Log { "log" } else { "linear" };
    let is_reversed = name == "y" && !axis.words().is_empty();
    json!({"name": name, "type": kind, "domain": [ends.0, ends.1], "range": range, "zero": false, "nice": false,
           "clamp": true, "reverse": is_reversed})
}

fn colours(groups: &[(String, usize)]) -> Value {
    let names: Vec<&String> = groups.iter().map(|group| &group.0).collect();
    let range: Vec<String> = groups
        .iter()
        .map(|group| format!("var(--curve-{})", group.1 % crate::picture::GROUPS_MAX + 1))
        .collect();
    json!({"name": "colour", "type": "ordinal", "domain": names, "range": range})
}

fn axis(axis: &Axis, orient: &str, name: &str) -> Value {
    let mut found = json!({"orient": orient, "scale": name, "title": axis.label, "grid": axis.words().is_empty(),
                           "labelOverlap": axis.words().is_empty(), "titlePadding": 8});
    match &axis.scale {
        Scale::Words(words) => {
            let middles: Vec<f64> = (0..words.len()).map(|at| at as f64 + 0.5).collect();
            found["values"] = json!(middles);
            found["labelLimit"] = json!(190);
            found["encode"] = json!({"labels": {"update": {"text": {"signal": format!("{name}Words[floor(datum.value)]")}}}});
            if name == "x" && words.len() > 5 {
                found["labelAngle"] = json!(-50);
                found["labelAlign"] = json!("right");
                found["labelLimit"] = json!(120);
            }
        }
        Scale::Whole => {
            found["tickMinStep"] = json!(1);
            found["tickCount"] = json!(8);
        }
        Scale::Log => found["tickCount"] = json!(6),
        Scale::Linear => found["tickCount"] = json!(7),
    }
    found
}

/// A value of an axis as words.
fn told(axis: &Axis, value: f64) -> String {
    match axis.word(value) {
        Some(word) => word.to_string(),
        None => format!("{}: {}", axis.label, number(value)),
    }
}

fn ranged(value: f64, low: f64, high: f64) -> String {
    match low < high {
        true => format!("{} ({} to {})", number(value), number(low), number(high)),
        false => number(value),
    }
}

fn curve_marks(picture: &Picture, curves: &[Curve]) -> Parts {
    let mut rows = Vec::new();
    for curve in curves {
        for p in curve.points.iter().filter(|p| p.mean.is_finite()) {
            let tip = format!(
                "{}\n{}\n{}: {}",
                curve.name,
                told(&picture.x, p.x),
                picture.y.label,
                ranged(p.mean, p.low, p.high)
            );
            rows.push(json!({"g": curve.name, "x": p.x, "y": p.mean, "l": p.low, "h": p.high, "t": tip}));
        }
    }
    let groups: Vec<_> = curves.iter().map(|c| (c.name.clone(), c.colour)).collect();
    let is_step = curves.iter().any(|curve| curve.is_step);
    let bend = if is_step { "step-after" } else { "linear" };
    let has_band = curves.iter().flat_map(|c| &c.points).any(|p| p.high > p.low);
    let x = json!({"scale": "x", "field": "x"});
    let y = json!({"scale": "y", "field": "y"});
    let fill = json!({"scale": "colour", "field": "g"});
    let mut marks = Vec::new();
    if has_band {
        marks.push(
            json!({"type": "area", "from": {"data": "curve"}, "interactive": false, "encode": {"update": {
            "x": x, "y": {"scale": "y", "field": "h"}, "y2": {"scale": "y", "field": "l"},
            "interpolate": {"value": bend}, "fill": fill, "fillOpacity": faded("0.18", "0.03")}}}),
        );
    }
    marks.push(
        json!({"type": "line", "from": {"data": "curve"}, "interactive": false, "encode": {"update": {
        "x": x, "y": y, "interpolate": {"value": bend}, "stroke": fill, "strokeWidth": {"value": 2},
        "strokeOpacity": faded("1", "0.12")}}}),
    );
    let lone = if curves.iter().all(|curve| curve.points.len() < 2) {
        1.0
    } else {
        0.0
    };
    marks.push(json!({"type": "symbol", "from": {"data": "curve"}, "encode": {
        "enter": {"x": x, "y": y, "size": {"value": 90}, "fill": fill, "tooltip": {"field": "t"}},
        "update": {"x": x, "y": y, "opacity": {"value": lone}},
        "hover": {"opacity": {"value": 1}}}}));
    let group = json!([{"type": "group", "from": {"facet": {"name": "curve", "data": "rows", "groupby": "g"}},
                        "marks": marks}]);
    let (xs, ys) = picture.ranges();
    (
        json!([{"name": "rows", "values": rows}]),
        json!([
            scale("x", &picture.x, xs),
            scale("y", &picture.y, ys),
            colours(&groups)
        ]),
        group,
        groups.len(),
    )
}

fn block_marks(picture: &Picture, blocks: &Blocks) -> Parts {
    let is_bars = blocks.is_bars();
    let mut rows = Vec::new();
    for block in &blocks.blocks {
        let group = blocks
            .groups
            .get(block.group)
            .map_or("", |group| group.name.as_str());
        let middle = (
            f64::midpoint(block.x.0, block.x.1),
            f64::midpoint(block.y.0, block.y.1),
        );
        let mut tip = format!("{}\n{group}", block.label);
        for (axis, at) in [(&picture.x, middle.0), (&picture.y, middle.1)] {
            if let Some(word) = axis.word(at).filter(|word| *word != block.label) {
                tip += &format!("\n{}: {word}", axis.label);
            }
        }
        if let Some(value) = block.value {
            let (low, high) = block.interval.unwrap_or((value, value));
            tip += &format!("\n{}: {}", blocks.value_label, ranged(value, low, high));
        }
        let mut row = json!({"g": group, "x": block.x.0, "x2": block.x.1, "y": block.y.0, "y2": block.y.1,
                             "o": block.strength, "s": block.text, "t": tip});
        if let Some((low, high)) = block.interval.filter(|_| is_bars) {
            row["l"] = json!(low);
            row["h"] = json!(high);
        }
        rows.push(row);
    }
    let groups: Vec<_> = blocks.groups.iter().map(|g| (g.name.clone(), g.colour)).collect();
    let middle = json!({"signal": "(scale('y', datum.y) + scale('y', datum.y2)) / 2"});
    let mut marks = vec![json!({"type": "rect", "from": {"data": "rows"}, "encode": {
        "enter": {"tooltip": {"field": "t"}},
        "update": {
            "x": {"scale": "x", "field": "x"}, "x2": {"scale": "x", "field": "x2"},
            "y": {"scale": "y", "field": "y"}, "y2": {"scale": "y", "field": "y2"},
            "fill": {"scale": "colour", "field": "g"}, "fillOpacity": faded("datum.o", "datum.o * 0.15"),
            "stroke": {"value": null}},
        "hover": {"stroke": {"value": "var(--ink)"}}}})];
    if is_bars {
        marks.push(json!({"type": "rule", "from": {"data": "rows"}, "interactive": false, "encode": {"update": {
            "x": {"scale": "x", "field": "l"}, "x2": {"scale": "x", "field": "h"}, "y": middle,
            "stroke": {"value": "var(--ink)"}, "strokeWidth": {"value": 1.5}, "strokeOpacity": faded("0.8", "0.1")}}}));
    }
    if blocks.blocks.iter().any(|block| !block.text.is_empty()) {
        marks.push(
            json!({"type": "text", "from": {"data": "rows"}, "interactive": false, "encode": {"update": {
            "x": {"signal": "(scale('x', datum.x) + scale('x', datum.x2)) / 2"}, "y": middle,
            "text": {"field": "s"}, "align": {"value": "center"}, "baseline": {"value": "middle"},
            "limit": {"signal": "abs(scale('x', datum.x2) - scale('x', datum.x))"},
            "fill": {"value": "var(--ink)"}, "fontSize": {"value": 11}}}}),
        );
    }
    let (xs, ys) = picture.ranges();
    (
        json!([{"name": "rows", "values": rows}]),
        json!([
            scale("x", &picture.x, xs),
            scale("y", &picture.y, ys),
            colours(&groups)
        ]),
        json!(marks),
        groups.len(),
    )
}

fn dot_marks(picture: &Picture, dots: &Dots) -> Parts {
    let mut rows = Vec::new();
    for dot in &dots.dots {
        let group = dots.groups.get(dot.group).map_or("", |group| group.name.as_str());
        let ends = |interval: Option<(f64, f64)>, value: f64| interval.unwrap_or((value, value));
        let (x, y) = (ends(dot.x_interval, dot.x), ends(dot.y_interval, dot.y));
        let told = |axis: &Axis, value: f64, (low, high): (f64, f64)| match axis.word(value) {
            Some(word) => word.to_string(),
            None => format!("{}: {}", axis.label, ranged(value, low, high)),
        };
        let tip = format!(
            "{}\n{group}\n{}\n{}",
            dot.label,
            told(&picture.x, dot.x, x),
            told(&picture.y, dot.y, y)
        );
        rows.push(
            json!({"g": group, "x": dot.x, "y": dot.y, "xl": x.0, "xh": x.1, "yl": y.0, "yh": y.1,
                         "s": if dot.is_named { dot.label.as_str() } else { "" }, "t": tip}),
        );
    }
    let line: Vec<_> = dots.line.iter().map(|(x, y)| json!({"x": x, "y": y})).collect();
    let groups: Vec<_> = dots.groups.iter().map(|g| (g.name.clone(), g.colour)).collect();
    let fill = json!({"scale": "colour", "field": "g"});
    let at = |scale: &str, field: &str| json!({"scale": scale, "field": field});
    let rule = |x: &str, x2: &str, y: &str, y2: &str| {
        json!({"type": "rule", "from": {"data": "rows"}, "interactive": false, "encode": {"update": {
            "x": at("x", x), "x2": at("x", x2), "y": at("y", y), "y2": at("y", y2), "stroke": fill,
            "strokeWidth": {"value": 1.5}, "strokeOpacity": faded("0.7", "0.1")}}})
    };
    let marks = json!([
        {"type": "line", "from": {"data": "line"}, "interactive": false, "encode": {"update": {
            "x": at("x", "x"), "y": at("y", "y"), "stroke": {"value": "var(--ink)"},
            "strokeOpacity": {"value": 0.5}, "strokeWidth": {"value": 1.5}}}},
        rule("xl", "xh", "y", "y"),
        rule("x", "x", "yl", "yh"),
        {"type": "symbol", "from": {"data": "rows"}, "encode": {
            "enter": {"tooltip": {"field": "t"}},
            "update": {"x": at("x", "x"), "y": at("y", "y"), "size": {"value": 80}, "fill": fill,
                       "opacity": faded("1", "0.12"), "stroke": {"value": null}},
            "hover": {"stroke": {"value": "var(--ink)"}}}},
        {"type": "text", "from": {"data": "rows"}, "interactive": false, "encode": {"update": {
            "x": at("x", "x"), "y": at("y", "y"), "dy": {"value": -9},
            "dx": {"signal": "scale('x', datum.x) > width * 0.7 ? -7 : 7"},
            "align": {"signal": "scale('x', datum.x) > width * 0.7 ? 'right' : 'left'"},
            "text": {"field": "s"}, "limit": {"value": 240}, "fill": {"value": "var(--ink)"},
            "fontSize": {"value": 11}, "opacity": faded("1", "0.12")}}},
    ]);
    let (xs, ys) = picture.ranges();
    (
        json!([{"name": "rows", "values": rows}, {"name": "line", "values": line}]),
        json!([
            scale("x", &picture.x, xs),
            scale("y", &picture.y, ys),
            colours(&groups)
        ]),
        marks,
        groups.len(),
    )
}

fn flow_marks(flow: &Flow) -> Parts {
    let (bars, ribbons) = draw::flow::layout(flow);
    let role = |node: usize| {
        format!(
            "var(--curve-{})",
            flow.nodes[node].colour % crate::picture::GROUPS_MAX + 1
        )
    };
    let mut corners = Vec::new();
    for (index, (link, ribbon)) in flow.links.iter().zip(&ribbons).enumerate() {
        let tip = format!(
            "{} to {}\n{} {}",
            flow.nodes[link.from].name,
            flow.nodes[link.to].name,
            number(link.amount),
            flow.unit
        );
        for (x, upper, lower) in ribbon {
            corners
                .push(json!({"r": index, "x": x, "y": upper, "y2": lower, "c": role(link.from), "t": tip}));
        }
    }
    let mut nodes = Vec::new();
    let heights = draw::flow::name_heights(flow, &bars);
    for (index, (left, top, right, bottom)) in bars.iter().enumerate() {
        let label = draw::flow::node_label(flow, index);
        nodes.push(
            json!({"x": left, "x2": right, "y": top, "y2": bottom, "n": heights[index], "c": role(index), "s": label,
                          "left": *right > 0.9}),
        );
    }
    let unit = |name: &str, range: &str, is_reversed: bool| json!({"name": name, "domain": [0, 1], "range": range, "reverse": is_reversed});
    let at = |scale: &str, field: &str| json!({"scale": scale, "field": field});
    let marks = json!([
        {"type": "group", "from": {"facet": {"name": "ribbon", "data": "corners", "groupby": "r"}}, "marks": [
            {"type": "area", "from": {"data": "ribbon"}, "encode": {
                "enter": {"tooltip": {"field": "t"}},
                "update": {"x": at("x", "x"), "y": at("y", "y"), "y2": at("y", "y2"), "fill": {"field": "c"},
                           "fillOpacity": {"value": 0.32}},
                "hover": {"fillOpacity": {"value": 0.6}}}}]},
        {"type": "rect", "from": {"data": "nodes"}, "encode": {
            "enter": {"tooltip": {"field": "s"}},
            "update": {"x": at("x", "x"), "x2": at("x", "x2"), "y": at("y", "y"), "y2": at("y", "y2"),
                       "fill": {"field": "c"}}}},
        {"type": "text", "from": {"data": "nodes"}, "interactive": false, "encode": {"update": {
            "x": {"signal": "datum.left ? scale('x', datum.x) - 6 : scale('x', datum.x2) + 6"},
            "y": at("y", "n"),
            "align": {"signal": "datum.left ? 'right' : 'left'"}, "baseline": {"value": "middle"},
            "text": {"field": "s"}, "fill": {"value": "var(--ink)"}, "fontSize": {"value": 12}}}},
    ]);
    (
        json!([{"name": "corners", "values": corners}, {"name": "nodes", "values": nodes}]),
        json!([unit("x", "width", false), unit("y", "height", true)]),
        marks,
        0,
    )
}
