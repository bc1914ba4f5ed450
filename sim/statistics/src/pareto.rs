//! Points that nothing beats in every respect, and how much of the space they command.
//!
//! Every objective is to be made small; one that should be large is handed over with its sign changed.

/// Whether `a` is at least as good as `b` everywhere and better somewhere.
pub fn is_dominating(a: &[f64], b: &[f64]) -> bool {
    a.iter().zip(b).all(|(x, y)| x <= y) && a.iter().zip(b).any(|(x, y)| x < y)
}

/// Indices of the points that no other dominates, ascending. Of equal points all are kept. Panics if the points have
/// different numbers of objectives.
pub fn front(points: &[Vec<f64>]) -> Vec<usize> {
    let width = points.first().map_or(0, Vec::len);
    assert!(
        points.iter().all(|point| point.len() == width),
        "points have the same objectives"
    );
    (0..points.len())
        .filter(|&i| !points.iter().any(|other| is_dominating(other, &points[i])))
        .collect()
}

/// The volume that lies between the points and a reference they all should beat, exactly, by slicing along the last
/// objective (Zitzler and Thiele 1998 for the measure). Points that do not beat the reference add nothing. For a few
/// hundred points of up to five objectives.
pub fn hypervolume(points: &[Vec<f64>], reference: &[f64]) -> f64 {
    let inside: Vec<Vec<f64>> = points
        .iter()
        .filter(|point| point.iter().zip(reference).all(|(x, r)| x < r))
        .cloned()
        .collect();
    let kept: Vec<Vec<f64>> = front(&inside).into_iter().map(|i| inside[i].clone()).collect();
    volume(kept, reference)
}

fn volume(mut points: Vec<Vec<f64>>, reference: &[f64]) -> f64 {
    let last = reference.len().saturating_sub(1);
    if points.is_empty() || reference.is_empty() {
        return 0.0;
    }
    if last == 0 {
        let best = points.iter().map(|point| point[0]).fold(f64::INFINITY, f64::min);
        return reference[0] - best;
    }
    points.sort_by(|a, b| a[last].total_cmp(&b[last]));
    let mut total = 0.0;
    if last == 1 {
        // In the plane the best first objective so far is all that a slice needs.
        let mut best = reference[0];
        for (count, point) in points.iter().enumerate() {
            let upper = points.get(count + 1).map_or(reference[1], |next| next[1]);
            best = best.min(point[0]);
            total += (upper - point[1]) * (reference[0] - best);
        }
        return total;
    }
    for (count, point) in points.iter().enumerate() {
        let upper = points.get(count + 1).map_or(reference[last], |next| next[last]);
        let height = upper - point[last];
        if height > 0.0 {
            let below: Vec<Vec<f64>> = points[..=count]
                .iter()
                .map(|point| point[..last].to_vec())
                .collect();
            let kept: Vec<Vec<f64>> = front(&below).into_iter().map(|i| below[i].clone()).collect();
            total += height * volume(kept, &reference[..last]);
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_front_holds_what_nothing_beats() {
        let points = [[1.0, 5.0], [2.0, 2.0], [3.0, 3.0], [5.0, 1.0], [2.0, 2.0]].map(|p| p.to_vec());
        assert_eq!(front(&points), [0, 1, 3, 4]);
        assert!(front(&[]).is_empty());
    }

    /// ZDT1 (Zitzler, Deb and Thiele 2000): the front f2 = 1 - sqrt(f1) has the hypervolume 0.876667 against (1.1, 1.1).
    /// Points on it leave out what lies between their steps: with n points at most 1/n.
    #[test]
    fn the_volume_of_zdt1_comes_out() {
        let exact = 0.1 + 0.1 + 0.01 + 2.0 / 3.0;
        assert!((exact - 0.876_667_f64).abs() < 5e-7);
        let points: Vec<Vec<f64>> = (0..=20_000)
            .step_by(20)
            .map(|i| {
                let f1 = f64::from(i) / 20_000.0;
                vec![f1, 1.0 - f1.sqrt()]
            })
            .collect();
        let seen = hypervolume(&points, &[1.1, 1.1]);
        assert!(seen < exact && exact - seen < 1.1e-3, "{seen}");
    }

    #[test]
    fn boxes_add_up_in_three_dimensions() {
        let points = [[0.0, 0.0, 0.5], [0.5, 0.5, 0.0], [2.0, 0.0, 0.0]].map(|p| p.to_vec());
        // 1·1·½ + ½·½·1 - ½·½·½
        assert!((hypervolume(&points, &[1.0; 3]) - (0.5 + 0.25 - 0.125)).abs() < 1e-15);
    }
}
