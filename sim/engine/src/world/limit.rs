//! The block's transaction limit: what does not fit waits for the next block.
//!
//! Transactions are taken in order of (time from which they can be included, sender, number). The limit
//! is the one thing in a commit that needs a global order, and it is worked out only when it binds.

use super::World;
use super::finish::Served;
use super::groups::Group;
use super::tables::Tables;

/// A transaction due in a block: time from which it can be included, sender, number, lane, place.
type Due = (u64, u32, u64, u32, u32);

impl World<'_> {
    /// Puts off what does not fit into the block.
    pub(super) fn limit_block(&mut self) {
        let Some(limit) = self.scenario.chain.transactions_per_block else {
            return;
        };
        // Start messages of the window's requests are included as they come.
        let room = (limit as usize).saturating_sub(self.dispatched);
        for lane in &mut self.lanes {
            lane.file_answers(self.window, &self.tables);
            lane.finishes.gather(self.window);
            lane.answers.gather(self.window);
        }
        let total: usize = self.lanes.iter().map(|lane| lane.due_in(self.window)).sum();
        if total <= room {
            return;
        }
        let mut due: Vec<Due> = Vec::with_capacity(total);
        for (number, lane) in self.lanes.iter().enumerate() {
            lane.list_due(self.window, self.tables.inclusion_ns, number as u32, &mut due);
        }
        due.sort_unstable();
        let mut late = due.split_off(room);
        late.sort_unstable_by_key(|&(_, _, _, lane, place)| (lane, place));
        let mut start = 0;
        while start < late.len() {
            let lane = late[start].3;
            let end = start + late[start..].partition_point(|entry| entry.3 == lane);
            let places: Vec<u32> = late[start..end].iter().map(|entry| entry.4).collect();
            self.lanes[lane as usize].put_off(self.window, &places, &self.groups, &self.tables);
            start = end;
        }
    }
}

/// Marks a place among the answers; without it, it is among the finishes.
const ANSWER: u32 = 1 << 31;

impl super::lane::Lane {
    fn due_in(&self, window: u64) -> usize {
        self.finishes.due(window).len() + self.answers.due(window).len()
    }

    fn list_due(&self, window: u64, inclusion_ns: u64, lane: u32, out: &mut Vec<Due>) {
        for (place, record) in self.finishes.due(window).iter().enumerate() {
            let ready = record.completion + inclusion_ns;
            out.push((
                ready,
                self.first + record.host(),
                record.number(),
                lane,
                place as u32,
            ));
        }
        for (place, answer) in self.answers.due(window).iter().enumerate() {
            out.push((
                answer.ready,
                answer.validator,
                answer.number,
                lane,
                place as u32 | ANSWER,
            ));
        }
    }

    /// Moves the entries at these places, ascending, to the next window.
    fn put_off(&mut self, window: u64, places: &[u32], groups: &[Group], tables: &Tables) {
        let split = places.partition_point(|place| place & ANSWER == 0);
        let (finishes, answers) = places.split_at(split);
        for finish in self
            .finishes
            .put_off(window, finishes.iter().map(|&place| place as usize))
        {
            if tables.expiry(finish.arrival()) <= window {
                // It cannot be included in time any more.
                self.keep_until(
                    window,
                    finish.record(self.first, groups, finish.check_word(tables)),
                );
            } else {
                self.finishes.push(window + 1, finish);
            }
        }
        for answer in self
            .answers
            .put_off(window, answers.iter().map(|&place| (place & !ANSWER) as usize))
        {
            self.answers.push(window + 1, answer);
        }
    }
}
