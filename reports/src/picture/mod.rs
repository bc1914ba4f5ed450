//! A picture before it is drawn: what it shows, on which axes, with every number in it.
//!
//! **Invariant.** All forms of a picture (drawing, interactive chart, table, CSV) are made of the same value of this
//! type, so that none of them can say something that another does not.

mod sheet;

pub use sheet::{Entry, Sheet};

/// Most points kept of one curve; longer ones are thinned evenly.
pub const POINTS_MAX: usize = 2_000;
/// Most groups that can be told apart by colour.
pub const GROUPS_MAX: usize = 7;

/// One picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// File name without ending: lower case, digits, hyphens.
    pub name: String,
    /// What it shows, in a few words.
    pub title: String,
    /// How to read it, in a sentence or two.
    pub caption: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// What is drawn.
    pub body: Body,
    /// Things left out because no more can be told apart.
    pub omitted: usize,
}

/// One axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What it is, with its unit.
    pub label: String,
    /// How values lie on it.
    pub scale: Scale,
    /// Fixed ends, or the data's.
    pub range: Option<(f64, f64)>,
}

/// How values lie on an axis.
#[derive(Clone, Debug, PartialEq)]
pub enum Scale {
    /// Evenly, and between two whole numbers there may be something.
    Linear,
    /// Evenly, and only whole numbers have a meaning (epochs, counts).
    Whole,
    /// By powers of ten; values are above zero.
    Log,
    /// Words; the middle of word `i` lies at `i + 0.5`.
    Words(Vec<String>),
}

/// What is drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Curves with bands.
    Curves(Vec<Curve>),
    /// Rectangles: bars, cells of a heat map, stretches of time, steps of a supply curve.
    Blocks(Blocks),
    /// Points with intervals and labels.
    Dots(Dots),
    /// Where amounts come from and where they go.
    Flow(Flow),
}

/// One point of a curve with a range around it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Abscissa.
    pub x: f64,
    /// Mean.
    pub mean: f64,
    /// Lower end of the band.
    pub low: f64,
    /// Upper end of the band.
    pub high: f64,
}

impl Point {
    /// A point without a band.
    pub fn sharp(x: f64, y: f64) -> Self {
        Self {
            x,
            mean: y,
            low: y,
            high: y,
        }
    }
}

/// A named curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// Name in the legend.
    pub name: String,
    /// Points in ascending x.
    pub points: Vec<Point>,
    /// Drawn as steps rather than straight lines.
    pub is_step: bool,
    /// Number of its colour, so that a strategy looks the same in every picture.
    pub colour: usize,
}

/// A named colour of blocks or dots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Name in the legend.
    pub name: String,
    /// Number of its colour.
    pub colour: usize,
}

impl Group {
    /// A group of this name and colour.
    pub fn new(name: impl Into<String>, colour: usize) -> Self {
        Self {
            name: name.into(),
            colour,
        }
    }
}

/// Rectangles in groups.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Blocks {
    /// The legend.
    pub groups: Vec<Group>,
    /// The rectangles.
    pub blocks: Vec<Block>,
    /// What `value` is, with its unit.
    pub value_label: String,
}

/// One rectangle.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Block {
    /// What it is, in words; the first column of the table.
    pub label: String,
    /// From and to on the horizontal axis.
    pub x: (f64, f64),
    /// From and to on the vertical axis.
    pub y: (f64, f64),
    /// The number that it stands for.
    pub value: Option<f64>,
    /// Interval of the number. Drawn as a whisker on bars, which lie along the horizontal axis.
    pub interval: Option<(f64, f64)>,
    /// Position of its group.
    pub group: usize,
    /// How strong the colour is, 0 to 1.
    pub strength: f64,
    /// What is written in it.
    pub text: String,
}

/// Points in groups.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dots {
    /// The legend.
    pub groups: Vec<Group>,
    /// The points.
    pub dots: Vec<Dot>,
    /// A line to draw through the plane, as of points that nothing beats.
    pub line: Vec<(f64, f64)>,
    /// What the line is.
    pub line_label: String,
}

/// One point of a plane.
#[derive(Clone, Debug, PartialEq)]
pub struct Dot {
    /// What it is, in words.
    pub label: String,
    /// Abscissa.
    pub x: f64,
    /// Ordinate.
    pub y: f64,
    /// Interval of the abscissa.
    pub x_interval: Option<(f64, f64)>,
    /// Interval of the ordinate.
    pub y_interval: Option<(f64, f64)>,
    /// Position of its group.
    pub group: usize,
    /// Whether the label stands beside it.
    pub is_named: bool,
}

/// Amounts that go from nodes to nodes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Flow {
    /// The nodes.
    pub nodes: Vec<Node>,
    /// The amounts.
    pub links: Vec<Link>,
    /// Unit of the amounts.
    pub unit: String,
}

/// One node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Name.
    pub name: String,
    /// Column, from the left.
    pub column: usize,
    /// Number of its colour.
    pub colour: usize,
}

/// One amount between two nodes.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// Position of the node it leaves.
    pub from: usize,
    /// Position of the node it enters.
    pub to: usize,
    /// How much.
    pub amount: f64,
}

impl Axis {
    /// An axis with this label and scale whose ends are the data's.
    pub fn new(label: impl Into<String>, scale: Scale) -> Self {
        Self {
            label: label.into(),
            scale,
            range: None,
        }
    }

    /// The axis between fixed ends.
    pub fn between(self, low: f64, high: f64) -> Self {
        Self {
            range: Some((low, high)),
            ..self
        }
    }

    /// The words of an axis of words.
    pub fn words(&self) -> &[String] {
        match &self.scale {
            Scale::Words(words) => words,
            _ => &[],
        }
    }

    /// The word at a position, or nothing.
    pub fn word(&self, at: f64) -> Option<&str> {
        (at >= 0.0)
            .then(|| self.words().get(at as usize))
            .flatten()
            .map(String::as_str)
    }
}

impl Picture {
    /// Nothing would be seen.
    pub fn is_empty(&self) -> bool {
        match &self.body {
            Body::Curves(curves) => curves.iter().all(|curve| curve.points.is_empty()),
            Body::Blocks(blocks) => blocks.blocks.is_empty(),
            Body::Dots(dots) => dots.dots.is_empty(),
            Body::Flow(flow) => flow.links.is_empty(),
        }
    }

    /// Keeps the first [`GROUPS_MAX`] curves and counts the rest.
    pub fn limited(mut self) -> Self {
        if let Body::Curves(curves) = &mut self.body {
            self.omitted += curves.len().saturating_sub(GROUPS_MAX);
            curves.truncate(GROUPS_MAX);
        }
        self
    }

    /// The ends of both axes: fixed, of words, or those of the data with some room.
    pub fn ranges(&self) -> ((f64, f64), (f64, f64)) {
        let (mut xs, mut ys) = (Vec::new(), Vec::new());
        let room = match &self.body {
            Body::Curves(curves) => {
                for point in curves.iter().flat_map(|curve| &curve.points) {
                    xs.push(point.x);
                    ys.extend([point.mean, point.low, point.high]);
                }
                (0.0, 0.06)
            }
            Body::Blocks(blocks) => {
                for block in &blocks.blocks {
                    xs.extend([block.x.0, block.x.1]);
                    ys.extend([block.y.0, block.y.1]);
                    if blocks.is_bars() {
                        xs.extend(block.interval.iter().flat_map(|(low, high)| [*low, *high]));
                    }
                }
                match (blocks.is_bars(), self.x.words().is_empty()) {
                    (true, _) => (0.05, 0.0),
                    (false, true) => (0.0, 0.04),
                    _ => (0.0, 0.0),
                }
            }
            Body::Dots(dots) => {
                for dot in &dots.dots {
                    xs.push(dot.x);
                    ys.push(dot.y);
                    xs.extend(dot.x_interval.iter().flat_map(|(low, high)| [*low, *high]));
                    ys.extend(dot.y_interval.iter().flat_map(|(low, high)| [*low, *high]));
                }
                (0.08, 0.1)
            }
            Body::Flow(_) => return ((0.0, 1.0), (0.0, 1.0)),
        };
        (self.x.ends(&xs, room.0), self.y.ends(&ys, room.1))
    }
}

impl Blocks {
    /// Whether the rectangles are bars along the horizontal axis, with whiskers.
    pub fn is_bars(&self) -> bool {
        self.blocks.iter().any(|block| block.interval.is_some())
            && self.blocks.iter().all(|b| b.text.is_empty())
    }
}

impl Axis {
    fn ends(&self, values: &[f64], room: f64) -> (f64, f64) {
        if let Some(range) = self.range {
            return range;
        }
        if let Scale::Words(words) = &self.scale {
            return (0.0, words.len().max(1) as f64);
        }
        let is_log = self.scale == Scale::Log;
        let usable = values
            .iter()
            .copied()
            .filter(|v| v.is_finite() && (!is_log || *v > 0.0));
        let (low, high) = usable.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
            (low.min(v), high.max(v))
        });
        match low.partial_cmp(&high) {
            Some(std::cmp::Ordering::Less) if is_log => (low, high),
            Some(std::cmp::Ordering::Less) => (low - room * (high - low), high + room * (high - low)),
            Some(std::cmp::Ordering::Equal) if is_log => (low / 2.0, high * 2.0),
            Some(std::cmp::Ordering::Equal) => (low - 1.0, high + 1.0),
            _ if is_log => (1.0, 10.0),
            _ => (0.0, 1.0),
        }
    }
}

/// At most [`POINTS_MAX`] points, evenly chosen, first and last kept.
pub fn thinned(points: Vec<Point>) -> Vec<Point> {
    let n = points.len();
    if n <= POINTS_MAX {
        return points;
    }
    (0..POINTS_MAX)
        .map(|i| points[i * (n - 1) / (POINTS_MAX - 1)])
        .collect()
}
