// SPDX-License-Identifier: Apache-2.0
//! The same work on many things, on several threads.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Give `work` each of `items` on `threads` threads, which take the next one when they are done with one. Results are in
/// the order of the items.
pub fn in_parallel<T: Send, R: Send>(items: Vec<T>, threads: usize, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let threads = threads.min(items.len());
    let (queue, results) = (Mutex::new(items.into_iter().enumerate()), Mutex::new(Vec::new()));
    let run = || {
        let mut done = Vec::new();
        while let Some((index, item)) = { lock(&queue).next() } {
            done.push((index, work(item)));
        }
        lock(&results).append(&mut done);
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(run);
        }
        run();
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_unstable_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
