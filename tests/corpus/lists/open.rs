//! Lists without a kind of their own: configuration is enough.
