"""Tencent Cloud IM's REST API, version 4: paths, JSON, codes (AB-02)."""
