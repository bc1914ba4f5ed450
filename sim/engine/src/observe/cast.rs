//! The names of a run: who took part, whose they are and which strategy each follows.
//!
//! Rows refer to participants by index; this is what turns an index into something to read. It is the
//! only part of a scenario that the writers of results need.

/// Identity of a run and the names in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cast {
    /// The scenario's short name (`[a-z0-9-]`).
    pub scenario: String,
    /// First 16 hex digits of the scenario's hash.
    pub hash: String,
    /// Root seed.
    pub seed: u64,
    /// Participants, in the order of their index.
    pub members: Vec<Member>,
    /// Owners' names.
    pub owners: Vec<String>,
    /// Strategies as a reader should see them (`model-swapper rate=25 %`), distinct.
    pub strategies: Vec<String>,
    /// Assumption ids the scenario leans on, sorted.
    pub assumptions: Vec<String>,
    /// Resolved scenario in canonical YAML.
    pub canonical: String,
}

/// One participant's names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Name of the host.
    pub id: String,
    /// Index into [`Cast::owners`].
    pub owner: u32,
    /// Index into [`Cast::strategies`].
    pub strategy: u32,
}

impl Cast {
    /// The participant's name; `?` for an index out of range.
    pub fn id(&self, participant: u32) -> &str {
        self.members
            .get(participant as usize)
            .map_or("?", |m| m.id.as_str())
    }

    /// The participant's owner; `?` for an index out of range.
    pub fn owner(&self, participant: u32) -> &str {
        self.member_name(participant, |m| self.owners.get(m.owner as usize))
    }

    /// The participant's strategy; `?` for an index out of range.
    pub fn strategy(&self, participant: u32) -> &str {
        self.member_name(participant, |m| self.strategies.get(m.strategy as usize))
    }

    fn member_name<'a>(&'a self, participant: u32, name: impl Fn(&Member) -> Option<&'a String>) -> &'a str {
        self.members
            .get(participant as usize)
            .and_then(name)
            .map_or("?", String::as_str)
    }
}
