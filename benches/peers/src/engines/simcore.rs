//! simcore: components with contexts that emit events to each other.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::kernel::{RECEIVERS, SENDERS, TICKERS, period};
use serde::Serialize;
use simcore::{Event, EventHandler, Id, Simulation, SimulationContext};

use super::Engine;

pub const ENGINE: Engine =
    Engine { name: "simcore", ping_pong, fan_in, fan_in_troubled: None, periodic, fan_in_fraction: 1 };

#[derive(Clone, Serialize)]
struct Parcel([u64; 2]);

#[derive(Clone, Serialize)]
struct Round;

/// A component that sends back what it gets.
struct Echo {
    context: SimulationContext,
    received: u64,
}

impl EventHandler for Echo {
    fn on(&mut self, event: Event) {
        if let Ok(parcel) = event.data.downcast::<Parcel>() {
            self.received += 1;
            self.context.emit(*parcel, event.src, 0.001);
        }
    }
}

fn ping_pong(events: u64) -> u64 {
    let mut simulation = Simulation::new(1);
    let [one, other] = ["a", "b"].map(|name| {
        let echo = Rc::new(RefCell::new(Echo { context: simulation.create_context(name), received: 0 }));
        let id = simulation.add_handler(name, echo.clone());
        (echo, id)
    });
    one.0.borrow().context.emit(Parcel([0; 2]), other.1, 0.001);
    simulation.steps(events);
    one.0.borrow().received + other.0.borrow().received
}

struct Sender {
    context: SimulationContext,
    receivers: Rc<Vec<Id>>,
}

impl EventHandler for Sender {
    fn on(&mut self, event: Event) {
        if event.data.is::<Round>() {
            for &receiver in self.receivers.iter() {
                let latency = self.context.gen_range(0.001..1.0);
                self.context.emit(Parcel([1; 2]), receiver, latency);
            }
            self.context.emit_self(Round, 1.0);
        }
    }
}

struct Receiver(u64);

impl EventHandler for Receiver {
    fn on(&mut self, event: Event) {
        if let Some(Parcel(content)) = event.data.downcast_ref::<Parcel>() {
            self.0 += content[0];
        }
    }
}

fn fan_in(events: u64) -> u64 {
    let mut simulation = Simulation::new(1);
    let receivers =
        (0..RECEIVERS).map(|node| simulation.add_handler(format!("r{node}"), Rc::new(RefCell::new(Receiver(0)))));
    let receivers = Rc::new(receivers.collect::<Vec<_>>());
    for node in 0..SENDERS {
        let name = format!("s{node}");
        let context = simulation.create_context(&name);
        context.emit_self(Round, 0.0);
        simulation.add_handler(name, Rc::new(RefCell::new(Sender { context, receivers: Rc::clone(&receivers) })));
    }
    simulation.steps(events);
    simulation.event_count().min(events)
}

struct Ticker {
    context: SimulationContext,
    period: f64,
    fired: Rc<Cell<u64>>,
}

impl EventHandler for Ticker {
    fn on(&mut self, event: Event) {
        if event.data.is::<Round>() {
            self.fired.set(self.fired.get() + 1);
            self.context.emit_self(Round, self.period);
        }
    }
}

fn periodic(events: u64) -> u64 {
    let mut simulation = Simulation::new(1);
    let fired = Rc::new(Cell::new(0));
    for node in 0..TICKERS {
        let name = format!("n{node}");
        let context = simulation.create_context(&name);
        let period = period(node) as f64 / 1e9;
        context.emit_self(Round, period);
        let ticker = Ticker { context, period, fired: Rc::clone(&fired) };
        simulation.add_handler(name, Rc::new(RefCell::new(ticker)));
    }
    simulation.steps(events);
    fired.get()
}
