//! The field table for people and editors: a JSON Schema and a table of parameters.
//!
//! Invariant: both are made from the table alone, so a field that reads is a field that is documented.

use serde_json::{Map, Value, json};

use super::fields::{self, Field, Kind, Need, groups};
use super::quantity::Dimension;
use super::read::describe_range;
use crate::strategy::registry::{ParamKind, Registry};

/// One row of the table of parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Dotted path; entries of lists and tables stand under `population[]`, `models.<name>` and so on.
    pub path: String,
    /// Rule family or section.
    pub family: String,
    /// What it may hold, with units and range.
    pub allowed: String,
    /// Value in the preset `minimal`, or where nobody gives one.
    pub default: String,
    /// What it does.
    pub doc: &'static str,
}

/// Every parameter there is, section by section.
#[must_use]
pub fn parameters() -> Vec<Parameter> {
    let layers = super::layers::Layers::new(None, &[]);
    let default = |field: &Field, path: &str| match (layers.leaves.get(path), field.need) {
        (Some(leaf), _) => leaf.node.text().unwrap_or("see preset minimal").to_owned(),
        (None, Need::Default(text)) => text.to_owned(),
        (None, Need::Optional) => "absent".to_owned(),
        (None, Need::Given) => "required".to_owned(),
    };
    let row = |prefix: &str, field: &Field| {
        let path = if prefix.is_empty() {
            field.path.to_owned()
        } else {
            format!("{prefix}.{}", field.path)
        };
        let family = if prefix.is_empty() {
            field.family().to_owned()
        } else {
            prefix.to_owned()
        };
        Parameter {
            family,
            allowed: allowed(field),
            default: default(field, &path),
            doc: field.doc,
            path,
        }
    };
    let fixed = fields::all().map(|field| row("", field));
    let below =
        |prefix: &'static str, table: &'static [Field]| table.iter().map(move |field| (prefix, field));
    let entries = below("models.<name>", groups::MODEL)
        .chain(below("hardware.<name>", groups::HARDWARE))
        .chain(below("population[]", groups::GROUP))
        .chain(below("population[].absence", groups::ABSENCE))
        .chain(below("outages.shared[]", groups::SHARED_OUTAGE));
    fixed
        .chain(entries.map(|(prefix, field)| row(prefix, field)))
        .collect()
}

/// What a field may hold, as a sentence.
#[must_use]
pub fn allowed(field: &Field) -> String {
    let none = if field.allows_none { ", or none" } else { "" };
    let values = match &field.kind {
        Kind::Quantity { dimension, min, max } => {
            return describe_range(dimension, *min, *max, field.allows_none);
        }
        Kind::OneOf(names) => names.join(", "),
        Kind::Switch => "true, false".to_owned(),
        Kind::Word => "a name".to_owned(),
        Kind::Text => "text".to_owned(),
        Kind::File => "a file beside or below the scenario".to_owned(),
        Kind::Lengths => "a length, or a law: uniform, exponential, lognormal, empirical".to_owned(),
        Kind::Words => "a name or a list of names".to_owned(),
        Kind::Weights => "a weight, a list, or a law: linear, pareto".to_owned(),
        Kind::Strategy => "a strategy, or {strategy: {parameter: value}}".to_owned(),
        Kind::Population => "a list of groups".to_owned(),
        Kind::SharedOutages => "a list of outages".to_owned(),
        Kind::Heights => "heights by name".to_owned(),
        Kind::Hashes => "hashes by file".to_owned(),
        Kind::Absence => "a map with from and epochs".to_owned(),
    };
    values + none
}

/// The JSON Schema (draft 2020-12) of scenario files, so that editors complete and check.
#[must_use]
pub fn json_schema(registry: &Registry) -> schemars::Schema {
    let mut root = object();
    for field in fields::all() {
        let words: Vec<&str> = field.path.split('.').collect();
        insert(&mut root, &words, schema_of(field, registry));
    }
    let properties = properties_of(&mut root);
    for (table, table_fields) in groups::TOP_LEVEL_TABLES {
        let entry = item_schema(table_fields, &[], registry);
        properties.insert(
            (*table).to_owned(),
            json!({"type": "object", "additionalProperties": entry}),
        );
    }
    let presets = super::presets::names();
    properties.insert(
        "preset".to_owned(),
        json!({
            "description": "Presets that the file is laid over, from left to right.",
            "anyOf": [{"enum": presets}, {"type": "array", "items": {"enum": presets}}],
        }),
    );
    let sources = json!({"type": "object", "additionalProperties": {"type": "string"}, "description": "Public sources of values, by path."});
    properties.insert("sources".to_owned(), sources);
    let top = root.as_object_mut().expect("an object");
    top.insert(
        "$schema".to_owned(),
        json!("https://json-schema.org/draft/2020-12/schema"),
    );
    top.insert("title".to_owned(), json!("Stakeout scenario"));
    schemars::Schema::try_from(root).expect("an object is a schema")
}

fn object() -> Value {
    json!({"type": "object", "additionalProperties": false, "properties": {}})
}

fn properties_of(schema: &mut Value) -> &mut Map<String, Value> {
    schema
        .get_mut("properties")
        .and_then(Value::as_object_mut)
        .expect("an object schema has properties")
}

fn insert(schema: &mut Value, words: &[&str], value: Value) {
    let (word, rest) = words.split_first().expect("a path has a word");
    let properties = properties_of(schema);
    if rest.is_empty() {
        properties.insert((*word).to_owned(), value);
    } else {
        insert(properties.entry(*word).or_insert_with(object), rest, value);
    }
}

fn item_schema(table: &[Field], required: &[&str], registry: &Registry) -> Value {
    let mut item = object();
    for field in table {
        insert(&mut item, &[field.path], schema_of(field, registry));
    }
    if !required.is_empty() {
        item.as_object_mut()
            .expect("an object")
            .insert("required".to_owned(), json!(required));
    }
    item
}

fn schema_of(field: &Field, registry: &Registry) -> Value {
    let mut schema = kind_schema(&field.kind, registry);
    if field.allows_none {
        schema = json!({"anyOf": [schema, {"const": "none"}]});
    }
    let description = format!("{} Allowed: {}.", field.doc, allowed(field));
    schema
        .as_object_mut()
        .expect("an object")
        .insert("description".to_owned(), json!(description));
    schema
}

fn kind_schema(kind: &Kind, registry: &Registry) -> Value {
    let word = json!({"type": ["string", "number"]});
    match kind {
        Kind::Quantity { dimension, min, max } => quantity_schema(dimension, *min, *max),
        Kind::OneOf(names) => json!({"enum": names}),
        Kind::Switch => json!({"type": "boolean"}),
        Kind::Word | Kind::Text | Kind::File => word,
        Kind::Words => json!({"anyOf": [word, {"type": "array", "items": word}]}),
        Kind::Lengths => lengths_schema(),
        Kind::Weights => json!({"anyOf": [
            {"type": "integer", "minimum": 1},
            {"type": "array", "items": {"type": "integer", "minimum": 1}},
            {"type": "object", "maxProperties": 1, "minProperties": 1, "additionalProperties": false, "properties": {
                "linear": {"type": "object", "required": ["from", "to"]},
                "pareto": {"type": "object", "required": ["min", "exponent"]},
            }},
        ]}),
        Kind::Strategy => strategy_schema(registry),
        Kind::Population => {
            json!({"type": "array", "items": item_schema(groups::GROUP, &["strategy", "hardware"], registry)})
        }
        Kind::SharedOutages => {
            json!({"type": "array", "items": item_schema(groups::SHARED_OUTAGE, &["at", "lasts", "share"], registry)})
        }
        Kind::Absence => item_schema(groups::ABSENCE, &["from", "epochs"], registry),
        Kind::Heights => json!({"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}}),
        Kind::Hashes => {
            json!({"type": "object", "additionalProperties": {"type": "string", "pattern": "^[0-9a-f]{16}$"}})
        }
    }
}

fn quantity_schema(dimension: &Dimension, min: i128, max: i128) -> Value {
    let units = dimension.unit_names();
    if units.is_empty() {
        let factor = dimension.units[0].factor;
        let kind = if factor == 1 { "integer" } else { "number" };
        return json!({"type": kind, "minimum": min as f64 / factor as f64, "maximum": max as f64 / factor as f64});
    }
    let sign = if min < 0 { "-?" } else { "" };
    json!({"type": "string", "pattern": format!("^{sign}[0-9][0-9_]*(\\.[0-9]+)?([eE][-+]?[0-9]+)? *({})$", units.join("|"))})
}

fn lengths_schema() -> Value {
    let tokens = quantity_schema(&super::quantity::TOKENS, 0, 1);
    let law = |keys: &[&str]| {
        let properties: Map<String, Value> = keys
            .iter()
            .map(|key| ((*key).to_owned(), tokens.clone()))
            .collect();
        json!({"type": "object", "additionalProperties": false, "required": keys, "properties": properties})
    };
    json!({"anyOf": [tokens, {"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": false, "properties": {
        "uniform": law(&["min", "max"]),
        "exponential": law(&["mean"]),
        "lognormal": law(&["median", "p95"]),
        "empirical": {"type": "string"},
    }}]})
}

fn strategy_schema(registry: &Registry) -> Value {
    let mut with_params = object();
    for strategy in registry.iter() {
        let mut params = object();
        for param in strategy.params {
            let mut schema = match param.kind {
                ParamKind::Fraction => quantity_schema(&super::quantity::SHARE, 0, 1),
                ParamKind::Duration => quantity_schema(&super::quantity::DURATION, 0, 1),
                ParamKind::Count { min, max } => json!({"type": "integer", "minimum": min, "maximum": max}),
                ParamKind::Name => json!({"type": "string"}),
                ParamKind::OneOf(names) => json!({"enum": names}),
                ParamKind::Switch => json!({"type": "boolean"}),
            };
            schema
                .as_object_mut()
                .expect("an object")
                .insert("description".to_owned(), json!(param.doc));
            insert(&mut params, &[param.name], schema);
        }
        params
            .as_object_mut()
            .expect("an object")
            .insert("description".to_owned(), json!(strategy.summary));
        insert(&mut with_params, &[strategy.name], params);
    }
    json!({"anyOf": [{"enum": registry.names()}, with_params]})
}
