//! What clients get back in a block.
//!
//! Invariant: what was added is paid once, to whom it was added for; the order makes no difference.

/// Refunds since the last block.
///
/// Nearly every finish refunds something. Where there are more finishes in a block than clients, a sum a
/// client takes less memory, and less time, than a list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Refunds {
    /// Base units by client; empty where there are more clients than refunds.
    sums: Vec<u64>,
    /// Refunds of clients without a sum.
    list: Vec<Refund>,
    /// Finishes in a block, and clients.
    expected: (f64, usize),
}

/// Coins that a client gains.
#[derive(Clone, Copy, Debug)]
struct Refund {
    client: u32,
    /// Base units.
    amount: u64,
}

impl Refunds {
    /// For so many finishes in a block.
    pub(crate) fn expecting(finishes: f64, clients: usize) -> Self {
        let sums = if finishes >= clients as f64 { clients } else { 0 };
        Self {
            sums: vec![0; sums],
            list: Vec::new(),
            expected: (finishes, clients),
        }
    }

    /// None yet, for one of so many parts of the block.
    pub(crate) fn part(&self, parts: usize) -> Self {
        let (finishes, clients) = self.expected;
        Self::expecting(finishes / parts as f64, clients)
    }

    /// Owes a client so many base units more.
    #[inline(always)]
    pub(crate) fn add(&mut self, client: u32, amount: u64) {
        match self.sums.get_mut(client as usize) {
            // All of them together are no more than all clients had, which fits.
            Some(sum) => *sum += amount,
            None => self.note(client, amount),
        }
    }

    #[inline(never)]
    fn note(&mut self, client: u32, amount: u64) {
        if amount > 0 {
            self.list.push(Refund { client, amount });
        }
    }

    /// Pays them out.
    pub(crate) fn pay(&mut self, balances: &mut [i64]) {
        for (balance, sum) in balances.iter_mut().zip(&mut self.sums) {
            *balance += std::mem::take(sum).cast_signed();
        }
        for refund in self.list.drain(..) {
            balances[refund.client as usize] += refund.amount.cast_signed();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Refunds;

    #[test]
    fn sums_and_lists_pay_the_same_and_once() {
        for finishes in [0.0, 10.0] {
            let mut refunds = Refunds::expecting(finishes, 3);
            let mut balances = [5, 0, 7, 1];
            for (client, amount) in [(0, 2), (2, 3), (0, 4), (1, 0), (3, 9)] {
                refunds.add(client, amount);
            }
            refunds.pay(&mut balances);
            assert_eq!(balances, [11, 0, 10, 10]);
            refunds.pay(&mut balances);
            assert_eq!(balances, [11, 0, 10, 10]);
        }
    }
}
