//! Transition tests of an agent.
