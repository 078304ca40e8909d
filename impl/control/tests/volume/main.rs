//! Requests to the plane, against a model of its resources that was written separately.

mod cluster;
mod oracle;
mod requests;
