//! Requests on their way to the hosts of a lane.
//!
//! Invariant: room is made before requests are put into it. So putting one in calls nobody, and the loop that does it keeps what
//! it works with in registers; for a call, however rare, it would keep that in memory.

use prefetch_index::prefetch_index;

use super::request::Request;

/// So many requests ahead is asked for the place of one.
const AHEAD: usize = 4;

/// Requests to the hosts of a lane, in order of arrival.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tray {
    /// Requests, and beyond them what stands for nothing.
    room: Vec<Request>,
    len: usize,
}

impl Tray {
    /// Makes room for so many more requests.
    #[inline]
    pub(crate) fn make_room(&mut self, more: usize) {
        if self.room.len() - self.len < more {
            self.grow(more);
        }
    }

    #[cold]
    fn grow(&mut self, more: usize) {
        self.room.reserve(self.len + more - self.room.len());
        self.room.resize(self.room.capacity(), Request::default());
    }

    /// Puts a request in. Panics if there is no room.
    #[inline(always)]
    pub(crate) fn put(&mut self, request: Request) {
        prefetch_index(&self.room, self.len + AHEAD);
        self.room[self.len] = request;
        self.len += 1;
    }

    /// What has been put in.
    pub(crate) fn requests(&self) -> &[Request] {
        &self.room[..self.len]
    }

    /// Keeps the requests that `is_kept` says.
    pub(crate) fn retain(&mut self, is_kept: impl FnMut(&Request) -> bool) {
        self.room.truncate(self.len);
        self.room.retain(is_kept);
        self.len = self.room.len();
    }

    /// Takes everything out.
    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }

    /// Hands its requests over in their room, which `other` takes the place of.
    pub(crate) fn exchange(&mut self, other: Vec<Request>) -> Vec<Request> {
        self.room.truncate(self.len);
        self.len = 0;
        std::mem::replace(&mut self.room, other)
    }
}

#[cfg(test)]
mod tests {
    use super::Tray;
    use crate::world::drawn::Drawn;
    use crate::world::request::Request;

    fn request(number: u64) -> Request {
        Request::new(&Drawn::default(), number, 0)
    }

    fn numbers(requests: &[Request]) -> Vec<u64> {
        requests.iter().map(Request::number).collect()
    }

    #[test]
    fn what_is_put_in_is_there_in_its_order_and_nothing_else() {
        let mut tray = Tray::default();
        for round in 0..3 {
            for number in 0..100 {
                tray.make_room(1);
                tray.put(request(round + number));
            }
            tray.retain(|request| request.number() % 2 == 0);
            let kept: Vec<u64> = (round..round + 100).filter(|number| number % 2 == 0).collect();
            assert_eq!(numbers(tray.requests()), kept);
            let other = vec![request(7); 3];
            assert_eq!(numbers(&tray.exchange(other)), kept);
            assert!(tray.requests().is_empty());
            tray.make_room(4);
            (8..12).for_each(|number| tray.put(request(number)));
            assert_eq!(numbers(tray.requests()), [8, 9, 10, 11]);
            tray.clear();
        }
    }

    #[test]
    #[should_panic(expected = "out of bounds")]
    fn nothing_is_put_where_there_is_no_room() {
        Tray::default().put(request(0));
    }
}
