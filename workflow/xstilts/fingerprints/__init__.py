"""What a result depends on, as canonical JSON: settings, data, code, libraries; and the fingerprints made from them."""
