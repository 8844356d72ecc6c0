"""RongCloud's server API: signatures, forms, paths, codes (AB-02)."""
