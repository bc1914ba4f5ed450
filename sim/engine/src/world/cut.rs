//! How participants are cut into lanes.
//!
//! Invariant: lanes are equally large, save the last, and follow the order of participants. Their size is a power of
//! two, so that a participant's lane is a shift away.

/// Hosts in a lane where one thread works: what is looked up by host in one phase of one lane stays in a core's own cache,
/// and as much as can be is done before the next lane.
const LANE_HOSTS: usize = 2_048;
/// Hosts in a lane where several work: whoever is done takes another, so that there must be several for each.
const SHARED_LANE_HOSTS: usize = 1_024;
/// Lanes at most, unless hosts are too many for so few: every lane has a letter box for every other one.
const LANES_MAX: usize = 32;
/// Hosts of a lane at most, where it is sent requests: they name their host by its place in 16 bits.
const HOSTS_MAX: usize = 1 << 16;

/// The cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    bits: u32,
}

impl Cut {
    /// Puts all of `hosts` into one lane, which is sent no requests.
    pub fn whole(hosts: usize) -> Self {
        Self::of(hosts)
    }

    /// Cuts `hosts` into `lanes` or fewer, or as suits them and the threads; into more where a lane would have more than
    /// 65,536.
    pub fn new(hosts: usize, lanes: Option<usize>, parallel: bool) -> Self {
        let size = match lanes {
            Some(lanes) => hosts.div_ceil(lanes.clamp(1, LANES_MAX)),
            None if parallel => hosts.div_ceil(LANES_MAX).max(SHARED_LANE_HOSTS),
            None => hosts.div_ceil(LANES_MAX).max(LANE_HOSTS),
        };
        Self::of(size.min(HOSTS_MAX))
    }

    fn of(size: usize) -> Self {
        Self {
            bits: size.max(1).next_power_of_two().trailing_zeros(),
        }
    }

    /// Hosts in a lane.
    pub fn size(self) -> usize {
        1 << self.bits
    }

    /// Number of lanes; one even if there are no hosts.
    pub fn lanes(self, hosts: usize) -> usize {
        hosts.div_ceil(self.size()).max(1)
    }

    /// The participant's lane.
    #[inline(always)]
    pub fn lane(self, participant: u32) -> usize {
        (participant >> self.bits) as usize
    }

    /// The participant's place in its lane.
    #[inline(always)]
    pub fn place(self, participant: u32) -> usize {
        participant as usize & (self.size() - 1)
    }

    /// The same as a request names it, where no lane has more than 65,536 hosts.
    #[inline(always)]
    pub fn named_place(self, participant: u32) -> u16 {
        self.place(participant) as u16
    }
}

#[cfg(test)]
mod tests {
    use super::Cut;

    #[test]
    fn all_hosts_can_be_in_one_lane() {
        for hosts in [1, 70_000, 2_000_000] {
            assert_eq!(Cut::whole(hosts).lanes(hosts), 1);
        }
    }

    #[test]
    fn a_participant_is_where_its_lane_and_place_say() {
        for (hosts, asked) in [
            (1, None),
            (7, Some(3)),
            (10_000, None),
            (10_000, Some(2)),
            (1_000_000, None),
            (200_000, Some(1)),
        ] {
            for parallel in [false, true] {
                let cut = Cut::new(hosts, asked, parallel);
                let lanes = cut.lanes(hosts);
                let most = asked.unwrap_or(32).max(hosts.div_ceil(1 << 16));
                assert!(
                    lanes <= most && cut.size() <= 1 << 16,
                    "{hosts} hosts in {lanes} lanes"
                );
                for participant in [0, 1, hosts / 2, hosts - 1] {
                    let (lane, place) = (cut.lane(participant as u32), cut.place(participant as u32));
                    assert_eq!(lane * cut.size() + place, participant);
                    assert!(lane < lanes && place < cut.size());
                }
            }
        }
    }
}
